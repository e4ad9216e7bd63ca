"""The two clocks of the simulator, so that a test can turn the hands itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """`now` in seconds since 1970 (it names messages), `monotonic` in seconds (it measures rates)."""

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
