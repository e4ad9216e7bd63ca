"""What a command answers, and the words that all answers share. Pure. Texts are mrkdwn unless they say otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from pulser.blocks import HEADER_TEXT, MESSAGE_TEXT, SECTION_TEXT, characters, code, fit, link, plain, untrusted
from pulser.card import moment
from pulser.settlement import SilenceChange

Json = Mapping[str, Any]
Block = dict[str, Any]

BAD, WARN, BUSY, GOOD, UNKNOWN = "🔴", "🟠", "🔵", "🟢", "⚪"
NAME: Final = 60  # characters of a service, an environment, a version or a person in a line
_MOST_PEOPLE = 15  # three lists of them share a paragraph with a link
_BLOCK = 125  # characters that Slack counts for a block beside its texts, as far as anybody knows
_USER = re.compile(r"[UW][A-Z0-9]{2,20}")
_GROUP = re.compile(r"S[A-Z0-9]{2,20}")
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_NOW: Final = "a few seconds"


@dataclass(frozen=True, slots=True)
class Answer:
    """`text`: all of it in words, for a notification and a screen reader; empty where nothing is said.

    `outcome` and `facts` are for the audit: answered, refused (the person may not, or asked for what is not there),
    failed (something did not work; `error` says what). `silence`: what the command changes beside its answer.
    """

    text: str
    blocks: Sequence[Block] = ()
    outcome: str = "answered"
    error: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    silence: SilenceChange | None = None

    def body(self) -> Block | None:
        """The body of an ack or a reply; None where nothing is said."""
        if not self.text:
            return None
        blocks = {"blocks": list(self.blocks)} if self.blocks else {}
        return {"response_type": "ephemeral", "text": fit(self.text, MESSAGE_TEXT), **blocks}


def note(text: str, outcome: str = "answered", error: str | None = None, **facts: str | None) -> Answer:
    """An answer of a few sentences."""
    return Answer(text, [section(text)], outcome, error, facts)


def header(text: str) -> Block:
    """The first line, in plain text."""
    return {"type": "header", "text": {"type": "plain_text", "text": plain(text, HEADER_TEXT), "emoji": False}}


def section(text: str) -> Block:
    """A paragraph."""
    return {"type": "section", "text": mrkdwn(fit(text, SECTION_TEXT))}


def context(text: str) -> Block:
    """The small print."""
    return {"type": "context", "elements": [mrkdwn(fit(text, SECTION_TEXT))]}


def mrkdwn(text: str) -> Block:
    """A text object in which Slack links nothing on its own."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def sections(lines: Iterable[str]) -> Iterator[Block]:
    """The lines in as few paragraphs as their lengths allow."""
    held: list[str] = []
    for line in lines:
        if held and sum(map(len, held)) + len(held) + len(line) > SECTION_TEXT:
            yield section("\n".join(held))
            held = []
        held.append(line)
    if held:
        yield section("\n".join(held))


def size(blocks: Sequence[Block]) -> int:
    """What Slack may count against `pulser.blocks.MESSAGE_BUDGET`: never less than it counts."""
    return characters(blocks) + _BLOCK * len(blocks)


def name(text: object) -> str:
    """A name that somebody else chose, inert."""
    return untrusted(str(text), NAME)


def version(text: object) -> str:
    """A version, as code; "a version" where none was told."""
    return code(str(text), NAME) if text else "a version"


def place(row: Json) -> str:
    """ "*api* production": a service in an environment."""
    return f"*{name(row['service'])}*" + (f" {name(row['environment'])}" if row.get("environment") else "")


def person(who: object) -> str:
    """Who stands in a card's state, {"user", "name", …}: a mention (nobody is notified of a private answer)."""
    if not isinstance(who, Mapping):
        return "somebody"
    user = str(who.get("user") or "")
    return f"<@{user}>" if _USER.fullmatch(user) else name(who.get("name") or user or "somebody")


def people(ids: Iterable[object]) -> str:
    """Users and user groups as mentions, "nobody" where there are none; of very many the first ones."""
    told = [mention for it in ids if (mention := _mention(str(it)))]
    left = len(told) - _MOST_PEOPLE
    return " ".join(told[:_MOST_PEOPLE]) + (f" and {left} more" if left > 0 else "") or "nobody"


def _mention(who: str) -> str:
    if _GROUP.fullmatch(who):
        return f"<!subteam^{who}>"
    return f"<@{who}>" if _USER.fullmatch(who) else name(who)


def clock(at: object) -> str:
    """An ISO time as the reader's own clock shows it; empty where it is none."""
    when = moment(at)
    return f"<!date^{int(when.timestamp())}^{{time}}|{when.astimezone(UTC):%H:%M} UTC>" if when else ""


def age(at: object, now: datetime) -> str:
    """How long ago an ISO time is: "4 min". Empty where it is none."""
    when = moment(at)
    return lasting((now - when).total_seconds()) if when else ""


def ago(at: object, now: datetime) -> str:
    """ "4 min ago", "just now"; empty where it is none."""
    told = age(at, now)
    return "just now" if told == _NOW else told and f"{told} ago"


def lasting(seconds: float) -> str:
    """ "a few seconds", "42 s", "4 min", "3 h", "2 d": one unit is enough at a glance."""
    if seconds < 5:
        return _NOW
    if seconds < _MINUTE:
        return f"{int(seconds)} s"
    if seconds < 2 * _HOUR:
        return f"{int(seconds // _MINUTE)} min"
    return f"{int(seconds // _HOUR)} h" if seconds < 2 * _DAY else f"{int(seconds // _DAY)} d"


def linked(words: str, url: object) -> str:
    """Words of ours as a link, or the words alone."""
    return link(url, words, 1000) if isinstance(url, str) and url else words


def code_of(text: str) -> str:
    """Words to type, as code."""
    return code(text, 150)
