"""Which alert an event is: what fires again is the same one, and what ends it is found."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from notify_dispatch.alert_identity import alert_of, resolves_of
from notify_dispatch.event import Event
from tests.unit.notify_dispatch.events import event, row, rows

PLACE = {"service": "api", "environment": "production"}
CI = {"service": "api", "branch": "main"}


def key(event_type: str = "error_rate.exceeded", payload: dict[str, Any] | None = None, **columns: str) -> Any:  # noqa: ANN401  JSON
    return alert_of(Event.from_json(row(event_type, PLACE if payload is None else payload, **columns)))["key"]


def ends(ended: str, fired: str, of: dict[str, Any], **changes: Any) -> bool:  # noqa: ANN401  JSON
    """Whether `ended` ends the alert `fired` of the same payload, but for the changes."""
    alert, told = alert_of(event(fired, of)), resolves_of(event(ended, of | changes))
    return bool(told and {alert["key"], alert["resolve_key"]} & set(told["keys"]))


@pytest.mark.parametrize(
    "changes",
    [{"title": "other words"}, {"error_rate": 0.9}, {"severity": "warning"}, {"run_id": "8"}, {"version": "2"}],
)
def test_what_changes_from_time_to_time_is_no_identity(changes: dict[str, Any]) -> None:
    """Words and figures."""
    assert key(payload=PLACE | changes) == key()


@pytest.mark.parametrize(
    "changes", [{"service": "web"}, {"environment": "staging"}, {"branch": "main"}, {"fingerprint": "1"}, {"job": "x"}]
)
def test_what_it_is_about_is_its_identity(changes: dict[str, Any]) -> None:
    """Each of it."""
    assert key(payload=PLACE | changes) != key()


def test_a_fingerprint_is_the_identity_whatever_the_type() -> None:
    """Within its service and environment: two of the same name elsewhere must not hide each other."""
    one = {**PLACE, "fingerprint": "5xx"}
    assert key(payload=one) == key("disk.full", {**one, "branch": "main"})
    assert key(payload=one) != key(payload={**one, "service": "web"})


def test_a_failed_deploy_is_that_of_its_version() -> None:
    """Rollback is pinned to it."""
    assert key("deploy.failed", PLACE | {"version": "1"}) != key("deploy.failed", PLACE | {"version": "2"})


def test_a_target_names_what_the_service_does_not() -> None:
    """A service has many tasks, and one error rate."""
    assert key("task.failed", target="export") != key("task.failed", target="backup")
    assert key("error_rate.exceeded", target="export") == key("error_rate.exceeded", target="backup")


@pytest.mark.parametrize("event_type", ["relay.alarm", "relay.deaf", "delivery.dead", "delivery.in_doubt"])
def test_an_alarm_of_pulsers_own_repeats_nothing(event_type: str) -> None:
    """Nobody may overlook a new one because an old one was never closed."""
    assert key(event_type, {"service": "pulser", "reason": "link_disabled"}) is None


def test_hearing_again_ends_what_was_deaf_and_no_other_trouble() -> None:
    """Another trouble of the relay has a reason."""
    assert ends("relay.hearing", "relay.deaf", {"service": "pulser"}, severity="info")
    assert not ends("relay.hearing", "relay.alarm", {"service": "pulser", "reason": "link_disabled"}, reason=None)


def test_a_long_text_without_figures_is_read_at_once() -> None:
    """What anybody may write must not hold the router up: a look ahead is bounded."""
    alert_of(event("disk.full", {"summary": "a-" * 200_000}))


def test_a_title_names_what_nothing_else_names() -> None:
    """But for its figures; and what nothing names has no identity."""
    assert key("disk.full", {"title": "9 GB left"}) == key("disk.full", {"title": "8 GB left"})
    assert key("disk.full", {"title": "other"}) != key("disk.full", {"title": "8 GB left"})
    assert key("disk.full", {}) is None
    assert alert_of(Event.from_json(row("ci.failed", "no object")))["key"] is None


@pytest.mark.parametrize(
    ("ended", "fired", "of"),
    [
        ("ci.passed", "ci.failed", CI),
        ("ci.passed", "ci.failed", CI | {"workflow": "nightly"}),
        ("ci.passed", "ci.failed", CI | {"fingerprint": "x"}),
        ("deploy.completed", "deploy.failed", PLACE),
        ("task.completed", "task.failed", PLACE),
        ("error_rate.recovered", "error_rate.exceeded", PLACE),
        ("error_rate.resolved", "error_rate.exceeded", PLACE | {"fingerprint": "x"}),
        ("disk.recovered", "disk.full", PLACE),
    ],
)
def test_what_ends_an_alert_finds_it(ended: str, fired: str, of: dict[str, Any]) -> None:
    """At the same place."""
    assert ends(ended, fired, of)


@pytest.mark.parametrize(
    ("ended", "fired", "changes"),
    [
        ("ci.passed", "ci.failed", {"branch": "other"}),
        ("ci.passed", "ci.failed", {"workflow": "nightly"}),
        ("ci.passed", "task.failed", {}),
        ("disk.recovered", "disk.full", {"fingerprint": "another"}),
        ("error_rate.recovered", "error_rate.exceeded", {"environment": "staging"}),
        ("disk.cleaned", "disk.full", {}),
    ],
)
def test_what_is_of_something_else_ends_nothing(ended: str, fired: str, changes: dict[str, Any]) -> None:
    """A false "resolved" is worse than none."""
    assert not ends(ended, fired, CI, **changes)


def test_a_deploy_ends_the_failure_of_any_version_and_branch() -> None:
    """What runs now is what counts."""
    assert ends("deploy.completed", "deploy.failed", PLACE | {"version": "1", "branch": "a"}, version="2", branch="b")


def test_an_unknown_alert_with_a_fingerprint_is_ended_by_it_alone() -> None:
    """Of what pulser does not know, there may be many in a service."""
    of = PLACE | {"fingerprint": "x"}
    assert ends("disk.recovered", "disk.full", of)
    assert not ends("disk.recovered", "disk.full", of, fingerprint=None)
    assert ends("error_rate.recovered", "error_rate.exceeded", of, fingerprint=None)


def test_a_resolved_status_ends_the_very_alert() -> None:
    """Not the others of its thing."""
    assert ends("disk.full", "disk.full", PLACE, status="resolved")
    assert not ends("disk.full", "disk.slow", PLACE, status="resolved")


def test_words_are_the_same_but_for_figures() -> None:
    """A count or an ID that changes each time is nothing new."""

    def words(text: str) -> object:
        return alert_of(event("ci.failed", {"summary": text}))["words"]

    assert words("5 of 20 failed in 1a2b3c4d5e") == words("7 of 31 failed in 00ff00ff11")
    assert words("5 of 20 failed") != words("5 of 20 timed out")
    assert alert_of(event("ci.failed", {}))["words"] is None


@given(rows)
def test_it_is_bounded_json_whatever_the_event(described: Any) -> None:  # noqa: ANN401  JSON
    """Nothing that somebody writes makes it fail, or the ledger's row large."""
    happened = Event.from_json(described)
    told = {"alert": alert_of(happened), "resolves": resolves_of(happened)}
    assert len(json.dumps(told)) < 60_000
