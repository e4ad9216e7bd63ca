"""The HTTP side of notify-dispatch: health, the key, the metrics, and the ring."""

from __future__ import annotations

import asyncio
import os
import socket

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from notify_dispatch.canary import Canary
from notify_dispatch.deliver import Deliverer
from notify_dispatch.dispatch import Dispatcher, Waker
from notify_dispatch.health import checks
from notify_dispatch.hook import HookCaller
from notify_dispatch.metrics import answer_metrics
from notify_dispatch.settings import DispatchSettings
from pulser import process
from pulser.database import Database, connect
from pulser.http import KeyCheck, answer_error, answer_health
from pulser.slack import SlackApi
from pulser.vault import Vault

FUNCTION = "notify-dispatch"

log = structlog.get_logger()


class Service:
    """Everything one process of the function needs, made at its first request: the process was forked before."""

    def __init__(self, settings: DispatchSettings, ledger: Database) -> None:
        self._ledger = ledger
        self._vault = Vault(ledger)
        self._keys = KeyCheck(self._vault)
        self._slack = SlackApi(self._vault, str(settings.slack_api_url))
        worker = f"{FUNCTION}@{socket.gethostname()}:{os.getpid()}"
        self._hooks = HookCaller(self._vault, str(settings.github_api_url))
        deliverer = Deliverer(ledger, self._vault, self._slack, self._hooks)
        self._canary = Canary(ledger, self._slack, worker)
        self._waker = Waker(Dispatcher(ledger, deliverer, worker, settings.pulser_drain_seconds))

    @classmethod
    def from_environment(cls) -> Service:
        """Raises pydantic.ValidationError, which names the variable that is missing or wrong."""
        settings = DispatchSettings()
        ledger = connect(settings)
        process.begin(settings.pulser_log_level)
        return cls(settings, ledger)

    async def answer(self, request: Request) -> Response:
        """GET ?action=health or metrics: these. POST: 202 and work goes on; with ?wait=1, 200 when it is done."""
        asked = request.query_params.get("action") if request.method == "GET" else None
        if asked == "health":
            return answer_health(FUNCTION, await checks(self._ledger, self._vault))
        if request.method != "POST" and asked != "metrics":
            return answer_error(405, "method_not_allowed", "POST rings; GET ?action=health or metrics tells how I am")
        refusal = await self._keys.refusal(request)
        if refusal is not None:
            return refusal
        if asked == "metrics":
            return await answer_metrics(self._ledger)
        drained, sent = self._waker.wake(), self._canary.wake()
        if request.query_params.get("wait"):
            # The work is not the request's: one that is given up must not cut it short.
            await asyncio.shield(asyncio.gather(drained, sent))
            return JSONResponse({"ok": True})
        return JSONResponse({"ok": True, "accepted": True}, status_code=202)

    async def close(self) -> None:
        """Give connections back."""
        await self._slack.close()
        await self._hooks.close()
        await self._ledger.close()
