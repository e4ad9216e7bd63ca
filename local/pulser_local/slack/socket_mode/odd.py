"""Envelopes that no document describes, and frames that are none: what real connections have carried."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Final

from pulser_local.slack.workspace import Json

CACHE_ERROR: Final = "UNAUTHENTICATED: cache_error"  # a text frame between two sockets


def unknown_type() -> str:
    """A well-formed envelope of a type that nobody knows."""
    return json.dumps(_envelope("workflow_steps", {"type": "function_executed"}))


def without_payload() -> str:
    """An envelope without a payload."""
    envelope = _envelope("interactive", {})
    del envelope["payload"]
    return json.dumps(envelope)


def odd_payload() -> str:
    """A payload that is no object."""
    return json.dumps(_envelope("events_api", {}) | {"payload": "text"})


def without_inner_event() -> str:
    """An events_api payload without an event."""
    return json.dumps(_envelope("events_api", {"type": "event_callback"}))


def without_id() -> str:
    """An envelope that cannot be acked."""
    envelope = _envelope("events_api", {"type": "event_callback"})
    del envelope["envelope_id"]
    return json.dumps(envelope)


def huge(size: int = 1_000_000) -> str:
    """An event of so many characters."""
    return json.dumps(_envelope("events_api", {"type": "event_callback", "event": {"type": "x", "text": "x" * size}}))


def nested(depth: int = 5_000) -> str:
    """JSON nested deeper than parsers like."""
    text = json.dumps(_envelope("events_api", {"type": "event_callback"}))
    return text.replace('"event_callback"', "[" * depth + "]" * depth)


ODD: Final[dict[str, Callable[[], str]]] = {
    "unknown_type": unknown_type,
    "without_payload": without_payload,
    "odd_payload": odd_payload,
    "without_inner_event": without_inner_event,
    "without_id": without_id,
    "huge": huge,
    "nested": nested,
}


def _envelope(kind: str, payload: Json) -> Json:
    return {
        "envelope_id": str(uuid.uuid4()),
        "type": kind,
        "payload": payload,
        "accepts_response_payload": False,
    }
