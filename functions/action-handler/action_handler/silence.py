"""The button that confirms a silence: it begins, or the person is told why not. Pure.

Anybody may silence, as anybody may acknowledge: it is told in the channel, ends by itself, and mutes nothing critical.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from action_handler import notes
from action_handler.action import SilencePress
from pulser.blocks import MESSAGE_TEXT, fit, untrusted
from pulser.button_value import BadValue
from pulser.envelope import Envelope
from pulser.settlement import AuditEvent, Reply, Settlement, SilenceChange
from pulser.silence import CONFIRM_WITHIN, AskedSilence, by_whom, until, what

_NAME = 80


def begin(
    press: SilencePress, asked: AskedSilence, found: Mapping[str, Any] | None, now: datetime, envelope: Envelope
) -> Settlement:
    """The whole settlement. `found`: the silence of this id, as list_silences_v1 tells it; None: there is none yet."""
    told = asked.to_json()
    if asked.user != press.user:
        return _refused("another_person", "This button is of somebody else's preview.", envelope, asked)
    if found is not None:
        return _refused("already", _already(found), envelope, asked, replaces=True)
    if now > asked.asked_at + CONFIRM_WITHIN or now >= asked.ends_at:
        text = "This preview is too old to say what would be muted now. Please type the command again."
        return _refused("expired", text, envelope, asked, replaces=True)
    by = {"user": press.user, "name": press.name}
    how = f"`/pulser silence end {asked.silence_id[:8]}` ends it."
    text = f"🔕 {what(told)} is silenced until {until(asked.ends_at, now)}. {how}"
    return Settlement(
        events=[AuditEvent("slack.action", asked.service, _facts(asked) | {"outcome": "done"})],
        reply=_reply(envelope, text, replaces=True),
        silence=SilenceChange(asked.silence_id, by, told),
    )


def not_obeyed(error: BadValue, envelope: Envelope) -> Settlement:
    """A button that pulser did not make."""
    forged = {"action": "silence", "outcome": "refused", "reason": f"{error.reason}_value", "severity": "warning"}
    return Settlement(
        events=[AuditEvent("slack.action", None, forged)],
        reply=Reply.private(envelope, notes.bad_value(error.reason)),
    )


def _already(found: Mapping[str, Any]) -> str:
    if found["is_live"]:
        return f"🔕 {what(found)} is silenced already."
    ender = f" {untrusted(by_whom(found['ended_by']), _NAME)} ended it." if found.get("ended_by") else ""
    return f"This silence of {what(found)} is over.{ender}"


def _refused(reason: str, text: str, envelope: Envelope, asked: AskedSilence, *, replaces: bool = False) -> Settlement:
    facts = _facts(asked) | {"outcome": "refused", "reason": reason}
    return Settlement(
        events=[AuditEvent("slack.action", asked.service, facts)],
        reply=_reply(envelope, f"{text} {notes.NOTHING_CHANGED}", replaces=replaces),
    )


def _reply(envelope: Envelope, text: str, *, replaces: bool) -> Reply | None:
    """In the place of the preview, whose button has done its duty; where that cannot be, beside it."""
    section = {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}
    body = {"text": fit(text, MESSAGE_TEXT), "blocks": [section]}
    return Reply.of_body(envelope, body | ({"replace_original": True} if replaces else {}))


def _facts(asked: AskedSilence) -> dict[str, Any]:
    return {
        "severity": "info",
        "action": "silence",
        "silence_id": asked.silence_id,
        "service": asked.service,
        "environment": asked.environment,
        "event_pattern": asked.event_pattern,
        "ends_at": asked.ends_at.isoformat(),
    }
