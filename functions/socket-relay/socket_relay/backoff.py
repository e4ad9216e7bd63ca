"""How long to wait before the next dial. Pure: the random number is an argument."""

from __future__ import annotations

from dataclasses import dataclass

FIRST = 1.0  # seconds: the bound of the first wait
CAP = 60.0
CAP_NONE_UP = 15.0  # nobody's click gets through: a long wait would cost more than a dial


@dataclass(slots=True)
class Backoff:
    """Full jitter below a bound that doubles with each failure.

    Only `stable` starts it anew, and that is for a session that has lasted: one that opens, or has its hello, and
    breaks right away is another failure (`slack-platform.md` 4, row 13).
    """

    failures: int = 0

    def after_failure(self, jitter: float, *, none_up: bool, at_least: float = 0.0) -> float:
        """Seconds until the next dial. `jitter` is in [0, 1); `at_least` is what Slack asked for (Retry-After)."""
        cap = CAP_NONE_UP if none_up else CAP
        bound = min(cap, FIRST * 2.0 ** min(self.failures, 10))
        self.failures += 1
        return max(at_least, bound * jitter)

    def stable(self) -> None:
        """A session has lasted: the next failure is the first again."""
        self.failures = 0
