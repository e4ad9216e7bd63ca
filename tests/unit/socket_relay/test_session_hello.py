"""The beginning of a session: nothing counts before Slack's hello."""

from __future__ import annotations

import math

import pytest

from socket_relay.effects import Ack, Alarm, BackOff, Close, Count, Live, OpenSuccessor, Record, SendPing
from socket_relay.frames import Hello
from socket_relay.session import Expectation
from tests.unit.socket_relay.sessions import connecting, ended, live, of, run, waiting
from tests.unit.socket_relay.slack_frames import APP, TEAM, click, disconnect, hello, text

HELLO = Hello(APP, 1, None, "applink-1")


def test_before_the_websocket_is_open_there_is_nothing_to_do() -> None:
    """The connection is dialled by others, with a time limit of their own."""
    session = connecting()
    assert (session.session_id, session.state) == ("session-1", "connecting")
    assert session.next_tick == math.inf
    assert session.tick(1000.0) == []


def test_an_open_websocket_is_pinged_at_once() -> None:
    """Row 2: no ping waits for a hello."""
    session = connecting()
    assert session.opened(3.0) == [SendPing()]
    assert session.state == "waiting_for_hello"


def test_an_open_websocket_is_not_up() -> None:
    """Row 2: a websocket without hello does not count."""
    session = waiting()
    session.pong(0.1)
    assert not session.alive(0.1)


def test_hello_makes_it_live() -> None:
    """With its hello the session counts."""
    session = waiting()
    assert session.text(0.2, hello()) == [Count("hello"), Live(HELLO)]
    assert (session.state, session.hello, session.hello_at) == ("live", HELLO, 0.2)
    assert session.alive(0.2)


def test_a_hello_without_any_content_will_do() -> None:
    """Slack documents the fields of a hello, and does not promise them."""
    session = waiting()
    assert Live(Hello()) in session.text(0.2, text({"type": "hello"}))


def test_a_hello_just_in_time_will_do() -> None:
    """Up to ten seconds after the opening."""
    session = waiting()
    run(session, 0.0, 9.99)
    assert of(Live, session.text(9.99, hello())) == [Live(HELLO)]


def test_a_session_without_hello_is_closed() -> None:
    """Row 2: ten seconds after the opening, also when pongs come."""
    session = waiting()
    assert run(session, 0.0, 9.99) == [SendPing()]
    assert run(session, 9.99, 10.0) == [Count("hello.timeout"), Close(1002, "hello_timeout")]
    assert (session.state, session.end_reason) == ("closed", "hello_timeout")


def test_a_websocket_that_is_mute_from_the_start_is_closed() -> None:
    """Row 2: no hello, no pong: ten seconds."""
    session = waiting()
    assert of(Close, run(session, 0.0, 10.0, pong_after=None)) == [Close(1002, "hello_timeout")]


def test_the_ten_seconds_start_when_the_websocket_is_open() -> None:
    """A slow handshake is not taken from the hello's time."""
    session = connecting()
    session.opened(8.0)
    assert of(Close, run(session, 8.0, 17.9)) == []
    assert of(Close, run(session, 17.9, 18.0)) == [Close(1002, "hello_timeout")]


def test_a_hello_that_is_too_late_is_not_heard() -> None:
    """Row 2: the session was given up; another one is being dialled."""
    session = waiting()
    run(session, 0.0, 10.0)
    assert session.text(10.1, hello()) == []
    assert session.hello is None


def test_a_second_hello_changes_nothing() -> None:
    """A session has one hello."""
    session = live()
    assert session.text(1.0, hello(app_id="A9999", connections=7)) == [Count("hello.again")]
    assert session.hello == HELLO


def test_opened_is_said_once() -> None:
    """A second opening changes nothing."""
    session = live()
    assert session.opened(5.0) == []
    assert session.state == "live"


def test_a_frame_before_the_opening_opens() -> None:
    """Whoever performs may read before it tells of the opening: nothing is lost."""
    session = connecting()
    assert session.text(0.0, hello()) == [SendPing(), Count("hello"), Live(HELLO)]


def test_an_envelope_before_hello_is_taken() -> None:
    """Slack has handed it over: a click comes but once."""
    session = waiting()
    effects = session.text(0.1, click())
    assert of(Record, effects)
    assert of(Ack, effects)
    assert session.state == "waiting_for_hello"


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "something_new", None])
def test_a_disconnect_before_hello_ends_it(reason: str | None) -> None:
    """Row 13: there is nothing to replace before hello; whoever dials waits longer each time."""
    session = waiting()
    effects = session.text(0.1, disconnect(reason))
    assert of(OpenSuccessor, effects) == []
    assert [it.code for it in of(Close, effects)] == [1000]
    assert (session.state, session.hello_at) == ("closed", None)


def test_the_app_that_is_expected_is_welcome() -> None:
    """The app token's app is the bot token's."""
    assert live(own=Expectation(TEAM, APP)).state == "live"


def test_the_connection_of_another_app_is_not_kept() -> None:
    """Row 31: the clicks that come by it are of another app, which may have a relay of its own."""
    session = waiting(own=Expectation(TEAM, "A9999"))
    assert session.text(0.1, hello()) == [
        BackOff("app_mismatch"),
        Alarm("app_mismatch", "Slack greets the app A0001; expected was A9999"),
        Close(1000, "app_mismatch"),
    ]
    assert (session.state, session.hello) == ("closed", None)


def test_a_hello_that_names_no_app_is_welcome() -> None:
    """What Slack does not say is not held against the connection."""
    session = waiting(own=Expectation(TEAM, APP))
    assert of(Live, session.text(0.1, hello(app_id=None)))


def test_it_is_stable_after_a_minute() -> None:
    """Row 13: only a session that has lasted starts the backoff anew."""
    session = live()
    run(session, 0.0, 61.0)
    assert [session.is_stable(it) for it in (59.9, 60.0)] == [False, True]


def test_a_session_without_hello_is_never_stable() -> None:
    """Row 13: an open websocket is not enough."""
    assert not waiting().is_stable(1000.0)


def test_a_session_that_has_ended_is_not_stable() -> None:
    """It lasts no longer."""
    assert not ended().is_stable(1000.0)
