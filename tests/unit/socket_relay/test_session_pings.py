"""Whether the peer is there is what pongs say, and pongs alone."""

from __future__ import annotations

import pytest

from socket_relay.effects import Close, Count, Effect, OpenSuccessor, SendPing
from tests.unit.socket_relay.sessions import closing, live, of, run, waiting
from tests.unit.socket_relay.slack_frames import event, hello

HOUR = 3600.0


def test_a_ping_goes_every_five_seconds() -> None:
    """Each websocket has pings of its own."""
    session = live()
    assert session.next_tick == 5.0
    assert run(session, 0.0, 60.0) == [SendPing()] * 12


def test_a_tick_too_early_does_nothing() -> None:
    """Whoever ticks may do so as often as it likes."""
    session = live()
    assert [session.tick(it / 10) for it in range(50)] == [[]] * 50


def test_a_quiet_day_is_no_reason_to_reconnect() -> None:
    """Row 26: three hours without a frame, with pongs."""
    session = live()
    assert {type(it) for it in run(session, 0.0, 3 * HOUR)} == {SendPing}
    assert session.alive(3 * HOUR)


def test_frames_are_no_pongs() -> None:
    """Row 1: a connection that only gives, and does not take our pings and acks, is given up."""
    session, effects = live(), list[Effect]()
    for second in range(16):
        effects += session.text(float(second), event(f"e-{second}")) + session.tick(float(second))
    assert of(Close, effects) == [Close(1001, "silent")]


def test_a_half_open_connection_is_given_up_within_fifteen_seconds() -> None:
    """Rows 1 and 3: pongs for 12 s, then nothing at all, without a FIN."""
    session = live()
    run(session, 0.0, 12.0)
    assert of(Close, run(session, 12.0, 25.0, pong_after=None)) == []
    effects = run(session, 25.0, 27.0, pong_after=None)
    assert effects[-2:] == [Count("silent.dead"), Close(1001, "silent")]
    assert (session.state, session.end_reason) == ("closed", "silent")


def test_a_successor_is_opened_before_a_silent_one_is_given_up() -> None:
    """Row 1: the replacement is dialled while there is doubt, so that it is up within the fifteen seconds."""
    session = live()
    run(session, 0.0, 12.0)
    effects = run(session, 12.0, 22.1, pong_after=None)
    assert effects == [SendPing(), SendPing(), Count("silent.suspect"), OpenSuccessor("silent")]
    assert session.state == "live"


def test_a_connection_that_never_answers_is_given_up() -> None:
    """Row 2: staleness needs no first pong; hello is where it starts."""
    assert of(Close, run(live(), 0.0, 15.0, pong_after=None)) == [Close(1001, "silent")]


def test_slow_pongs_are_pongs() -> None:
    """Row 27: six seconds under load: no successor, no close."""
    assert {type(it) for it in run(live(), 0.0, 600.0, pong_after=6.0)} == {SendPing}


def test_alive_ends_with_the_age_of_the_last_pong() -> None:
    """Up-time counts no second in which the last pong was older than 15 s."""
    session = live()
    session.pong(3.0)
    assert [session.alive(it) for it in (3.0, 18.0, 18.1)] == [True, True, False]


def test_a_pong_brings_it_back() -> None:
    """A late pong before the end is a pong; the successor that was asked for stays asked for."""
    session = live()
    effects = run(session, 0.0, 14.0, pong_after=None)
    session.pong(14.5)
    effects += run(session, 14.5, 60.0)
    assert of(Close, effects) == []
    assert of(OpenSuccessor, effects) == [OpenSuccessor("silent")]


@pytest.mark.parametrize("pause", [6.0, 40.0, 8 * HOUR])
def test_time_in_which_we_were_held_up_is_not_held_against_the_peer(pause: float) -> None:
    """Row 27: a pong may lie unread: it is judged after it could be read."""
    session = live()
    run(session, 0.0, 10.0)
    woken = 10.0 + 5.0 + pause
    assert session.tick(woken) == [SendPing()]
    session.pong(woken + 0.1)
    assert {type(it) for it in run(session, woken + 0.1, woken + 600.0)} == {SendPing}


def test_a_peer_that_went_away_while_we_were_held_up_is_found_out() -> None:
    """Rows 1 and 27: after a pause the fifteen seconds go on."""
    session = live()
    run(session, 0.0, 10.0)
    session.tick(100.0)
    assert of(Close, run(session, 100.0, 115.0, pong_after=None)) == [Close(1001, "silent")]


def test_a_pause_is_not_up_time() -> None:
    """Held against the peer or not: without a fresh pong nobody can say that it was up."""
    session = live()
    session.tick(100.0)
    assert not session.alive(100.0)


def test_a_hello_that_lay_unread_while_we_were_held_up_is_heard() -> None:
    """Row 27: the ten seconds for the hello are not our own pause."""
    session = waiting()
    assert of(Close, session.tick(30.0)) == []
    session.text(30.1, hello())
    assert session.state == "live"


def test_pongs_of_one_do_not_feed_the_other() -> None:
    """Row 28: two sessions, one mute: only that one is given up."""
    mute, other = live(), live()
    effects, others = list[Effect](), list[Effect]()
    for tenth in range(301):
        now = tenth / 10
        effects += mute.tick(now)
        new = other.tick(now)
        others += new
        for _ in of(SendPing, new):
            other.pong(now)
    assert of(Close, effects) == [Close(1001, "silent")]
    assert {type(it) for it in others} == {SendPing}
    assert other.alive(30.0)


def test_one_that_retires_is_pinged_and_given_up_alike() -> None:
    """What drains for long has to be there."""
    session = live()
    session.retire(0.0, "replaced", within=60.0)
    effects = run(session, 0.0, 60.0, pong_after=None)
    assert of(SendPing, effects)
    assert of(Close, effects) == [Close(1001, "silent")]
    assert of(OpenSuccessor, effects) == []


def test_one_that_closes_is_not_pinged() -> None:
    """After the close nothing may be sent."""
    assert of(SendPing, run(closing(), 0.0, 60.0)) == []


def test_one_that_closes_is_not_up() -> None:
    """Its up-time ends with its close."""
    assert not closing().alive(0.0)


def test_a_pong_makes_no_effects() -> None:
    """It only moves the deadlines."""
    session = live()
    assert session.pong(4.0) == []
