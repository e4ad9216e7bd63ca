"""Faults, dealt at random from a deck that is printed by its seed: each kind comes before any comes again."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bench.soak.stack import Stack

Lane = Literal["processes", "Slack's API", "sockets", "database", "deploy hook"]
# Seconds of peace in a lane after a fault. A broken connection costs a dial, and relays allow themselves one in 15 s.
REST: dict[Lane, float] = {"sockets": 10.0, "processes": 5.0}
LANES: tuple[Lane, ...] = ("processes", "Slack's API", "sockets", "database", "deploy hook")


@dataclass(frozen=True, slots=True)
class Kind:
    """A way to fail. `strike` makes it so, holds it for its time, takes it back, and says what it hit how often."""

    name: str
    lane: Lane
    strike: Callable[[Stack, random.Random], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault that was there. Times in seconds since the load began; `hits`: calls, connections or processes it met."""

    kind: str
    lane: Lane
    began: float
    ended: float
    hits: int


def deal(kinds: Sequence[Kind], chance: random.Random) -> Iterator[Kind]:
    """All kinds in a random order, then all in another one, without end."""
    while True:
        yield from chance.sample(list(kinds), len(kinds))


@dataclass(slots=True)
class Injector:
    """Strikes about every `period` seconds. Of one lane one fault at a time, so that each is what it is called."""

    stack: Stack
    kinds: Sequence[Kind]
    chance: random.Random
    period: float
    strikes: list[Strike] = field(default_factory=list)
    _running: dict[Lane, asyncio.Task[None]] = field(default_factory=dict)
    _rests_until: dict[Lane, float] = field(default_factory=dict)

    async def run(self, seconds: float) -> None:
        """Strike for so many seconds. When it returns, or is cancelled, each fault has been taken back."""
        began = time.monotonic()
        cards, waiting = deal(self.kinds, self.chance), list[Kind]()
        try:
            while time.monotonic() - began < seconds:
                await asyncio.sleep(self.period * self.chance.uniform(0.5, 1.5))
                # The oldest card whose lane is free; the deck waits for those whose lane is not.
                if len(waiting) < 2 * len(LANES):
                    waiting.append(next(cards))
                free = next((kind for kind in waiting if self._is_free(kind.lane)), None)
                if free is not None:
                    waiting.remove(free)
                    self._running[free.lane] = asyncio.create_task(self._strike(free, began))
        finally:
            await self._take_back()

    def counts(self) -> dict[str, int]:
        """How often each kind met something."""
        counted: Counter[str] = Counter()
        for strike in self.strikes:
            counted[strike.kind] += strike.hits > 0
        return dict(sorted(counted.items()))

    def _is_free(self, lane: Lane) -> bool:
        task = self._running.get(lane)
        if task is not None and task.done():
            task.result()  # a fault that could not be made, or not taken back, is an error of the soak
        return (task is None or task.done()) and time.monotonic() >= self._rests_until.get(lane, 0.0)

    async def _strike(self, kind: Kind, began: float) -> None:
        at = time.monotonic() - began
        hits = await kind.strike(self.stack, random.Random(self.chance.random()))  # noqa: S311  it chooses victims
        ended = time.monotonic()
        self.strikes.append(Strike(kind.name, kind.lane, at, ended - began, hits))
        self._rests_until[kind.lane] = ended + REST.get(kind.lane, 0.0)

    async def _take_back(self) -> None:
        """Let those that are under way come to their end; what one of them raises is raised."""
        await asyncio.gather(*self._running.values())
