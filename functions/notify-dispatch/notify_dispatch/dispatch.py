"""notify-dispatch, step by step: claim events, route and record them; claim deliveries, deliver them; rest."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import structlog

from notify_dispatch.claimed import ClaimedDelivery
from notify_dispatch.deliver import LEASE_SECONDS, Deliverer
from notify_dispatch.event import Event
from notify_dispatch.intended import intended, usable
from notify_dispatch.route import Ordered, Route, in_order
from notify_dispatch.silence import Silence
from pulser.database import Database, JsonValue
from pulser.errors import DatabaseUnavailable, PulserError

EVENTS_AT_ONCE = 100
BACKLOG_AT_ONCE, BACKLOG_SIZE = 500, 4_000_000  # events, and characters of their JSON: memory is short
ROUTED_AT_ONCE = 25  # events between two looks at what else there is to do
FEW = 50  # events that are logged one by one: of a storm, the ledger tells
DELIVERIES_AT_ONCE = 16
ROUTER_LEASE_SECONDS = 10
TURN = 0.2  # seconds between two turns while awake
# Between them it looks whether an event has come: after so many seconds, and after ten times what the last look took,
# so that looks cost a tenth of the time at most, also where the database is far away.
LOOK, LOOK_SHARE = 0.02, 10
LINGER = 2.0  # seconds awake after the last work: the next event of a burst needs no ring
PATIENCE = 2.0  # seconds: a delivery that is due sooner is waited for, a later one is the sweep's

log = structlog.get_logger()
A = TypeVar("A")
B = TypeVar("B")


@dataclass(slots=True)
class Drained:
    """What one run of a dispatcher did."""

    events: int = 0
    deliveries: int = 0


@dataclass(slots=True)
class Recording:
    """The routed events that are being recorded: one claim at a time."""

    claim_token: str | None = None
    _task: asyncio.Task[JsonValue] | None = None

    def begin(self, call: Coroutine[Any, Any, JsonValue], claim_token: str) -> None:
        """Make the call. The one before must have ended."""
        self.claim_token, self._task = claim_token, asyncio.create_task(call)

    async def ended(self) -> None:
        """Wait for it. Raises what it raised, once."""
        task, self._task, self.claim_token = self._task, None, None
        if task:
            await task


@dataclass(slots=True)
class Dispatcher:
    """One worker. Any number of them may run at once, anywhere: the ledger keeps them apart."""

    ledger: Database
    deliverer: Deliverer
    worker: str
    drain_seconds: float
    linger: float = LINGER
    _running: set[asyncio.Task[None]] = field(default_factory=set)
    _recording: Recording = field(default_factory=Recording)
    _at_once: int = EVENTS_AT_ONCE
    _is_refused: bool = False  # another router is at work: what waits is his

    async def drain(self) -> Drained:
        """Work until nothing is due, or the time is up. Raises PulserError once what was claimed has ended."""
        drained = Drained()
        ends_at = time.monotonic() + self.drain_seconds
        try:
            while await self._work(drained, ends_at):
                # Events that were being committed while we stopped asking are seen here, not left to the sweep.
                if not (await self.ledger.call("rest_v1"))["work_is_due"]:
                    return drained
        except PulserError:
            self._at_once = EVENTS_AT_ONCE  # a database that is slow gets less at once
            # Nobody is awake here any more: inserts must ring, if the database can still be told so.
            with contextlib.suppress(PulserError):
                await self.ledger.call("rest_v1")
            raise
        finally:
            await self._finish()
        await self.ledger.call("rest_v1")
        await self.ledger.call("ring_doorbell_v1", {"reason": "continue"})
        return drained

    async def _work(self, drained: Drained, ends_at: float) -> bool:
        """Route and deliver until there was nothing to do for a while: true. False when the time is up."""
        idle_at = time.monotonic() + self.linger
        while time.monotonic() < ends_at:
            # While more events wait than are claimed at once, messages must not wait for them.
            together = _both if self._at_once > EVENTS_AT_ONCE else _in_turn
            routed, (claimed, next_due) = await together(self._route_events, self._deliver)
            drained.events += routed
            drained.deliveries += claimed
            if routed or claimed or self._running or (next_due is not None and next_due < PATIENCE):
                idle_at = time.monotonic() + self.linger
            elif time.monotonic() >= idle_at:
                return True
            if self._at_once == EVENTS_AT_ONCE:
                await self._pause(next_due)
        await self._recording.ended()
        return False

    async def _route_events(self) -> int:
        """Claim pending events, route each, record their deliveries. How many events these were."""
        claim = await self.ledger.call(
            "claim_events_v1",
            {
                "worker": self.worker,
                "max_events": self._at_once,
                "lease_seconds": ROUTER_LEASE_SECONDS,
                "holding": self._recording.claim_token,
            },
        )
        self._is_refused = claim["claim_token"] is None
        self._at_once = next_batch(claim["events"], self._at_once)
        if claim["events"]:
            await self._record(claim, in_order(_usable(await self.ledger.call("routes_v1"))))
        if self._at_once == EVENTS_AT_ONCE:
            await self._recording.ended()  # no more wait that could be claimed and routed meanwhile
        return len(claim["events"])

    async def _record(self, claim: dict[str, Any], routes: Ordered) -> None:
        """Route what was claimed, and begin to record it once what was claimed before is recorded: in their order."""
        events, token = claim["events"], claim["claim_token"]
        silences = [Silence.from_json(it) for it in claim.get("silences") or ()]
        routings = await _routings(events, routes, silences)
        await self._recording.ended()
        arguments = {"claim_token": token, "routings": routings}
        self._recording.begin(self.ledger.call("record_deliveries_v1", arguments), token)
        if len(events) > FEW:
            log.info("routed", events=len(events))

    async def _deliver(self) -> tuple[int, float | None]:
        """Claim due deliveries and begin with them: how many, and in how many seconds there will be more."""
        asked_at = time.monotonic()
        claimed, next_due = await self._claim_deliveries()
        self._start(claimed, asked_at)
        return len(claimed), next_due

    async def _claim_deliveries(self) -> tuple[list[ClaimedDelivery], float | None]:
        """Due deliveries for the free hands, and in how many seconds there will be more."""
        claim = await self.ledger.call(
            "claim_deliveries_v1",
            {
                "worker": self.worker,
                "max_deliveries": DELIVERIES_AT_ONCE - len(self._running),
                "lease_seconds": LEASE_SECONDS,
            },
        )
        return [ClaimedDelivery.model_validate(it) for it in claim["deliveries"]], claim["next_due_in_s"]

    def _start(self, claimed: list[ClaimedDelivery], claimed_at: float) -> None:
        for delivery in claimed:
            task = asyncio.create_task(self.deliverer.deliver(delivery, claimed_at=claimed_at))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _pause(self, next_due: float | None) -> None:
        """Until the next turn: sooner when an event has come, a delivery is due, or a running one ends."""
        ends_at = time.monotonic() + min(TURN, max(next_due or TURN, 0.01))
        look, waits = LOOK, False
        while not waits and (left := ends_at - time.monotonic()) > 0:
            if await self._one_ends(min(look, left)):
                return
            asked_at = time.monotonic()
            waits = not self._is_refused and await self.ledger.call("events_wait_v1")
            look = max(LOOK, LOOK_SHARE * (time.monotonic() - asked_at))

    async def _one_ends(self, within: float) -> bool:
        """Whether a running delivery ends in so many seconds."""
        if not self._running:
            await asyncio.sleep(within)
            return False
        ended, _ = await asyncio.wait(self._running, timeout=within, return_when=asyncio.FIRST_COMPLETED)
        return bool(ended)

    async def _finish(self) -> None:
        if self._running:
            await asyncio.wait(self._running)
        await self._recording.ended()


def next_batch(events: list[dict[str, Any]], asked: int) -> int:
    """How many to claim next: many while more wait than were asked for, but not too many large ones."""
    if len(events) < asked:
        return EVENTS_AT_ONCE
    fitting = BACKLOG_SIZE * len(events) // len(json.dumps(events))
    return max(EVENTS_AT_ONCE + 1, min(BACKLOG_AT_ONCE, fitting))


def _usable(described: JsonValue) -> list[Route]:
    """The routes that can be used. A broken one is left out, loudly."""
    routes, broken = usable(described)
    for error in broken:
        log.warning("route_is_unusable", error=str(error))
    return routes


async def _routings(events: list[dict[str, Any]], routes: Ordered, silences: list[Silence]) -> list[dict[str, Any]]:
    """As record_deliveries_v1 takes them. Now and then others have their turn: what is being sent goes on."""
    routings = []
    for number, described in enumerate(events):
        if number % ROUTED_AT_ONCE == 0:
            await asyncio.sleep(0)
        event_id, routing = described["event_id"], intended(Event.from_json(described), routes, silences)
        if len(events) <= FEW:
            channels, muting = [it["channel"] for it in routing["deliveries"]], routing.get("silences", [])
            log.info("routed", event_id=event_id, channels=channels, **({"silences": muting} if muting else {}))
        routings.append({"event_id": event_id, **routing})
    return routings


async def _in_turn(first: Callable[[], Awaitable[A]], second: Callable[[], Awaitable[B]]) -> tuple[A, B]:
    return await first(), await second()


async def _both(first: Callable[[], Awaitable[A]], second: Callable[[], Awaitable[B]]) -> tuple[A, B]:
    """Side by side; what one raises is raised when both have ended."""
    done = await asyncio.gather(first(), second(), return_exceptions=True)
    for it in done:
        if isinstance(it, BaseException):
            raise it
    return cast("tuple[A, B]", tuple(done))


@dataclass(slots=True)
class Waker:
    """One dispatcher at a time in a process; a ring while it works is remembered."""

    dispatcher: Dispatcher
    _task: asyncio.Task[None] | None = None
    _rung: bool = False

    def wake(self) -> asyncio.Task[None]:
        """Start to drain, or go on. The task ends when nothing is due."""
        self._rung = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain())
        return self._task

    async def _drain(self) -> None:
        while self._rung:
            self._rung = False
            try:
                drained = await self.dispatcher.drain()
                log.info("drained", events=drained.events, deliveries=drained.deliveries)
            except DatabaseUnavailable as error:
                log.warning("drain_stopped", error=str(error))
            except Exception:  # the boundary of a run: the sweep rings again
                log.exception("drain_failed")
