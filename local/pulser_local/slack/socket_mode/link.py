"""/link/: where the app dials with its ticket."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from aiohttp import WSMsgType, web

from pulser_local.slack.socket_mode.connection import Connection
from pulser_local.slack.socket_mode.sockets import Sockets

_LARGEST_MESSAGE = 4 * 1024 * 1024  # bytes
_LOOK = 0.05  # seconds between two looks whether a connection that we do not answer is gone


@dataclass(frozen=True, slots=True)
class Link:
    """Serves the WebSockets of one app."""

    sockets: Sockets

    def add_routes(self, app: web.Application) -> None:
        """Serve /link/."""
        app.router.add_get("/link/", self._dial)
        app.router.add_get("/link", self._dial)

    async def _dial(self, request: web.Request) -> web.StreamResponse:
        sockets, settings = self.sockets, self.sockets.settings
        good = sockets.tickets.redeem(request.query.get("ticket", ""))
        if settings.dead_tickets:
            settings.dead_tickets -= 1
            sockets.note("-", "ticket_refused", "dead")
            return web.Response(status=settings.dead_ticket_status, text="ticket_expired")
        if not good:
            sockets.note("-", "ticket_refused", "used or unknown")
            return web.Response(status=403, text="invalid_ticket")
        await _held(request, settings.dial_delay)
        answer = web.WebSocketResponse(
            autoping=False, autoclose=False, compress=False, timeout=1.0, max_msg_size=_LARGEST_MESSAGE
        )
        try:
            await answer.prepare(request)
        except ConnectionResetError:
            sockets.note("-", "hung_up")  # before the handshake was answered
            return answer
        if not isinstance(request.transport, asyncio.Transport):
            return answer
        debug_reconnects = request.query.get("debug_reconnects") == "true"
        connection = sockets.opened(request.transport, debug_reconnects=debug_reconnects)
        try:
            await self._serve(answer, connection)
        finally:
            sockets.closed(connection)
        return answer

    async def _serve(self, answer: web.WebSocketResponse, connection: Connection) -> None:
        while True:
            message = await answer.receive()
            if message.type is WSMsgType.CLOSE:
                code = (answer.close_code or 1000).to_bytes(2, "big")
                if not connection.answer_close(code):
                    await _until_gone(connection)
                return
            if message.type in {WSMsgType.CLOSED, WSMsgType.CLOSING, WSMsgType.ERROR}:
                connection.end()
                return
            if not connection.muted:
                self._hear(connection, message.type, message.data)

    def _hear(self, connection: Connection, kind: WSMsgType, data: str | bytes | bytearray) -> None:
        if isinstance(data, str):
            self.sockets.inbox.heard(connection.id, data)
        elif kind is WSMsgType.PING:
            connection.pong(bytes(data))
        elif kind is WSMsgType.PONG:
            connection.pongs_received += 1
        else:
            self.sockets.inbox.odd(connection.id, "binary")


async def _held(request: web.Request, seconds: float) -> None:
    """For so long, or until whoever dials has hung up."""
    ends_at = time.monotonic() + seconds
    # aiohttp tells nobody who hangs up before he is answered.
    while request.transport is not None and (left := ends_at - time.monotonic()) > 0:  # noqa: ASYNC110
        await asyncio.sleep(min(left, _LOOK))


async def _until_gone(connection: Connection) -> None:
    # aiohttp reads no further after a close frame, and tells nobody when the connection then breaks.
    while connection.is_open:  # noqa: ASYNC110 - see above
        await asyncio.sleep(_LOOK)
