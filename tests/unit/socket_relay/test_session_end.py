"""How a session retires, closes and ends, and that nothing comes after."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from socket_relay.effects import Ack, Close, Count, Effect, Forward, OpenSuccessor, Record
from socket_relay.session import Session
from tests.unit.socket_relay.sessions import closing, connecting, ended, live, of, retiring, run, waiting
from tests.unit.socket_relay.slack_frames import click, command, disconnect, hello


def _all_inputs(session: Session, now: float) -> list[Effect]:
    """Everything that can be said to a session."""
    return [
        *session.opened(now),
        *session.text(now, hello()),
        *session.text(now, click()),
        *session.text(now, disconnect("warning")),
        *session.text(now, disconnect("link_disabled")),
        *session.text(now, "UNAUTHENTICATED: cache_error"),
        *session.binary(now, b"x"),
        *session.pong(now),
        *session.tick(now),
        *session.retire(now, "shutdown"),
        *session.successor_up(now),
        *session.closed(now, 1000, "late"),
    ]


def test_a_successor_that_is_up_retires_the_old_one() -> None:
    """Row 15: from then on it drains for fifteen seconds."""
    session = live()
    session.text(1.0, disconnect("warning"))
    assert session.successor_up(3.0) == [Count("retired")]
    assert (session.state, session.draining_until, session.end_reason) == ("retiring", 18.0, "replaced")


def test_one_that_drains_is_up() -> None:
    """Its clicks get through."""
    assert retiring().alive(1.0)


def test_one_that_drains_takes_envelopes_to_its_end() -> None:
    """Rows 14, 15 and 18: Slack may hand over on either socket until the old one is closed."""
    session = retiring()
    effects = [it for second in range(15) for it in session.text(float(second), click(f"e-{second}"))]
    assert [type(it) for it in effects] == [Record, Ack, Forward] * 15


def test_slack_may_end_the_draining() -> None:
    """Row 15: when Slack closes, it is closed, and nobody dials."""
    session = retiring()
    assert session.closed(4.0, 1000, "") == [Count("closed.1000")]
    assert (session.state, session.end_reason) == ("closed", "replaced")


def test_after_fifteen_seconds_we_end_the_draining() -> None:
    """Row 15: a server that keeps the old socket does not keep us."""
    session = retiring()
    assert of(Close, run(session, 0.0, 14.9)) == []
    assert of(Close, run(session, 14.9, 15.0)) == [Close(1000, "drained")]


def test_envelopes_that_cross_our_close_are_taken() -> None:
    """Row 14: they are acknowledged on the other socket."""
    session = closing()
    assert [type(it) for it in session.text(0.5, command())] == [Record, Forward, Ack]


def test_a_close_that_is_not_answered_ends_within_a_second() -> None:
    """Row 17: the peer need not finish the handshake."""
    session = closing()
    assert (session.state, session.next_tick) == ("retiring", 1.0)
    assert run(session, 0.0, 10.0) == [Count("close.unanswered")]
    assert session.state == "closed"


def test_a_close_is_asked_for_once() -> None:
    """Neither a second retirement nor time closes again."""
    session = closing()
    assert session.retire(0.1, "shutdown") == []
    assert of(Close, run(session, 0.1, 100.0)) == []


def test_a_shutdown_drains_for_as_long_as_it_is_given() -> None:
    """Row 33: a process that has to end in ten seconds says so."""
    session = live()
    session.retire(0.0, "shutdown", within=5.0)
    assert of(Close, run(session, 0.0, 4.9)) == []
    assert of(Close, run(session, 4.9, 5.0)) == [Close(1000, "drained")]


@pytest.mark.parametrize(("within", "until"), [(2.0, 6.0), (60.0, 15.0), (None, 15.0)])
def test_retired_again_the_earlier_end_holds(within: float | None, until: float) -> None:
    """A shutdown shortens the draining, nothing makes it longer."""
    session = retiring()
    assert session.retire(4.0, "shutdown", within) == []
    assert session.draining_until == until


@pytest.mark.parametrize("make", [connecting, waiting])
def test_what_never_served_has_nothing_to_drain(make: Callable[[], Session]) -> None:
    """A shutdown during the handshake closes at once."""
    session = make()
    assert session.retire(1.0, "shutdown") == [Count("retired"), Close(1000, "shutdown")]
    assert (session.state, session.end_reason) == ("closed", "shutdown")


@pytest.mark.parametrize("make", [connecting, waiting, ended])
def test_a_successor_of_one_that_does_not_serve_changes_nothing(make: Callable[[], Session]) -> None:
    """Row 12: what is up elsewhere ends no other handshake."""
    session = make()
    state = session.state
    assert session.successor_up(1.0) == []
    assert session.state == state


def test_a_successor_may_come_unasked() -> None:
    """A worker that hands over to another one retires its sessions."""
    session = live()
    session.successor_up(1.0)
    assert session.state == "retiring"


def test_a_late_close_finds_nothing_to_do() -> None:
    """Row 12: the close event of a session that was given up dials nothing."""
    session = live()
    run(session, 0.0, 15.0, pong_after=None)
    assert session.state == "closed"
    assert session.closed(60.0, 1006, "") == []
    assert session.end_reason == "silent"


def test_a_close_is_heard_once() -> None:
    """Row 12: two events of one end are one end."""
    session = live()
    assert len(session.closed(1.0, 1006, "")) == 1
    assert session.closed(1.0, 1006, "") == []


@pytest.mark.parametrize(
    ("code", "name"), [(1000, "1000"), (1001, "1001"), (1006, "1006"), (1013, "1013"), (None, "none"), (4321, "other")]
)
def test_the_counter_of_an_end_has_a_name_of_ours(code: int | None, name: str) -> None:
    """Row 16: whatever code a peer makes up, the counters stay few."""
    session = live()
    assert session.closed(1.0, code, "<!channel>") == [Count(f"closed.{name}")]
    assert session.end_reason == f"closed by Slack ({name})"


def test_an_end_asks_for_no_successor() -> None:
    """Row 12: one end, one redial: by whoever owns the place of the session."""
    assert of(OpenSuccessor, live().closed(1.0, 1006, "")) == []


@pytest.mark.parametrize("code", [1000, 1001, 1006, 1011, None])
def test_one_that_was_never_greeted_can_end(code: int | None) -> None:
    """Rows 10 and 13: a cut right after the opening."""
    session = waiting()
    session.closed(0.1, code, "")
    assert (session.state, session.hello_at) == ("closed", None)


def test_a_dial_that_failed_is_an_end() -> None:
    """Row 4: the handshake was refused."""
    session = connecting()
    session.closed(0.1, None, "408")
    assert session.state == "closed"


def test_nothing_comes_after_the_end() -> None:
    """Row 12: no frame, no pong, no tick, no close brings it back."""
    session = ended()
    assert [it for now in (0.0, 1.0, 100.0, 1e6) for it in _all_inputs(session, now)] == []
    assert (session.state, session.next_tick, session.alive(1e6)) == ("closed", math.inf, False)


def test_nothing_comes_after_a_session_was_given_up() -> None:
    """Rows 1 and 2: the same for an end of our own making."""
    session = waiting()
    run(session, 0.0, 10.0)
    assert _all_inputs(session, 11.0) == []
