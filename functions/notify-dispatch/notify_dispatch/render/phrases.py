"""What the ledger tells, as mrkdwn: people, moments, links. Only a Slack user's ID makes a mention."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from notify_dispatch.render.words import SLACK_CLOCK_ENDS, USER
from pulser.blocks import link, one_line, untrusted
from pulser.card import Person

_NAME, _LINK = 60, 250
_GROUP = re.compile(r"S[A-Z0-9]{2,30}")


def mentioned(by: Person) -> str:
    """Who did it; Slack tells him so."""
    if USER.fullmatch(by.user):
        return f"<@{by.user}>"
    return untrusted(one_line(by.name or by.user), _NAME) or "somebody"


def named(by: Person) -> str:
    """The same without calling him, where his name is known."""
    return untrusted(one_line(by.name), _NAME) if by.name else mentioned(by)


def called(mention: object) -> str:
    """Whom the configuration or the ledger names, as a mention: a user or a user group; empty for anything else."""
    name = mention if isinstance(mention, str) else ""
    if USER.fullmatch(name):
        return f"<@{name}>"
    return f"<!subteam^{name}>" if _GROUP.fullmatch(name) else ""


def when(at: datetime | None) -> str:
    """ ", today 7:33 AM" in the reader's time zone; empty when it is not known."""
    said = clock(at)
    return said and f", {said}"


def clock(at: datetime | None) -> str:
    """ "today 7:33 AM" in the reader's time zone; empty when it is not known."""
    if at is None:
        return ""
    try:
        words = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        seconds = int(at.timestamp())
    except (ValueError, OverflowError):
        return ""
    if not 0 <= seconds < SLACK_CLOCK_ENDS:
        return words
    return f"<!date^{seconds}^{{date_short_pretty}} {{time}}|{words}>"


def see(url: object, label: str, limit: int = _LINK) -> str:
    """ " (see it)" as a link; empty where the address is none that can be shown."""
    said = link(url, label, limit) if isinstance(url, str) else label
    return f" ({said})" if said != label else ""


def line_of(value: object, limit: int) -> str:
    """A text on one line, inert; empty for what is no text."""
    return untrusted(one_line(value), limit) if isinstance(value, str) else ""
