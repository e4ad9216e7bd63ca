"""Facts as why_v1 gives them, for the tests of stories."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from pulser.why import Story

Json = dict[str, Any]
BEGIN = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
EVENT, DELIVERY, OTHER = (f"{number}0000000-0000-4000-8000-000000000000" for number in (1, 2, 3))
CARD_ID = EVENT


def at(seconds: float) -> str:
    """An ISO time so long after the event was written."""
    return (BEGIN + timedelta(seconds=seconds)).isoformat()


def event(event_type: str = "ci.failed", **changes: Any) -> Json:  # noqa: ANN401  any JSON
    """An event as why_event_v1 tells it."""
    told = {"event_id": EVENT, "event_type": event_type, "actor": "ci", "target": None, "status": "ok"}
    return {**told, "error_detail": None, "created_at": at(0), "payload": {"service": "api"}, **changes}


def attempt(
    number: int,
    began: float,
    took: float,
    outcome: str | None,
    reason: str | None = None,
    **changes: Any,  # noqa: ANN401
) -> Json:
    """A try at a delivery."""
    ended = None if outcome is None else at(began + took)
    told = {"number": number, "purpose": "post", "worker": "worker-1", "started_at": at(began), "ended_at": ended}
    return {**told, "outcome": outcome, "reason": reason, "error": reason and f"Slack answered {reason}", **changes}


def delivery(status: str = "sent", *log: Json, **changes: Any) -> Json:  # noqa: ANN401
    """A post to #ops-ci as why_delivery_v1 tells it, queued 0.04 s after its event."""
    sent = status == "sent"
    place = {"slack_channel_id": "C0000000001", "slack_ts": "1700000000.000100"} if sent else {}
    attempts = [*log] or ([attempt(1, 0.05, 0.03, "sent")] if sent else [])
    return {
        "delivery_id": DELIVERY,
        "kind": "post",
        "event_id": EVENT,
        "route": "ci",
        "why": "type ci.failed matches ci.*",
        "channel": "#ops-ci",
        "status": status,
        "created_at": at(0.04),
        "sent_at": attempts[-1]["ended_at"] if sent else None,
        "attempts_log": attempts,
        "attempts_total": len(attempts),
        "ahead": 0,
        "stopped": [],
        "hold": None,
        "head": None,
        "adopted": False,
        **place,
        **changes,
    }


def update(began: float, version: int = 1, **changes: Any) -> Json:  # noqa: ANN401
    """A change of the message, queued then."""
    log = attempt(1, began + 0.01, 0.02, "sent", purpose="update")
    told = {"delivery_id": OTHER, "kind": "update", "created_at": at(began), "target_delivery_id": DELIVERY}
    return delivery("sent", log, **{**told, "why": None, "card_version": version, **changes})


def hook(status: str, *log: Json, **changes: Any) -> Json:  # noqa: ANN401
    """A call of the deploy hook."""
    told = {"delivery_id": OTHER, "kind": "hook", "action": "deploy", "service": "api", "channel": "hook:api"}
    return delivery(status, *log, **{**told, "why": None, "slack_ts": None, "slack_channel_id": None, **changes})


def envelope(came: float, what: str = "button acknowledge", *events: Json, **changes: Any) -> Json:  # noqa: ANN401
    """A click of ada's as why_envelope_v1 tells it."""
    return {
        "envelope_id": f"e-{came}",
        "team_id": "T1",
        "type": "interactive",
        "what": what,
        "user_id": "U1",
        "user_name": "ada",
        "transport": "socket",
        "status": "completed",
        "received_at": at(came),
        "recorded_at": at(came + 0.003),
        "processed_at": at(came + 0.05),
        "last_error": None,
        "attempts": 1,
        "duplicates": 0,
        "twins": [],
        "ack": False,
        "reply_status": None,
        "events": [*events],
        **changes,
    }


def audit(came: float, event_type: str = "slack.action", **payload: Any) -> Json:  # noqa: ANN401
    """An audit event of that envelope."""
    told = {"slack_user": "U1", "slack_user_name": "ada", **payload}
    return event(event_type, event_id=f"audit-{came}", created_at=at(came + 0.04), payload=told)


def facts(*deliveries: Json, **changes: Any) -> Json:  # noqa: ANN401
    """The facts of an event that was routed at once."""
    dispatch = {"status": "routed", "recorded_at": at(0.01), "routed_at": at(0.04), "verdicts": None}
    return {
        "now": at(600),
        "event": event(),
        "dispatch": dispatch,
        "delivery": {"delivery_id": None},
        "deliveries": [*deliveries],
        "deliveries_total": len(deliveries),
        "card": None,
        "tells_of": None,
        "clicks": [],
        "clicks_total": 0,
        "told_by": [],
        "told_by_total": 0,
        "cause": None,
        **changes,
    }


def dispatch(status: str, **changes: Any) -> Json:  # noqa: ANN401
    """How an event stands with its router."""
    routed = None if status == "pending" else at(0.04)
    told = {"status": status, "recorded_at": at(0.01), "routed_at": routed, "claimed_by": None, "verdicts": None}
    return {**told, **changes}


def card(phase: str = "acknowledged", **state: Any) -> Json:  # noqa: ANN401
    """The card of an alert."""
    return {"card_id": CARD_ID, "version": 1, "kind": "alert", "phase": phase, "service": "api", "state": state}


def whats(story: Story) -> list[str]:
    return [it.what for it in story.moments]


def details(story: Story, what: str) -> str:
    """The detail of the one moment whose words begin so."""
    [found] = [it.detail or "" for it in story.moments if it.what.startswith(what)]
    return found


def asked_envelope(told: Json, **changes: Any) -> Json:  # noqa: ANN401
    return {"now": at(600), "envelope": told, "card": None, "deliveries": [], **changes}
