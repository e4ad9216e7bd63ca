"""What a person typed after /pulser, or beside a mention of the app, as a command. Pure; never raises.

The text may be in any script. Slack writes links and mentions as markup and escapes & < >; keyboards make quotation
marks typographic and put invisible characters between the letters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from typing import Any, Final

from pulser.blocks import clean, fit, one_line, unescape
from pulser.envelope import Envelope

WORDS: Final = ("status", "deploy", "health", "why", "silence", "help")
LONGEST = 2000  # characters that are looked at; nobody types more after a command
TYPED = 200  # characters of it that are kept for the audit

# <@U123|bob>, <#C123|general>, <!here>, <https://x.example|x.example>: the label where there is one.
_MARKUP = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")
_PAIRS = {
    '"': '"',
    "'": "'",
    "`": "`",
    "“": "”„“",
    "”": "”",
    "„": "“”",
    "‘": "’‘",
    "’": "’",
    "‚": "‘’",
    "«": "»",
    "»": "«",
    "‹": "›",
    "「": "」",
    "『": "』",
}
_DECORATION = "*_~"  # bold, italic, struck through: a word that was pasted
_PUNCTUATION = ".,;:!?…。、！？؟"
_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>")


@dataclass(frozen=True, slots=True)
class Command:
    """`word`: one of WORDS, or None where it is none of them. `said`: the first word as typed, cleaned, on one line.

    `typed`: all of it, for the audit. `rest`: what follows the first word as Slack sent it, links and all. None of them
    is escaped by us.
    """

    word: str | None
    said: str
    arguments: tuple[str, ...]
    typed: str
    rest: str = ""

    def argument(self, at: int) -> str:
        """The argument at this place, or an empty text."""
        return self.arguments[at] if at < len(self.arguments) else ""


def read_command(text: str) -> Command:
    """The command in a text; without any word it asks for help."""
    text = text[:LONGEST]
    words = list(_words(_normal(text)))
    said = words[0] if words else ""
    meant = said.strip(_PUNCTUATION + _DECORATION).casefold()
    word = meant if meant in WORDS else None
    if not meant:
        word = "help"
    return Command(word, said, tuple(words[1:]), fit(one_line(clean(text)), TYPED), _cut(text.strip())[2])


def is_command(envelope: Envelope) -> bool:
    """A slash command, or a person's mention of the app."""
    if envelope.type == "slash_commands":
        return True
    event = envelope.payload.get("event")
    if not isinstance(event, Mapping) or event.get("type") != "app_mention":
        return False
    return bool(envelope.user_id) and not event.get("bot_id")


def text_of(envelope: Envelope) -> str:
    """What was typed: a slash command's text; of a mention what follows it, or precedes it when nothing does."""
    if envelope.type == "slash_commands":
        return _text(envelope.payload, "text")
    event = envelope.payload.get("event")
    text = _text(event, "text") if isinstance(event, Mapping) else ""
    mention = _mention(text, _bot_of(envelope.payload))
    if mention is None:
        return text
    return text[mention.end() :].strip(" \t\n,:") or text[: mention.start()]


def folded(name: str) -> str:
    """A name as it is compared: upper and lower case, width and composition of letters do not matter."""
    return one_line(_normal(name)).casefold()


def nearest(word: str, known: Iterable[str], *, count: int = 3) -> list[str]:
    """The names that `word` may have meant, the likeliest first; empty when none is like it."""
    names = {folded(name): name for name in known}
    word = folded(word)[:100]
    if not word:
        return []
    within = sorted((name for name in names if word in name or (len(name) > 2 and name in word)), key=len)
    alike = get_close_matches(word, names, n=count, cutoff=0.6)
    ordered = sorted(dict.fromkeys([*alike, *within]), key=lambda name: -SequenceMatcher(None, word, name).ratio())
    return [names[name] for name in ordered[:count]]


def _normal(text: str) -> str:
    """Full-width letters made plain, invisible characters taken out, line breaks made spaces."""
    text = unicodedata.normalize("NFKC", clean(text))
    return "".join(it for it in text if unicodedata.category(it) != "Cf")


def _words(text: str) -> Iterator[str]:
    """The words; what stands in quotation marks is one. Markup becomes what people see of it."""
    rest = unescape(_MARKUP.sub(_seen, text)).strip()
    while rest:
        closers = _PAIRS.get(rest[0], "")
        end = min((at for closer in closers if (at := rest.find(closer, 1)) > 0), default=-1)
        if end > 0:
            word, rest = rest[1:end], rest[end + 1 :]
        else:
            word, _, rest = _cut(rest)
            word = word.strip("".join(_PAIRS))
        rest = rest.lstrip()
        if word.strip():
            yield one_line(word)


def _cut(text: str) -> tuple[str, str, str]:
    found = re.search(r"\s", text)
    return (text[: found.start()], " ", text[found.end() :]) if found else (text, "", "")


def _seen(markup: re.Match[str]) -> str:
    target, label = markup.group(1), markup.group(2)
    if label:
        return label
    # A user or a group stays an ID, a bare link its address, without the scheme that Slack put there.
    return re.sub(r"^(?:[@#!]|mailto:|https?://)", "", target)


def _mention(text: str, bot: str | None) -> re.Match[str] | None:
    found = list(_MENTION.finditer(text))
    own = [it for it in found if it.group(1) == bot]
    return next(iter(own or found), None)


def _bot_of(payload: Mapping[str, Any]) -> str | None:
    match payload.get("authorizations"):
        case [{"user_id": str(user)}, *_]:
            return user
    return None


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) else ""
