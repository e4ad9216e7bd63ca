"""The relay's side of `ops.relay_sessions`: leases for connections, the dial budget they share, holds and alarms."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from pulser.database import Database, JsonValue
from pulser.errors import DatabaseBehind, DatabaseUnavailable, PulserError
from socket_relay.ledger_clock import LedgerClock
from socket_relay.pace import Pace

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Grant:
    """The ledger's answer to who wants to dial. `wait`: seconds after which to ask again."""

    granted: bool
    wait: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What the ledger knows of all relays, after a heartbeat."""

    switched_on: bool
    live: int  # neither retiring nor dead, of all relays
    open: int  # past their hello
    lost: tuple[str, ...]  # of our sessions: their lease is gone
    share: bool = False  # we hold both, and another relay stands by for one


class Leases:
    """One relay's leases. `worker` names it in the ledger."""

    def __init__(
        self,
        ledger: Database,
        worker: str,
        pace: Pace,
        ledger_clock: LedgerClock,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.worker = worker
        self._ledger = ledger
        self._pace = pace
        self._ledger_clock = ledger_clock
        self._clock = clock
        self._held_until = float("-inf")  # here too, for a hold that could not be written
        self._held_for = ""
        self._alarms: dict[str, str] = {}  # those that the ledger has not taken yet

    async def claim(self, session_id: str, replaces: str | None) -> Grant:
        """Ask for the lease of a new session. Without a database there is none."""
        return await self._ask(
            "claim_relay_session_v1",
            {
                "worker": self.worker,
                "session_id": session_id,
                "replaces": replaces,
                "lease_seconds": self._pace.lease,
            },
        )

    async def dial_again(self, session_id: str) -> Grant:
        """Ask for one more dial of a session that holds its lease."""
        return await self._ask("dial_again_v1", {"worker": self.worker, "session_id": session_id})

    async def report(self, sessions: list[JsonValue], ends_in: float | None = None) -> Report:
        """The heartbeat: tell of our sessions, keep their leases. Raises PulserError.

        sessions: {"session_id","state","alive","hello","envelopes","end_reason"} each. ends_in: seconds until a
        bounded run ends; in its last minute the ledger grants its places to the next.
        """
        await self._tell_alarms()
        sent_at = self._clock()
        answer = await self._ledger.call(
            "report_relay_sessions_v1",
            {
                "worker": self.worker,
                "sessions": sessions,
                "lease_seconds": self._pace.lease,
                "ends_in_s": ends_in,
            },
        )
        self._ledger_clock.learn(float(answer["now"]), sent_at, self._clock())
        return Report(
            switched_on=bool(answer["switched_on"]),
            live=int(answer["live"]),
            open=int(answer["open"]),
            lost=tuple(str(it) for it in answer["lost"] or ()),
            share=bool(answer.get("share")),
        )

    async def hold(self, seconds: float, reason: str) -> None:
        """Nobody dials for so long: neither this relay nor, as soon as the ledger knows it, any other."""
        self._held_until = max(self._held_until, self._clock() + seconds)
        self._held_for = reason
        try:
            await self._ledger.call("hold_connections_open_v1", {"seconds": seconds, "reason": reason})
        except PulserError as error:
            log.warning("hold_not_written", reason=reason, error=str(error))

    def held_for(self) -> float:
        """Seconds for which this relay knows that nobody may dial."""
        return max(0.0, self._held_until - self._clock())

    async def alarm(self, reason: str, detail: str) -> None:
        """Tell people. The ledger sees to it that they hear it once; without a ledger, at the next heartbeat."""
        log.error("relay_alarm", reason=reason, detail=detail)
        self._alarms[reason] = detail
        try:
            await self._tell_alarms()
        except PulserError as error:
            log.warning("alarm_not_written", reason=reason, error=str(error))

    async def _tell_alarms(self) -> None:
        for reason, detail in list(self._alarms.items()):
            await self._ledger.call("raise_relay_alarm_v1", {"reason": reason, "detail": detail, "worker": self.worker})
            self._alarms.pop(reason, None)

    async def _ask(self, function: str, arguments: dict[str, JsonValue]) -> Grant:
        if (held_for := self.held_for()) > 0:
            return Grant(granted=False, wait=held_for, reason=self._held_for)
        try:
            answer = await self._ledger.call(function, arguments)
        except PulserError as error:
            if isinstance(error, DatabaseUnavailable) and not isinstance(error, DatabaseBehind):
                return Grant(granted=False, wait=self._pace.ask_again, reason="no_database")
            log.warning("lease_not_asked", function=function, error=str(error))
            return Grant(granted=False, wait=self._pace.ask_at_most, reason="refused")
        return Grant(bool(answer["granted"]), float(answer["wait_s"] or 0.0), str(answer["reason"] or ""))
