"""What workers say of deliveries, and how they and the routers tell the database."""

from __future__ import annotations

from typing import Any

from tests.model.outbox_rows import Delivery, Outcome, Routing

FAILURES = (
    Outcome("failed", "http_503", retry_in=2.0),
    Outcome("failed", "ratelimited", retry_in=30.0, hold=("chat.postMessage", 30.0)),
    Outcome("failed", "invalid_auth", hold=("*", 20.0)),
    Outcome("failed", "channel_not_found"),
)
# purpose → what a worker may say of it. The version of a card is counted from the newest.
OUTCOMES = {
    "post": (
        *[Outcome("sent", card_version=0)] * 3,
        Outcome("sent", card_version=-1),
        *[Outcome("in_doubt", "timeout", retry_in=10.0)] * 3,
        *[Outcome("dead", "not_in_channel")] * 2,
        *FAILURES,
    ),
    "probe": (
        *[Outcome("adopted"), Outcome("absent", "probe_absent")] * 2,
        Outcome("unknown", "probe_timeout", retry_in=15.0),
        Outcome("unknown", "probe_ratelimited", retry_in=40.0, hold=("conversations.history", 40.0)),
    ),
    "update": (
        *[Outcome("sent", card_version=0)] * 3,
        Outcome("sent", card_version=-1),
        Outcome("dead", "message_not_found"),
        Outcome("failed", "unreadable_answer", retry_in=2.0, card_version=-1),
        Outcome("failed", "timeout", retry_in=2.0, may_land_late=True),
        Outcome("failed", "ratelimited", retry_in=30.0, hold=("chat.update", 30.0)),
        *FAILURES[:1],
    ),
    "hook": (
        *[Outcome("sent")] * 2,
        Outcome("dead", "http_404"),
        Outcome("failed", "not_connected", retry_in=2.0),
        Outcome("failed", "rate_limited", retry_in=3000.0),
    ),
}


def described(routing: Routing) -> dict[str, Any]:
    """As a router gives it to record_deliveries_v1."""
    return {
        "event_id": routing.event.event_id,
        "deliveries": [{"route": "test", "channel": it} for it in routing.channels],
        "verdicts": [{"route": "test", "channel": it, "used": True, "why": "test"} for it in routing.channels],
        "card": {"kind": "alert"} if routing.has_card else None,
        "card_id": routing.about and routing.about.event_id,
    }


def told(it: Delivery, outcome: Outcome) -> dict[str, Any]:
    """As a worker gives it to settle_delivery_v1."""
    said: dict[str, Any] = {"result": outcome.result, "reason": outcome.reason, "error": outcome.reason}
    if outcome.result in ("sent", "adopted") and it.kind != "hook":
        said |= {"slack_channel_id": f"C-{it.channel}", "slack_ts": "1700000000.000100"}
    if outcome.hold:
        said |= {"hold_method": outcome.hold[0], "hold_s": outcome.hold[1]}
    said |= {"retry_in_s": outcome.retry_in, "may_land_late": outcome.may_land_late}
    return said | {"card_version": outcome.card_version}
