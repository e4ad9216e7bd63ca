"""What a text frame of Socket Mode is (`slack-platform.md` 3.1). Pure; no text makes it raise."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pulser.storable import storable

RAW_KEPT = 65_536  # characters of an envelope that cannot be read
LONGEST_TEXT = 200  # characters of what Slack says about itself
LONGEST_CONNECTION = 7 * 86_400.0  # seconds; Slack's own are hours

JunkKind = Literal["not_json", "not_object", "unknown_type", "unauthenticated"]
# A text within the JSON cannot look like this: its quotes would be escaped.
_ENVELOPE_ID = re.compile(r'(?<!\\)"envelope_id"\s*:\s*"([A-Za-z0-9._:-]{1,200})"')


@dataclass(frozen=True, slots=True)
class Hello:
    """`approximate_connection_time` in seconds; None where Slack says nothing, or nothing of use."""

    app_id: str | None = None
    num_connections: int | None = None
    approximate_connection_time: float | None = None
    host: str | None = None


@dataclass(frozen=True, slots=True)
class Disconnect:
    """`reason` as Slack says it, "" when it says none."""

    reason: str


@dataclass(frozen=True, slots=True)
class EnvelopeFrame:
    """An object that names an envelope. `size`: characters of the text that it came in."""

    content: Mapping[str, Any]
    size: int


@dataclass(frozen=True, slots=True)
class BrokenEnvelope:
    """A text that cannot be read, but names its envelope: stored and acknowledged, it comes no more (row 21)."""

    envelope_id: str
    raw: str

    @property
    def size(self) -> int:
        """Characters of it that are kept."""
        return len(self.raw)


@dataclass(frozen=True, slots=True)
class Junk:
    """A frame that nobody can answer."""

    kind: JunkKind


Frame = Hello | Disconnect | EnvelopeFrame | BrokenEnvelope | Junk


def read_frame(text: str) -> Frame:
    """The frame that a text message is."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):  # also a number of more digits than Python reads
        return _broken(text)
    if not isinstance(content, dict):
        return Junk("not_object")
    match content.get("type"):
        case "hello":
            return _hello(content)
        case "disconnect":
            return Disconnect(_text(content, "reason") or "")
        case _ if content.get("envelope_id") is not None:
            return EnvelopeFrame(content, len(text))
        case _:
            return Junk("unknown_type")


def _hello(content: Mapping[str, Any]) -> Hello:
    debug = _object(content, "debug_info")
    return Hello(
        app_id=_text(_object(content, "connection_info"), "app_id"),
        num_connections=_count(content.get("num_connections")),
        approximate_connection_time=_seconds(debug.get("approximate_connection_time")),
        host=_text(debug, "host"),
    )


def _broken(text: str) -> BrokenEnvelope | Junk:
    if text.startswith("UNAUTHENTICATED"):
        return Junk("unauthenticated")
    named = _ENVELOPE_ID.search(text) if text.lstrip().startswith("{") else None
    return BrokenEnvelope(named[1], storable(text[:RAW_KEPT])) if named else Junk("not_json")


def _object(content: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = content.get(key)
    return found if isinstance(found, dict) else {}


def _text(content: Mapping[str, Any], key: str) -> str | None:
    found = content.get(key)
    return str(storable(found[:LONGEST_TEXT])) if isinstance(found, str) and found else None


def _count(value: object) -> int | None:
    """A number of connections. Slack allows ten; what an integer column cannot hold is no such number."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else None


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= LONGEST_CONNECTION:
        return None
    return float(value)
