"""The library's own ways out, each led through a worker's gate."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any, cast

import httpx

from pulser.database import Database, JsonValue
from pulser.replies import Replies
from pulser.slack import SlackApi
from socket_relay.arrival import TimedConnection
from socket_relay.connections_open import Ticket
from socket_relay.forward import Forwarder, Handled
from socket_relay.seat import Seat
from tests.proof.seams import Gate


class TracedDatabase:
    """A database whose calls lead through a gate."""

    def __init__(self, real: Database, gate: Gate) -> None:
        self._real = real
        self._gate = gate

    async def call(self, function: str, arguments: Mapping[str, JsonValue] | None = None) -> JsonValue:
        """As Database.call."""
        return await self._gate.cross("database", function, lambda: self._real.call(function, arguments))

    async def close(self) -> None:
        """As Database.close."""
        await self._real.close()


class TracedSlack(SlackApi):
    """The Web API; a call crosses once its token is read."""

    gate: Gate

    async def _call(
        self, token: str, method: str, arguments: dict[str, Any], start_by: float
    ) -> tuple[dict[str, Any], Mapping[str, str]]:
        call = super()._call
        return await self.gate.cross("slack", method, lambda: call(token, method, arguments, start_by))


class TracedReplies(Replies):
    """Private answers; those that go by the Web API cross there."""

    gate: Gate

    async def _post(self, url: str, body: Mapping[str, Any]) -> tuple[int, bytes, str | None]:
        post = super()._post
        return await self.gate.cross("reply", "response_url", lambda: post(url, body))


# Deployers speak plain HTTP here; to read the certificates of the world takes a tenth of a second, for each worker.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class TracedHooks(httpx.AsyncBaseTransport):
    """The way to deployers."""

    def __init__(self, gate: Gate) -> None:
        self._real = httpx.AsyncHTTPTransport(verify=NO_TLS)
        self._gate = gate

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """As AsyncHTTPTransport's."""
        name = "github" if request.url.path.startswith("/repos/") else "webhook"
        return await self._gate.cross("hook", name, lambda: self._real.handle_async_request(request))

    async def aclose(self) -> None:
        """As AsyncHTTPTransport's."""
        await self._real.aclose()


class TracedForwarder(Forwarder):
    """The relay's way to the handlers."""

    gate: Gate

    async def _post(self, handler: str, body: dict[str, Any], *, anew: bool) -> Handled:
        post = super()._post
        return await self.gate.cross("forward", handler, lambda: post(handler, body, anew=anew))


class TracedSeat(Seat):
    """A seat whose connections lead through a gate; they are aborted when the relay dies."""

    gate: Gate

    async def _dial(self, session_id: str) -> tuple[Ticket, str, TimedConnection]:
        dial = super()._dial

        async def dialled() -> tuple[Ticket, str, TimedConnection]:
            ticket, team_id, websocket = await dial(session_id)
            self.gate.at_stop.append(websocket.transport.abort)
            return ticket, team_id, cast("TimedConnection", TracedWebsocket(websocket, self.gate))

        return await self.gate.cross("dial", "websocket", dialled)


class TracedWebsocket:
    """A websocket whose frames lead through a gate, and which else is the real one."""

    def __init__(self, real: TimedConnection, gate: Gate) -> None:
        self._real = real
        self._gate = gate

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  the real one's
        return getattr(self._real, name)

    async def send(self, text: str) -> None:
        """As ClientConnection.send."""
        await self._gate.cross("frame", "ack" if "envelope_id" in text else "text", lambda: self._real.send(text))

    async def ping(self) -> Any:  # noqa: ANN401  a future
        """As ClientConnection.ping."""
        return await self._gate.cross("frame", "ping", self._real.ping)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """As ClientConnection.close."""
        await self._gate.cross("frame", "close", lambda: self._real.close(code, reason))
