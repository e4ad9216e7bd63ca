"""A connection is replaced before Slack ends it, and two of them never together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socket_relay.effects import Close, Count, OpenSuccessor
from socket_relay.timing import Timing
from tests.unit.socket_relay.sessions import connecting, live, of, run
from tests.unit.socket_relay.slack_frames import disconnect, hello


def test_it_rotates_at_four_fifths_of_its_expected_life() -> None:
    """Before Slack's own end, with time to spare for the successor."""
    session = live(lasts=18060)
    assert of(OpenSuccessor, run(session, 0.0, 14_447.0)) == []
    assert run(session, 14_447.0, 14_448.0) == [Count("rotation"), OpenSuccessor("rotation")]


def test_its_life_counts_from_the_opening() -> None:
    """Slack's clock does not wait for its hello."""
    session = connecting()
    session.opened(100.0)
    run(session, 100.0, 108.0)
    session.text(108.0, hello(lasts=1000))
    assert of(OpenSuccessor, run(session, 108.0, 899.9)) == []
    assert of(OpenSuccessor, run(session, 899.9, 900.0)) == [OpenSuccessor("rotation")]


def test_two_sessions_rotate_apart() -> None:
    """The stagger is a share of the life that each session is given."""
    first, second = live(lasts=1000, timing=Timing(stagger=0.1)), live(lasts=1000)
    assert of(OpenSuccessor, run(first, 0.0, 700.1))
    assert of(OpenSuccessor, run(second, 0.0, 700.1)) == []


def test_it_serves_while_it_rotates() -> None:
    """Row 15: rotation is make before break, and is asked for once."""
    session = live(lasts=1000)
    effects = run(session, 0.0, 5000.0)
    assert of(OpenSuccessor, effects) == [OpenSuccessor("rotation")]
    assert of(Close, effects) == []
    assert session.alive(5000.0)


@pytest.mark.parametrize("lasts", [None, 0, -5, "3600", 10**9])
def test_without_an_expected_life_slack_says_when(lasts: object) -> None:
    """An unknown life is no life of zero seconds."""
    session = live(lasts=lasts)
    assert of(OpenSuccessor, run(session, 0.0, 90_000.0)) == []


def test_a_very_short_life_does_not_use_up_the_dial_budget() -> None:
    """Slack allows few dials: no rotation before half a minute, whatever its hello says."""
    session = live(lasts=1)
    assert of(OpenSuccessor, run(session, 0.0, 29.9)) == []
    assert of(OpenSuccessor, run(session, 29.9, 30.0)) == [OpenSuccessor("rotation")]


def test_a_session_with_a_successor_does_not_rotate() -> None:
    """Row 12: a warning before the rotation's time has done it."""
    session = live(lasts=1000)
    session.text(10.0, disconnect("warning"))
    assert of(OpenSuccessor, run(session, 10.0, 5000.0)) == []


def test_a_retired_session_does_not_rotate() -> None:
    """Its successor is up."""
    session = live(lasts=1000)
    session.retire(799.0, "replaced")
    assert of(OpenSuccessor, run(session, 799.0, 801.0)) == []


@given(st.floats(1, 604_800), st.floats(0, 0.2))
def test_every_rotation_is_before_the_end(lasts: float, stagger: float) -> None:
    """For each life that is long enough, and each stagger: between 60 % and 80 % of it."""
    session = live(lasts=lasts, timing=Timing(stagger=stagger, ping=10**9, suspect=10**9, dead=10**9))
    at = session.next_tick
    assert at == pytest.approx(max(30.0, lasts * (0.8 - stagger)))
    assert of(OpenSuccessor, session.tick(at)) == [OpenSuccessor("rotation")]
