"""One websocket and its session: what comes in is told to the session, what the session wants is done."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Literal, Protocol, cast
from urllib.parse import urlsplit

import structlog
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidProxy, InvalidURI
from websockets.protocol import State

from socket_relay.arrival import TimedConnection
from socket_relay.connections_open import Ticket
from socket_relay.effects import (
    Ack,
    Alarm,
    BackOff,
    Close,
    Count,
    Effect,
    Forward,
    Live,
    OpenSuccessor,
    Record,
    SendPing,
    StopDialling,
)
from socket_relay.pace import Pace
from socket_relay.received import earlier
from socket_relay.session import Session

LARGEST_MESSAGE = 8_000_000  # bytes; Slack's own stay below one million
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

log = structlog.get_logger()


class DialFailed(Exception):
    """The websocket was not opened. The text names the kind of failure and never the URL."""


class Surroundings(Protocol):
    """What a connection tells of itself. All of these return at once."""

    def envelope(self, connection: Connection, effects: list[Record | Ack | Forward]) -> None:
        """An envelope came; these are to be performed in order."""

    def came_live(self, connection: Connection) -> None:
        """It has had its hello."""

    def wants_successor(self, connection: Connection, why: str) -> None:
        """It will end; until then it serves."""

    def is_not_wanted(self, connection: Connection, reason: str) -> None:
        """Slack has too many: the next dial comes after its close."""

    def stop_dialling(self, reason: str) -> None:
        """Socket Mode is switched off."""

    def alarm(self, reason: str, detail: str) -> None:
        """People are to hear of it."""

    def count(self, name: str) -> None:
        """For the statistics."""

    def ended(self, connection: Connection) -> None:
        """It is closed, whoever closed it."""


async def dial(ticket: Ticket, pace: Pace) -> TimedConnection:
    """Open the websocket. Raises DialFailed. The library's own pings are off: the session's are what counts."""
    proxy: Literal[True] | None = None if urlsplit(ticket.url).hostname in _LOOPBACK else True
    try:
        opened = await connect(
            ticket.url,
            create_connection=TimedConnection,
            max_queue=None,  # what is here is worked on at once; a pause in reading would hide how old the rest is
            open_timeout=pace.dial_limit,
            close_timeout=pace.close_limit,
            ping_interval=None,
            max_size=LARGEST_MESSAGE,
            compression=None,
            proxy=proxy,
        )
    except (
        OSError,
        TimeoutError,
        InvalidHandshake,
        InvalidURI,
        InvalidProxy,
        EOFError,
        ValueError,
        ImportError,
    ) as error:
        raise DialFailed(type(error).__name__) from None
    return cast("TimedConnection", opened)


class Connection:
    """`live` and `ended` are set once, in this order, or only `ended`."""

    def __init__(
        self,
        session: Session,
        websocket: TimedConnection,
        surroundings: Surroundings,
        pace: Pace,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.session = session
        self.live = asyncio.Event()
        self.ended = asyncio.Event()
        self._websocket = websocket
        self._surroundings = surroundings
        self._pace = pace
        self._clock = clock
        self._ticking: asyncio.TimerHandle | None = None
        self._tick_at = math.inf  # when it will
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def id(self) -> str:
        """Its session's id, as the ledger knows it."""
        return self.session.session_id

    @property
    def is_open(self) -> bool:
        """Whether something can be sent."""
        return self._websocket.state is State.OPEN

    @property
    def is_alive(self) -> bool:
        """Past its hello, with a fresh pong."""
        return self.is_open and self.session.alive(self._clock())

    async def serve(self) -> None:
        """Until the websocket has ended. Nothing of it is open afterwards."""
        try:
            self._do(self.session.opened(self._clock()))
            while True:
                message = await self._websocket.recv()
                now = self._clock()
                if isinstance(message, str):
                    self._do(self.session.text(now, message))
                else:
                    self._do(self.session.binary(now, message))
        except ConnectionClosed as error:
            code, reason = (error.rcvd.code, error.rcvd.reason) if error.rcvd else (None, "")
            self._do(self.session.closed(self._clock(), code, reason))
        finally:
            await self._end()

    async def send(self, text: str) -> bool:
        """Send a text; whether it went out. A peer that takes nothing is not waited for."""
        try:
            async with asyncio.timeout(self._pace.close_limit):
                await self._websocket.send(text)
        except (ConnectionClosed, TimeoutError):
            return False
        return True

    def retire(self, why: str, within: float | None = None) -> None:
        """Take what still comes for `within` seconds, then close."""
        self._do(self.session.retire(self._clock(), why, within))

    def successor_up(self) -> None:
        """Another connection has taken the place."""
        self._do(self.session.successor_up(self._clock()))

    def close(self, why: str) -> None:
        """Close it now."""
        self._do(self.session.retire(self._clock(), why, 0.0))
        self._start(self._close(1000, why))

    def _do(self, effects: list[Effect]) -> None:
        envelope: list[Record | Ack | Forward] = []
        for effect in effects:
            match effect:
                case Record() | Ack() | Forward():
                    envelope.append(effect)
                case SendPing():
                    self._start(self._ping())
                case Close(code, why):
                    self._start(self._close(code, why))
                case Live():
                    self.live.set()
                    self._surroundings.came_live(self)
                case _:
                    self._tell(effect)
        if envelope:
            waited = self._websocket.unread.waited(self._clock())
            self._surroundings.envelope(self, earlier(envelope, waited))
        self._tick_later()

    def _tell(self, effect: OpenSuccessor | StopDialling | BackOff | Alarm | Count) -> None:
        match effect:
            case OpenSuccessor(why):
                self._surroundings.wants_successor(self, why)
            case StopDialling(reason):
                self._surroundings.stop_dialling(reason)
            case BackOff(reason):
                self._surroundings.is_not_wanted(self, reason)
            case Alarm(reason, detail):
                self._surroundings.alarm(reason, detail)
            case Count(name):
                self._surroundings.count(name)

    def _tick_later(self) -> None:
        at = math.inf if self.ended.is_set() else self.session.next_tick
        if at == self._tick_at:
            return
        self._tick_at = at
        if self._ticking is not None:
            self._ticking.cancel()
            self._ticking = None
        if at != math.inf:
            loop = asyncio.get_running_loop()
            self._ticking = loop.call_later(max(0.0, at - self._clock()), self._tick)

    def _tick(self) -> None:
        self._tick_at = math.inf
        try:
            self._do(self.session.tick(self._clock()))
        except Exception:  # the boundary of a timer: a connection that nobody watches must not look open
            log.exception("tick_failed", session_id=self.id)
            self._start(self._close(1011, "internal error"))

    async def _ping(self) -> None:
        with suppress(ConnectionClosed):
            asyncio.ensure_future(await self._websocket.ping()).add_done_callback(self._ponged)

    def _ponged(self, pong: asyncio.Future[float]) -> None:
        if not pong.cancelled() and pong.exception() is None and not self.ended.is_set():
            self._do(self.session.pong(self._clock()))

    async def _close(self, code: int, why: str) -> None:
        try:
            # The library waits for the peer within its close timeout; for room to write, it may wait longer.
            async with asyncio.timeout(self._pace.close_limit + 0.2):
                await self._websocket.close(code, why)
        except TimeoutError:
            self._websocket.transport.abort()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _end(self) -> None:
        """However it came to this: close, forget the timers, tell."""
        await asyncio.shield(asyncio.ensure_future(self._close(1000, "ended")))
        self._do(self.session.closed(self._clock(), None, ""))
        self.ended.set()
        self._tick_later()
        for task in list(self._tasks):
            task.cancel()
        self._surroundings.ended(self)
