"""The value of a button or an option: which event, which message, and a signature that nobody else can make. Pure.

Any app and any person who may edit a message in Slack could send us a button of our name; the signature tells ours.
It covers the action too: an Acknowledge value does not roll back.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from pulser.blocks import BUTTON_VALUE, OPTION_VALUE

VERSION = 2
_OPTION: Final = "3"  # the version of an option's value, which has little room: its parts, separated by dots
_CHOICE: Final = re.compile(r"[a-z0-9]{1,8}")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]{1,36}")


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

    `choice`: of an option. `plan`: the first digits of the hash of the plan that was shown, where the button approves
    one.
    """

    event_id: str
    delivery_id: str
    release: str | None = None
    choice: str | None = None
    plan: str | None = None


def sign(value: ButtonValue, key: str, action_id: str) -> str:
    """The text for a button with this action, or for an option of a menu with it, where there is a choice.

    Raises ValueError when Slack would refuse it: over 2,000 characters, of an option 150.
    """
    if value.choice is not None:
        return _sign_option(value, key, action_id)
    body: dict[str, Any] = {"v": VERSION, "e": value.event_id, "d": value.delivery_id, "r": value.release}
    if value.plan is not None:
        body["p"] = value.plan
    text = json.dumps(body | {"s": _signature(value, key, action_id)}, ensure_ascii=False, separators=(",", ":"))
    if len(text) > BUTTON_VALUE:
        raise ValueError(f"the value of {action_id} has {len(text)} characters")
    return text


def read(text: object, key: str, action_id: str) -> ButtonValue:
    """The value that `sign` made for this action and key. Raises BadValue."""
    if _is_option(text):
        return _verified(*_parse_option(str(text)), key, action_id)
    body = parse(text)
    if body.get("v") == 1:
        raise UnsignedValue("the value is of an old version, without a signature")
    event_id, delivery_id, release, plan, given = (body.get(name) for name in ("e", "d", "r", "p", "s"))
    if body.get("v") != VERSION or not all(isinstance(it, str) for it in (event_id, delivery_id, given)):
        raise UnreadableValue("the value is of no version that pulser knows")
    if not isinstance(release, str | None) or not isinstance(plan, str | None):
        raise UnreadableValue("the value's release or plan is no text")
    return _verified(ButtonValue(str(event_id), str(delivery_id), release, plan=plan), str(given), key, action_id)


def said_event(text: object) -> str | None:
    """Which event a value names, whoever made it: to tell of a press that is over, never to act."""
    try:
        event_id = _parse_option(str(text))[0].event_id if _is_option(text) else parse(text).get("e")
    except BadValue:
        return None
    return event_id if isinstance(event_id, str) else None


def said_choice(text: object) -> str | None:
    """Which option a value is of, whoever made it: to tell of it, never to act."""
    try:
        return _parse_option(str(text))[0].choice if _is_option(text) else None
    except BadValue:
        return None


def parse(text: object) -> dict[str, Any]:
    """The JSON object in a value, whoever made it. Raises UnreadableValue."""
    if not isinstance(text, str) or len(text) > BUTTON_VALUE:
        raise UnreadableValue("there is no value, or a long one")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableValue("the value is no JSON") from None
    if not isinstance(body, dict):
        raise UnreadableValue("the value is no JSON object")
    return body


def _verified(value: ButtonValue, given: str, key: str, action_id: str) -> ButtonValue:
    expected = _signature(value, key, action_id)
    if not hmac.compare_digest(expected.encode(), given.encode(errors="replace")):
        raise ForgedValue("the value is not signed by pulser for this button")
    return value


def _sign_option(value: ButtonValue, key: str, action_id: str) -> str:
    if value.release is not None or not _CHOICE.fullmatch(value.choice or ""):
        raise ValueError(f"{value.choice!r} is no choice of a menu")
    ids = _short(value.event_id), _short(value.delivery_id)
    text = ".".join((_OPTION, *ids, value.choice or "", _signature(value, key, action_id)))
    if len(text) > OPTION_VALUE:
        raise ValueError(f"the value of an option of {action_id} has {len(text)} characters")
    return text


def _is_option(text: object) -> bool:
    return isinstance(text, str) and text.startswith(f"{_OPTION}.") and len(text) <= OPTION_VALUE


def _parse_option(text: str) -> tuple[ButtonValue, str]:
    """What it says, and the signature that it has."""
    parts = text.split(".")
    if len(parts) != 5 or not _CHOICE.fullmatch(parts[3]):
        raise UnreadableValue("the value is of no option that pulser knows")
    return ButtonValue(_long(parts[1]), _long(parts[2]), choice=parts[3]), parts[4]


def _short(name: str) -> str:
    """A UUID in 22 characters; another short word as it is, with a mark. Raises ValueError."""
    try:
        made = UUID(name)
    except ValueError:
        made = None
    if made is not None and str(made) == name:
        return base64.urlsafe_b64encode(made.bytes).rstrip(b"=").decode()
    if not _PLAIN.fullmatch(name):
        raise ValueError("an option has no room for this id")
    return f"~{name}"


def _long(short: str) -> str:
    """What `_short` made short. Raises BadValue."""
    if short.startswith("~"):
        return short[1:]
    try:
        return str(UUID(bytes=base64.b64decode(f"{short}==", altchars=b"-_", validate=True)))
    except ValueError:
        raise UnreadableValue("the value names no event") from None


def _signature(value: ButtonValue, key: str, action_id: str) -> str:
    """Over a JSON list, in which no part can flow into the next. Without a plan, as before there were any."""
    more = [it for it in (value.choice, value.plan) if it is not None]  # never both: an option approves nothing
    version = VERSION if value.choice is None else int(_OPTION)
    return signature_of([version, action_id, value.event_id, value.delivery_id, value.release, *more], key)


def signature_of(parts: list[Any], key: str) -> str:
    """The signature of JSON values, in this order."""
    signed = json.dumps(parts)
    digest = hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
