from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

FIRST = 0.2  # seconds
LONGEST = 5.0  # seconds
STABLE = 10.0  # seconds of life after which an end counts as the first again


@dataclass(slots=True)
class Backoff:
    """How long to wait before a restart: doubling from 0.2 s to 5 s, and 0.2 s again after a stable life."""

    now: Callable[[], float] = time.monotonic
    _delay: float = FIRST
    _started_at: float = field(default=0.0)

    def __post_init__(self) -> None:
        self.started()

    def started(self) -> None:
        """Note that a life begins now."""
        self._started_at = self.now()

    def after_failure(self) -> float:
        """The seconds to wait now that the life has ended."""
        if self.now() - self._started_at >= STABLE:
            self._delay = FIRST
        delay, self._delay = self._delay, min(self._delay * 2, LONGEST)
        return delay
