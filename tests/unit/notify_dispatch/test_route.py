from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify_dispatch.event import Event
from notify_dispatch.route import ALONE, WHY, Route, RouteError, explain, route, verdicts_of
from tests.unit.notify_dispatch.events import event, rows


def a_route(name: str, position: int = 0, **keys: object) -> Route:
    return Route.from_json({"name": name, "position": position, "channel": f"#{name}"} | keys)


DEFAULT = a_route("default", is_default=True)


def channels(of: Event, *routes: Route) -> list[str]:
    return [routing.channel for routing in route(of, routes)]


def test_first_match_by_position_wins() -> None:
    """Position decides, not the order in which the routes come."""
    assert channels(event("ci.failed"), a_route("second", 2), a_route("first", 1)) == ["#first"]


def test_continue_goes_on() -> None:
    """A route with `continue` lets later routes match too; the first without it ends the search."""
    routes = [a_route("a", 1, **{"continue": True}), a_route("b", 2), a_route("c", 3)]
    assert channels(event("ci.failed"), *routes) == ["#a", "#b"]


def test_a_channel_gets_an_event_once() -> None:
    """Of two routes to one channel the first decides, also on the mention."""
    routes = [
        a_route("loud", 1, channel="#ops", mention="here", **{"continue": True}),
        a_route("quiet", 2, channel="#ops", **{"continue": True}),
        a_route("other", 3),
    ]
    assert [(it.channel, it.mention) for it in route(event("ci.failed"), routes)] == [
        ("#ops", "here"),
        ("#other", None),
    ]


def test_a_route_without_continue_ends_the_search_even_when_its_channel_is_taken() -> None:
    """Matching ends the search, posting does not matter."""
    routes = [a_route("a", 1, channel="#ops", **{"continue": True}), a_route("b", 2, channel="#ops"), a_route("c", 3)]
    assert channels(event("ci.failed"), *routes) == ["#ops"]


@pytest.mark.parametrize(
    ("keys", "payload", "matches"),
    [
        ({"event_pattern": "ci.*"}, {}, True),
        ({"event_pattern": "CI.*"}, {}, False),
        ({"event_pattern": "*.passed"}, {}, False),
        ({"event_pattern": "ci.[fp]*"}, {}, True),
        ({"minimum_severity": "error"}, {}, True),
        ({"minimum_severity": "critical"}, {}, False),
        ({"minimum_severity": "critical"}, {"severity": "critical"}, True),
        ({"service": "api-*"}, {"service": "api-web"}, True),
        ({"service": "api-*"}, {"service": "API-web"}, False),
        ({"service": "api-*"}, {}, False),
        ({"service": "*"}, {}, True),
        ({"environment": "prod*"}, {"environment": "production"}, True),
        ({"environment": "prod*"}, {"environment": "staging"}, False),
        ({"service": "api", "environment": "production"}, {"service": "api", "environment": "staging"}, False),
    ],
)
def test_conditions(keys: dict[str, Any], payload: dict[str, Any], matches: bool) -> None:  # noqa: FBT001  a table
    """All conditions must hold; patterns are case-sensitive globs."""
    assert bool(channels(event("ci.failed", payload), a_route("r", **keys))) is matches


@given(rows, st.lists(st.sampled_from(["ci.*", "*.failed", "x"]), max_size=3))
def test_no_error_is_ever_unrouted(value: object, patterns: list[str]) -> None:
    """With a default route, every event of severity error or above, and every malformed one, reaches a channel."""
    understood = Event.from_json(value)
    routes = [a_route(f"r{at}", at, event_pattern=pattern) for at, pattern in enumerate(patterns)]
    found = route(understood, [*routes, DEFAULT])
    assert found or not (understood.at_least("error") or understood.malformed)


def test_default_is_for_errors_only() -> None:
    """An unmatched event below error is unrouted."""
    assert channels(event("ci.passed"), DEFAULT) == []


def test_default_takes_a_malformed_event_of_any_severity() -> None:
    """A payload that cannot be read is not dropped because it looks harmless."""
    assert channels(event("ci.passed", "boom"), DEFAULT) == ["#default"]


def test_default_rests_when_a_route_matched() -> None:
    """The default route adds nothing to what others have."""
    assert channels(event("ci.failed"), DEFAULT, a_route("ci", 5)) == ["#ci"]


def test_default_ignores_its_own_conditions() -> None:
    """The default route is never skipped."""
    picky = a_route("default", is_default=True, event_pattern="nothing", minimum_severity="critical", service="x")
    assert channels(event("ci.failed"), picky) == ["#default"]


def test_verdicts_say_why() -> None:
    """Each route's verdict names the condition that decided."""
    routes = [
        a_route("deploys", 1, event_pattern="deploy.*"),
        a_route("worst", 2, minimum_severity="critical"),
        a_route("web", 3, service="web"),
        a_route("api", 4, service="a*", minimum_severity="error", **{"continue": True}),
        a_route("again", 5, channel="#api"),
        a_route("late", 6),
        DEFAULT,
    ]
    verdicts = explain(event("ci.failed", {"service": "api"}), routes)
    assert [verdict.reason for verdict in verdicts] == [
        "type ci.failed is not deploy.*",
        "severity error is below critical",
        "service api is not web",
        "type ci.failed matches *, severity error is at least error, service api matches a*",
        "type ci.failed matches *, but route api already posts to #api",
        "not tried: route again ended the search",
        "default route: another route matched",
    ]


@pytest.mark.parametrize(
    ("of", "reason"),
    [
        (event("ci.failed"), "default route: no other matched, severity error"),
        (event("ci.passed", 5), "default route: no other matched, a malformed payload"),
        (event("ci.passed"), "default route: for severity error and above, not info"),
    ],
)
def test_default_says_why(of: Event, reason: str) -> None:
    """The default route's verdict tells what made it serve, or not."""
    other = a_route("other", event_pattern="other.*")
    assert explain(of, [other, DEFAULT])[1].reason == reason


def test_default_says_that_it_is_alone() -> None:
    """Before anybody has applied routes: `pulser replay` tells these events by it."""
    assert explain(event("ci.failed"), [DEFAULT])[0].reason == f"default route: {ALONE}, severity error"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"name": "r"}, "route 'r': channel: is missing"),
        ({"name": "r", "channel": "ops"}, "route 'r': channel: must be"),
        ({"name": "r", "channel": "#Ops Alerts"}, "route 'r': channel: must be"),
        ({"name": "r", "channel": "#ops", "mention": "<!channel>"}, "route 'r': mention: must be here"),
        ({"name": "r", "channel": "#ops", "minimum_severity": "bad"}, "route 'r': minimum_severity: input should be"),
        ({"channel": "#ops"}, "route '(no name)': name: is missing"),
        ([], "route '(no name)': input should be"),
    ],
)
def test_a_bad_route_is_refused_with_its_key(value: object, text: str) -> None:
    """The error names the route, the key and the fault."""
    with pytest.raises(RouteError) as refused:
        Route.from_json(value)
    assert str(refused.value).startswith(text)


def test_a_route_is_read_as_the_database_gives_it() -> None:
    """Nulls and columns of later versions are no hindrance; an empty mention is none."""
    value = {"name": "r", "position": 3, "event_pattern": "*", "minimum_severity": "info", "service": None}
    value |= {"environment": None, "channel": "C0123ABCD", "mention": "", "continue": False, "is_default": False}
    assert Route.from_json(value | {"created_by": "somebody"}).mention is None


def test_a_routing_goes_to_the_ledger_with_its_reason() -> None:
    """The delivery keeps why its route took the event, when nobody can ask the route any more."""
    route_ = a_route("a", event_pattern="ci.*", minimum_severity="warning")
    [routing] = route(event("ci.failed"), [route_])
    why = "type ci.failed matches ci.*, severity error is at least warning"
    assert routing.to_json() == {"route": "a", "channel": "#a", "mention": None, "why": why}


def test_a_reason_is_kept_within_bounds() -> None:
    """Long names of events and services make no long row."""
    [routing] = route(event("x" * 5000), [a_route("a")])
    assert len(routing.to_json()["why"]) <= WHY


def test_what_each_route_said_goes_to_the_ledger() -> None:
    """An event that no route took has all their reasons, in the order in which they were tried."""
    routes = [a_route("b", 2, service="web"), a_route("a", 1, event_pattern="deploy.*"), DEFAULT]
    assert [(it["route"], it["used"], it["why"]) for it in verdicts_of(event("ci.passed"), routes)] == [
        ("a", False, "type ci.passed is not deploy.*"),
        ("b", False, "service (none) is not web"),
        ("default", False, "default route: for severity error and above, not info"),
    ]


def test_no_more_than_fifty_routes_are_told() -> None:
    """A file of a thousand routes makes no row of a thousand reasons."""
    assert len(verdicts_of(event("ci.passed"), [a_route(f"r{at}", at) for at in range(80)])) == 50
