"""Grouped recording: one call to the database for all envelopes that arrived while the one before was in flight.

So the cost of an envelope falls as the load rises, and a database that is slow delays a group, not a queue. When more
comes than it can take, those that can still be acknowledged go first: in one line all would be just too late.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog

from pulser.database import Database
from pulser.errors import DatabaseRefused, DatabaseUnavailable
from socket_relay.effects import Record
from socket_relay.ledger_clock import LedgerClock
from socket_relay.pace import Pace

log = structlog.get_logger()


class NotRecorded(Exception):
    """The envelope is not in the ledger, as far as we know: it must not be acknowledged."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the ledger said. `state`: new, duplicate, expired, refused. `ack`: the stored one of the first delivery."""

    state: str
    ack: dict[str, Any] | None
    settled: bool
    told_twice: bool = False  # an attempt of ours before may have written it: the duplicate may be our own

    @property
    def to_be_run(self) -> bool:
        """Whether a handler is to be called for it: it is new, or we cannot know that it is not."""
        return self.state == "new" or (self.state == "duplicate" and self.told_twice and not self.settled)


@dataclass(slots=True)
class _Waiting:
    record: dict[str, Any]
    size: int
    ack_by: float
    keep_until: float
    done: asyncio.Future[Recorded]
    tried: bool = False
    stripped: bool = False


@dataclass(slots=True)
class Recorder:
    """Writes envelopes of one relay into the ledger, one call at a time."""

    ledger: Database
    worker: str
    pace: Pace
    ledger_clock: LedgerClock
    clock: Callable[[], float] = time.monotonic
    _queue: deque[_Waiting] = field(default_factory=deque)
    _late: deque[_Waiting] = field(default_factory=deque)  # written when nothing waits that can be acknowledged
    _call_takes: float = 0.0  # seconds; the last call's
    _size: int = 0  # of all that wait
    _writer: asyncio.Task[None] | None = None

    async def record(self, wanted: Record, session_id: str) -> Recorded:
        """Write it and say what the ledger knows. Raises NotRecorded."""
        waits = len(self._queue) + len(self._late)
        if waits >= self.pace.waiting or self._size + wanted.size > self.pace.waiting_size:
            raise NotRecorded("too many envelopes wait for the database")
        waiting = self._waiting(wanted, session_id)
        self._queue.append(waiting)
        self._size += waiting.size
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        return await waiting.done

    def _waiting(self, wanted: Record, session_id: str) -> _Waiting:
        envelope, received_at = wanted.envelope, wanted.received_at
        # Slack sends an event again; a click that comes to nothing is recorded late, so that its user hears of it.
        keep = self.pace.ack_within if envelope.is_retried_by_slack else self.pace.keep_late
        return _Waiting(
            envelope.to_record(
                transport="socket",
                received_at=self.ledger_clock.epoch(received_at, self.clock()),
                session_id=session_id,
                refused=wanted.refused,
            ),
            wanted.size,
            received_at + self.pace.ack_within,
            received_at + keep,
            asyncio.get_running_loop().create_future(),
        )

    async def close(self) -> None:
        """Stop writing. Who still waits gets NotRecorded."""
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)
        for waiting in (*self._queue, *self._late):
            _fail(waiting, "the relay stops")
        self._queue.clear()
        self._late.clear()
        self._size = 0

    async def _write(self) -> None:
        pause = self.pace.record_again
        while self._queue or self._late:
            group = self._take()
            try:
                await self._write_group(group)
                pause = self.pace.record_again
            except DatabaseUnavailable as error:
                log.warning("not_recorded_yet", envelopes=len(group), error=str(error))
                self._put_back(group)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 10 * self.pace.record_again)
            except asyncio.CancelledError:
                self._put_back(group)
                raise
            except Exception:  # the boundary: a relay that stops recording is deaf
                log.exception("recording_failed", envelopes=len(group))
                for waiting in group:
                    _fail(waiting, "recording failed")

    def _take(self) -> list[_Waiting]:
        """The next group, oldest first. Those that have waited too long are given up."""
        group: list[_Waiting] = []
        size = 0
        now = self.clock()
        while self._queue and self._queue[0].ack_by < now + self._call_takes:
            self._late.append(self._queue.popleft())
        lane = self._queue or self._late
        while lane and len(group) < self.pace.group and (not group or size < self.pace.group_size):
            waiting = lane.popleft()
            self._size -= waiting.size
            if now > waiting.keep_until:
                _fail(waiting, "the database did not answer in time")
            elif not waiting.done.done():
                group.append(waiting)
                size += waiting.size
        return group

    def _put_back(self, group: list[_Waiting]) -> None:
        for waiting in reversed(group):
            if not waiting.done.done():
                self._queue.appendleft(waiting)
                self._size += waiting.size

    async def _write_group(self, group: list[_Waiting]) -> None:
        """Write these and tell those who wait. Raises DatabaseUnavailable: who was not told may be written or not."""
        if not group:
            return
        told_before = [waiting.tried for waiting in group]
        for waiting in group:
            waiting.tried = True
        sent_at = self.clock()
        try:
            answer = await self.ledger.call(
                "record_envelopes_v1", {"envelopes": [it.record for it in group], "worker": self.worker}
            )
        except DatabaseRefused as error:
            for waiting, before in zip(group, told_before, strict=True):
                waiting.tried = before  # refused means not written
            await self._write_apart(group, error)
            return
        # A call that hung says nothing of the next one.
        self._call_takes = min(self.clock() - sent_at, self.pace.ack_within / 2)
        self.ledger_clock.learn(float(answer["now"]), sent_at, self.clock())
        for waiting, before, said in zip(group, told_before, answer["recorded"], strict=True):
            if not waiting.done.done():
                waiting.done.set_result(Recorded(said["state"], said.get("ack"), bool(said.get("settled")), before))

    async def _write_apart(self, group: list[_Waiting], error: DatabaseRefused) -> None:
        """One envelope that the database does not take must not take the others with it."""
        if len(group) > 1:
            half = len(group) // 2
            await self._write_group(group[:half])
            await self._write_group(group[half:])
            return
        (waiting,) = group
        log.error("envelope_refused_by_database", envelope_id=waiting.record["envelope_id"], error=str(error))
        if waiting.stripped:
            _fail(waiting, "the database refuses it")
            return
        # Slack must get its ack, or it sends the same for ever: what is left is stored as a dead letter.
        waiting.stripped = True
        waiting.record |= {
            "payload": {"raw": "the database refused the payload"},
            "logical_key": None,
            "handler": None,
            "refused": f"the database refused the payload ({error.code})",
        }
        await self._write_group(group)


def _fail(waiting: _Waiting, why: str) -> None:
    if not waiting.done.done():
        waiting.done.set_exception(NotRecorded(why))
