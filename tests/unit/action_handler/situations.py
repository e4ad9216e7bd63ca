"""Cards, policies and presses for the tests of decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from action_handler.action import Press, Verb
from action_handler.decide import Situation
from action_handler.policy import Policy
from pulser.card import Card
from pulser.permission import Membership
from pulser.settlement import CardKind

NOW = datetime(2026, 3, 1, 7, 33, 20, tzinfo=UTC)
EARLIER = "2026-03-01T07:30:00+00:00"
EARLIER_AT = 1_772_350_200  # the same, in seconds
CARD_ID = "11111111-1111-4111-8111-111111111111"
ALICE, BOB, CAROL, STRANGER = "U0ALICE", "U0BOB", "U0CAROL", "U0STRANGER"
ONCALL = "S0ONCALL"

PHASES: Mapping[CardKind, tuple[str, ...]] = {
    "alert": ("open", "acknowledged", "investigating", "resolved"),
    "deploy": ("requested", "approved", "rejected", "started", "completed", "failed", "expired", "queued"),
    "release": ("deployed", "rolling_back", "rolled_back"),
}
POLICY = Policy(
    "api",
    approvers=(BOB, ONCALL),
    deployers=(ALICE,),
    rollback_by=(BOB, ONCALL),
    can_deploy=True,
    can_rollback=True,
)
NO_GROUPS = Membership(frozenset(), frozenset())


def person(user: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401  parts of a card's state
    """Somebody, three minutes ago, as a card's state holds him."""
    return {"user": user, "name": user.removeprefix("U0").lower(), "at": EARLIER, **more}


REQUESTED = {"requested": person(ALICE, reason="a fix", version="1.2.3")}


def card(kind: CardKind, phase: str, state: Mapping[str, Any] | None = None, **more: Any) -> Card:  # noqa: ANN401
    """A card of api in production, release 1.2.3, which runs; a deploy was asked for by Alice."""
    made = Card(
        CARD_ID,
        4,
        kind,
        "api",
        "production",
        "1.2.3",
        phase,
        (REQUESTED if kind == "deploy" else {}) if state is None else state,
        {"event_id": CARD_ID},
        current_release="1.2.3",
    )
    return replace(made, **more)


def situation(verb: Verb, on: Card, user: str = BOB, **more: Any) -> Situation:  # noqa: ANN401
    """Somebody presses a button of the card, which was drawn for the card's release."""
    made = Situation(
        Press(verb, user, "a name", "value"),
        on,
        POLICY,
        NO_GROUPS,
        NOW,
        on.release,
        "30m" if verb == "snooze" else None,
    )
    return replace(made, **more)
