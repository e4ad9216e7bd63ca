"""What an event tells of a silence that began or is over, for whoever puts it into words. Pure.

The event's title and summary say it too, with times in UTC; a message says it with the reader's own clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from pulser.blocks import clean, fit, one_line
from pulser.card import Person, moment

STARTED: Final = "silence.started"
TYPES: Final = frozenset({STARTED, "silence.ended"})
_TEXT, _TYPES_TOLD = 200, 10


@dataclass(frozen=True, slots=True)
class SilenceNews:
    """`covers`: its service, type and environment, as pulser.silence.what reads them. `over`: its end, or when it was
    ended; `types`: what it muted, the most frequent first, ten at most."""

    covers: tuple[tuple[str, str | None], ...]
    by: Person
    began: datetime | None
    over: datetime | None
    ended_by: Person | None = None
    muted: int = 0
    types: tuple[tuple[str, int], ...] = ()

    @classmethod
    def from_json(cls, value: object) -> Self | None:
        """As silence_json_v1 gives it; None for what is no such thing. Anybody can write such an event."""
        by = _person(value.get("created_by")) if isinstance(value, Mapping) else None
        if not isinstance(value, Mapping) or by is None:
            return None
        covers = tuple((it, _text(value.get(it))) for it in ("service", "event_pattern", "environment"))
        over = moment(value.get("ended_at")) or moment(value.get("ends_at"))
        began, ended_by = moment(value.get("created_at")), _person(value.get("ended_by"))
        return cls(covers, by, began, over, ended_by, _count(value.get("muted")), _types(value.get("types")))


def _types(value: object) -> tuple[tuple[str, int], ...]:
    rows = [it for it in value if isinstance(it, Mapping)] if isinstance(value, list) else []
    return tuple((_text(it.get("event_type")) or "unknown", _count(it.get("events"))) for it in rows[:_TYPES_TOLD])


def _person(value: object) -> Person | None:
    if not isinstance(value, Mapping):
        return None
    user, name = _text(value.get("user")), _text(value.get("name"))
    return Person(user or "", name, None) if user or name else None


def _text(value: Any) -> str | None:  # noqa: ANN401  any JSON
    return fit(one_line(clean(value)), _TEXT) or None if isinstance(value, str) else None


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
