"""What is read after we were held up came before it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest
from websockets.asyncio.server import ServerConnection, serve

from socket_relay.arrival import FULL, NOTICED, TICK, TimedConnection, Unread
from socket_relay.connections_open import Ticket
from socket_relay.pace import Pace
from socket_relay.websocket import dial
from tests.unit.shared.fake_database import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    """A clock that is moved by hand."""
    return FakeClock()


def after_ticks(clock: FakeClock, count: int = 3) -> Unread:
    """A connection on which nothing comes for a while."""
    unread = Unread(clock)
    for _ in range(count):
        clock.now += TICK
        unread.tick()
    return unread


def test_what_is_read_at_once_has_not_waited(clock: FakeClock) -> None:
    """The ticks themselves are coarse; that is not taken for a delay."""
    unread = after_ticks(clock)
    clock.now += TICK
    unread.read(500)
    assert unread.waited(clock()) == 0


def test_what_is_read_after_a_pause_may_have_come_at_its_beginning(clock: FakeClock) -> None:
    """No tick for 0.6 s: whatever comes out of the socket may be so old, and a tick more."""
    unread = after_ticks(clock)
    clock.now += 0.6
    unread.read(500)
    assert unread.waited(clock()) == pytest.approx(0.6 + TICK)


def test_the_tick_that_comes_first_does_not_hide_the_pause(clock: FakeClock) -> None:
    """It says only that the socket was empty before this round of the loop."""
    unread = after_ticks(clock)
    clock.now += 0.6
    unread.tick()
    unread.read(500)
    assert unread.waited(clock()) == pytest.approx(0.6)


def test_a_full_read_leaves_the_rest_as_old(clock: FakeClock) -> None:
    """As long as reads are full, what comes next may be as old as the first, however the ticks come."""
    unread = after_ticks(clock)
    clock.now += 0.6
    for _ in range(4):
        unread.read(FULL)
        clock.now += TICK
        unread.tick()
    unread.read(500)
    assert unread.waited(clock()) == pytest.approx(0.6 + 5 * TICK)


def test_a_short_read_ends_it(clock: FakeClock) -> None:
    """The socket is empty then, and what comes later came later."""
    unread = after_ticks(clock)
    clock.now += 0.6
    unread.read(FULL)
    unread.read(500)
    clock.now += TICK
    unread.read(500)
    assert unread.waited(clock()) == 0


def test_work_on_what_was_read_makes_the_rest_of_it_wait(clock: FakeClock) -> None:
    """A hundred messages came in one read; the last of them is begun a second later."""
    unread = after_ticks(clock)
    unread.read(FULL - 1)
    clock.now += 1.0
    assert unread.waited(clock()) == pytest.approx(1.0, abs=NOTICED)


async def test_a_real_connection_knows_how_long_the_process_was_held_up() -> None:
    """The server sends, and this process sleeps on its processor for 0.4 s before it reads."""

    async def say(websocket: ServerConnection) -> None:
        await websocket.recv()
        await websocket.send(json.dumps({"type": "hello"}))
        time.sleep(0.4)  # noqa: ASYNC251  # it is the point
        await websocket.wait_closed()

    async with serve(say, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        websocket: TimedConnection = await dial(Ticket(f"ws://127.0.0.1:{port}/", None), Pace())
        await asyncio.sleep(2 * TICK)
        await websocket.send("go")
        await websocket.recv()
        assert websocket.unread.waited(time.monotonic()) >= 0.4
        await websocket.close()


@asynccontextmanager
async def dialled(heard: list[object]) -> AsyncIterator[TimedConnection]:
    """A connection to a server that notes what it hears, and last with which code it was closed."""

    async def listen(websocket: ServerConnection) -> None:
        heard.extend([it async for it in websocket])
        heard.append(websocket.close_code)

    async with serve(listen, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        websocket: TimedConnection = await dial(Ticket(f"ws://127.0.0.1:{port}/", None), Pace())
        yield websocket
        await websocket.close(1001)


class Written:
    """A transport that counts what is written to it."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.writes = 0

    def write(self, data: bytes) -> None:
        """Once more."""
        self.writes += 1
        self._transport.write(data)

    def __getattr__(self, name: str) -> object:
        return getattr(self._transport, name)


async def test_what_is_sent_at_once_is_one_write() -> None:
    """The acks of a group: all are heard, in their order."""
    heard: list[object] = []
    async with dialled(heard) as websocket:
        written = Written(websocket.transport)
        websocket.transport = cast("asyncio.Transport", written)
        await asyncio.gather(*(websocket.send(it) for it in "abc"))
        await asyncio.sleep(0)
        assert written.writes == 1
        await websocket.send("d")
        await asyncio.sleep(0)
        assert written.writes == 2
    assert heard == ["a", "b", "c", "d", 1001]


async def test_what_was_sent_before_the_close_is_heard() -> None:
    """A close waits for no round of the loop, and goes after what was sent."""
    heard: list[object] = []
    async with dialled(heard) as websocket:
        await websocket.send("a")
        await websocket.close(1001)
    assert heard == ["a", 1001]
