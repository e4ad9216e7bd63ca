"""What happens to one envelope: record, ack, forward, in the order that its session gave; one task each.

The sockets never wait for any of it. An envelope that is not in the ledger is not acknowledged; one whose time is over
is neither acknowledged nor, where Slack has told its user that it failed, run.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import structlog

from pulser.database import Database
from pulser.envelope import Envelope
from pulser.expiry import expire
from pulser.settlement import late_text
from socket_relay.effects import Ack, Forward, Record
from socket_relay.forward import UNREACHABLE, Forwarder, Handled
from socket_relay.owing import owe
from socket_relay.pace import Pace
from socket_relay.recorder import NotRecorded, Recorded, Recorder
from socket_relay.rings import Rings
from socket_relay.websocket import Connection

WAITS = {
    "response_type": "ephemeral",
    "text": "Your command is recorded. What answers it cannot be reached at the moment; the answer comes as soon as"
    " it is back.",
}

_LOOK = 0.1  # seconds between two looks for a twin's answer
_TWIN_IS_HERE_WITHIN = 0.3

log = structlog.get_logger()


@dataclass(slots=True)
class _Course:
    """How far one envelope has come."""

    connection: Connection
    envelope: Envelope
    received_at: float
    by: float
    recorded: Recorded | None = None
    recorded_at: float = 0.0
    answer: asyncio.Task[Handled] | None = None
    answer_by: float = 0.0
    too_late: bool = False


@dataclass(slots=True)
class Answers:
    """Performs the effects of envelopes. `elsewhere`: live connections on which an ack may go when its own is gone."""

    ledger: Database
    recorder: Recorder
    forwarder: Forwarder
    elsewhere: Callable[[], Iterable[Connection]]
    pace: Pace
    clock: Callable[[], float] = time.monotonic
    rings: Rings = field(init=False)
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    _awaited: dict[tuple[str, str], asyncio.Task[Handled]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rings = Rings(self.forwarder, self.pace, self.clock)

    def take(self, connection: Connection, effects: list[Record | Ack | Forward]) -> None:
        """Begin with an envelope; returns at once."""
        record = next(it for it in effects if isinstance(it, Record))
        by = next((it.by for it in effects if isinstance(it, Ack)), record.received_at + self.pace.ack_within)
        course = _Course(connection, record.envelope, record.received_at, by)
        self._start(self._perform(course, effects))

    async def finish(self, limit: float) -> None:
        """Let what was begun end within `limit` seconds, then stop it."""
        until = self.clock() + limit
        while self._tasks and (left := until - self.clock()) > 0:
            await asyncio.wait(self._tasks, timeout=left)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _perform(self, course: _Course, effects: list[Record | Ack | Forward]) -> None:
        try:
            for effect in effects:
                match effect:
                    case Record() if not await self._record(course, effect):
                        return
                    case Forward():
                        self._forward(course, effect)
                    case Ack():
                        await self._ack(course, effect)
        except Exception:  # the boundary of one envelope: the ledger has it, or Slack sends it again
            log.exception("envelope_failed", envelope_id=course.envelope.envelope_id)

    async def _record(self, course: _Course, effect: Record) -> bool:
        """Write it down; whether to go on."""
        envelope = course.envelope
        try:
            course.recorded = recorded = await self.recorder.record(effect, course.connection.id)
        except NotRecorded as error:
            log.warning("envelope_not_recorded", envelope_id=envelope.envelope_id, why=str(error))
            return False
        course.recorded_at = self.clock()
        course.too_late = course.recorded_at > course.by or recorded.state == "expired"
        if not course.too_late:
            return True
        self._tell("envelope_too_late", course)
        if recorded.to_be_run and envelope.type in ("interactive", "slash_commands"):
            pause = 5 * self.pace.record_again
            within = self.pace.keep_late
            await expire(self.ledger, envelope, self.recorder.worker, within=within, pause=pause, clock=self.clock)
            return False
        # Slack sends an event again and then has its ack; meanwhile it is worked on.
        return envelope.is_retried_by_slack

    def _forward(self, course: _Course, effect: Forward) -> None:
        """Ring the handler, in a task of its own."""
        envelope, recorded = course.envelope, course.recorded
        key = (envelope.team_id, envelope.logical_key or envelope.envelope_id)
        if recorded is None:
            return
        course.answer_by = effect.answer_by
        if not recorded.to_be_run:
            if envelope.wants_answer and recorded.ack is None and not recorded.settled:
                course.answer = self._start(self._answer_of_twin(envelope, key, effect.answer_by))
            return
        if not envelope.wants_answer:
            self.rings.add(envelope, self._start)
            return
        within = effect.answer_by - self.clock() - self.pace.answer_margin
        course.answer = self._awaited[key] = self._start(self.forwarder.forward(envelope, within))
        asyncio.get_running_loop().call_later(self.pace.late_answer, self._awaited.pop, key, None)

    async def _answer_of_twin(self, envelope: Envelope, key: tuple[str, str], answer_by: float) -> Handled:
        """Slack takes the first ack of the two, so this one must bring the answer that its twin's brings."""
        handled = UNREACHABLE
        looks = 0
        while (left := answer_by - self.clock()) > self.pace.answer_margin:
            if (twin := self._awaited.get(key)) is not None:
                return await asyncio.shield(twin)
            # No twin here: another relay has it, whose handler was rung before we ask for what came of it.
            looks += 1
            if looks * _LOOK > _TWIN_IS_HERE_WITHIN:
                handled = await self.forwarder.forward(envelope, left - self.pace.answer_margin)
                if handled.state == "settled":
                    break
            await asyncio.sleep(_LOOK)
        return handled

    async def _ack(self, course: _Course, effect: Ack) -> None:
        """Acknowledge: on the socket that received it, else on another one, once."""
        if course.too_late:
            return
        payload = await self._payload(course) if effect.awaits_answer else None
        body: dict[str, Any] = {"envelope_id": effect.envelope_id}
        if payload is not None:
            body["payload"] = payload
        went_by = await self._send(course.connection, json.dumps(body))
        told = {"sent_on": went_by and went_by.id, "payload": payload is not None}
        self._tell("envelope_acked" if went_by else "envelope_not_acked", course, **told)

    async def _payload(self, course: _Course) -> dict[str, Any] | None:
        """What the ack carries, as far as it is known in time."""
        if course.recorded is not None and course.recorded.ack is not None:
            return course.recorded.ack
        if course.answer is None:
            return None
        done, _ = await asyncio.wait({course.answer}, timeout=max(0.0, course.answer_by - self.clock()))
        handled = course.answer.result() if done and not course.answer.cancelled() else UNREACHABLE
        if not done and course.recorded is not None and course.recorded.to_be_run:
            self._start(self._answer_late(course.envelope, course.answer))
        if handled is UNREACHABLE and course.envelope.type == "slash_commands":
            return WAITS
        return handled.ack

    async def _answer_late(self, envelope: Envelope, answer: asyncio.Task[Handled]) -> None:
        """The handler took its answer for timely, and it was not: the ledger owes it, and the handler sends it."""
        handled = await answer
        late = handled.late
        if late is None and (text := late_text(envelope, handled.ack)) is not None:
            late = text.to_json()  # of a handler that was asked twice: the second answer is the stored ack
        if late is not None and await owe(
            self.ledger, envelope, late, within=self.pace.keep_late, pause=5 * self.pace.record_again
        ):
            await self.forwarder.forward(envelope, 0.0)

    def _tell(self, what: str, course: _Course, **more: object) -> None:
        """The one line of an envelope, when its ack is sent or given up: who reads the log holds up no ack."""
        log.info(
            what,
            envelope_id=course.envelope.envelope_id,
            type=course.envelope.type,
            state=course.recorded and course.recorded.state,
            session_id=course.connection.id,
            recorded_ms=round(1000 * (course.recorded_at - course.received_at)),
            after_ms=round(1000 * (self.clock() - course.received_at)),
            **more,
        )

    async def _send(self, own: Connection, text: str) -> Connection | None:
        if own.is_open and await own.send(text):
            return own
        for other in self.elsewhere():
            if other is not own and other.is_open:
                return other if await other.send(text) else None
        return None

    def _start(self, work: Any) -> asyncio.Task[Any]:  # noqa: ANN401  any coroutine
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
