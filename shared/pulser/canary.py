"""The canary: a message to a private channel that must come back as an event. Pure.

Slack tells an app of messages with metadata that it has subscribed to, its own among them: what went out through the
Web API comes in as an envelope, and both ways are measured.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

EVENT: Final = "message_metadata_posted"
METADATA_TYPE: Final = "pulser_canary"
SCOPE: Final = "metadata.message:read"
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def message(canary_id: str, asked_at: float) -> dict[str, Any]:
    """The arguments of chat.postMessage beside the channel. `asked_at` in Unix time."""
    seconds = int(asked_at)
    at = f"<!date^{seconds}^{{time}}|{datetime.fromtimestamp(seconds, UTC):%H:%M} UTC>"
    return {
        "text": f"pulser canary {at}: this message checks the way to Slack and back.",
        "metadata": {"event_type": METADATA_TYPE, "event_payload": {"canary_id": canary_id}},
    }


def came_back(payload: Mapping[str, Any]) -> str | None:
    """The id of the canary that this event tells of; None of any other event, and of one without a proper id."""
    event = payload.get("event")
    if not isinstance(event, Mapping) or event.get("type") != EVENT:
        return None
    metadata = event.get("metadata")
    if not isinstance(metadata, Mapping) or metadata.get("event_type") != METADATA_TYPE:
        return None
    told = metadata.get("event_payload")
    canary_id = told.get("canary_id") if isinstance(told, Mapping) else None
    return canary_id if isinstance(canary_id, str) and _ID.fullmatch(canary_id) else None
