"""One relay, step by step: seats get connections, envelopes are answered, the ledger hears of it; then it retires."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from pulser.database import Database
from pulser.errors import PulserError
from pulser.slack import SlackApi
from pulser.vault import Vault
from socket_relay.answers import Answers
from socket_relay.connections_open import APP_TOKEN, ConnectionsOpen
from socket_relay.forward import Forwarder
from socket_relay.identity import Identity
from socket_relay.leases import Leases
from socket_relay.ledger_clock import LedgerClock
from socket_relay.pace import Pace
from socket_relay.recorder import Recorder
from socket_relay.reporting import Reporting
from socket_relay.roster import Roster
from socket_relay.seat import Seat, Tools
from socket_relay.session import Timing

SEATS = 2
STAGGER = (0.0, 0.2)  # shares of a connection's time by which the seats rotate earlier: never both at once

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Parts:
    """What a relay works with; several relays of one process may share it."""

    ledger: Database
    slack: SlackApi
    slack_app: SlackApi
    forwarder: Forwarder

    @classmethod
    def of(cls, ledger: Database, vault: Vault, slack_api_url: str, pace: Pace, functions_url: str | None) -> Parts:
        """All of them, from the database, Vault and two addresses. Opens nothing yet."""
        slack = SlackApi(vault, slack_api_url)
        return cls(
            ledger=ledger,
            slack=slack,
            slack_app=SlackApi(vault, slack_api_url, token_name=APP_TOKEN),
            forwarder=Forwarder(vault, pace, functions_url=functions_url),
        )

    async def close(self) -> None:
        """Give all connections back, the ledger's too."""
        for part in (self.forwarder, self.slack_app, self.slack, self.ledger):
            await part.close()


@dataclass(frozen=True, slots=True)
class Times:
    """All that has to do with time, for tests to give another."""

    pace: Pace = field(default_factory=Pace)
    timing: Timing = field(default_factory=Timing)
    jitter: Callable[[], float] = random.random
    clock: Callable[[], float] = time.monotonic


class Relay:
    """One run. `counters`: what sessions counted. `retiring`: it dials no more and only waits for others to serve."""

    def __init__(self, parts: Parts, worker: str, times: Times | None = None, *, seconds: float = math.inf) -> None:
        times = times or Times()
        self.worker = worker
        self.counters: Counter[str] = Counter()
        self.retiring = False
        self._parts = parts
        self._pace = times.pace
        self._seconds = seconds
        self._retire_before = min(times.pace.retire_before, seconds / 2)
        self._clock = times.clock
        self._stopping = asyncio.Event()
        ledger_clock = LedgerClock()
        self.roster = Roster()
        self._leases = Leases(parts.ledger, worker, times.pace, ledger_clock, clock=times.clock)
        self._recorder = Recorder(parts.ledger, worker, times.pace, ledger_clock, times.clock)
        self._answers = Answers(
            *(parts.ledger, self._recorder, parts.forwarder),
            *(self.roster.alive, times.pace, times.clock),
        )
        self.reporting = Reporting(self.roster, self._leases, times.pace, times.clock)
        tools = Tools(
            roster=self.roster,
            leases=self._leases,
            tickets=ConnectionsOpen(parts.slack_app, self._leases, times.pace),
            identity=Identity(parts.slack, self._leases, times.pace, clock=times.clock),
            answers=self._answers,
            pace=times.pace,
            timing=times.timing,
            count=self._count,
            greeted=self.reporting.greeted,
            jitter=times.jitter,
            clock=times.clock,
        )
        self._seats = [Seat(tools, stagger) for stagger in STAGGER[:SEATS]]

    async def run(self) -> None:
        """Serve until `stop`, or until the time of a bounded run nears its end; then hand over and close."""
        log.info("relay_started", worker=self.worker)
        self.reporting.ends_at = self._clock() + self._seconds
        dialling = [asyncio.create_task(_kept(seat)) for seat in self._seats]
        dialling.append(asyncio.create_task(self._recount()))
        reporting = asyncio.create_task(self.reporting.run())
        try:
            await self._serve()
            await _end(*dialling)
            await self._hand_over()
        finally:
            await _end(*dialling, reporting)
            await self._close()
            log.info("relay_ended", worker=self.worker, **self.counters)

    def stop(self) -> None:
        """SIGTERM: hand over and end, within ten seconds."""
        self._stopping.set()

    async def until_live(self) -> None:
        """Wait until a connection is up."""
        while not self.roster.alive():
            await self.reporting.reported.wait()
            self.reporting.reported.clear()

    async def _serve(self) -> None:
        until_retirement = self._seconds - self._retire_before if self._seconds < math.inf else None
        with suppress(TimeoutError):
            async with asyncio.timeout(until_retirement):
                await self._stopping.wait()

    async def _recount(self) -> None:
        """As long as there are ghosts, have them counted anew: a new connection tells whether they are gone."""
        while True:
            await asyncio.sleep(self._pace.recount)
            if self.reporting.ghosts.ghosts:
                self._seats[0].renew()

    async def _hand_over(self) -> None:
        """Serve on until others do, or the time is up. Their leases are granted because ours are retiring."""
        self.retiring = self.roster.retiring = True
        self.reporting.last = None
        self.reporting.reported.clear()
        self.roster.changed.set()
        log.info("relay_retires", worker=self.worker)
        limit = self._pace.stop_limit if self._stopping.is_set() else self._retire_before
        with suppress(TimeoutError):
            async with asyncio.timeout(limit):
                await self._until_others_serve()

    async def _until_others_serve(self) -> None:
        with suppress(PulserError):
            await self._parts.ledger.call("cover_relay_v1")  # rings the successor now, not at cron's next look
        while self.reporting.last is None or self.reporting.last.live < SEATS:
            if not self.roster.alive():
                return  # nothing is left here that could serve meanwhile
            await self.reporting.reported.wait()
            self.reporting.reported.clear()

    async def _close(self) -> None:
        """Finish what is in hand while the sockets are open, close them, tell the ledger."""
        self.roster.retiring = True
        await self._answers.finish(self._pace.finish_limit)
        connections = list(self.roster.connections())
        for connection in connections:
            connection.close("relay_ended")
        await asyncio.gather(*(it.ended.wait() for it in connections))
        await asyncio.gather(*(seat.served() for seat in self._seats))
        await self._answers.finish(0.2)  # what crossed the close
        await self._recorder.close()
        with suppress(PulserError, TimeoutError):
            async with asyncio.timeout(self._pace.goodbye_limit):
                await self.reporting.report()

    def _count(self, name: str) -> None:
        self.counters[name] += 1


async def _kept(seat: Seat) -> None:
    """A seat that fails in a way nobody foresaw goes on all the same: a relay must not go deaf."""
    while True:
        try:
            await seat.run()
        except Exception:  # the boundary of a seat
            log.exception("seat_failed")
            await asyncio.sleep(1.0)


async def _end(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
