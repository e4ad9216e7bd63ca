"""A moment of a story, how moments are put in order, and how times are said. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pulser.blocks import clean, fit, one_line
from pulser.logs import REDACTED, redacted

Json = Mapping[str, Any]
DETAIL: Final = 400  # characters of a detail; of what happened, half of it
_ANSWER_URL = re.compile(r"https?://hooks\.slack[\w.-]*/\S*", re.IGNORECASE)
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_EARLIEST = datetime(1, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Who:
    """Who did it: a Slack user's id, and a name that somebody chose. One of them is there."""

    user: str | None
    name: str | None = None

    @classmethod
    def of(cls, user: object, name: object = None) -> Who | None:
        """Nobody where neither is told."""
        known, called = inert(user, 100) or None, inert(name, 100) or None
        return cls(known, called) if known or called else None


@dataclass(frozen=True, slots=True)
class Moment:
    """`at`: aware, in UTC, or None where only the order is known. The texts are one line each, without secrets."""

    at: datetime | None
    what: str
    detail: str | None = None
    who: Who | None = None

    @classmethod
    def of(cls, at: object, what: str, detail: object = None, who: Who | None = None) -> Moment:
        """`at` as the ledger wrote it."""
        return cls(moment(at), inert(what, DETAIL // 2), inert(detail, DETAIL) or None, who)

    def to_json(self) -> dict[str, Any]:
        """For programs; `at` in ISO 8601."""
        who = self.who and {"user": self.who.user, "name": self.who.name}
        return {"at": self.at and self.at.isoformat(), "what": self.what, "detail": self.detail, "who": who}


def in_order(*threads: Sequence[Moment]) -> list[Moment]:
    """All moments of all threads by time; at the same time, in the order in which they are given.

    One without a time stays behind the one before it in its thread, or stands before the one after it.
    """
    timed = [pair for thread in threads for pair in _timed(thread)]
    return [it for _, it in sorted(timed, key=lambda pair: pair[0])]


def _timed(thread: Sequence[Moment]) -> Iterator[tuple[datetime, Moment]]:
    last = next((it.at for it in thread if it.at), _EARLIEST)
    for it in thread:
        last = it.at or last
        yield last, it


def inert(value: object, limit: int = DETAIL) -> str:
    """Somebody's words on one line, not many, without secrets and without addresses to answer by."""
    if value is None or isinstance(value, bool | list | dict):
        return ""
    return fit(_ANSWER_URL.sub(REDACTED, str(redacted(one_line(clean(str(value)))))), limit)


def sentence(*parts: object) -> str:
    """What there is of these parts, with semicolons between them."""
    return "; ".join(text for it in parts if (text := str(it or "")))


def moment(value: object) -> datetime | None:
    """The time that the ledger wrote, aware and in UTC; None where it cannot be read."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
        if found is None:
            return None
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):  # "infinity"; a time whose UTC form is in no year
        return None


def seconds_between(begin: object, end: object) -> float | None:
    """From one written time to another; None where one of them is not known."""
    first, last = moment(begin), moment(end)
    return (last - first).total_seconds() if first and last else None


def lasting(seconds: float) -> str:
    """ "120 ms", "1.2 s", "42 s", "4 min 3 s", "2 h 5 min", "3 d 4 h": two units at most."""
    seconds = max(0.0, seconds)
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = int(seconds + 0.5)
    for size, unit, smaller, rest in ((_DAY, "d", _HOUR, "h"), (_HOUR, "h", _MINUTE, "min"), (_MINUTE, "min", 1, "s")):
        if whole >= size:
            left = whole % size // smaller
            return f"{whole // size} {unit}" + (f" {left} {rest}" if left else "")
    return f"{whole} s"


def clock(at: object, now: object) -> str:
    """ "12:00:30 UTC", with the day where it is not today's; "an unknown time" where it cannot be read."""
    when, today = moment(at), moment(now)
    if when is None:
        return "an unknown time"
    same = today is not None and today.date() == when.date()
    return f"{when:%H:%M:%S} UTC" if same else f"{when:%Y-%m-%d %H:%M:%S} UTC"


def is_later(at: object, now: object, by: timedelta = timedelta(0)) -> bool:
    """Whether a written time lies after another one; what is not known does not."""
    first, last = moment(now), moment(at)
    return first is not None and last is not None and last - first > by


def rows(found: object) -> list[Json]:
    """The objects of a list, whatever else it holds."""
    return [it for it in found if isinstance(it, Mapping)] if isinstance(found, list) else []


def part(found: object, name: str) -> Json:
    """The object of this name, an empty one where there is none."""
    value = found.get(name) if isinstance(found, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def count(value: object) -> int:
    """A count; 0 where there is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def plural(number: int, one: str, many: str | None = None) -> str:
    """ "1 click", "3 clicks"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def joined(words: Iterable[str]) -> str:
    """What is not empty, with commas."""
    return ", ".join(it for it in words if it)
