"""How a fault looks to the client."""

from __future__ import annotations

import asyncio
import socket
import struct
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from pulser_local.slack.faults import Fault, SetFault
from pulser_local.slack.workspace import Json

_PAGE: Final = "<!DOCTYPE html><html><body><h1>Something went wrong</h1></body></html>"
_RESET_AT_CLOSE: Final = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent: Slack's JSON, or a page when there is no JSON."""

    body: Json | None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the call did what was asked."""
        return self.body is not None and self.body.get("ok") is True

    @property
    def error(self) -> str | None:
        """Slack's error code, if any."""
        return None if self.body is None else self.body.get("error")

    def response(self) -> web.Response:
        """The reply for aiohttp."""
        if self.body is None:
            return web.Response(text=_PAGE, status=self.status, content_type="text/html", headers=self.headers)
        return web.json_response(self.body, status=self.status, headers=self.headers)


def struck(fault: Fault, done: Reply | None) -> Reply | None:
    """What the client gets instead of `done`, the reply of a call that had its effect. None is a reset."""
    match fault.kind:
        case "http_status":
            body: Json = {"ok": False, "error": "service_unavailable"}
            return Reply(body if fault.body == "json" else None, status=fault.status)
        case "slack_error":
            return Reply({"ok": False, "error": fault.error})
        case "rate_limited":
            headers = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
            return Reply({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
        case "garbage" | "answer":
            return Reply(fault.answer)  # garbage has none
        case "internal_error_after":
            return Reply({"ok": False, "error": "internal_error"})
        case "stall" | "slow" | "reset_before" | "reset_after":
            return None if fault.kind.startswith("reset") else done


async def held(one: SetFault) -> None:
    """Wait as long as the fault holds its calls: for its seconds, or until it is taken away."""
    try:
        async with asyncio.timeout(one.fault.seconds):
            await one.released.wait()
    except TimeoutError:
        return


def reset(request: web.Request) -> web.Response:
    """Break the connection so that the client sees a reset, not an end. The response is never sent."""
    if request.transport is not None:
        connection = request.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
        request.transport.abort()
    return web.Response()
