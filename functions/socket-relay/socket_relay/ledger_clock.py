"""The database's time on this machine: a wall clock that is wrong must not make a fresh click look old."""

from __future__ import annotations

import time
from collections.abc import Callable

_WORST = 1.0  # seconds: an answer that took longer tells the time too roughly
_GOES_OLD = 60.0  # seconds after which a rougher sample replaces a finer one


class LedgerClock:
    """Converts monotonic seconds into epoch seconds of the database's clock, learned from its answers."""

    def __init__(self, *, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self._offset: float | None = None  # database's epoch minus monotonic
        self._error = float("inf")
        self._learned_at = float("-inf")

    def learn(self, ledger_now: float, sent_at: float, received_at: float) -> None:
        """An answer that said `now`, to a call made from `sent_at` to `received_at` (monotonic)."""
        took = received_at - sent_at
        is_finer = took <= self._error or received_at - self._learned_at > _GOES_OLD
        if took <= _WORST and is_finer:
            self._offset = ledger_now - (sent_at + received_at) / 2
            self._error = took
            self._learned_at = received_at

    def epoch(self, at: float, now: float) -> float:
        """The database's time at monotonic `at`; `now` is monotonic now. Before the first answer, this machine's."""
        if self._offset is None:
            return self._wall() - (now - at)
        return at + self._offset
