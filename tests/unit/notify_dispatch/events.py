"""Events for the tests of the pure modules, as `claim_events_v1` gives them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from notify_dispatch.event import Event
from notify_dispatch.render import Occasion
from pulser.card import Card

EVENT_ID = "1a2b3c4d-0000-4000-8000-000000000001"
DELIVERY_ID = "d0d0d0d0-0000-4000-8000-000000000002"
BUTTON_KEY = "sentinel-button-key"
KNOWN_KEYS = [
    "service",
    "environment",
    "severity",
    "title",
    "summary",
    "url",
    "version",
    "commit",
    "branch",
    "run_id",
    "duration_s",
    "error_rate",
    "threshold",
    "window",
    "fingerprint",
    "deploy_id",
    "card_id",
    "slack_user",
    "reason",
]
EVENT_TYPES = [
    "ci.passed",
    "ci.failed",
    "deploy.started",
    "deploy.completed",
    "deploy.failed",
    "error_rate.exceeded",
    "task.completed",
    "task.failed",
    "trigger.acknowledged",
    "alert.acknowledged",
    "alert.investigating",
    "deploy.requested",
    "deploy.approved",
    "deploy.rejected",
    "rollback.requested",
    "slack.command",
    "slack.action",
    "relay.alarm",
    "relay.deaf",
    "relay.hearing",
    "relay.canary",
    "relay.transport",
]


def row(event_type: str = "ci.failed", payload: object = None, **columns: object) -> dict[str, Any]:
    """An event as JSON."""
    return {
        "event_id": EVENT_ID,
        "event_type": event_type,
        "actor": None,
        "target": None,
        "payload": payload,
        "status": "ok",
        "error_detail": None,
        "created_at": "2026-11-24T07:33:43.123456+00:00",
    } | columns


def event(event_type: str = "ci.failed", payload: object = None, **columns: object) -> Event:
    """An event as it is understood."""
    return Event.from_json(row(event_type, payload, **columns))


# An alert, a request for a deploy as command-handler writes it, and a release.
PLACE = {"service": "api", "environment": "production"}
ALERT = event("error_rate.exceeded", {**PLACE, "severity": "critical", "url": "https://g.example/d"}, actor="grafana")
ASKED = event(
    "deploy.requested",
    {**PLACE, "version": "1.2.3", "reason": "hotfix for checkout", "slack_user": "U0ALICE001", "envelope_id": "e-1"},
    actor="command-handler",
)
RELEASE = event("deploy.completed", {**PLACE, "version": "1.2.3", "url": "https://ci.example/1"}, actor="ci")


def occasion(*, mention: str | None = None, delayed_s: float | None = None, card: Card | None = None) -> Occasion:
    """What a message is drawn for, with a key for its buttons."""
    return Occasion(DELIVERY_ID, mention=mention, delayed_s=delayed_s, card=card, button_key=BUTTON_KEY)


texts = st.text() | st.sampled_from(
    [
        "<!channel>",
        "<@U1234567> & <#C1234567|x>",
        "<https://evil.example|https://bank.example>",
        "שלום עולם",
        "\u202egnp.exe",
        "\u2067",
        "\x00\x1b[31m",
        "e\u0301" * 300,
        "👨\u200d👩\u200d👧" * 200,
        '"\\\n' * 2000,
        "&" * 5000,
        "```",
        "https://e.example/" + "&" * 2900,
    ]
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)
payloads = json_values | st.dictionaries(st.sampled_from(KNOWN_KEYS) | texts, json_values, max_size=25)
rows = st.builds(
    row,
    st.sampled_from(EVENT_TYPES) | texts,
    payloads,
    event_id=json_values,
    actor=scalars | st.just("U0ABCDEF12"),
    target=scalars,
    status=scalars | st.sampled_from(["ok", "error"]),
    error_detail=scalars,
    created_at=scalars | st.datetimes().map(lambda moment: moment.isoformat()),
)
