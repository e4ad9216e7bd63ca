"""Many workers at once: each delivery ends once, in the order of its channel, one at a time."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from tests.integration.schema.helpers import Session, session

CHANNELS = tuple(f"#channel-{number}" for number in range(5))
EVENTS = 60  # a delivery in each channel: 300
WORKERS = 8


@dataclass(slots=True)
class Watch:
    """What the workers saw."""

    sent: list[tuple[str, str]] = field(default_factory=list)  # (channel, delivery), as the settles returned
    posting: Counter[str] = field(default_factory=Counter)
    crowded: bool = False

    async def post(self, worker: Session, claimed: dict[str, Any], luck: random.Random) -> None:
        """Post to a channel that only pretends, and settle: now and then as failed or in doubt."""
        channel = claimed["channel"]
        if claimed["purpose"] == "probe":
            await worker.settle(claimed, "absent")
            return
        self.posting[channel] += 1
        self.crowded |= self.posting[channel] > 1
        await asyncio.sleep(0)  # lets the others run while it is being posted
        result = luck.choices(["sent", "failed", "in_doubt"], weights=[8, 1, 1])[0]
        self.posting[channel] -= 1  # before the settle: from then on the next may be claimed
        if result == "sent":
            self.sent.append((channel, claimed["delivery_id"]))
        assert (await worker.settle(claimed, result))["settled"]

    async def work(self, worker: Session, number: int) -> None:
        luck = random.Random(number)  # noqa: S311  # repeatable, guards nothing
        while len(self.sent) < EVENTS * len(CHANNELS):
            work = await worker.claim_work(f"worker {number}", max_deliveries=2)
            for claimed in work["deliveries"]:
                await self.post(worker, claimed, luck)


async def test_eight_workers_settle_each_delivery_once_and_in_order(own: Session, database_url: str) -> None:
    """300 deliveries over 5 channels, with failures and doubts, and the pace taken away all the time."""
    deliveries = await own.queue(EVENTS, *CHANNELS)
    watch = Watch()
    async with AsyncExitStack() as stack:
        workers = [await stack.enter_async_context(session(database_url)) for _ in range(WORKERS)]
        hurry = asyncio.create_task(_keep_taking_the_pace_away(own))
        async with asyncio.timeout(60):
            await asyncio.gather(*(watch.work(worker, number) for number, worker in enumerate(workers)))
        hurry.cancel()
        await asyncio.gather(hurry, return_exceptions=True)
    order = {delivery: at for at, delivery in enumerate(deliveries)}
    for channel in CHANNELS:
        sent = [order[delivery] for of, delivery in watch.sent if of == channel]
        assert sent == sorted(set(sent))
        assert len(sent) == EVENTS
    assert not watch.crowded


async def _keep_taking_the_pace_away(db: Session) -> None:
    while True:
        await db.forget_pace()
        await asyncio.sleep(0.005)


async def test_of_many_routers_one_has_the_events(own: Session, database_url: str) -> None:
    """Sixteen ask at the same moment, again and again: never do two hold a claim."""
    await own.emit()
    async with AsyncExitStack() as stack:
        routers = [await stack.enter_async_context(session(database_url)) for _ in range(2 * WORKERS)]
        for _ in range(300):
            claims = await asyncio.gather(*(router.claim_events(max_events=1) for router in routers))
            assert sum(len(claim["events"]) for claim in claims) == 1
            await own.run("update ops.event_dispatches set claim_token = null, claimed_by = null, lease_until = null")
