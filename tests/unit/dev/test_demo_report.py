from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pulser_cli.demo import expected_channels
from pulser_cli.routes_file import find, load
from pulser_local.demo_events import DEMO_EVENTS, DemoEvent
from pulser_local.demo_report import DemoReport, Emitted, Standing, judge, tell

CONTRACT = (  # noqa: SIM905  # as the design writes it
    "ci.passed ci.failed deploy.started deploy.completed deploy.failed error_rate.exceeded task.completed "
    "task.failed trigger.acknowledged"
).split()
EVENT = DemoEvent("ci.passed", ("ops-ci",), "ci", "shop-api", {})
AT = 1_700_000_000.0


def delivery(latency_ms: float, *, channel: str = "#ops-ci", ts: str = "1.1") -> dict[str, Any]:
    sent_at = datetime.fromtimestamp(AT + latency_ms / 1000, tz=UTC).isoformat()
    return {"channel": channel, "status": "sent", "attempts": 1, "slack_ts": ts, "sent_at": sent_at, "reason": None}


def verdict(*standing: Standing, deliveries: list[dict[str, Any]]) -> DemoReport:
    story = {"dispatch": {"status": "routed"}, "deliveries": deliveries}
    return judge([Emitted(EVENT, "e1", AT)], {"e1": story}, standing)


def stands(channel: str = "ops-ci", ts: str = "1.1") -> Standing:
    return Standing("e1", channel, ts, f"http://127.0.0.1/archives/{channel}/{ts}")


def test_each_type_of_the_contract_is_emitted_once() -> None:
    """The demo's events are the types that the contract has for platforms, one of each."""
    assert [event.event_type for event in DEMO_EVENTS] == CONTRACT


def test_the_events_stand_where_the_projects_routes_bring_them() -> None:
    """The channels of the demo's events are those of ssot/integrations/slack/pulser.yaml."""
    routes = load(find(Path(__file__).parent)).positioned()
    assert {event.event_type: expected_channels(event, routes) for event in DEMO_EVENTS} == {
        event.event_type: event.channels for event in DEMO_EVENTS
    }


def test_an_event_without_a_route_is_a_problem() -> None:
    """An event that no route takes anywhere is told."""
    report = judge([Emitted(replace(EVENT, channels=()), "e1", AT)], {}, [])
    assert report.problems == ["ci.passed has no route; see: pulser routes explain ci.passed"]


def test_once_and_in_time_is_well() -> None:
    """One message in the expected channel, fast enough, is no problem."""
    report = verdict(stands(), deliveries=[delivery(120)])
    assert report.ok
    assert report.arrivals[0].latency_ms == 120


def test_a_missing_message_is_told_with_its_story() -> None:
    """A message that is not in Slack is a problem that says what the ledger knows."""
    held = {"channel": "#ops-ci", "status": "failed", "attempts": 3, "reason": "server_error", "error": "HTTP 500"}
    [problem] = verdict(deliveries=[held]).problems
    assert problem == (
        "ci.passed is missing in #ops-ci: dispatch routed; #ops-ci is failed after 3 attempts (server_error: HTTP 500)"
    )


def test_a_second_message_is_a_problem() -> None:
    """The same event twice in its channel is told, whatever the ledger says."""
    report = verdict(stands(), stands(ts="1.2"), deliveries=[delivery(10), delivery(20, ts="1.2")])
    assert report.problems == ["ci.passed stands 2 times in #ops-ci"]


def test_a_wrong_channel_is_a_problem() -> None:
    """A message where nobody expects it is told."""
    report = verdict(stands(), stands("general", "1.2"), deliveries=[delivery(10), delivery(10, ts="1.2")])
    assert report.problems == ["ci.passed stands in #general, where nobody expects it"]


def test_a_message_the_ledger_does_not_know_is_a_problem() -> None:
    """A message that stands in Slack but is not settled is told."""
    assert verdict(stands(), deliveries=[]).problems == ["1 messages stand in Slack, but the ledger does not say so"]


def test_a_slow_message_is_a_problem() -> None:
    """Five seconds are too many, for one message and for the p95."""
    report = verdict(stands(), deliveries=[delivery(5000)])
    assert report.problems == [
        "p95 is 5000 ms; it must be under 1000 ms",
        "ci.passed took 5000 ms; the limit is 5000 ms",
    ]


def test_the_ledger_may_know_nothing() -> None:
    """An event without a story is told as such."""
    assert tell({}) == "the ledger does not know the event"
