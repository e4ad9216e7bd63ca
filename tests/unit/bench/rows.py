"""Rows as the soak reads them from the ledger: all is well unless a test says otherwise."""

from __future__ import annotations

from typing import Any

from pulser_local.slack.interactions.story import Interaction
from pulser_local.slack.socket_mode.envelope import Delivered
from pulser_local.slack.socket_mode.ledger import Ack

Row = dict[str, Any]


def event(**other: Any) -> Row:  # noqa: ANN401  # any column
    """One that was routed, and stands in one channel."""
    row = {"event_id": "e1", "event_type": "ci.failed", "at": 100.0, "status": "routed", "on_card": False}
    return row | {"claimed": False, "posts": 1} | other


def delivery(**other: Any) -> Row:  # noqa: ANN401  # any column
    """A post that was sent."""
    row: Row = {"delivery_id": "d1", "event_id": "e1", "card_id": None, "target_delivery_id": None, "kind": "post"}
    row |= {"status": "sent", "reason": None, "channel": "#ops-ci", "attempts": 1, "adopted": False, "claimed": False}
    row |= {"action": None, "slack_channel_id": "C1", "slack_ts": "103.500000", "card_version": 0}
    return row | {"created_at": 100.1, "sent_at": 103.6} | other


def envelope(**other: Any) -> Row:  # noqa: ANN401  # any column
    """A click that ran, and was audited by the event that its settling wrote."""
    row: Row = {"id": 1, "envelope_id": "n1", "event_type": "interactive", "handler": "action-handler", "root": 1}
    row |= {"status": "completed", "last_error": None, "is_duplicate": False, "claimed": False, "reply_status": None}
    row |= {"trigger_id": "t1", "recorded_at": 110.0, "received_at": 109.9}
    return row | {"settled_events": ["a1"], "audits": ["a1"]} | other


def card(**other: Any) -> Row:  # noqa: ANN401  # any column
    """An alert that nobody has touched."""
    row: Row = {"card_id": "e1", "kind": "alert", "phase": "open", "version": 0, "service": "api", "decision": None}
    return row | other


def change(**other: Any) -> Row:  # noqa: ANN401  # any column
    """An alert was acknowledged by the click of `envelope`."""
    row: Row = {"event_type": "alert.acknowledged", "card_id": "e1", "deploy_id": None, "envelope_id": "n1"}
    return row | other


def click(**other: Any) -> Interaction:  # noqa: ANN401  # any column
    """A click that Slack saw acknowledged."""
    told: Row = {"id": "i1", "kind": "block_actions", "user_id": "U0ALICE", "channel_id": "C1", "at": 109.8}
    told |= {"what": "pulser_acknowledge", "envelope_id": "n1", "trigger_id": "t1", "outcome": "acked"}
    told |= {"acked_after": 0.25, "attempts": [Delivered("n1", "acked", 0.25)]}
    return Interaction(**(told | other))


def ack(**other: Any) -> Ack:  # noqa: ANN401  # any column
    """In time, and on the right socket."""
    told: Row = {"at": 110.05, "socket_id": "s1", "envelope_id": "n1", "payload": None, "after": 0.25}
    return Ack(**(told | other))
