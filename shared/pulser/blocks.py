"""Text for Block Kit: fitted to Slack's limits and unable to mention anyone or to fake a link.

Untrusted text passes through one pipeline: `clean` (control and bidi override characters out) → `isolate`
(right-to-left text kept from turning its surroundings round) → `escape` (mrkdwn only) → `fit`. `untrusted`
and `plain` are that pipeline.

Lengths are counted in characters (Unicode code points, `len`), as Slack's documentation and slack_sdk's
validators do; an escaped `&amp;` counts as five. `@channel` or `@here` typed plainly needs no treatment:
Slack resolves names only with `parse=full` or `link_names`, which pulser never sends, and every mrkdwn object
pulser builds is `verbatim`. Emoji shortcodes: in plain_text they stay as typed (`emoji: false`; pulser's own
symbols are Unicode characters); in mrkdwn Slack offers no escape for them, so `:fire:` in untrusted text
becomes a picture, which neither mentions nor links.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

# Slack's limits (slack-platform.md 3.3), in characters or elements.
BLOCKS_PER_MESSAGE = 50
SECTION_TEXT = 3000
SECTION_FIELDS = 10
FIELD_TEXT = 2000
HEADER_TEXT = 150
CONTEXT_ELEMENTS = 10
ACTIONS_ELEMENTS = 25
BUTTON_TEXT = 75
BUTTON_VALUE = 2000
OPTION_VALUE = 150
URL_LENGTH = 3000
ACTION_ID = 255
ACCESSIBILITY_LABEL = 75
CONFIRM_TITLE = 100
CONFIRM_TEXT = 300
CONFIRM_BUTTON = 30
MESSAGE_TEXT = 4000
# Undocumented: Slack answers msg_blocks_too_long from about 13,200 characters of blocks. The margin is ours,
# and so is the cautious way of counting: the blocks as JSON.
MESSAGE_CHARACTERS = 13_200
MESSAGE_BUDGET = 12_000

ELLIPSIS = "…"
FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"
_ZERO_WIDTH_JOINER = "\u200d"
_VIRAMA = 9  # the combining class of the sign that joins two consonants in Indic scripts
_LONGEST_CLUSTER = 32  # a pile of combining marks longer than this is cut all the same

_LINE_BREAKS = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")
_UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f"  # control characters but tab and newline
    "\u202a-\u202e\u206a-\u206f"  # bidi embeddings and overrides, deprecated format characters
    "\ufff9-\ufffb\ufffe\uffff]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\u200e\u200f\u061c\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefe\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_ISOLATE_MARKS = re.compile("[\u2066-\u2069]")
_REGIONAL = "".join(map(chr, range(0x1F1E6, 0x1F200)))
_ENTITY = re.compile("&(?:amp|lt|gt);")
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")
_URL_SAFE = "!#$%&'()*+,/:;=?@[]~"  # all of RFC 3986 but what ends a link in mrkdwn (| < >)


def clean(text: str) -> str:
    """`text` without control characters, bidi overrides and lone surrogates; all line breaks are newlines."""
    if text.isascii() and text.isprintable():
        return text  # as nearly all are, at a tenth of the cost
    text = _UNWANTED.sub("", _LINE_BREAKS.sub("\n", text))
    return _SURROGATES.sub("\ufffd", text)


def one_line(text: str) -> str:
    """`text` with every run of white space made one space."""
    return " ".join(text.split())


def isolate(text: str) -> str:
    """`text` in a first-strong isolate when it holds right-to-left text, its own isolates balanced."""
    if not _RIGHT_TO_LEFT.search(text):
        return text
    depth, kept = 0, []
    for piece in _split_isolates(text):
        if piece == POP_ISOLATE and depth == 0:
            continue
        depth += _step(piece)
        kept.append(piece)
    return FIRST_STRONG_ISOLATE + "".join(kept) + POP_ISOLATE * (depth + 1)


def _split_isolates(text: str) -> list[str]:
    pieces, start = [], 0
    for mark in _ISOLATE_MARKS.finditer(text):
        pieces += [text[start : mark.start()], mark.group()]
        start = mark.end()
    return [*pieces, text[start:]]


def _step(piece: str) -> int:
    if piece == POP_ISOLATE:
        return -1
    return 1 if piece in {"\u2066", "\u2067", FIRST_STRONG_ISOLATE} else 0


def escape(text: str) -> str:
    """`text` with Slack's control characters as entities: no `<…>` of it is a mention or a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """The text that `escape` was given."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def fit(text: str, limit: int) -> str:
    """`text` in at most `limit` characters; what is cut ends in "…".

    No entity and no visible character (combining marks, joined emoji, flags) is cut in two, and isolates that
    the cut left open are closed. Text that fits comes back unchanged, so fitting twice is fitting once.
    """
    if len(text) <= limit:
        return text
    if limit <= 0:
        return ""
    end, depths = _longest_prefix(text, limit)
    end = _back_to_boundary(text, end)
    return text[:end].rstrip(" \n\t") + ELLIPSIS + POP_ISOLATE * depths[end]


def _longest_prefix(text: str, limit: int) -> tuple[int, list[int]]:
    """The longest prefix with room for the ellipsis and closing marks; the isolate depth at each length."""
    end, depths = 0, [0]
    for length, character in enumerate(text[:limit], start=1):
        depths.append(max(0, depths[-1] + _step(character)))
        if length + len(ELLIPSIS) + depths[length] <= limit:
            end = length
    return end, depths


def _back_to_boundary(text: str, end: int) -> int:
    nearest = max(0, end - _LONGEST_CLUSTER)
    boundary = next((at for at in range(end, nearest, -1) if not _joined(text, at)), nearest)
    end = boundary if boundary > nearest or nearest == 0 else end
    for entity in _ENTITY.finditer(text, max(0, end - 4), end + 4):
        if entity.start() < end < entity.end():
            return entity.start()
    return end


def _joined(text: str, at: int) -> bool:
    """Whether the characters on both sides of position `at` are seen as one."""
    before, after = text[at - 1], text[at]
    if unicodedata.category(after).startswith("M") or _ZERO_WIDTH_JOINER in {before, after}:
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":  # skin tones, flag tags
        return True
    if _is_regional(before) and _is_regional(after):  # flags are pairs
        return (at - len(text[:at].rstrip(_REGIONAL))) % 2 == 1
    return unicodedata.combining(before) == _VIRAMA or (
        "\u1100" <= before <= "\u11ff" and "\u1160" <= after <= "\u11ff"
    )


def _is_regional(character: str) -> bool:
    return character in _REGIONAL


def untrusted(text: str, limit: int) -> str:
    """`text` as inert mrkdwn of at most `limit` characters."""
    return fit(escape(isolate(clean(text))), limit)


def plain(text: str, limit: int) -> str:
    """`text` as one line of plain_text, which Slack does not parse: cleaned and fitted, not escaped."""
    return fit(isolate(one_line(clean(text))), limit)


def code(text: str, limit: int) -> str:
    """`text` as a mrkdwn code span of at most `limit` characters; its backticks become the look-alike "ˋ"."""
    inner = untrusted(one_line(text).replace("`", "ˋ"), limit - 2)
    return f"`{inner}`" if inner else ""


def safe_url(text: str) -> str | None:
    """`text` as an ASCII http(s) URL of at most 3,000 characters that cannot end a mrkdwn link early, else
    None.

    A URL with a user or a password is refused: it misleads (`https://slack.com@evil.example`) or leaks.
    """
    text = text.strip()
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except ValueError:  # a port or an IPv6 address that is none; a name that IDNA cannot carry
        return None
    odd = "@" in parts.netloc or _UNWANTED.search(text) or "\n" in text or "\t" in text or "\r" in text
    if parts.scheme not in {"http", "https"} or odd or not _HOST.fullmatch(host):
        return None
    authority = (f"[{host}]" if ":" in host else host) + (f":{port}" if port is not None else "")
    path, query, fragment = (quote(part, safe=_URL_SAFE, errors="replace") for part in parts[2:])
    url = urlunsplit((parts.scheme, authority, path, query, fragment))
    return url if len(url) <= URL_LENGTH else None


def link(url: str, label: str, limit: int) -> str:
    """`<url|label>` of at most `limit` characters, or only the label when the URL is unsafe or too long."""
    address = safe_url(url)
    room = limit - len(escape(address or "")) - len("<|>")
    if address is None or room < 1:
        return untrusted(one_line(label), limit)
    return f"<{escape(address)}|{untrusted(one_line(label), room)}>"


@dataclass(frozen=True, slots=True)
class Part:
    """One block of a message, how important it is (0 is never dropped) and how many fields go with it."""

    block: dict[str, Any]
    importance: int = 0
    fields: int = 0


def characters(blocks: Sequence[dict[str, Any]]) -> int:
    """The size of `blocks` as pulser counts it against `MESSAGE_BUDGET`."""
    return len(json.dumps(blocks, ensure_ascii=False))


def fit_parts(parts: Sequence[Part], note: Callable[[int], dict[str, Any]]) -> list[dict[str, Any]]:
    """The blocks of `parts` within Slack's limits for a whole message.

    The least important part goes first, of equals the last one. `note(n)` is the block that says how many
    fields are not shown; it stands where the first dropped part stood.
    """
    kept: list[Part | None] = list(parts)
    blocks = [part.block for part in parts]
    while len(blocks) > BLOCKS_PER_MESSAGE or characters(blocks) > MESSAGE_BUDGET:
        droppable = [(part.importance, at) for at, part in enumerate(kept) if part and part.importance > 0]
        if not droppable:
            break
        kept[max(droppable)[1]] = None
        blocks = _with_note(parts, kept, note)
    return blocks


def _with_note(
    parts: Sequence[Part], kept: Sequence[Part | None], note: Callable[[int], dict[str, Any]]
) -> list[dict[str, Any]]:
    missing = sum(part.fields for part, still in zip(parts, kept, strict=True) if still is None)
    blocks = [part.block for part in kept if part]
    if missing:
        blocks.insert(kept.index(None), note(missing))
    return blocks
