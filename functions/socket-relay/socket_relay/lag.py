"""How long this process was held up: what it reads after that has lain in the socket meanwhile.

Slack's three seconds begin when it sends, ours when we read. On a machine that gives us no processor for a while the
two differ, and an ack that we take for timely is late.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

TICK = 0.05  # seconds
_BACKLOG = 0.3  # seconds after a pause in which its backlog is read


@dataclass(slots=True)
class Lag:
    """Measures pauses of the event loop by a tick that comes too late."""

    clock: Callable[[], float] = time.monotonic
    _expected: float = float("inf")
    _held: float = 0.0
    _until: float = float("-inf")

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            self._expected = self.clock() + TICK
            await asyncio.sleep(TICK)
            self.woke(self.clock())

    def woke(self, now: float) -> None:
        """The tick is here."""
        overdue = now - self._expected
        if overdue > TICK:
            self._held, self._until = overdue, now + _BACKLOG

    def seconds(self, now: float) -> float:
        """For how long what is read now may have waited; 0 while nothing held us up."""
        overdue = now - self._expected
        if overdue > TICK:
            return overdue  # the tick itself has not come through yet
        return self._held if now < self._until else 0.0
