"""What a deploy or rollback hook is told. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from pulser.card import Card
from pulser.settlement import Hook


def deploy_hook(card: Card, requester: str | None, approved_by: str) -> Hook:
    """`approved_by`: one user, or several with commas between them."""
    asked = card.state.get("requested")
    asked = asked if isinstance(asked, Mapping) else {}
    inputs = {
        "version": asked.get("version") or card.release,
        "environment": card.environment,
        "reason": asked.get("reason"),
        "requested_by": requester,
        "approved_by": approved_by,
    }
    return Hook(card.service or "(no service)", "deploy", inputs)


def rollback_hook(card: Card, requester: str) -> Hook:
    """Of the release that the card stands for."""
    inputs = {
        "version": card.release,
        "environment": card.environment,
        "reason": f"rollback of {card.release}, asked for in Slack",
        "requested_by": requester,
        "approved_by": None,
    }
    return Hook(card.service or "(no service)", "rollback", inputs)
