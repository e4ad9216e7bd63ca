"""Events at a rate, and how long after its commit each stood in Slack."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from bench.events.world import World
from bench.figures import spread

LIMIT = 30.0  # seconds that the last message may take
LOOK = 0.1


async def at_rate(
    world: World, append: Callable[[int], Awaitable[str]], per_second: float, seconds: float
) -> dict[str, Any]:
    """So many a second; all committed one after the other, each at its time."""
    loop = asyncio.get_running_loop()
    committed: dict[str, float] = {}
    began = loop.time()
    for number in range(max(1, int(per_second * seconds))):
        await asyncio.sleep(max(0.0, began + number / per_second - loop.time()))
        event_id = await append(number)
        committed[event_id] = time.time()
    until = loop.time() + LIMIT
    posted = world.posted()
    while not committed.keys() <= posted.keys() and loop.time() < until:
        await asyncio.sleep(LOOK)
        posted = world.posted()
    took = [max(0.0, posted[it] - at) for it, at in committed.items() if it in posted]
    return {"per_second": per_second, "to_slack": spread(took), "missing": len(committed) - len(took)}
