"""What a handler does with envelopes: claim, handle, settle, answer; and what others left behind.

It keeps no state. A crash before the settle leaves the envelope to be claimed again; one after it leaves nothing to
redo but the reply, which the ledger knows too.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import structlog

from pulser.database import Database, JsonValue
from pulser.envelope import Envelope
from pulser.errors import DatabaseBehind, DatabaseUnavailable, PulserError
from pulser.replies import Replies, told_of
from pulser.settlement import Reply, Settlement

# The envelope, and until when (time.monotonic) an ack's payload reaches Slack: -inf when nobody waits for one.
Handle = Callable[[Envelope, float], Awaitable[Settlement]]

LEASE_SECONDS = 20
HANDLE_SECONDS = 8.0  # a decision that takes longer is given up and made again later
MOST_ROUNDS = 5  # decisions about a card that others change at the same time
ANSWER_MARGIN = 0.15  # seconds before `answer_by`: a settle may take so long
GIVE_BACK = 3.0  # seconds before the end of a lease, in which a claim can still be given back
SETTLE_PAUSE = 0.3  # seconds between two tries to settle while the database is away
REPLY_LEASE_SECONDS = 20  # as claim_reply_v1 has it: then another one may send the reply
# What would begin later than this after its claim was asked for might end after the claim: another one sends it.
REPLY_LATEST_START = 5.0
ENVELOPES_AT_ONCE = 16
REPLIES_AT_ONCE = 16
# Of those that nobody waits for: a burst of clicks must leave the database room for recording the next ones.
HANDS = 3
MOUTHS = 8  # replies that are sent at once; a Slack that is slow to take them must not hold up the clicks
NOBODY_WAITS = -math.inf

log = structlog.get_logger()


class TooManyRounds(PulserError):
    """The card was changed by others each time that we had decided."""


@dataclass(frozen=True, slots=True)
class Done:
    """How an envelope ended for who asked. `ack`: what goes back to Slack as the ack's payload.

    `late`: what is told privately if that payload does not reach Slack in time after all.
    `busy`: another worker has it. `failed`: it will be tried again, or it is dead; the ledger says which.
    """

    state: Literal["settled", "busy", "unknown", "failed"]
    ack: Mapping[str, Any] | None = None
    late: Reply | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """An envelope that is ours until the lease ends."""

    token: str
    envelope: Envelope
    attempt: int
    claimed_at: float = field(default_factory=time.monotonic)

    @classmethod
    def from_json(cls, value: JsonValue, asked_at: float) -> Claim:
        """As claim_envelope_v1 gives it; the lease cannot have begun before we asked."""
        return cls(value["claim_token"], Envelope.from_ledger(value["envelope"]), value["attempt"], asked_at)

    @property
    def key(self) -> dict[str, str]:
        """What names the envelope in the ledger."""
        return {"team_id": self.envelope.team_id, "envelope_id": self.envelope.envelope_id}


@dataclass(slots=True)
class Work:
    """One worker. Any number of them may run at once, anywhere: the ledger keeps them apart."""

    function: str
    ledger: Database
    replies: Replies
    handle: Handle
    worker: str
    drain_seconds: float = 50.0
    handle_seconds: float = HANDLE_SECONDS
    clock: Callable[[], float] = time.monotonic  # for how long a claim is ours
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    _hands: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(HANDS))
    _mouths: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOUTHS))

    async def run(self, team_id: str, envelope_id: str, answer_by: float) -> Done:
        """Claim one recorded envelope and carry it out. Raises PulserError when the ledger cannot be asked."""
        async with self._hands if answer_by == NOBODY_WAITS else contextlib.nullcontext():
            return await self._run(team_id, envelope_id, answer_by)

    async def perform(self, claim: Claim, answer_by: float) -> Done:
        """Carry out what is claimed. Logs and never raises: one envelope's trouble is its own."""
        with structlog.contextvars.bound_contextvars(envelope_id=claim.envelope.envelope_id, attempt=claim.attempt):
            try:
                return await self._perform(claim, answer_by)
            except DatabaseBehind as error:
                # Not left to its lease: eight of these are over in minutes, and the migrations may take longer.
                log.warning("envelope_waits_for_the_migrations", error=str(error))
                await self._fail(claim, error)
            except DatabaseUnavailable as error:
                log.warning("envelope_left_to_its_lease", error=str(error))
            except Exception as error:  # the boundary of one envelope: it is tried again, or dead with a note
                log.exception("envelope_failed")
                await self._fail(claim, error)
            return Done("failed")

    async def drain(self) -> int:
        """Carry out what others left behind, until nothing is due or the time is up. How many these were."""
        done, ends_at = 0, time.monotonic() + self.drain_seconds
        while time.monotonic() < ends_at:
            due = await self._due()
            if not due:
                break
            await asyncio.gather(*due)
            done += len(due)
        return done

    async def reply(self, key: Mapping[str, str]) -> None:
        """Send the reply that the ledger holds for an envelope ({"team_id", "envelope_id"}), if it is due."""
        async with self._mouths:
            asked_at = self.clock()
            try:
                claimed = await self.ledger.call("claim_reply_v1", key)
            except PulserError as error:
                log.warning("reply_left_behind", error=str(error))
                return
            if claimed["reply"] is not None:
                await self._send(key, claimed["reply"], asked_at)

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Let `work` go on whether or not anybody waits for it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def finish(self) -> None:
        """Wait until all that was started has ended."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _run(self, team_id: str, envelope_id: str, answer_by: float) -> Done:
        asked_at = self.clock()
        named = {"team_id": team_id, "envelope_id": envelope_id}
        claim = await self.ledger.call(
            "claim_envelope_v1", named | {"worker": self.worker, "lease_seconds": LEASE_SECONDS}
        )
        if claim["state"] == "claimed":
            return await self.perform(Claim.from_json(claim, asked_at), answer_by)
        if claim["state"] == "settled":
            self.start(self.reply(named))  # perhaps the relay has just had the ledger owe one
        return Done(claim["state"], claim.get("ack"))

    async def _due(self) -> list[Coroutine[Any, Any, Any]]:
        asked_at = self.clock()
        claimed = await self.ledger.call(
            "claim_envelopes_v1",
            {
                "handler": self.function,
                "worker": self.worker,
                "max_envelopes": ENVELOPES_AT_ONCE,
                "lease_seconds": LEASE_SECONDS,
            },
        )
        due: list[Coroutine[Any, Any, Any]] = [
            self.perform(Claim.from_json(it, asked_at), NOBODY_WAITS) for it in claimed["envelopes"]
        ]
        try:
            replies = await self.ledger.call(
                "claim_replies_v1", {"handler": self.function, "max_replies": REPLIES_AT_ONCE}
            )
        except PulserError as error:
            if not due:
                raise
            log.warning("replies_left_behind", error=str(error))  # what is claimed must not wait for its lease
            return due
        return due + [self._send(_key(it), it["reply"], asked_at) for it in replies["replies"]]

    async def _perform(self, claim: Claim, answer_by: float) -> Done:
        settlement = await self._settle_decision(claim, answer_by)
        if settlement is None:
            # Settled after all (our word came through, its echo did not), or taken over by another worker.
            log.warning("claim_was_taken_over")
            self.start(self.reply(claim.key))
            return await self._run(claim.envelope.team_id, claim.envelope.envelope_id, answer_by)
        log.info("settled", what=[event.event_type for event in settlement.events], error=settlement.error)
        if settlement.reply is not None:
            self.start(self.reply(claim.key))
        elif time.monotonic() > answer_by:
            # Too late by a hair: the ack goes without it, and the ledger does not yet know of a reply.
            settlement = settlement.answered_late(claim.envelope)
            if settlement.reply is not None:
                self.start(self._reply_late(claim.key, settlement.reply))
        return Done("settled", settlement.ack, settlement.late_reply(claim.envelope))

    async def _settle_decision(self, claim: Claim, answer_by: float) -> Settlement | None:
        """Decide and settle until the card has stood still; None when the claim is no longer ours."""
        for _ in range(MOST_ROUNDS):
            async with asyncio.timeout(self.handle_seconds):
                settlement = await self.handle(claim.envelope, answer_by)
            if time.monotonic() > answer_by - ANSWER_MARGIN:
                settlement = settlement.answered_late(claim.envelope)
            answer = await self._settle(claim, settlement)
            if answer["settled"]:
                return settlement
            if answer["reason"] == "stale_claim":
                return None
            log.info("decided_again", reason=answer["reason"])
        raise TooManyRounds(f"the card changed {MOST_ROUNDS} times while it was being decided about")

    async def _settle(self, claim: Claim, settlement: Settlement) -> JsonValue:
        """Tell the ledger, again and again while it is away and the lease holds."""
        arguments = {"claim_token": claim.token, "outcome": settlement.to_json()}
        while True:
            try:
                return await self.ledger.call("settle_envelope_v1", arguments)
            except DatabaseUnavailable as error:
                patience = LEASE_SECONDS - (GIVE_BACK if isinstance(error, DatabaseBehind) else 0.0)
                if self.clock() - claim.claimed_at > patience:
                    raise
                log.warning("settle_waits_for_the_database", error=str(error))
                await asyncio.sleep(SETTLE_PAUSE)

    async def _fail(self, claim: Claim, error: Exception) -> None:
        """Have it tried again later. The words of foreign errors may quote what they met: they stay in the log."""
        text = str(error) if isinstance(error, PulserError) else type(error).__name__
        try:
            failed = await self.ledger.call("fail_envelope_v1", {"claim_token": claim.token, "error": text})
            if failed["settled"] and failed["state"] == "failed":
                self.start(self.reply(claim.key))
        except PulserError as trouble:
            log.warning("envelope_left_to_its_lease", error=str(trouble))

    async def _send(self, key: Mapping[str, str], reply: JsonValue, asked_at: float) -> None:
        """Send a claimed reply and say how it went: the ledger decides whether it is sent again."""
        if self.clock() > asked_at + REPLY_LATEST_START:
            log.warning("reply_left_behind", error="the worker was held up; nothing was sent")
            return
        told: dict[str, JsonValue] = {}
        try:
            await self.replies.send(Reply.from_json(reply))
        except PulserError as trouble:
            told = told_of(trouble)
            log.warning("not_answered", **told)
        # While the claim holds: else the reply is sent twice.
        await self._tell("confirm_reply_v1", {**key, "outcome": told}, asked_at)

    async def _reply_late(self, key: Mapping[str, str], late: Reply) -> None:
        """Have the ledger owe it first: then it is given as every reply is, when Slack takes it, and by one alone."""
        await self._tell("owe_late_reply_v1", {**key, "reply": late.to_json()}, self.clock())
        await self.reply(key)

    async def _tell(self, function: str, arguments: Mapping[str, JsonValue], asked_at: float) -> None:
        """Tell the ledger what became of a reply, again and again while it is away and a claim would hold."""
        while True:
            try:
                await self.ledger.call(function, arguments)
            except DatabaseUnavailable as trouble:
                log.warning("reply_waits_for_the_database", function=function, error=str(trouble))
                if self.clock() > asked_at + REPLY_LEASE_SECONDS:
                    return
                await asyncio.sleep(SETTLE_PAUSE)
            except PulserError as trouble:
                log.warning("ledger_not_told_of_reply", function=function, error=str(trouble))
                return
            else:
                return


def _key(left: JsonValue) -> dict[str, str]:
    return {"team_id": left["team_id"], "envelope_id": left["envelope_id"]}


@dataclass(slots=True)
class Drainer:
    """One drain at a time in a process; a ring while it works is remembered."""

    work: Work
    _task: asyncio.Task[None] | None = None
    _rung: bool = False

    def wake(self) -> asyncio.Task[None]:
        """Start to drain, or go on. The task ends when nothing is due."""
        self._rung = True
        if self._task is None or self._task.done():
            self._task = self.work.start(self._drain())
        return self._task

    async def _drain(self) -> None:
        while self._rung:
            self._rung = False
            try:
                log.info("drained", done=await self.work.drain())
            except PulserError as error:
                log.warning("drain_stopped", error=str(error))
            except Exception:  # the boundary of a run: the sweep rings again
                log.exception("drain_failed")
