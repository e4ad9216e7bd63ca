"""When a silence ends, as people type it: "for 2h", "until 18:00", "until tomorrow 9:00". Pure. UTC."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

SHORTEST: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(days=7)
HOW: Final = "`for 2h`, `for 90 min`, `until 18:00` or `until tomorrow 9:00` (UTC), for seven days at most"
_UNITS: Final = {
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86_400),
}
_SPAN = re.compile(r"(\d{1,5}(?:\.\d{1,2})?|an?)\s*([a-z]+)", re.IGNORECASE)
_CLOCK = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)(Z|UTC)?", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}T\S+", re.IGNORECASE)
_ZONES: Final = frozenset({"utc", "gmt", "z"})


class NotAnEnd(ValueError):
    """It says no end, or one that cannot be; the text says what is wrong, in mrkdwn without anybody's words."""


def read_end(words: Sequence[str], now: datetime) -> tuple[datetime, list[str]]:
    """The end that the words begin with, and the words that follow it. Raises NotAnEnd."""
    keyword = words[0].casefold() if words else ""
    if keyword == "for":
        lasts, used = _span(words[1:])
        ends_at = now + min(lasts, LONGEST * 2)
    elif keyword == "until":
        ends_at, used = _moment(words[1:], now)
    else:
        raise NotAnEnd(f"Say when it ends: {HOW}.")
    if ends_at - now < SHORTEST:
        raise NotAnEnd("It would be over before anybody noticed: a silence lasts a minute at least.")
    if ends_at - now > LONGEST:
        raise NotAnEnd("A silence lasts seven days at most: what is to be quiet for longer needs another route.")
    return ends_at.replace(microsecond=0), list(words[1 + used :])


def _span(words: Sequence[str]) -> tuple[timedelta, int]:
    """ "2h", "1h30m", "2 hours 30 minutes": how long, and how many words that is."""
    total, used = 0.0, 0
    while used < len(words):
        found, taken = _spans(words[used]), 1
        # "a day off" after the first span is a reason.
        if found is None and used + 1 < len(words) and (not used or words[used][:1].isdecimal()):
            found, taken = _spans(f"{words[used]} {words[used + 1]}"), 2
        if found is None:
            break
        total, used = total + found, used + taken
    if not used:
        raise NotAnEnd(f"I do not understand for how long: {HOW}.")
    return timedelta(seconds=total), used


def _spans(text: str) -> float | None:
    """The seconds of a text that is spans and nothing else."""
    total, at = 0.0, 0
    for found in _SPAN.finditer(text):
        unit = _UNITS.get(found[2].casefold())
        if found.start() != at or unit is None:
            return None
        total, at = total + (1.0 if found[1].casefold().startswith("a") else float(found[1])) * unit, found.end()
    return total if at and at == len(text) else None


def _moment(words: Sequence[str], now: datetime) -> tuple[datetime, int]:
    """ "18:00", "tomorrow 9:00", "2026-03-01 18:00 UTC", "2026-03-01T18:00Z"; a clock time alone is the next one."""
    first = words[0].casefold() if words else ""
    if _ISO.fullmatch(first):
        return _iso(first), 1 + _zone(words[1:])
    used, day = 0, None
    if first == "tomorrow":
        used, day = 1, (now.astimezone(UTC) + timedelta(days=1)).date()
    elif _DATE.fullmatch(first):
        used, day = 1, _iso(first).date()
    clock = _CLOCK.fullmatch(words[used]) if used < len(words) else None
    if clock is None:
        raise NotAnEnd(f"I do not understand until when: {HOW}.")
    today = now.astimezone(UTC).date()
    at = datetime(*(day or today).timetuple()[:3], int(clock[1]), int(clock[2]), tzinfo=UTC)
    if day is None and at <= now:
        at += timedelta(days=1)
    return at, used + 1 + _zone(words[used + 1 :])


def _iso(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text.upper())
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise NotAnEnd(f"There is no such moment. Write {HOW}.") from None


def _zone(words: Sequence[str]) -> int:
    return 1 if words and words[0].casefold() in _ZONES else 0
