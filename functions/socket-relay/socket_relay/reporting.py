"""The heartbeat to the ledger: every two seconds, and at once when something has changed."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from pulser.errors import PulserError
from socket_relay.ghosts import GhostWatch
from socket_relay.leases import Leases, Report
from socket_relay.pace import Pace
from socket_relay.roster import Roster
from socket_relay.websocket import Connection

log = structlog.get_logger()


@dataclass(slots=True)
class Reporting:
    """`last`: what the ledger answered last, to a report that told our present state."""

    roster: Roster
    leases: Leases
    pace: Pace
    clock: Callable[[], float] = time.monotonic
    ends_at: float = math.inf  # of a bounded run
    ghosts: GhostWatch = field(default_factory=GhostWatch)
    last: Report | None = None
    reported: asyncio.Event = field(default_factory=asyncio.Event)  # set after each report; whoever waits clears it

    async def run(self) -> None:
        """Report until it is cancelled. A database that is away costs no connection."""
        while True:
            try:
                await self.report()
            except PulserError as error:
                log.warning("not_reported", error=str(error))
            except Exception:  # the boundary of a report: without the next one the leases end
                log.exception("report_failed")
            with suppress(TimeoutError):
                async with asyncio.timeout(self.pace.heartbeat):
                    await self.roster.changed.wait()

    def greeted(self, connection: Connection) -> None:
        """A connection has had its hello: the ledger hears of it at once."""
        hello = connection.session.hello
        if hello is not None and hello.num_connections is not None:
            self.ghosts.greeted(hello.num_connections, self.roster.open())
        self.roster.changed.set()

    async def report(self) -> None:
        """Tell the ledger, and act on what it answers. Raises PulserError."""
        self.roster.changed.clear()
        rows = self.roster.rows()
        self.last = report = await self.leases.report(rows, self._ends_in())
        self.roster.reported(rows)
        for session_id in report.lost:
            if (connection := self.roster.find(session_id)) is not None:
                connection.close("lease_lost")
        if not report.switched_on:
            for connection in self.roster.connections():
                connection.close("switched_off")
        if report.share:
            self._give_one_away()
        own = sum(row["state"] != "ended" and row["hello"] is not None for row in rows)
        detail = self.ghosts.reported(own, report.open)
        self.reported.set()
        if detail is not None:
            await self.leases.alarm("ghost_connections", detail)

    def _give_one_away(self) -> None:
        """Let another relay have one of our two connections; ours serves until it is drained.

        So the sudden death of a relay costs one connection. The older one goes: it would be rotated first.
        """
        live = [it for it in self.roster.connections() if it.session.state == "live"]
        if len(live) > 1:
            log.info("connection_given_away", session_id=live[0].id)
            live[0].retire("shared")
            self.roster.changed.set()

    def _ends_in(self) -> float | None:
        return None if self.ends_at == math.inf else max(0.0, self.ends_at - self.clock())
