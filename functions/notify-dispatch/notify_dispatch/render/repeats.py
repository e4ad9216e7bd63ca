"""An alert that fired again, or is over, as its card tells it: how often, what it says now, what ended it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from notify_dispatch.event import SEVERITIES, Event
from notify_dispatch.render.phrases import line_of, see, when
from notify_dispatch.render.words import duration, headline
from pulser.blocks import code
from pulser.card import Card, moment

_VERSION: Final = 60
_MOST: Final = 2**31
_NEWS: Final = (
    *("title", "summary", "url", "run_id", "commit", "error_rate", "threshold", "window", "duration_s"),
    "error_detail",
)
_SUPERSEDED: Final = {
    "critical": "Became critical{}: a new message tells of it",
    "after_a_day": "Fired again after more than a day{}: a new message tells of it",
    "folded": "Fired again{}: it has a message of its own now",
}

Line = tuple[datetime | None, str]


def repeated(event: Event, card: Card) -> Event:
    """`event` as its repeats have it: the newest word of each kind, and the worst severity."""
    told = _part(card, "seen")
    if not told:
        return event
    said = newest(event.event_type, card)
    news: dict[str, Any] = {name: getattr(said, name) for name in _NEWS if getattr(said, name) is not None}
    worst: Any = told.get("severity")
    if worst in SEVERITIES and not event.at_least(worst):
        news["severity"] = worst
    return replace(event, **news)


def newest(event_type: str, card: Card) -> Event:
    """What the repeats said, the newest word of each kind, read as any event is."""
    said = _part(_part(card, "seen"), "said")
    return Event.from_json({"event_type": event_type, "payload": said, "error_detail": said.get("error_detail")})


def count(card: Card | None) -> int:
    """How often the alert has fired."""
    told = _part(card, "seen").get("count")
    return told if isinstance(told, int) and not isinstance(told, bool) and 1 < told < _MOST else 1


def times(card: Card | None) -> str:
    """ " (7 times)" for the header; empty for an alert that fired once."""
    fired = count(card)
    return f" ({fired} times)" if fired > 1 else ""


def seen(card: Card) -> Iterator[Line]:
    """The line of the repeats."""
    if count(card) > 1:
        at = moment(_part(card, "seen").get("last_at"))
        yield at, f"Fired {count(card)} times, last{when(at).removeprefix(',') or ' time not known'}"


def resolved(card: Card) -> Iterator[Line]:
    """The line of the end."""
    told = _part(card, "resolved")
    if card.kind != "alert" or card.phase != "resolved" or not told:
        return
    at = moment(told.get("at"))
    if is_superseded(card):
        yield at, _SUPERSEDED.get(str(told.get("reason")), "Fired again{}: a new message tells of it").format(when(at))
        return
    after = told.get("after_s")
    lasted = f", after {duration(float(after))}" if isinstance(after, int | float) and 0 <= after < _MOST else ""
    yield at, f"Resolved{when(at)}{lasted}{_by(told)}{see(told.get('url'), 'see it')}"


def is_superseded(card: Card) -> bool:
    """Whether a newer card tells of the alert from now on."""
    return card.phase == "resolved" and bool(_part(card, "resolved").get("superseded_by"))


def _by(told: Mapping[str, Any]) -> str:
    """ ": deploy completed, version `1.2.4`"."""
    by = told.get("event_type")
    if not isinstance(by, str) or not by:
        return ""
    said, version = headline(Event.from_json({"event_type": by})), line_of(told.get("version"), _VERSION)
    return f": {line_of(said, 2 * _VERSION)}{f', version {code(version, _VERSION)}' if version else ''}"


def _part(of: Card | Mapping[str, Any] | None, name: str) -> Mapping[str, Any]:
    state = of.state if isinstance(of, Card) else of or {}
    part = state.get(name)
    return part if isinstance(part, Mapping) else {}
