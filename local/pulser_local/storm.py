"""What became of a storm: how long each event waited until it was visible in Slack, and in how many messages. Pure."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import quantiles
from typing import Any

LIMIT_P99 = 5_000.0  # milliseconds from commit to visible
PACE = 1.0  # seconds between two messages of a channel, as Slack wants it


@dataclass(frozen=True, slots=True)
class Told:
    """A delivery of an event of the storm. `sent_at`: Unix time of Slack's ok, as the ledger noted it, or None."""

    event_id: str
    channel: str
    status: str
    sent_at: float | None
    message: str | None
    digest_id: str | None


@dataclass(frozen=True, slots=True)
class StormReport:
    """The times are in milliseconds from commit to visible, the distance in seconds between two posts of a channel."""

    events: int
    messages: int
    digests: int
    updates: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    max_ms: float | None
    least_distance_s: float | None
    channels: Mapping[str, int]
    problems: Sequence[str]

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


def judge_storm(
    committed: Mapping[str, float], told: Sequence[Told], posts: Mapping[str, Sequence[float]], updates: int
) -> StormReport:
    """`committed`: when each event was, in Unix time. `posts`: when each message of a channel was taken by Slack."""
    waits = sorted((it.sent_at - committed[it.event_id]) * 1000 for it in told if it.sent_at is not None)
    cuts = quantiles(waits, n=100, method="inclusive") if len(waits) > 1 else []
    p50, p95, p99 = (round(cuts[at], 1) if cuts else None for at in (49, 94, 98))
    gaps = [later - before for times in posts.values() for before, later in itertools.pairwise(sorted(times))]
    distance = round(min(gaps), 3) if gaps else None
    return StormReport(
        events=len(committed),
        messages=len({it.message for it in told if it.message}),
        digests=len({it.digest_id for it in told if it.digest_id}),
        updates=updates,
        p50_ms=p50,
        p95_ms=p95,
        p99_ms=p99,
        max_ms=round(waits[-1], 1) if waits else None,
        least_distance_s=distance,
        channels={channel: len(times) for channel, times in posts.items()},
        problems=list(_problems(committed, told, p99, distance)),
    )


def _problems(
    committed: Mapping[str, float], told: Sequence[Told], p99: float | None, distance: float | None
) -> Iterable[str]:
    stand = Counter((it.event_id, it.channel) for it in told if it.status == "sent")
    missing = len(committed.keys() - {event for event, _ in stand})
    if missing:
        yield f"{missing} events of the storm are in no message"
    double = sum(count > 1 for count in stand.values())
    if double:
        yield f"{double} events of the storm are in more than one message of a channel"
    if p99 is not None and p99 >= LIMIT_P99:
        yield f"p99 of the storm is {p99:.0f} ms; it must be under {LIMIT_P99:.0f} ms"
    if distance is not None and distance < PACE:
        yield f"two messages of a channel came within {distance:.3f} s"
