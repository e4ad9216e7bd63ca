"""A silence that somebody asks for: what it covers, how it is said, and the button that confirms it. Pure.

The button carries all of it, signed: what was previewed is what is silenced, until the end that was shown, by whoever
asked. Its id makes of two presses one silence.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pulser.blocks import BUTTON_VALUE, code, one_line, untrusted
from pulser.button_value import ForgedValue, UnreadableValue, parse, signature_of

ACTION_ID: Final = "pulser_silence"
CONFIRM_WITHIN: Final = timedelta(minutes=15)  # later, a preview tells nothing any more
LONGEST_PATTERN: Final = 200
LONGEST_REASON: Final = 200
_VERSION: Final = 1
_NAME = 80
_SLACK_CLOCK_ENDS = 2**32


@dataclass(frozen=True, slots=True)
class AskedSilence:
    """`service`, `environment`: globs, None for any. The times are aware, in whole seconds. `user`: who asked."""

    silence_id: str
    service: str | None
    event_pattern: str
    environment: str | None
    ends_at: datetime
    reason: str
    user: str
    asked_at: datetime

    def to_json(self) -> dict[str, Any]:
        """What begins, as start_silence_v1 and preview_silence_v1 take it."""
        return {
            "service": self.service,
            "event_pattern": self.event_pattern,
            "environment": self.environment,
            "reason": self.reason or None,
            "ends_at": self.ends_at.isoformat(),
        }


def sign_silence(asked: AskedSilence, key: str) -> str:
    """The value of the button that confirms it. Raises ValueError when Slack would refuse it: over 2,000 characters."""
    parts = _parts(asked)
    text = json.dumps(
        {"v": "silence", "p": parts, "s": _signature(parts, key)}, ensure_ascii=False, separators=(",", ":")
    )
    if len(text) > BUTTON_VALUE:
        raise ValueError(f"the value of {ACTION_ID} has {len(text)} characters")
    return text


def read_silence(text: object, key: str) -> AskedSilence:
    """What `sign_silence` made with this key. Raises BadValue."""
    body = parse(text)
    parts, given = body.get("p"), body.get("s")
    if body.get("v") != "silence" or not isinstance(parts, list) or not isinstance(given, str):
        raise UnreadableValue("the value is of no silence")
    if not hmac.compare_digest(_signature(parts, key).encode(), given.encode(errors="replace")):
        raise ForgedValue("the value is not signed by pulser for this button")
    try:
        silence_id, service, event_pattern, environment, ends_at, reason, user, asked_at = parts
        ends, asked = datetime.fromtimestamp(ends_at, UTC), datetime.fromtimestamp(asked_at, UTC)
    except (TypeError, ValueError, OverflowError, OSError):  # signed by a version that is not this one
        raise UnreadableValue("the value is of no version that pulser knows") from None
    return AskedSilence(silence_id, service, event_pattern, environment, ends, reason, user, asked)


def what(silence: Mapping[str, Any]) -> str:
    """What a silence covers, as mrkdwn: "*api* `ci.*` in *production*", "`ci.*` of any service", "everything"."""
    service, pattern, environment = (silence.get(it) for it in ("service", "event_pattern", "environment"))
    typed = code(str(pattern), _NAME) if pattern not in (None, "*") else ""
    place = f" in *{_name(environment)}*" if environment else ""
    return _covered(f"*{_name(service)}*" if service else "", typed, place)


def plainly(silence: Mapping[str, Any]) -> str:
    """The same as plain text, not escaped."""
    service, pattern, environment = (silence.get(it) for it in ("service", "event_pattern", "environment"))
    typed = str(pattern) if pattern not in (None, "*") else ""
    return _covered(str(service or ""), typed, f" in {environment}" if environment else "")


def _covered(service: str, typed: str, place: str) -> str:
    if service:
        return service + (f" {typed}" if typed else "") + place
    return (f"{typed} of any service" if typed else "any service" if place else "everything") + place


def until(ends_at: datetime, now: datetime) -> str:
    """ "18:00 UTC", with the day where it is another one, and as the reader's own clock shows it."""
    at, plain = ends_at.astimezone(UTC), until_plainly(ends_at, now)
    seconds = int(at.timestamp())
    if not 0 <= seconds < _SLACK_CLOCK_ENDS:
        return plain
    return f"{plain} (<!date^{seconds}^{{time}}|{at:%H:%M} UTC> by your clock)"


def until_plainly(ends_at: datetime, now: datetime) -> str:
    """ "18:00 UTC", with the day where it is another one."""
    at = ends_at.astimezone(UTC)
    return f"{at:%H:%M} UTC" if at.date() == now.astimezone(UTC).date() else f"{at:%Y-%m-%d %H:%M} UTC"


def passing_in_words(events: int) -> str:
    """That so many events would have been posted in spite of a silence, and why (ops.passes_silences_v1)."""
    return (
        f"{events:,} would have been posted all the same: critical events, requests for a deploy, alarms of pulser "
        "itself and what cannot be read always are."
    )


def by_whom(who: object) -> str:
    """A silence's created_by or ended_by as a name, not escaped."""
    if not isinstance(who, Mapping):
        return "somebody"
    return one_line(str(who.get("name") or who.get("user") or "somebody"))


def _name(text: object) -> str:
    return untrusted(one_line(str(text)), _NAME)


def _parts(asked: AskedSilence) -> list[Any]:
    ends, at = int(asked.ends_at.timestamp()), int(asked.asked_at.timestamp())
    place = [asked.service, asked.event_pattern, asked.environment]
    return [asked.silence_id, *place, ends, asked.reason, asked.user, at]


def _signature(parts: list[Any], key: str) -> str:
    return signature_of([_VERSION, ACTION_ID, *parts], key)
