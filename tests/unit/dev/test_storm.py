"""The verdict on a storm: how long each event waited, in how many messages all are, and what is wrong."""

from __future__ import annotations

from dataclasses import replace

from pulser_cli.demo import storm_lines
from pulser_local.storm import StormReport, Told, judge_storm

COMMITTED = {f"e{number}": 100.0 for number in range(10)}
TOLD = [Told(f"e{number}", "#a", "sent", 100.5 + number / 10, "C1 1.1", "d") for number in range(10)]
POSTS = {"#a": [100.4, 101.5]}


def verdict(told: list[Told] = TOLD, posts: dict[str, list[float]] = POSTS) -> StormReport:
    return judge_storm(COMMITTED, told, posts, 2)


def test_the_waits_are_measured_from_each_commit() -> None:
    """In milliseconds, and the longest is told."""
    report = verdict()
    assert (report.p50_ms, report.max_ms, report.problems) == (950.0, 1400.0, [])
    assert (report.events, report.messages, report.digests, report.updates) == (10, 1, 1, 2)
    assert report.least_distance_s == 1.1


def test_an_event_in_no_message_is_told() -> None:
    """Also one that is dead."""
    told = [*TOLD[:8], replace(TOLD[8], status="dead", sent_at=None, message=None)]
    assert verdict(told).problems == ["2 events of the storm are in no message"]


def test_an_event_in_two_messages_is_told() -> None:
    """Of one channel; in two channels it belongs twice."""
    assert verdict([*TOLD, TOLD[0]]).problems == ["1 events of the storm are in more than one message of a channel"]
    assert verdict([*TOLD, replace(TOLD[0], channel="#b")]).problems == []


def test_a_late_storm_is_told() -> None:
    """Five seconds, for all but one in a hundred."""
    late = [replace(it, sent_at=105.5) for it in TOLD]
    assert verdict(late).problems == ["p99 of the storm is 5500 ms; it must be under 5000 ms"]


def test_two_messages_within_a_second_are_told() -> None:
    """Slack's pace is kept in a storm, too."""
    assert verdict(posts={"#a": [100.0, 100.9]}).problems == ["two messages of a channel came within 0.900 s"]


def test_the_terminal_tells_how_long_each_waited() -> None:
    """And in how many messages all are."""
    assert storm_lines(verdict()) == (
        "a storm of 10 events: each in one of 1 messages, 1 of them digests (2 times changed)\n"
        "  from commit to visible in Slack: p50 950 ms  p95 1,355 ms  p99 1,391 ms  max 1,400 ms"
    )
