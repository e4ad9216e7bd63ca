"""Which silences cover an event: then it gets no message, and all else that it does, it does. Pure.

A silence's patterns are globs as a route's, but of `*` and `?` alone. Some events pass every silence: critical ones;
malformed ones, of which nobody knows how bad they are; pulser's own alarms; and a request that waits for an answer.

The router decides with the silences that lasted when it claimed the event. record_deliveries_v1 looks once more, in
its transaction: a silence that was ended since mutes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from notify_dispatch.event import Event

_OWN_ALARMS: Final = frozenset({"relay", "delivery", "silence"})
_WAITS_FOR_SOMEBODY: Final = "deploy.requested"


@dataclass(frozen=True, slots=True)
class Silence:
    """What it covers; None: any."""

    silence_id: str
    service: str | None = None
    event_pattern: str = "*"
    environment: str | None = None

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Silence:
        """As live_silences_v1 and list_silences_v1 give it."""
        return cls(value["silence_id"], value["service"], value["event_pattern"], value["environment"])

    def fits(self, event: Event) -> bool:
        """Whether its patterns fit, whatever passes."""
        asked = (
            (event.event_type, self.event_pattern),
            (event.service, self.service),
            (event.environment, self.environment),
        )
        return all(pattern is None or fnmatchcase(value or "", pattern) for value, pattern in asked)


def passing(event: Event) -> str | None:
    """Why no silence mutes this event, in words; None when one may."""
    if event.severity == "critical":
        return "it is critical"
    if event.malformed:
        return "its payload cannot be read"
    if event.event_type == _WAITS_FOR_SOMEBODY:
        return "it waits for somebody's answer"
    alarm = "." in event.event_type and event.thing in _OWN_ALARMS
    return "pulser itself tells of it" if alarm else None


def covering(event: Event, silences: Iterable[Silence]) -> list[Silence]:
    """The silences that mute the event, in the order in which they are given."""
    return [] if passing(event) else [it for it in silences if it.fits(event)]
