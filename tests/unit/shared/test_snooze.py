"""For how long an alert is snoozed: minutes of the world's clock, or the next 9:00 of somebody's own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulser.snooze import CHOICES, next_nine, until, zone_named

NOW = datetime(2026, 3, 1, 7, 33, 20, tzinfo=UTC)
ZONES = sorted(it for it in available_timezones() if "/" in it and not it.startswith(("posix/", "right/", "Etc/")))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(("choice", "after"), [("30m", timedelta(minutes=30)), ("2h", timedelta(hours=2))])
def test_minutes_need_no_zone(choice: str, after: timedelta) -> None:
    """They are the same for everybody."""
    assert until(choice, NOW, None) == NOW + after


@pytest.mark.parametrize(("choice", "zone"), [("9am", None), ("x", UTC), (None, UTC)])
def test_what_is_not_known_is_not_guessed(choice: str | None, zone: None) -> None:
    """Neither a zone nor a choice."""
    assert until(choice, NOW, zone) is None


@pytest.mark.parametrize(
    ("zone", "now", "expected"),
    [
        ("Europe/Berlin", "2026-03-01T07:59:59", "2026-03-01T08:00"),  # later today
        ("Europe/Berlin", "2026-03-01T08:00:00", "2026-03-02T08:00"),  # strictly in the future
        ("Europe/Berlin", "2026-03-28T12:00:00", "2026-03-29T07:00"),  # the night takes an hour
        ("Europe/Berlin", "2026-10-24T12:00:00", "2026-10-25T08:00"),  # the night gives one back
        ("America/New_York", "2026-03-08T03:30:00", "2026-03-08T13:00"),  # there, still the evening before
        ("Asia/Kolkata", "2026-03-01T03:30:00", "2026-03-02T03:30"),  # half an hour beside the others
        ("Australia/Lord_Howe", "2026-04-04T12:00:00", "2026-04-04T22:30"),  # half an hour back at night
        ("Pacific/Apia", "2011-12-29T20:00:00", "2011-12-30T19:00"),  # the 30th was left out there
    ],
)
def test_the_next_nine_is_that_of_the_clocks_there(zone: str, now: str, expected: str) -> None:
    """Whatever these did last night."""
    assert next_nine(utc(now), ZoneInfo(zone)) == utc(expected)


@given(st.sampled_from(ZONES), st.datetimes(datetime(1995, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_it_is_nine_there_and_in_the_future(zone: str, now: datetime) -> None:
    """Within two days and a bit, and no 9:00 is before it."""
    found = next_nine(now, ZoneInfo(zone))
    there = found.astimezone(ZoneInfo(zone))
    assert (there.hour, there.minute) == (9, 0)
    assert timedelta(0) < found - now <= timedelta(days=2, hours=2)


@pytest.mark.parametrize(
    "name", [None, 7, "", "America", "../../etc/passwd", "/etc/localtime", "No/Where", "A" * 999, "Europe/Ber\0lin"]
)
def test_what_is_no_zone_is_none(name: object) -> None:
    """Slack may say anything."""
    assert zone_named(name) is None


def test_a_zone_is_found_by_its_name() -> None:
    """As Slack writes it."""
    assert zone_named("America/Argentina/Buenos_Aires") == ZoneInfo("America/Argentina/Buenos_Aires")


def test_each_choice_has_its_words() -> None:
    """An option's text is at most 75 characters."""
    assert all(until(it, NOW, UTC) and 0 < len(words) <= 75 for it, words in CHOICES.items())
