"""Frames as Slack sends them by Socket Mode (`slack-platform.md` 3.1 and 3.2)."""

from __future__ import annotations

import json
from typing import Any

TEAM = "T0001"
APP = "A0001"
USER = {"id": "U0001", "username": "alice", "team_id": TEAM}


def text(content: object) -> str:
    """A frame as its text."""
    return json.dumps(content)


def hello(app_id: str | None = APP, connections: int = 1, lasts: object = None) -> str:
    """A hello; `lasts` is approximate_connection_time."""
    debug = {"host": "applink-1", "started": "2026-03-01 12:00:00.000", "build_number": 10}
    return text(
        {
            "type": "hello",
            "num_connections": connections,
            "connection_info": {} if app_id is None else {"app_id": app_id},
            "debug_info": debug if lasts is None else debug | {"approximate_connection_time": lasts},
        }
    )


def disconnect(reason: str | None, debug_info: object = None) -> str:
    """A disconnect; None leaves the reason, or debug_info, out."""
    said = {} if reason is None else {"reason": reason}
    return text({"type": "disconnect"} | said | ({} if debug_info is None else {"debug_info": debug_info}))


def envelope(kind: str, envelope_id: object, payload: object, *, accepts: bool = True, **more: object) -> str:
    """An envelope; `accepts` is accepts_response_payload."""
    return text(
        {
            "type": kind,
            "envelope_id": envelope_id,
            "payload": payload,
            "accepts_response_payload": accepts,
            **more,
        }
    )


def command(envelope_id: str = "e-1", *, accepts: bool = True, **changes: object) -> str:
    """`/pulser status`."""
    payload: dict[str, Any] = {
        "team_id": TEAM, "api_app_id": APP, "user_id": "U0001", "user_name": "alice", "channel_id": "C0001",
        "command": "/pulser", "text": "status", "trigger_id": f"trigger-{envelope_id}",
    }  # fmt: skip
    return envelope("slash_commands", envelope_id, payload | changes, accepts=accepts)


def click(envelope_id: str = "e-1", *, accepts: bool = True, **changes: object) -> str:
    """A press of Acknowledge."""
    payload: dict[str, Any] = {
        "type": "block_actions", "team": {"id": TEAM}, "user": USER, "api_app_id": APP,
        "container": {"type": "message", "message_ts": "1.2", "channel_id": "C0001"},
        "actions": [{"action_id": "pulser_acknowledge", "action_ts": "1.3"}],
        "trigger_id": f"trigger-{envelope_id}",
    }  # fmt: skip
    return envelope("interactive", envelope_id, payload | changes, accepts=accepts)


def submission(envelope_id: str = "e-1", *, accepts: bool = True) -> str:
    """A submitted modal."""
    payload = {
        "type": "view_submission", "team": {"id": TEAM}, "user": USER, "api_app_id": APP,
        "view": {"id": "V0001", "callback_id": "pulser_deploy"}, "trigger_id": f"trigger-{envelope_id}",
    }  # fmt: skip
    return envelope("interactive", envelope_id, payload, accepts=accepts)


def event(envelope_id: str = "e-1", *, attempt: int = 0, **changes: object) -> str:
    """A mention of the app."""
    payload: dict[str, Any] = {
        "type": "event_callback", "team_id": TEAM, "api_app_id": APP, "event_id": f"Ev-{envelope_id}",
        "event": {"type": "app_mention", "user": "U0001", "channel": "C0001", "ts": "1.2", "text": "status"},
    }  # fmt: skip
    reason = "timeout" if attempt else ""
    return envelope(
        "events_api", envelope_id, payload | changes, accepts=False, retry_attempt=attempt, retry_reason=reason
    )


def app_rate_limited(envelope_id: str = "e-1") -> str:
    """What Slack sends after 30,000 events in an hour: an event without inner event."""
    payload = {"type": "app_rate_limited", "team_id": TEAM, "api_app_id": APP, "minute_rate_limited": 1_518_467_820}
    return envelope("events_api", envelope_id, payload, accepts=False, retry_attempt=0, retry_reason="")
