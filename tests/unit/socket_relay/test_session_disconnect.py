"""What Slack's disconnect messages lead to."""

from __future__ import annotations

import pytest

from socket_relay.effects import Ack, Alarm, BackOff, Close, Count, Forward, OpenSuccessor, Record, StopDialling
from tests.unit.socket_relay.sessions import closing, ended, live, of, retiring, run, waiting
from tests.unit.socket_relay.slack_frames import click, disconnect, text

ANY_REASON = ["warning", "refresh_requested", "link_disabled", "too_many_websockets", "something_new", "", None]
CLOSING_SOON = ["warning", "refresh_requested"]
TERMINAL = ["link_disabled", "too_many_websockets"]


@pytest.mark.parametrize("reason", CLOSING_SOON)
def test_a_connection_that_ends_soon_is_succeeded_first(reason: str) -> None:
    """Row 15: open, then drain: nothing is closed before the successor is up."""
    session = live()
    assert session.text(1.0, disconnect(reason)) == [Count(f"disconnect.{reason}"), OpenSuccessor(reason)]
    assert session.state == "live"
    assert session.alive(1.0)


@pytest.mark.parametrize("reason", ["something_new", "WARNING", "", None])
def test_an_unknown_reason_is_taken_for_an_end_that_is_near(reason: str | None) -> None:
    """Whatever Slack will call it: a disconnect says that the connection ends; the counter's name is ours."""
    session = live()
    assert session.text(1.0, disconnect(reason)) == [Count("disconnect.other"), OpenSuccessor("other")]


@pytest.mark.parametrize("reason", [7, {}, [], True])
def test_a_reason_that_is_no_text_is_unknown(reason: object) -> None:
    """Row 22: an odd disconnect does not raise."""
    frame = text({"type": "disconnect", "reason": reason})
    assert live().text(1.0, frame) == [Count("disconnect.other"), OpenSuccessor("other")]


@pytest.mark.parametrize("debug_info", [None, {}, {"host": "applink-1"}, "x"])
def test_debug_info_is_not_needed(debug_info: object) -> None:
    """Row 22: a disconnect without debug_info is like any other."""
    assert live().text(1.0, disconnect("warning", debug_info)) == live().text(1.0, disconnect("warning"))


def test_a_successor_is_asked_for_once() -> None:
    """Row 12: warning, then refresh_requested, then whatever: one dial."""
    session = live()
    effects = [it for reason in ("warning", "refresh_requested", "warning", None) for it in
               session.text(1.0, disconnect(reason))]  # fmt: skip
    assert of(OpenSuccessor, effects) == [OpenSuccessor("warning")]


@pytest.mark.parametrize("reason", CLOSING_SOON)
def test_envelopes_are_taken_after_a_warning(reason: str) -> None:
    """Row 14: what comes on A while B connects is acknowledged on A."""
    session = live()
    session.text(1.0, disconnect(reason))
    assert [type(it) for it in session.text(2.0, click())] == [Record, Ack, Forward]


def test_it_serves_until_the_successor_is_up() -> None:
    """Row 15: however slow the successor is, Slack closes the old one, not we."""
    session = live()
    session.text(0.0, disconnect("warning"))
    assert of(Close, run(session, 0.0, 300.0)) == []
    assert session.state == "live"


def test_without_warning_nothing_is_left_to_say() -> None:
    """Row 16: a cut ends this session alone; whoever owns its place dials anew."""
    session = live()
    assert session.closed(1.0, 1006, "") == [Count("closed.1006")]
    assert session.end_reason == "closed by Slack (1006)"


def test_switched_off_means_no_more_dials() -> None:
    """Row 34: the socket is closed, nothing is dialled, people are told."""
    session = live()
    effects = session.text(1.0, disconnect("link_disabled"))
    assert [type(it) for it in effects] == [Count, StopDialling, Alarm, Close]
    assert [it.reason for it in of(Alarm, effects)] == ["link_disabled"]
    assert of(Close, effects) == [Close(1000, "link_disabled")]
    assert session.end_reason == "link_disabled"


def test_too_many_connections_means_back_off() -> None:
    """Row 10: close, wait, tell people; no overlap."""
    session = live()
    effects = session.text(1.0, disconnect("too_many_websockets"))
    assert [type(it) for it in effects] == [Count, BackOff, Alarm, Close]
    assert [it.reason for it in of(Alarm, effects)] == ["too_many_websockets"]
    assert session.end_reason == "too_many_websockets"


@pytest.mark.parametrize("reason", TERMINAL)
def test_what_ends_for_good_is_not_succeeded(reason: str) -> None:
    """Rows 10 and 34: neither at once, nor when the websocket is closed, nor later."""
    session = live(lasts=3600)
    effects = session.text(1.0, disconnect(reason)) + session.closed(1.1, 1006, "") + run(session, 1.1, 5000.0)
    assert of(OpenSuccessor, effects) == []


@pytest.mark.parametrize("reason", TERMINAL)
def test_what_ends_for_good_is_told_once(reason: str) -> None:
    """Row 34: said again before the websocket is closed, it is counted, nothing else."""
    session = live()
    session.text(1.0, disconnect(reason))
    assert session.text(1.1, disconnect(reason)) == [Count(f"disconnect.{reason}")]


@pytest.mark.parametrize("reason", TERMINAL)
def test_what_ends_for_good_does_so_before_hello(reason: str) -> None:
    """Row 10: the connection that is one too many gets its disconnect first."""
    session = waiting()
    assert [it.code for it in of(Close, session.text(0.1, disconnect(reason)))] == [1000]
    assert session.state == "closed"


@pytest.mark.parametrize("reason", TERMINAL)
def test_what_ends_for_good_does_so_while_retiring(reason: str) -> None:
    """The one that drains may be the one that is told."""
    assert [type(it) for it in retiring().text(1.0, disconnect(reason))][-2:] == [Alarm, Close]


@pytest.mark.parametrize("reason", CLOSING_SOON)
def test_one_that_retires_has_its_successor(reason: str) -> None:
    """Row 12: a warning on the old socket opens no third one."""
    assert retiring().text(1.0, disconnect(reason)) == [Count(f"disconnect.{reason}")]


@pytest.mark.parametrize("reason", ANY_REASON)
def test_one_that_closes_hears_no_disconnect(reason: str | None) -> None:
    """It is ending already."""
    assert [type(it) for it in closing().text(1.0, disconnect(reason))] == [Count]


@pytest.mark.parametrize("reason", ANY_REASON)
def test_one_that_has_ended_hears_no_disconnect(reason: str | None) -> None:
    """Row 12: what comes late, comes to nothing."""
    assert ended().text(1.0, disconnect(reason)) == []
