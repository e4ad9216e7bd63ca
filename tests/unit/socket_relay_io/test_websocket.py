"""One connection over a real websocket, whose server does as the test says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from websockets.asyncio.server import ServerConnection, serve

from socket_relay.connections_open import Ticket
from socket_relay.effects import Ack, Forward, Record
from socket_relay.pace import Pace
from socket_relay.session import Expectation, Session, Timing
from socket_relay.websocket import Connection, DialFailed, dial

PACE = Pace(dial_limit=2.0, close_limit=0.3)
HELLO = json.dumps({"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A1"}})
COMMAND = {"command": "/pulser", "team_id": "T1", "api_app_id": "A1", "trigger_id": "t"}
Script = Callable[[ServerConnection], Awaitable[None]]


@dataclass(slots=True)
class Told:
    """What a connection told of itself."""

    envelopes: list[str] = field(default_factory=list)
    counts: list[str] = field(default_factory=list)
    successors: list[str] = field(default_factory=list)
    ends: int = 0

    def envelope(self, _: Connection, effects: list[Record | Ack | Forward]) -> None:
        """Note its id."""
        self.envelopes += [it.envelope.envelope_id for it in effects if isinstance(it, Record)]

    def came_live(self, _: Connection) -> None:
        """Nothing to note."""

    def wants_successor(self, _: Connection, why: str) -> None:
        """Note why."""
        self.successors.append(why)

    def is_not_wanted(self, _: Connection, reason: str) -> None:
        """Note why."""
        self.counts.append(reason)

    def stop_dialling(self, reason: str) -> None:
        """Note why."""
        self.counts.append(reason)

    def alarm(self, reason: str, detail: str) -> None:
        """Nothing to note."""

    def count(self, name: str) -> None:
        """Note it."""
        self.counts.append(name)

    def ended(self, _: Connection) -> None:
        """Count it."""
        self.ends += 1


@asynccontextmanager
async def connected(script: Script, **timing: float) -> AsyncIterator[tuple[Connection, Told]]:
    """A connection to a server that runs `script`; both have ended after the block."""
    told = Told()
    async with serve(script, "127.0.0.1", 0, ping_interval=None, close_timeout=0.3) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        websocket = await dial(Ticket(f"ws://127.0.0.1:{port}/link/?ticket=t", None), PACE)
        times = Timing(**{"hello": 1.0, "ping": 0.1, "suspect": 0.4, "dead": 0.6, "close": 0.3, **timing})
        session = Session("s", 0.0, expects=Expectation("T1"), timing=times)
        connection = Connection(session, websocket, told, PACE)
        serving = asyncio.create_task(connection.serve())
        try:
            yield connection, told
        finally:
            connection.close("test ends")
            await serving
    assert told.ends == 1


def envelope(envelope_id: str, **payload: object) -> str:
    """A frame with a slash command."""
    frame = {"envelope_id": envelope_id, "type": "slash_commands", "payload": COMMAND | payload}
    return json.dumps(frame | {"accepts_response_payload": True})


async def test_odd_frames_do_not_harm() -> None:
    """Row 23: junk, binary, fragments, a megabyte, a ping: the next envelope is taken as ever."""

    async def script(server: ServerConnection) -> None:
        await server.send(HELLO)
        await server.send("not json")
        await server.send(b"\x00\xff")
        await server.send(list(envelope("in pieces", text="äöü€")))
        await server.send(envelope("large", text="x" * 1_000_000))
        await (await server.ping())
        await server.send(envelope("last"))
        await server.wait_closed()

    async with connected(script) as (connection, told):
        async with asyncio.timeout(10):
            while told.envelopes[-1:] != ["last"]:  # noqa: ASYNC110  it is told without an event
                await asyncio.sleep(0.01)
        assert told.envelopes == ["in pieces", "large", "last"]
        assert {"frame.not_json", "frame.binary"} <= set(told.counts)
        assert connection.is_alive


async def test_text_that_is_no_utf8_ends_the_connection_alone() -> None:
    """Row 23: split or broken UTF-8 is a violation of the protocol: the connection ends, without an exception."""

    async def script(server: ServerConnection) -> None:
        await server.send(HELLO)
        async with server.send_context():
            server.protocol.send_text(b"\xc3\x28", fin=True)
        await server.wait_closed()

    async with connected(script) as (connection, _):
        await asyncio.wait_for(connection.ended.wait(), 10)


async def test_an_ack_arrives_as_it_was_sent() -> None:
    """What `send` sends is what the server reads; after the end nothing is sent any more."""
    read: list[str | bytes] = []
    arrived = asyncio.Event()

    async def script(server: ServerConnection) -> None:
        await server.send(HELLO)
        read.append(await server.recv())
        arrived.set()

    async with connected(script) as (connection, _):
        await connection.live.wait()
        assert await connection.send('{"envelope_id": "e"}')
        await arrived.wait()
        await connection.ended.wait()
        assert await connection.send("too late") is False
    assert read == ['{"envelope_id": "e"}']


async def test_a_server_that_refuses_is_a_failed_dial() -> None:
    """A dead ticket is answered with an HTTP status; the error tells neither URL nor ticket."""

    async def script(_: ServerConnection) -> None:
        """Nobody comes so far."""

    async with serve(script, "127.0.0.1", 0, process_request=lambda it, _: it.respond(408, "expired")) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        with pytest.raises(DialFailed) as failed:
            await dial(Ticket(f"ws://127.0.0.1:{port}/link/?ticket=sentinel", None), PACE)
    assert "sentinel" not in str(failed.value)


async def test_nobody_there_is_a_failed_dial() -> None:
    """A closed port and a name that does not resolve."""
    for url in ("ws://127.0.0.1:1/link/", "ws://slack.invalid/link/"):
        with pytest.raises(DialFailed):
            await dial(Ticket(url, None), PACE)
