"""Which thing a person asks about: an id, a link to a message, or a channel and a ts, as typed or pasted. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from string import hexdigits
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from pulser.blocks import unescape

ACCEPTED: Final = (
    "the id of an event, a delivery or an envelope (its first 8 digits are enough), a link to a message"
    " (Copy link in Slack), or a channel's id and a ts"
)
_LONGEST = 4000  # characters that are looked at; a link is shorter
_MARKUP = re.compile(r"<([^<>|]*)(?:\|[^<>]*)?>")
_QUOTES = "\"'`“”„‘’‚«»‹›「」『』*"
_PUNCTUATION = ".,;!?…"
_CHANNEL = re.compile(r"[CDG][A-Z0-9]{2,30}")
_TS = re.compile(r"[0-9]{1,16}\.[0-9]{6}")
_PACKED_TS = re.compile(r"p([0-9]{16,20})")
_PATH = re.compile(r"/archives/([^/]+)/([^/]+)/?")
_ID = re.compile(r"[\x21-\x7e]{1,255}")
_KINDS = frozenset({"event", "delivery", "envelope"})
_BEGINNING = re.compile(r"[0-9a-f]{1,7}", re.IGNORECASE)
_KEPT = timedelta(days=90)  # deliveries, after the last that happened; envelopes, a third of it


class NotAsked(ValueError):
    """What was typed names nothing; the text says why, in words for the person."""


def read_asked(text: str) -> dict[str, Any]:
    """What why_v1 takes: {"id"}, or {"channel", "ts", "thread_ts"}. Raises NotAsked."""
    words = [word for it in _visible(text[:_LONGEST]).split() if (word := it.strip(_QUOTES + _PUNCTUATION))]
    match words:
        case []:
            raise NotAsked("why of what? No id was given")
        case [channel, ts] if _CHANNEL.fullmatch(channel) and _ts(ts):
            return _message(channel, ts)
        case [word]:
            return _one(word)
        case [kind, word] if kind.casefold() in _KINDS:  # as the small print of a message has it
            return _one(word)
        case _:
            raise NotAsked(f"{len(words)} words are not one id, nor a channel's id and a ts")


def unknown(asked: Mapping[str, Any], now: datetime) -> str:
    """What is said where why_v1 knows nothing of it; with the age only where that may be why. Not escaped."""
    if "ts" in asked:
        said = f"there is no message {asked['ts']} of pulser's in {asked['channel']} that the ledger knows"
        is_old = now.timestamp() - float(asked["ts"]) > _KEPT.total_seconds()
        return said + ("; it keeps them for 90 days" if is_old else "")
    return unknown_id(str(asked["id"]), "event, delivery or envelope", "a delivery is kept for 90 days, an envelope 30")


def unknown_id(text: str, kinds: str, kept: str) -> str:
    """The same of an id. `kinds`: what was looked for; `kept`: how long what may have had it is kept. Not escaped."""
    if is_whole(text):
        return f"no {kinds} has the id {text}; {kept}"
    if is_beginning(text):
        return f"no {kinds} has an id that begins with {text}"
    short = "; of an id, the first 8 digits are needed" if _BEGINNING.fullmatch(text) else ""
    return f"no {kinds} has the id {text}{short}"


def several(text: str, found: Iterable[Mapping[str, Any]]) -> str:
    """What is said where several ids begin so. Not escaped."""
    named = ", ".join(f"{it['kind']} {it['id']}" for it in found)
    return f"several ids begin with {text}: {named}"


def is_whole(text: str) -> bool:
    """Whether it is a whole id of an event or a delivery."""
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def is_beginning(text: str) -> bool:
    """Whether ids_beginning_v1 looks for what begins so."""
    digits = text.replace("-", "")
    return text[:1] != "-" and 8 <= len(digits) <= 31 and all(it in hexdigits for it in digits)


def _visible(text: str) -> str:
    """What Slack marked up as a link is its address; invisible characters go."""
    plain = unescape(_MARKUP.sub(lambda found: f" {found.group(1)} ", text))
    return "".join(it for it in plain if unicodedata.category(it) != "Cf")


def _one(word: str) -> dict[str, Any]:
    if "://" in word:
        return _of_link(word)
    try:
        return {"id": str(UUID(word))}
    except ValueError:
        pass
    if _ID.fullmatch(word) and not _CHANNEL.fullmatch(word) and not _ts(word):
        return {"id": word}
    raise NotAsked("a message is named by a channel's id and a ts together" if _half(word) else "that is not an id")


def _half(word: str) -> bool:
    return bool(_CHANNEL.fullmatch(word) or _ts(word))


def _of_link(word: str) -> dict[str, Any]:
    """https://acme.slack.com/archives/C123/p1700000000000100?thread_ts=1700000000.000100&cid=C123"""
    try:
        parts = urlsplit(word)
        thread = parse_qs(parts.query, max_num_fields=20).get("thread_ts", [""])[0]
    except ValueError:
        raise NotAsked("that is not a link to a message") from None
    found = _PATH.fullmatch(parts.path)
    if parts.scheme not in {"http", "https"} or not found:
        raise NotAsked("that link does not lead to a message")
    if not _CHANNEL.fullmatch(found[1]) or not _PACKED_TS.fullmatch(found[2]):
        raise NotAsked("that link does not lead to a message")
    return _message(found[1], found[2], thread)


def _message(channel: str, ts: str, thread: str = "") -> dict[str, Any]:
    return {"channel": channel, "ts": _ts(ts), "thread_ts": thread if _TS.fullmatch(thread) else None}


def _ts(word: str) -> str | None:
    """The ts that a word names: 1700000000.000100 itself, or p1700000000000100 as in links."""
    packed = _PACKED_TS.fullmatch(word)
    if packed:
        return f"{packed[1][:-6]}.{packed[1][-6:]}"
    return word if _TS.fullmatch(word) else None
