"""Slack's rate limits: calls a minute for each method, and one post a second for each channel."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable

from pulser_local.slack import limits
from pulser_local.slack.errors import RateLimitedError


class Rates:
    """Counts calls and posts. What is refused here costs nothing: the next try is taken when it was told to come."""

    def __init__(self, monotonic: Callable[[], float], *, enabled: bool = True) -> None:
        self.enabled = enabled
        self._now = monotonic
        self._accepted: dict[str, deque[float]] = defaultdict(deque)
        self._last_post: dict[str, float] = {}

    def take_call(self, method: str) -> None:
        """Count one call of a method in the workspace; RateLimitedError when its minute is full."""
        if not self.enabled:
            return
        now, window = self._now(), self._accepted[method]
        while window and window[0] <= now - limits.RATE_WINDOW:
            window.popleft()
        if len(window) >= limits.CALLS_PER_MINUTE[method]:
            raise RateLimitedError(_whole_seconds(window[0] + limits.RATE_WINDOW - now))
        window.append(now)

    def take_post(self, channel_id: str) -> None:
        """Count one post in a channel; RateLimitedError when the last was less than a second ago."""
        if not self.enabled:
            return
        now = self._now()
        wait = self._last_post.get(channel_id, -math.inf) + limits.POST_INTERVAL - now
        if wait > limits.POST_TOLERANCE:
            raise RateLimitedError(_whole_seconds(wait))
        self._last_post[channel_id] = now


def _whole_seconds(seconds: float) -> int:
    return max(1, math.ceil(seconds))
