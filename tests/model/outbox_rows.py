"""The rows of the outbox as plain values: events, channels, deliveries, and what a worker says of one."""

from __future__ import annotations

from dataclasses import dataclass

DEAD = "delivery.dead"
DOUBT = "delivery.in_doubt"
RETRIED = "delivery.retried"


@dataclass(slots=True, eq=False)
class Event:
    """What became of an event. noted: its trigger, or the search for what that missed, has seen it. about: whose card.

    told_of: of an event of pulser's own, the channel.
    """

    event_id: str = ""
    type: str = "ci.failed"
    told_of: str | None = None
    noted: bool = True
    status: str = "pending"
    about: Event | None = None
    token: str | None = None
    lease_until: float | None = None


@dataclass(slots=True, eq=False)
class Delivery:
    """An effect outside. target: of an update, the post whose message it changes. told_…: when a doubt was news."""

    kind: str
    event: Event
    channel: str
    next_attempt: float
    retry_until: float
    target: Delivery | None = None
    github: bool = False
    delivery_id: str = ""
    status: str = "queued"
    attempts: int = 0
    token: str | None = None
    worker: str | None = None
    lease_until: float | None = None
    doubtful_since: float | None = None
    reason: str | None = None
    adopted: bool = False
    card_version: int | None = None
    may_land_until: float | None = None
    dead_at: float | None = None
    told_at: float | None = None
    told_of: str | None = None

    @property
    def waits(self) -> bool:
        return self.status in ("queued", "failed")

    @property
    def is_open(self) -> bool:
        return self.waits or self.status == "sending"

    @property
    def purpose(self) -> str:
        return self.kind if self.status == "sending" else "probe"

    def release(self) -> None:
        self.token = self.worker = self.lease_until = None


@dataclass(slots=True)
class Channel:
    """next_post: when the pace allows it. last_post: when a post was last begun or answered, whatever the pace says."""

    name: str
    next_post: float
    slack_id: str | None = None
    last_post: float = float("-inf")


@dataclass(frozen=True, slots=True)
class Routing:
    """What a router decided: to which channels; the event has a card of its own, or is about another's."""

    event: Event
    channels: tuple[str, ...] = ()
    has_card: bool = False
    about: Event | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a try ended, as a worker tells it."""

    result: str
    reason: str | None = None
    retry_in: float = 0.0
    hold: tuple[str, float] | None = None
    card_version: int | None = None
    may_land_late: bool = False
