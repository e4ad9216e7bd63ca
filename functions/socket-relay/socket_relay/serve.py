"""The HTTP side of the relay as a function: health, the key, and the ring that starts a run."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pulser import process
from pulser.database import Database, connect
from pulser.http import KeyCheck, answer_error, answer_health
from pulser.vault import Vault
from socket_relay.ending import before_sigterm
from socket_relay.health import Health
from socket_relay.pace import Pace
from socket_relay.relay import Parts, Relay, Times
from socket_relay.runs import Runs
from socket_relay.settings import RelaySettings

FUNCTION = "socket-relay"
WAIT = 5.0  # seconds: how long ?wait=1 waits for a connection

log = structlog.get_logger()


class Service:
    """Everything one process of the function needs, made at its first request: the process was forked before."""

    def __init__(self, settings: RelaySettings, ledger: Database, times: Times | None = None) -> None:
        times = times or Times(Pace(stop_limit=settings.pulser_stop_seconds))
        vault = Vault(ledger)
        self._keys = KeyCheck(vault)
        self._health = Health(ledger, vault)
        self._parts = Parts.of(ledger, vault, str(settings.slack_api_url), times.pace, None)
        name = f"{FUNCTION}@{socket.gethostname()}:{os.getpid()}"
        seconds = settings.pulser_relay_seconds
        self.runs = Runs(lambda number: Relay(self._parts, f"{name}/{number}", times, seconds=seconds))

    @classmethod
    def from_environment(cls) -> Service:
        """Raises pydantic.ValidationError, which names the variable that is missing or wrong."""
        settings = RelaySettings()
        ledger = connect(settings)
        process.begin(settings.pulser_log_level)
        return cls(settings, ledger)

    async def answer(self, request: Request) -> Response:
        """GET ?action=health: the health. POST: 202 and a run serves; with ?wait=1, 200 when it has had a try."""
        if request.method == "GET" and request.query_params.get("action") == "health":
            return answer_health(FUNCTION, await self._health.checks())
        if request.method != "POST":
            return answer_error(405, "method_not_allowed", "POST rings; GET ?action=health tells how I am")
        refusal = await self._keys.refusal(request)
        if refusal is not None:
            return refusal
        return await self._ring(wait=bool(request.query_params.get("wait")))

    async def _ring(self, *, wait: bool) -> Response:
        if self.runs.present is None:
            before_sigterm(self.runs.stop)
        relay = self.runs.ring()
        if relay is None:
            return answer_error(503, "stopping", "this process is about to end; another one is to be rung")
        if not wait:
            return JSONResponse({"ok": True, "accepted": True}, status_code=202)
        with suppress(TimeoutError):
            async with asyncio.timeout(WAIT):
                await relay.until_live()
        return JSONResponse({"ok": True, "live": len(relay.roster.alive())})

    async def close(self) -> None:
        """End the runs and give connections back."""
        await self.runs.close()
        await self._parts.close()
