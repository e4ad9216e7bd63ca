"""The value of a button: which event, which message, which release, and a signature that nobody else can make. Pure.

Any app and any person who may edit a message in Slack could send us a button of our name; the signature tells ours.
It covers the action too: an Acknowledge value does not roll back.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from pulser.blocks import BUTTON_VALUE

VERSION = 2


class BadValue(ValueError):
    """A value that is not to be obeyed. `reason`: unreadable, unsigned (an old message's) or forged."""

    reason = "unreadable"


class UnreadableValue(BadValue):
    """No value that pulser ever wrote."""


class UnsignedValue(BadValue):
    """Of a version before values were signed."""

    reason = "unsigned"


class ForgedValue(BadValue):
    """The signature is not ours: another key, another action, or a changed value."""

    reason = "forged"


@dataclass(frozen=True, slots=True)
class ButtonValue:
    """`release`: the version that the card was drawn for, where the button is about one.

    `plan`: the first digits of the hash of the plan that was shown, where the button approves one.
    """

    event_id: str
    delivery_id: str
    release: str | None = None
    plan: str | None = None


def sign(value: ButtonValue, key: str, action_id: str) -> str:
    """The text for a button with this action. Raises ValueError when Slack would refuse it: over 2,000 characters."""
    body: dict[str, Any] = {"v": VERSION, "e": value.event_id, "d": value.delivery_id, "r": value.release}
    if value.plan is not None:
        body["p"] = value.plan
    text = json.dumps(body | {"s": _signature(value, key, action_id)}, ensure_ascii=False, separators=(",", ":"))
    if len(text) > BUTTON_VALUE:
        raise ValueError(f"the value of {action_id} has {len(text)} characters")
    return text


def read(text: object, key: str, action_id: str) -> ButtonValue:
    """The value that `sign` made for this action and key. Raises BadValue."""
    body = _parse(text)
    if body.get("v") == 1:
        raise UnsignedValue("the value is of an old version, without a signature")
    event_id, delivery_id, release, plan, given = (body.get(name) for name in ("e", "d", "r", "p", "s"))
    if body.get("v") != VERSION or not all(isinstance(it, str) for it in (event_id, delivery_id, given)):
        raise UnreadableValue("the value is of no version that pulser knows")
    if not isinstance(release, str | None) or not isinstance(plan, str | None):
        raise UnreadableValue("the value's release or plan is no text")
    value = ButtonValue(str(event_id), str(delivery_id), release, plan=plan)
    expected = _signature(value, key, action_id)
    if not hmac.compare_digest(expected.encode(), str(given).encode(errors="replace")):
        raise ForgedValue("the value is not signed by pulser for this button")
    return value


def said_event(text: object) -> str | None:
    """Which event a value names, whoever made it: to tell of a press that is over, never to act."""
    try:
        event_id = _parse(text).get("e")
    except BadValue:
        return None
    return event_id if isinstance(event_id, str) else None


def _parse(text: object) -> dict[str, Any]:
    if not isinstance(text, str) or len(text) > BUTTON_VALUE:
        raise UnreadableValue("there is no value, or a long one")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableValue("the value is no JSON") from None
    if not isinstance(body, dict):
        raise UnreadableValue("the value is no JSON object")
    return body


def _signature(value: ButtonValue, key: str, action_id: str) -> str:
    """Over a JSON list, in which no part can flow into the next. Without a plan, as before there were any."""
    plan = [] if value.plan is None else [value.plan]
    signed = json.dumps([VERSION, action_id, value.event_id, value.delivery_id, value.release, *plan])
    digest = hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
