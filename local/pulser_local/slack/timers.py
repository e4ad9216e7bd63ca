"""What shall happen later, by a clock that a test may turn."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass

_SOONEST = 0.001  # seconds between two looks at a clock that stands still just before the time


@dataclass(eq=False, slots=True)
class Timer:
    """One thing to do at `due`, in seconds of the simulator's monotonic clock."""

    due: float
    number: int
    act: Callable[[], None]
    owner: Timers
    handle: asyncio.TimerHandle | None = None

    def cancel(self) -> None:
        """Not to happen any more. Harmless when it has happened."""
        self.owner.forget(self)


class Timers:
    """Timers of one simulator. They ring by themselves; after turning the clock by hand call `ring()`."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._now = monotonic
        self._numbers = itertools.count()
        self._set: set[Timer] = set()

    def after(self, seconds: float, act: Callable[[], None]) -> Timer:
        """Call `act` once so many seconds have passed. Needs a running loop."""
        timer = Timer(self._now() + max(0.0, seconds), next(self._numbers), act, self)
        self._set.add(timer)
        self._wait(timer)
        return timer

    def ring(self) -> None:
        """Do all that is due by the clock now, in order."""
        for timer in sorted(self._set, key=lambda one: (one.due, one.number)):
            if timer.due <= self._now() and timer in self._set:
                self.forget(timer)
                timer.act()

    def clear(self) -> None:
        """Forget all."""
        for timer in list(self._set):
            self.forget(timer)

    def forget(self, timer: Timer) -> None:
        """Take one timer off."""
        self._set.discard(timer)
        if timer.handle is not None:
            timer.handle.cancel()

    def _wait(self, timer: Timer) -> None:
        left = max(_SOONEST, timer.due - self._now())
        timer.handle = asyncio.get_running_loop().call_later(left, self._look, timer)

    def _look(self, timer: Timer) -> None:
        if timer not in self._set:
            return
        if timer.due > self._now():
            self._wait(timer)
            return
        self.forget(timer)
        timer.act()
