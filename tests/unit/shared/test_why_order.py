"""Moments are put in order by time, and none is lost."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulser.why_moment import Moment, Who, clock, in_order, inert, lasting, moment, seconds_between

BEGIN = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
TIMES = st.none() | st.integers(0, 5).map(lambda seconds: BEGIN + timedelta(seconds=seconds))
THREADS = st.lists(st.lists(TIMES, max_size=6), max_size=5).map(
    lambda threads: [
        [Moment(at, f"{number}.{place}") for place, at in enumerate(thread)] for number, thread in enumerate(threads)
    ]
)


@given(THREADS)
def test_nothing_is_lost_and_nothing_is_added(threads: list[list[Moment]]) -> None:
    """Each moment of each thread is there once."""
    assert Counter(in_order(*threads)) == Counter(it for thread in threads for it in thread)


@given(THREADS)
def test_the_times_that_are_known_rise(threads: list[list[Moment]]) -> None:
    """However the threads run beside each other."""
    times = [it.at for it in in_order(*threads) if it.at]
    assert times == sorted(times)


@given(THREADS)
def test_a_thread_whose_times_rise_keeps_its_order(threads: list[list[Moment]]) -> None:
    """Also at the same time, and where a time is not known: a cause stands before its effect."""
    ordered = in_order(*threads)
    for thread in threads:
        times = [it.at for it in thread if it.at]
        if times == sorted(times):
            assert [it for it in ordered if it in thread] == thread


@given(THREADS, st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_the_threads_order(threads: list[list[Moment]], random: Random) -> None:
    """But for moments of the same time."""
    shuffled = [*threads]
    random.shuffle(shuffled)
    assert [it.at for it in in_order(*shuffled) if it.at] == [it.at for it in in_order(*threads) if it.at]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-1, "0 ms"),
        (0, "0 ms"),
        (0.0123, "12 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.6, "1 min"),
        (243, "4 min 3 s"),
        (3600, "1 h"),
        (7500, "2 h 5 min"),
        (3 * 86_400 + 4 * 3600 + 59, "3 d 4 h"),
    ],
)
def test_a_span_is_told_in_two_units_at_most(seconds: float, words: str) -> None:
    """Rounded where it changes from one to the next."""
    assert lasting(seconds) == words


@given(st.floats(0, 1e9))
def test_no_span_has_sixty_seconds_or_minutes(seconds: float) -> None:
    """What rounds up goes over to the next unit."""
    words = lasting(seconds)
    assert not words.startswith(("60 s", "60 min", "1000 ms"))
    assert " 60 " not in words


@pytest.mark.parametrize(
    "value",
    ["infinity", "-infinity", "0044-01-01T00:00:00+00:00 BC", "", "x", None, 5, {}, "0001-01-01T00:00:00+14:00"],
)
def test_a_time_that_cannot_be_read_is_none(value: object) -> None:
    """Postgres knows times that Python does not."""
    assert moment(value) is None
    assert clock(value, None) == "an unknown time"
    assert seconds_between(value, "2026-11-24T12:00:00Z") is None


def test_a_clock_tells_the_day_only_where_it_is_another() -> None:
    """Short while it happens, certain afterwards."""
    at = "2026-11-24T12:00:30+02:00"
    assert clock(at, "2026-11-24T23:00:00Z") == "10:00:30 UTC"
    assert clock(at, "2026-11-25T00:00:00Z") == "2026-11-24 10:00:30 UTC"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a\n\tb", "a b"),
        ("\x1b[31mred", "[31mred"),
        ("xoxb-1234567890-sentinel", "[redacted]"),
        ("see https://hooks.slack.com/actions/T1/2/SENTINEL now", "see [redacted] now"),
        ("HTTPS://HOOKS.SLACK-GOV.com/commands/SENTINEL", "[redacted]"),
        ("postgresql://u:SENTINEL@h/db", "postgresql://[redacted]@h/db"),
        (None, ""),
        (True, ""),
        ({"a": 1}, ""),
        (5, "5"),
        ("x" * 900, "x" * 399 + "…"),
    ],
)
def test_somebodys_words_are_inert(text: object, told: str) -> None:
    """One line, of bounded length, without secrets and without addresses to answer by."""
    assert inert(text) == told


def test_nobody_is_told_where_nobody_is_known() -> None:
    """A name, an id, or nothing."""
    assert (Who.of(None, ""), Who.of("", None), Who.of(None, "ci")) == (None, None, Who(None, "ci"))


def test_a_moment_is_json() -> None:
    """Its time in ISO 8601, in UTC."""
    made = Moment.of("2026-11-24T12:00:30+02:00", "It happened", "twice", Who("U1", "ada"))
    assert made.to_json() == {
        "at": "2026-11-24T10:00:30+00:00",
        "what": "It happened",
        "detail": "twice",
        "who": {"user": "U1", "name": "ada"},
    }
