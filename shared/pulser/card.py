"""A card as the ledger tells it: the message that stands for an alert, a deployment or a release. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pulser.settlement import CardKind


@dataclass(frozen=True, slots=True)
class Person:
    """Who did something, and when. `name` is untrusted; `at` is aware, or None where it cannot be read."""

    user: str
    name: str | None
    at: datetime | None

    @classmethod
    def from_json(cls, value: object) -> Person | None:
        """The person that a part of a card's state tells, None when it tells none."""
        if not isinstance(value, Mapping) or not isinstance(value.get("user"), str):
            return None
        name = value.get("name")
        return cls(value["user"], name if isinstance(name, str) and name else None, moment(value.get("at")))

    def to_json(self) -> dict[str, Any]:
        """As a card's state holds it; `at` in ISO 8601, UTC."""
        return {"user": self.user, "name": self.name, "at": self.at and self.at.astimezone(UTC).isoformat()}


@dataclass(frozen=True, slots=True)
class Card:
    """`version` 0: nothing has been done to it yet. `release`: what the card was drawn for.

    `current_release`: the version of the last completed deploy of the same service and environment. `event`: the
    event that the card stands for, as JSON. `state`: see the glossary; its parts are read by `person`.
    `other_rollback`: what is under way on another card of the same service and environment, {"card_id", "release",
    "by"}; empty for none. `reminded`: how often it reminded, {"count", "at", "mentioned", "mentioned_at"}; or empty.
    `queue_place`: of a deploy that waits for its turn, {"nth", "release", "by"}, where the latter are of the one before
    it. `approvers`: who may approve a deploy that waits for that. `can_rollback`: whether its service has a
    hook for it; None of a service that nobody has set up.
    """

    card_id: str
    version: int
    kind: CardKind
    service: str | None
    environment: str | None
    release: str | None
    phase: str
    state: Mapping[str, Any]
    event: Mapping[str, Any]
    current_release: str | None = None
    channel: str | None = None
    ts: str | None = None
    other_rollback: Mapping[str, Any] = field(default_factory=dict)
    reminded: Mapping[str, Any] = field(default_factory=dict)
    queue_place: Mapping[str, Any] = field(default_factory=dict)
    approvers: tuple[str, ...] = ()
    can_rollback: bool | None = None

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Card:
        """The card that card_for_event_v1 and settle_envelope_v1 give."""
        return cls(
            card_id=value["card_id"],
            version=value["version"],
            kind=value["kind"],
            service=value.get("service"),
            environment=value.get("environment"),
            release=value.get("release"),
            phase=value["phase"],
            state=value.get("state") or {},
            event=value.get("event") or {},
            current_release=value.get("current_release"),
            channel=value.get("channel"),
            ts=value.get("ts"),
            other_rollback=value.get("other_rollback") or {},
            reminded=value.get("reminded") or {},
            queue_place=value.get("queue_place") or {},
            approvers=tuple(value.get("approvers") or ()),
            can_rollback=value.get("can_rollback"),
        )

    @property
    def is_of_failed_deploy(self) -> bool:
        """Whether a release broke while it was deployed: it can be rolled back, though it never ran whole."""
        return (self.kind == "alert" and self.event.get("event_type") == "deploy.failed") or (
            # Without a result it never began: its hook failed.
            self.kind == "deploy" and self.phase == "failed" and "result" in self.state
        )

    def person(self, *path: str) -> Person | None:
        """Who stands at `path` in the state: ("acknowledged",), ("approval", "by")."""
        found: object = self.state
        for name in path:
            found = found.get(name) if isinstance(found, Mapping) else None
        return Person.from_json(found)


def moment(value: object) -> datetime | None:
    """The moment that an ISO 8601 text tells, aware; None when it tells none."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found and (found if found.tzinfo else found.replace(tzinfo=UTC))
