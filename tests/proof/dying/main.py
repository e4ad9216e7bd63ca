"""The real functions, which die by kill -9 at a call to the ledger, once, when a test has ordered it.

Served by functions-framework and wired by their own wiring, as the real ones are. The order is a file:
{"function", "when": "before" | "after", "has"}; the call whose arguments or result hold the text `has` is the one.
"""

from __future__ import annotations

import functools
import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import functions_framework.aio
from starlette.requests import Request
from starlette.responses import Response

from action_handler.handle import service_of
from notify_dispatch.serve import Service as Dispatching
from notify_dispatch.settings import DispatchSettings
from pulser.database import Database, JsonValue, connect
from pulser.handling import HandlerService
from pulser.http import answer
from pulser.settings import Settings
from socket_relay.serve import Service as Relaying
from socket_relay.settings import RelaySettings

ORDER = Path(os.environ["PULSER_TEST_ORDER"])


class DyingLedger:
    """Passes calls on to `real` until one of them is the ordered one."""

    def __init__(self, real: Database) -> None:
        self._real = real

    async def call(self, function: str, arguments: Mapping[str, JsonValue] | None = None) -> JsonValue:
        """As Database.call."""
        if _is_ordered("before", function, arguments):
            _die()
        result = await self._real.call(function, arguments)
        if _is_ordered("after", function, [arguments, result]):
            _die()
        return result

    async def close(self) -> None:
        """As Database.close."""
        await self._real.close()


def _is_ordered(when: str, function: str, said: JsonValue) -> bool:
    try:
        order = json.loads(ORDER.read_text())
    except FileNotFoundError:
        return False
    return (order["when"], order["function"]) == (when, function) and order["has"] in json.dumps(said)


def _die() -> NoReturn:
    """The order is carried out once: the process that takes this one's place finds it done."""
    ORDER.rename(ORDER.with_name(f"{ORDER.name}.{os.getpid()}"))
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("nobody lives after SIGKILL")


@functools.cache
def _dispatching() -> Dispatching:
    settings = DispatchSettings()
    return Dispatching(settings, DyingLedger(connect(settings)))


@functools.cache
def _relaying() -> Relaying:
    settings = RelaySettings()
    return Relaying(settings, DyingLedger(connect(settings)))


@functools.cache
def _acting() -> HandlerService:
    settings = Settings()
    return service_of(DyingLedger(connect(settings)), str(settings.slack_api_url), settings.pulser_drain_seconds)


@functions_framework.aio.http
async def notify_dispatch(request: Request) -> Response:
    """As functions/notify-dispatch/main.py."""
    return await answer(_dispatching, request)


@functions_framework.aio.http
async def socket_relay(request: Request) -> Response:
    """As functions/socket-relay/main.py."""
    return await answer(_relaying, request)


@functions_framework.aio.http
async def action_handler(request: Request) -> Response:
    """As functions/action-handler/main.py."""
    return await answer(_acting, request)
