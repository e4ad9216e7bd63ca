"""Where a worker meets the outside, and where it can be stopped for good.

A seam is a call of a SQL function, of a Slack method, of a response_url, of a hook or of a handler, a dial, and a
websocket frame sent. Each time that a worker uses one is a crossing. A worker that is stopped before or after a
crossing is dead: no seam of it lets anything through any more, whatever its finally blocks and handlers of errors try.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeVar

Seam = Literal["database", "slack", "reply", "hook", "forward", "dial", "frame"]
When = Literal["before", "after"]
Result = TypeVar("Result")

# How many look for work, and what they found. One that found nothing has changed nothing: it is counted with the next.
_FINDS = {
    "claim_events_v1": "events",
    "claim_deliveries_v1": "deliveries",
    "claim_envelopes_v1": "envelopes",
    "claim_replies_v1": "replies",
}
# These go with the time, not with the work: how many there are is chance.
_OF_THE_CLOCK = frozenset({"report_relay_sessions_v1", "ping"})
# Whether a dispatcher looks between two turns depends on how long a delivery takes; the look changes nothing.
_BY_CHANCE = "events_wait_v1"


@dataclass(frozen=True, slots=True)
class Crossing:
    """One use of a seam. `number`: 1.. for each worker, in order; `nth`: of those with the same seam and name.

    `follows`: it began when nothing else of the worker was under way, after another crossing of it had ended. To stop
    before it and to stop after that other one is the same: nothing has got out between the two.
    """

    worker: str
    number: int
    seam: Seam
    name: str
    nth: int
    follows: bool = field(default=False, compare=False)

    @property
    def what(self) -> tuple[str, Seam, str]:
        """The crossing without its place in a story."""
        return self.worker, self.seam, self.name


@dataclass(frozen=True, slots=True)
class Point:
    """Before or after one crossing."""

    when: When
    worker: str
    seam: Seam
    name: str
    nth: int

    @property
    def what(self) -> tuple[When, Seam, str]:
        """The point without its place in a story."""
        return self.when, self.seam, self.name

    def __str__(self) -> str:
        return f"{self.worker} {self.when} {self.seam} {self.name} {self.nth}"


@dataclass(slots=True)
class Script:
    """Is asked at each crossing, before and after, whether the worker stops there.

    `trace`: the crossings since `begin`; looks that found nothing, or are by chance, are left out. `struck`: whether
    `stop_at` was reached, `left`: the crossings of whoever stopped there until then. `delays`: what is awaited once at
    a seam, by worker, seam and name, before the crossing is let through.
    """

    trace: list[Crossing] = field(default_factory=list)
    stop_at: Point | None = None
    struck: bool = False
    left: list[Crossing] = field(default_factory=list)
    delays: dict[tuple[str, Seam, str], Callable[[], Awaitable[None]]] = field(default_factory=dict)
    _begun: Counter[tuple[str, Seam, str]] = field(default_factory=Counter)
    _numbers: Counter[str] = field(default_factory=Counter)
    _inside: Counter[str] = field(default_factory=Counter)

    def begin(self, stop_at: Point | None = None) -> None:
        """Forget what was. The first worker that comes to `stop_at` stops there."""
        self.trace.clear()
        self.delays.clear()
        self._begun.clear()
        self._numbers.clear()
        self._inside.clear()
        self.left.clear()
        self.stop_at, self.struck = stop_at, False

    async def before(self, worker: str, seam: Seam, name: str) -> tuple[Crossing, bool]:
        """A crossing begins: which it is, and whether the worker stops before it."""
        if (delay := self.delays.pop((worker, seam, name), None)) is not None:
            await delay()
        what = worker, seam, name
        follows = self._numbers[worker] > 0 and not self._inside[worker]
        crossing = Crossing(worker, self._numbers[worker] + 1, seam, name, self._begun[what] + 1, follows)
        if seam != "database" or name not in _FINDS:
            self._count(crossing)
        self._inside[worker] += 1
        return crossing, self._stops("before", crossing)

    def after(self, crossing: Crossing, result: object) -> bool:
        """A crossing has ended: whether the worker stops after it."""
        self._inside[crossing.worker] -= 1
        if crossing.seam == "database" and (key := _FINDS.get(crossing.name)) is not None:
            if not (isinstance(result, dict) and result[key]):
                return False
            self._count(crossing)
        return self._stops("after", crossing)

    def _count(self, crossing: Crossing) -> None:
        if crossing.name == _BY_CHANCE:
            return
        self._begun[crossing.what] += 1
        if crossing.name not in _OF_THE_CLOCK or self._begun[crossing.what] == 1:
            self._numbers[crossing.worker] += 1
            self.trace.append(crossing)

    def _stops(self, when: When, crossing: Crossing) -> bool:
        if self.struck or self.stop_at != Point(when, *crossing.what, crossing.nth):
            return False
        self.struck = True
        self.left = [it for it in self.trace if it.worker == crossing.worker]
        return True


@dataclass(slots=True)
class Gate:
    """All seams of one worker lead through its gate."""

    worker: str
    script: Script
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    at_stop: list[Callable[[], object]] = field(default_factory=list)
    _inside: int = 0
    _empty: asyncio.Event = field(default_factory=asyncio.Event)

    async def cross(self, seam: Seam, name: str, act: Callable[[], Awaitable[Result]]) -> Result:
        """Do it, unless the worker stops first. CancelledError in a worker that is dead."""
        self._bar()
        crossing, stops = await self.script.before(self.worker, seam, name)
        self._bar()
        if stops:
            self.stop()
            self._bar()
        result: Result | None = None
        self._inside += 1
        try:
            result = await act()
            return result
        finally:
            self._inside -= 1
            self._empty.set()
            if not self.stopped.is_set() and self.script.after(crossing, result):
                self.stop()
            self._bar()

    def stop(self) -> None:
        """The worker is dead from now on: its sockets are aborted, nothing passes any more."""
        self.stopped.set()
        for abort in self.at_stop:
            abort()

    async def empty(self) -> None:
        """Wait until what had passed when the worker died has arrived, as it does behind a dead process."""
        while self._inside:
            self._empty.clear()
            await self._empty.wait()

    def _bar(self) -> None:
        if self.stopped.is_set():
            raise asyncio.CancelledError


def points(trace: Iterable[Crossing], *, each: bool = False) -> list[Point]:
    """Before and after each crossing of a trace; unless `each`, a moment that has two names is taken once."""
    both: tuple[When, When] = ("before", "after")
    return [Point(when, *it.what, it.nth) for it in trace for when in both if each or when == "after" or not it.follows]
