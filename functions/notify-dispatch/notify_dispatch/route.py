"""Which channels hear of an event, and why.

Routes are tried by position. The first that matches wins, unless its `continue` is true: then the search goes
on. A channel gets an event once; of two routes to it the first decides. The default route takes part in no
search: it serves, whatever its conditions say, the events that no other route matched when they are of
severity error or above or malformed (so that none of these is ever unrouted). Patterns are case-sensitive
globs; where a route names no service or environment, any and none will do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Annotated, Any, Final, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from notify_dispatch.event import SEVERITIES, Event, Severity
from pulser.blocks import fit

Pattern = Annotated[str, StringConstraints(min_length=1, max_length=200)]
ALONE: Final = "there is no other"  # in a reason of the default route, before anybody has applied routes
WHY: Final = 500  # characters of a reason that the ledger keeps
_MOST_VERDICTS = 50
# A name as Slack allows it, or the ID of a public channel, a private one or a group conversation.
Channel = Annotated[str, StringConstraints(pattern=r"^(#[^\s#@,A-Z.]{1,80}|[CGD][A-Z0-9]{6,})$")]
Mention = Annotated[str, StringConstraints(pattern=r"^(here|channel|[UWS][A-Z0-9]{6,})$")]


class RouteError(ValueError):
    """A route that cannot be used; the text names the route, the key and what is wrong with it."""


class Route(BaseModel):
    """A rule: which events go to which channel, how. `channel` is "#name" or an ID."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    name: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    position: int = 0
    event_pattern: Pattern = "*"
    minimum_severity: Severity = "info"
    service: Pattern | None = None
    environment: Pattern | None = None
    channel: Channel
    mention: Mention | None = None
    continue_: bool = Field(default=False, alias="continue")
    is_default: bool = False

    @field_validator("mention", mode="before")
    @classmethod
    def _no_mention(cls, value: object) -> object:
        return None if value == "" else value

    @classmethod
    def from_json(cls, value: object) -> Route:
        """The route that `routes_v1` describes. Raises RouteError."""
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            name = value.get("name") if isinstance(value, dict) else None
            raise RouteError(f"route {name or '(no name)'!r}: {explain_invalid(error)}") from None


def explain_invalid(error: ValidationError) -> str:
    """What is wrong, one `key: reason` after the other, without the values' own text."""
    problems = error.errors(include_url=False, include_input=False)
    return "; ".join(_problem(".".join(map(str, it["loc"])), it["type"], it["msg"]) for it in problems)


_RULES = {
    ("channel", "string_pattern_mismatch"): 'must be "#name" in lower case, or a channel ID',
    ("mention", "string_pattern_mismatch"): "must be here, channel, a user's ID (U…) or a user group's (S…)",
}
_KINDS = {"missing": "is missing", "extra_forbidden": "is not a key that pulser knows"}


def _problem(key: str, kind: str, message: str) -> str:
    rule = _RULES.get((key.rpartition(".")[2], kind)) or _KINDS.get(kind)
    reason = rule or message.removeprefix("Value error, ")
    reason = reason[:1].lower() + reason[1:]
    return f"{key}: {reason}" if key else reason


@dataclass(frozen=True, slots=True)
class Routing:
    """One channel that hears of an event."""

    route: str
    channel: str
    mention: str | None
    reason: str

    def to_json(self) -> dict[str, Any]:
        """As record_deliveries_v1 takes it: the reason stays with the delivery, whatever becomes of the route."""
        return {"route": self.route, "channel": self.channel, "mention": self.mention, "why": fit(self.reason, WHY)}


@dataclass(frozen=True, slots=True)
class RouteVerdict:
    """What one route says to an event.

    `matched`: its conditions hold. `used`: it gives a routing. `reason`: why, or why not, in words.
    """

    route: Route
    reason: str
    matched: bool = False
    used: bool = False


class Asked(NamedTuple):
    """All of an event that routes ask for."""

    event_type: str
    severity: Severity
    service: str | None
    environment: str | None
    malformed: bool

    def at_least(self, severity: Severity) -> bool:
        """Whether the event is of `severity` or above."""
        return SEVERITIES.index(self.severity) >= SEVERITIES.index(severity)


class Ordered(tuple[Route, ...]):  # noqa: SLOT001  # it has what it said beside the routes
    """Routes in the order in which they are tried, and what they said so far: a storm asks them the same very often."""

    said: dict[Asked, tuple[RouteVerdict, ...]]
    ask_for_service: bool

    def asked(self, event: Event) -> Asked:
        """What these routes see of `event`."""
        service = event.service if self.ask_for_service else None
        return Asked(event.event_type, event.severity, service, event.environment, event.malformed)


def in_order(routes: Iterable[Route]) -> Ordered:
    """By position, the default route last: once for many events."""
    ordered = Ordered(sorted(routes, key=lambda it: (it.is_default, it.position, it.name)))
    ordered.said = {}
    ordered.ask_for_service = any(it.service is not None for it in ordered)
    return ordered


def route(event: Event, routes: Iterable[Route]) -> tuple[Routing, ...]:
    """The channels that hear of `event`, in the order of the routes; empty when it is unrouted."""
    return tuple(
        Routing(verdict.route.name, verdict.route.channel, verdict.route.mention, verdict.reason)
        for verdict in explain(event, routes)
        if verdict.used
    )


def verdicts_of(event: Event, routes: Iterable[Route]) -> list[dict[str, Any]]:
    """What each of the first 50 routes says to `event`, as record_deliveries_v1 takes it."""
    return [
        {"route": it.route.name, "channel": it.route.channel, "used": it.used, "why": fit(it.reason, WHY)}
        for it in explain(event, routes)[:_MOST_VERDICTS]
    ]


def explain(event: Event, routes: Iterable[Route]) -> tuple[RouteVerdict, ...]:
    """What each route says to `event`: by position, the default route last."""
    ordered = routes if isinstance(routes, Ordered) else in_order(routes)
    asked = ordered.asked(event)
    if asked not in ordered.said:
        ordered.said[asked] = _explain(asked, ordered)
    return ordered.said[asked]


def _explain(event: Asked, routes: Ordered) -> tuple[RouteVerdict, ...]:
    verdicts: list[RouteVerdict] = []
    taken: dict[str, str] = {}
    winner: str | None = None
    for candidate in routes:
        if candidate.is_default:
            verdict = _default(event, candidate, verdicts)
        elif winner:
            verdict = RouteVerdict(candidate, f"not tried: route {winner} ended the search")
        else:
            verdict = _verdict(event, candidate)
            winner = candidate.name if verdict.matched and not candidate.continue_ else None
        verdicts.append(_once_per_channel(verdict, taken))
    return tuple(verdicts)


def _verdict(event: Asked, candidate: Route) -> RouteVerdict:
    missed = _mismatch(event, candidate)
    if missed:
        return RouteVerdict(candidate, missed)
    return RouteVerdict(candidate, _match(event, candidate), matched=True, used=True)


def _mismatch(event: Asked, candidate: Route) -> str | None:
    """The first condition that does not hold, in words."""
    if not fnmatchcase(event.event_type, candidate.event_pattern):
        return f"type {event.event_type} is not {candidate.event_pattern}"
    if not event.at_least(candidate.minimum_severity):
        return f"severity {event.severity} is below {candidate.minimum_severity}"
    for name, value, pattern in _places(event, candidate):
        if not fnmatchcase(value or "", pattern):
            return f"{name} {value or '(none)'} is not {pattern}"
    return None


def _match(event: Asked, candidate: Route) -> str:
    """The conditions that hold, in words."""
    reasons = [f"type {event.event_type} matches {candidate.event_pattern}"]
    if candidate.minimum_severity != "info":
        reasons.append(f"severity {event.severity} is at least {candidate.minimum_severity}")
    places = _places(event, candidate)
    return ", ".join([*reasons, *(f"{name} {value or '(none)'} matches {it}" for name, value, it in places)])


def _places(event: Asked, candidate: Route) -> list[tuple[str, str | None, str]]:
    """(name, the event's value, the route's pattern) of those that the route asks for."""
    service = ("service", event.service, candidate.service)
    environment = ("environment", event.environment, candidate.environment)
    return [(name, value, pattern) for name, value, pattern in (service, environment) if pattern is not None]


def _default(event: Asked, candidate: Route, others: Sequence[RouteVerdict]) -> RouteVerdict:
    if any(it.matched for it in others):
        return RouteVerdict(candidate, "default route: another route matched")
    if not (event.at_least("error") or event.malformed):
        return RouteVerdict(candidate, f"default route: for severity error and above, not {event.severity}")
    why = f"severity {event.severity}" if event.at_least("error") else "a malformed payload"
    no_other = "no other matched" if others else ALONE
    return RouteVerdict(candidate, f"default route: {no_other}, {why}", matched=True, used=True)


def _once_per_channel(verdict: RouteVerdict, taken: dict[str, str]) -> RouteVerdict:
    if not verdict.used:
        return verdict
    channel = verdict.route.channel
    if channel in taken:
        reason = f"{verdict.reason}, but route {taken[channel]} already posts to {channel}"
        return replace(verdict, used=False, reason=reason)
    taken[channel] = verdict.route.name
    return verdict
