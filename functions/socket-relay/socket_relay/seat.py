"""One of a relay's two places for a connection, and its only dialler: lease, ticket, dial, hello; and again."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from socket_relay.answers import Answers
from socket_relay.arrival import TimedConnection
from socket_relay.backoff import Backoff
from socket_relay.connections_open import ConnectionsOpen, NoTicket, Ticket
from socket_relay.effects import Ack, Forward, Record
from socket_relay.identity import Identity
from socket_relay.leases import Grant, Leases
from socket_relay.pace import Pace
from socket_relay.roster import Roster
from socket_relay.session import Expectation, Session, Timing
from socket_relay.websocket import Connection, DialFailed, dial

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Tools:
    """What all seats of a relay share."""

    roster: Roster
    leases: Leases
    tickets: ConnectionsOpen
    identity: Identity
    answers: Answers
    pace: Pace
    timing: Timing
    count: Callable[[str], None]
    greeted: Callable[[Connection], None]
    jitter: Callable[[], float] = random.random
    clock: Callable[[], float] = time.monotonic


class NoConnection(Exception):
    """No connection came into the seat. `wait`: seconds that somebody asked for; None leaves it to backoff."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait


@dataclass(slots=True)
class Seat:
    """`run` keeps one connection in the seat until it is cancelled; what it opened goes on serving after that."""

    tools: Tools
    stagger: float
    _current: Connection | None = None
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _backoff: Backoff = field(default_factory=Backoff)
    _may_overlap: bool = True
    _lost_early: bool = False  # what was in the seat did not last: the next dial waits
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self) -> None:
        """For ever: whenever the seat needs a connection, get one."""
        self._wanted.set()
        while True:
            await self._wanted.wait()
            if self._lost_early:
                self._lost_early = False
                await self._pause(None)
            if self._current is not None and not self._may_overlap:
                await self._current.ended.wait()
            try:
                await self._fill()
            except NoConnection as failure:
                log.warning("not_connected", reason=failure.reason)
                await self._pause(failure.wait)

    def renew(self) -> None:
        """Replace what is in the seat, for the sake of a fresh hello."""
        self._wanted.set()

    async def served(self) -> None:
        """Wait until all that was opened has ended."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # What a connection tells (websocket.Surroundings).

    def envelope(self, connection: Connection, effects: list[Record | Ack | Forward]) -> None:
        """See Surroundings."""
        self.tools.answers.take(connection, effects)

    def came_live(self, connection: Connection) -> None:
        """See Surroundings."""
        log.info("connection_live", session_id=connection.id)
        self.tools.greeted(connection)

    def wants_successor(self, connection: Connection, why: str) -> None:
        """See Surroundings."""
        log.info("successor_wanted", session_id=connection.id, why=why)
        if connection is self._current:
            self._note_how_it_lasted(connection)
            self._wanted.set()

    def is_not_wanted(self, connection: Connection, reason: str) -> None:
        """See Surroundings."""
        log.warning("connection_not_wanted", session_id=connection.id, reason=reason)
        self._may_overlap = False

    def stop_dialling(self, reason: str) -> None:
        """See Surroundings."""
        self._start(self.tools.leases.hold(self.tools.pace.switched_off_hold, reason))

    def alarm(self, reason: str, detail: str) -> None:
        """See Surroundings."""
        self._start(self.tools.leases.alarm(reason, detail))

    def count(self, name: str) -> None:
        """See Surroundings."""
        self.tools.count(name)

    def ended(self, connection: Connection) -> None:
        """See Surroundings."""
        reason = connection.session.end_reason or "ended"
        log.info("connection_ended", session_id=connection.id, reason=reason)
        self.tools.roster.end(connection.id, reason)
        if connection is self._current:
            self._current = None
            self._note_how_it_lasted(connection)
            self._wanted.set()

    def _note_how_it_lasted(self, connection: Connection) -> None:
        hello_at = connection.session.hello_at
        if hello_at is not None and self.tools.clock() - hello_at >= self.tools.timing.stable:
            self._backoff.stable()
            self._may_overlap = True
        elif not self._wanted.is_set():
            self._lost_early = True

    # The steps.

    async def _fill(self) -> None:
        """Lease, dial, hello; then the former connection is told. Raises NoConnection."""
        session_id = str(uuid.uuid4())
        self.tools.roster.ask(session_id)
        try:
            await self._lease(session_id)
            self.tools.roster.grant(session_id)
            connection = await self._connect(session_id)
        except NoConnection as failure:
            self.tools.roster.end(session_id, failure.reason)
            raise
        except BaseException:
            if self.tools.roster.find(session_id) is None:  # else it is open, and its own end will be told
                self.tools.roster.end(session_id, "stopped")
            raise
        former, self._current = self._current, connection
        self._wanted.clear()
        if former is not None:
            former.successor_up()
        if connection.ended.is_set():
            self.ended(connection)
        elif connection.session.successor_asked:
            self.wants_successor(connection, "asked meanwhile")

    async def _lease(self, session_id: str) -> None:
        """Until the ledger grants a session; one that replaces another is granted beside it."""
        while True:
            replaces = self._current.id if self._current is not None else None
            grant = await self.tools.leases.claim(session_id, replaces)
            if grant.granted:
                return
            if grant.reason == "lost":
                raise NoConnection("lease_lost")
            await self._wait(grant)

    async def _connect(self, session_id: str) -> Connection:
        """A connection that has had its hello. Raises NoConnection."""
        ticket, team_id, websocket = await self._dial(session_id)
        session = Session(
            session_id,
            self.tools.clock(),
            expects=Expectation(team_id, ticket.app_id),
            timing=replace(self.tools.timing, stagger=self.stagger),
        )
        connection = Connection(session, websocket, self, self.tools.pace, self.tools.clock)
        self.tools.roster.add(connection)
        self._start(self._serve(connection))
        await _first(connection.live, connection.ended)
        if not connection.live.is_set():
            raise NoConnection(connection.session.end_reason or "closed_before_hello")
        return connection

    async def _dial(self, session_id: str) -> tuple[Ticket, str, TimedConnection]:
        """A ticket, its team and its websocket, within the tries that one lease has. Raises NoConnection."""
        for attempt in range(1, self.tools.pace.dials_per_lease + 1):
            try:
                team_id = await self.tools.identity.team_id()
                ticket = await self.tools.tickets.ticket()  # a new one for every dial: Slack takes each once
                return ticket, team_id, await dial(ticket, self.tools.pace)
            except (NoTicket, DialFailed) as error:
                wait = error.wait if isinstance(error, NoTicket) else None
                if wait is not None or attempt == self.tools.pace.dials_per_lease:
                    raise NoConnection(str(error), wait) from error
                log.warning("dial_failed", session_id=session_id, reason=str(error))
            await self._pause(None)
            while not (grant := await self.tools.leases.dial_again(session_id)).granted:
                if grant.reason not in ("dial_budget", "no_database"):
                    raise NoConnection(grant.reason)
                await self._wait(grant)
        raise NoConnection("no_dial")

    async def _serve(self, connection: Connection) -> None:
        try:
            await connection.serve()
        except Exception:  # the boundary of one connection
            log.exception("connection_failed", session_id=connection.id)

    async def _pause(self, at_least: float | None) -> None:
        """Backoff after a failure; shorter while Slack cannot reach us at all."""
        none_up = not self.tools.roster.alive()
        await asyncio.sleep(self._backoff.after_failure(self.tools.jitter(), none_up=none_up, at_least=at_least or 0.0))

    async def _wait(self, grant: Grant) -> None:
        """Until the ledger is asked again; not in step with the other seat, nor with other relays."""
        wait = min(max(grant.wait, self.tools.pace.ask_again), self.tools.pace.ask_at_most)
        await asyncio.sleep(wait * (0.8 + 0.4 * self.tools.jitter()))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _first(*events: asyncio.Event) -> None:
    """Wait until one of them is set."""
    waits = [asyncio.create_task(it.wait()) for it in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for it in waits:
            it.cancel()
