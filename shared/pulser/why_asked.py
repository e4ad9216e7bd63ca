"""Which thing a person asks about: an id, a link to a message, or a channel and a ts, as typed or pasted. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from pulser.blocks import unescape

ACCEPTED: Final = (
    "the id of an event, a delivery or an envelope, a link to a message (Copy link in Slack),"
    " or a channel's id and a ts"
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
        case _:
            raise NotAsked(f"{len(words)} words are not one id, nor a channel's id and a ts")


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
