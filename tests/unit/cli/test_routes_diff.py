from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify_dispatch.route import Route
from pulser_cli.routes_diff import changes_between


def a_route(name: str, position: int, **keys: object) -> dict[str, Any]:
    described = {"name": name, "position": position, "channel": f"#{name}"} | keys
    return Route.from_json(described).model_dump(mode="json", by_alias=True)


def words(held: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> list[str]:
    return [f"{change.kind} {change.in_words()}" for change in changes_between(held, wanted)]


@given(st.lists(st.sampled_from("abcdef"), unique=True))
def test_a_set_differs_not_from_itself(names: list[str]) -> None:
    """The same routes at other positions, in the same order, are the same routes."""
    held = [a_route(name, at) for at, name in enumerate(names)]
    wanted = [a_route(name, 10 * at + 7) for at, name in enumerate(names)]
    assert changes_between(held, wanted) == []


@given(st.permutations("abcdef"))
def test_another_order_is_a_difference(names: list[str]) -> None:
    """A set in another order is never called the same."""
    held = [a_route(name, at) for at, name in enumerate("abcdef")]
    wanted = [a_route(name, at) for at, name in enumerate(names)]
    assert bool(changes_between(held, wanted)) is (names != list("abcdef"))


def test_added_and_removed_are_told_with_what_they_say() -> None:
    """What is only here or only there is told by its keys; empty ones are left out."""
    held, wanted = [a_route("a", 1, service="api")], [a_route("b", 1, mention="here", **{"continue": True})]
    assert words(held, wanted) == [
        "added b: event_pattern *, minimum_severity info, channel #b, mention here, continue true",
        "removed a: event_pattern *, minimum_severity info, service api, channel #a",
    ]


def test_changed_is_told_key_by_key() -> None:
    """Before and after of each key that differs."""
    assert words([a_route("a", 1, mention="here")], [a_route("a", 1, channel="#b", **{"continue": True})]) == [
        "changed a: channel #a → #b, mention here → none, continue false → true"
    ]


@pytest.mark.parametrize(("order", "moved"), [("bca", "changed a: place 1 → 3"), ("cab", "changed c: place 3 → 1")])
def test_the_fewest_routes_are_said_to_move(order: str, moved: str) -> None:
    """Of routes that changed places only those are named that passed others."""
    held = [a_route(name, at) for at, name in enumerate("abc")]
    assert words(held, [a_route(name, at) for at, name in enumerate(order)]) == [moved]


def test_the_default_has_no_place() -> None:
    """The default route is tried last wherever it stands."""
    default, other = a_route("default", 1, is_default=True), a_route("a", 2)
    assert words([default, other], [other, default | {"position": 3}]) == []


def test_changes_are_json() -> None:
    """With --json a change has each key before and after."""
    [change] = changes_between([a_route("a", 1)], [a_route("a", 1, mention="here")])
    keys = {"mention": {"before": None, "after": "here"}}
    assert change.to_json() == {"kind": "changed", "route": "a", "keys": keys}
