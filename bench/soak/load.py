"""The load: events one by one and in bursts, and what people do, at a rate that Slack and two cores bear."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import islice

from bench.soak.deploys import Deploys
from bench.soak.events import NewEvent, events
from bench.soak.people import Crowd
from bench.soak.stack import Stack

EVENTS_A_SECOND = 0.8
BURST_EVERY = 30.0  # seconds
BURST = (6, 20)  # events, in one statement

INSERT = """
insert into ops.platform_events (event_type, payload, status, actor, target)
select * from unnest($1::text[], $2::jsonb[], $3::text[], $4::text[], $5::text[])
returning event_id::text
"""


@dataclass(slots=True)
class Load:
    """All that is done to the stack. `inserted`: the events' ids; `slowest_insert` in seconds."""

    stack: Stack
    chance: random.Random
    crowd: Crowd = field(init=False)
    deploys: Deploys = field(init=False)
    inserted: list[str] = field(default_factory=list)
    slowest_insert: float = 0.0

    def __post_init__(self) -> None:
        self.crowd = Crowd(self.stack.simulator, self.chance)
        self.deploys = Deploys(self.stack.simulator, self.chance, self.crowd.until_taken)

    async def run(self, seconds: float) -> None:
        """Load for so many seconds, then wait until everybody has finished what he began."""
        ends_at = time.monotonic() + seconds
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(self.crowd.watch())
            async with asyncio.TaskGroup() as deeds:
                deeds.create_task(self._events(ends_at))
                deeds.create_task(self.crowd.clicks(ends_at))
                deeds.create_task(self.crowd.crowds(ends_at))
                deeds.create_task(self.crowd.words(ends_at))
                deeds.create_task(self.deploys.run(ends_at))
            watching.cancel()

    async def watched(self, waiting: Awaitable[None]) -> None:
        """Wait for something while what changes in the workspace is still noted."""
        watching = asyncio.create_task(self.crowd.watch())
        try:
            await waiting
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _events(self, ends_at: float) -> None:
        source = events(self.chance)
        burst_at = time.monotonic() + BURST_EVERY / 3
        while (now := time.monotonic()) < ends_at:
            if now >= burst_at:
                burst_at = now + BURST_EVERY * self.chance.uniform(0.6, 1.4)
                await self._insert(list(islice(source, self.chance.randint(*BURST))))
            else:
                await self._insert([next(source)])
            await asyncio.sleep(self.chance.expovariate(EVENTS_A_SECOND))

    async def _insert(self, new: list[NewEvent]) -> None:
        columns: list[Callable[[NewEvent], str | None]] = [
            lambda it: it.event_type,
            lambda it: it.payload,
            lambda it: it.status,
            lambda it: it.actor,
            lambda it: it.target,
        ]
        began = time.monotonic()
        rows = await self.stack.rows(INSERT, *([column(it) for it in new] for column in columns))
        self.slowest_insert = max(self.slowest_insert, time.monotonic() - began)
        self.inserted += [row["event_id"] for row in rows]
