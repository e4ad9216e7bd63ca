"""What is done with an envelope: recorded, acknowledged on this socket, handed over; in this order."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socket_relay.effects import Ack, Alarm, Count, Effect, Forward, OpenSuccessor, Record
from socket_relay.session import Expectation, Session
from tests.unit.socket_relay.sessions import closing, ended, live, of, retiring, waiting
from tests.unit.socket_relay.slack_frames import (
    TEAM,
    app_rate_limited,
    click,
    command,
    disconnect,
    envelope,
    event,
    submission,
    text,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda it: st.lists(it, max_size=3) | st.dictionaries(st.text(), it, max_size=3),
    max_leaves=8,
)
OTHER_APP = "the envelope is of another app"
OTHER_TEAM = "the envelope is of another team"


def _refused(effects: list[Effect]) -> str:
    """Why, of what is recorded and acknowledged and not handed over."""
    assert [type(it) for it in effects if not isinstance(it, Alarm)] == [Record, Ack]
    (record,), (ack,) = of(Record, effects), of(Ack, effects)
    assert record.refused
    assert (record.envelope.envelope_id, record.envelope.team_id) == (ack.envelope_id, ack.team_id)
    assert not ack.awaits_answer
    return record.refused


@pytest.mark.parametrize("frame", [click(), event(), command(accepts=False), submission(accepts=False)])
def test_what_awaits_no_answer_is_acknowledged_before_it_is_handed_over(frame: str) -> None:
    """Row 20: the handler's time is not part of the ack's."""
    effects = live().text(7.0, frame)
    assert [type(it) for it in effects] == [Record, Ack, Forward]
    assert of(Ack, effects) == [Ack("e-1", TEAM, by=9.5, awaits_answer=False)]


@pytest.mark.parametrize("frame", [command(), submission()])
def test_what_awaits_an_answer_is_handed_over_before_it_is_acknowledged(frame: str) -> None:
    """A command's answer, and the errors of a modal's fields, stand in the ack."""
    effects = live().text(7.0, frame)
    assert [type(it) for it in effects] == [Record, Forward, Ack]
    assert of(Ack, effects) == [Ack("e-1", TEAM, by=9.5, awaits_answer=True)]


@pytest.mark.parametrize("frame", [click(), event(), command(), submission()])
def test_record_says_when_it_came(frame: str) -> None:
    """The time of the frame, not of its record, is what the 3 seconds count from."""
    (record,) = of(Record, live().text(7.0, frame))
    assert (record.received_at, record.refused) == (7.0, None)


def test_the_answer_has_to_come_before_the_ack_goes() -> None:
    """A handler that uses all of its time is still in time."""
    effects = live().text(7.0, command())
    assert of(Forward, effects)[0].answer_by < of(Ack, effects)[0].by <= 7.0 + 2.5


@pytest.mark.parametrize(
    ("frame", "handler"),
    [(click(), "action-handler"), (submission(), "action-handler"), (command(), "command-handler"),
     (event(), "command-handler")],
)  # fmt: skip
def test_each_of_the_three_types_has_its_handler(frame: str, handler: str) -> None:
    """Buttons and modals to one, commands and events to the other."""
    (forward,) = of(Forward, live().text(7.0, frame))
    assert forward.envelope.handler == handler


@pytest.mark.parametrize("attempt", [1, 2, 3])
def test_a_retry_is_like_any_other(attempt: int) -> None:
    """Row 19: the retry may be the only delivery there is; the ledger knows what it has."""
    assert [type(it) for it in live().text(7.0, event(attempt=attempt))] == [Record, Ack, Forward]


def test_the_same_envelope_again_is_recorded_and_acknowledged_again() -> None:
    """Row 18: whether it is a twin is the ledger's to say; each frame is acknowledged."""
    session = live()
    assert session.text(7.0, event()) == session.text(7.0, event())


def test_it_counts_what_it_took() -> None:
    """For the report of sessions: envelopes, of whatever fate."""
    session = live()
    for frame in (click(), event("e-2"), envelope("new", "e-3", {}), envelope("new", "", {}), disconnect("warning")):
        session.text(1.0, frame)
    assert session.envelopes == 3


@pytest.mark.parametrize("frame", [click, command, event], ids=lambda it: str(it.__name__))
def test_an_envelope_of_another_app_is_refused(frame: Callable[..., str]) -> None:
    """Row 31: the connection's own app is the one its hello named; no constant knows it."""
    assert _refused(live().text(1.0, frame(api_app_id="A9999"))) == OTHER_APP


def test_an_envelope_of_the_app_that_is_expected_is_run() -> None:
    """Row 31: also when hello does not say the app."""
    session = waiting(own=Expectation(TEAM, "A0001"))
    assert of(Forward, session.text(0.1, click()))


def test_an_envelope_of_another_app_than_expected_is_refused() -> None:
    """Row 31: before hello the expectation alone says it."""
    assert _refused(waiting(own=Expectation(TEAM, "A9999")).text(0.1, click())) == OTHER_APP


def test_an_envelope_that_names_no_app_is_run() -> None:
    """Shortcuts name none; their connection vouches for them."""
    assert of(Forward, live().text(1.0, click(api_app_id=None)))


@pytest.mark.parametrize(
    "frame", [click(team={"id": "T9999"}), command(team_id="T9999"), event(team_id="T9999")]
)  # fmt: skip
def test_an_envelope_of_another_team_is_refused(frame: str) -> None:
    """Row 31: with a receipt, so that Slack sends it once."""
    assert _refused(live().text(1.0, frame)) == OTHER_TEAM


@pytest.mark.parametrize(
    "frame",
    [
        envelope("something_new", "e-1", {"team_id": TEAM}),
        envelope("interactive", "e-1", {"team_id": TEAM}),
        envelope("slash_commands", "e-1", {"team_id": TEAM}),
        envelope("events_api", "e-1", {"team_id": TEAM}),
        envelope("events_api", "e-1", None),
        envelope("interactive", "e-1", []),
        envelope("interactive", "e-1", "x"),
        envelope("slash_commands", "e-1", {"command": "/pulser"}),
        envelope("interactive", "e-1", {"type": "block_actions", "a": [[[[[[{"b": "\x00\ud800"}]]]]]]}),
        '{"envelope_id": "e-1"}',
        '{"envelope_id": "e-1", "type": "interactive"}',
        '{"envelope_id": "e-1", "type": {}, "payload": {}}',
        '{"envelope_id": "e-1", "type": "interactive", "payload": {"team_id": "T0001", ',
        '{"envelope_id": "e-1", "payload": ' + "[" * 50_000 + "]" * 50_000 + "}",
    ],
)
def test_what_no_handler_can_take_is_stored_and_acknowledged(frame: str) -> None:
    """Row 21: unknown type, missing or odd payload, nested junk: else Slack would send it for ever."""
    effects = live().text(1.0, frame)
    assert _refused(effects)
    assert of(Ack, effects)[0].envelope_id == "e-1"


@given(
    st.sampled_from(["interactive", "slash_commands", "events_api", "new"]) | JSON,
    st.dictionaries(st.sampled_from(["type", "team_id", "api_app_id", "event", "command", "user", "token"]), JSON)
    | JSON,
    JSON,
    st.sampled_from([waiting, live, retiring, closing]),
)
def test_whatever_has_an_id_is_stored_and_acknowledged(
    kind: object, payload: object, extra: object, make: Callable[[], Session]
) -> None:
    """Row 21: no JSON keeps an envelope from its record and its ack, and no ack goes first."""
    frame = {"type": kind, "envelope_id": "e-1", "payload": payload}
    flags = {"accepts_response_payload": extra, "retry_attempt": extra, "retry_reason": extra}
    effects = make().text(0.5, text(frame | flags))
    kinds = [type(it) for it in effects if not isinstance(it, Alarm)]
    assert kinds in ([Record, Ack], [Record, Ack, Forward], [Record, Forward, Ack])
    assert of(Ack, effects)[0].envelope_id == "e-1"


def test_a_huge_envelope_is_an_envelope() -> None:
    """Row 21: a megabyte in one field."""
    assert of(Forward, live().text(1.0, command(text="x" * 1_000_000)))


@pytest.mark.parametrize("envelope_id", ["", "x" * 10_000, 7, [], {}])
def test_what_has_no_usable_id_is_counted(envelope_id: object) -> None:
    """Nothing could be acknowledged; nothing raises."""
    frame = envelope("interactive", envelope_id, {})
    assert live().text(1.0, frame) == [Count("envelope.no_id")]


def test_an_event_without_inner_event_is_no_crash() -> None:
    """Row 22: app_rate_limited is stored, acknowledged, and an alarm."""
    effects = live().text(1.0, app_rate_limited())
    assert _refused(effects)
    assert [it.reason for it in of(Alarm, effects)] == ["app_rate_limited"]


def test_the_alarm_of_the_limiter_comes_after_the_ack() -> None:
    """Row 22: an alarm that cannot be raised costs no acknowledgement."""
    assert isinstance(live().text(1.0, app_rate_limited())[-1], Alarm)


def test_the_limiter_of_another_app_is_not_our_alarm() -> None:
    """Row 31: it is refused for whose it is."""
    frame = envelope("events_api", "e-1", {"type": "app_rate_limited", "team_id": TEAM, "api_app_id": "A9999"})
    assert of(Alarm, live().text(1.0, frame)) == []


@pytest.mark.parametrize("make", [waiting, live, retiring, closing], ids=lambda it: str(it.__name__))
@pytest.mark.parametrize("frame", [click(), command(), event(), envelope("new", "e-1", {})])
def test_every_session_that_is_not_closed_takes_envelopes(make: Callable[[], Session], frame: str) -> None:
    """Rows 14 and 33: before hello, while it drains, and while its close is on the way."""
    assert [type(it) for it in make().text(0.5, frame)] == [type(it) for it in live().text(0.5, frame)]


def test_one_that_has_ended_takes_none() -> None:
    """Row 12: nothing can be acknowledged any more; Slack sends an event again."""
    assert ended().text(0.5, click()) == []


@pytest.mark.parametrize(
    "content", ["", "ok", "[]", "1", "null", '"UNAUTHENTICATED"', "{}", '{"type": "new"}', "\x00", "x" * 1_000_000]
)
def test_junk_is_counted_and_nothing_else(content: str) -> None:
    """Row 23: text that is no frame changes nothing, before hello and after."""
    for session in (waiting(), live(), retiring(), closing()):
        state = session.state
        assert [type(it) for it in session.text(0.5, content)] == [Count]
        assert session.state == state


@given(st.binary(max_size=200))
def test_a_binary_frame_is_counted_and_nothing_else(content: bytes) -> None:
    """Row 23: Slack sends text."""
    assert [it.binary(0.5, content) for it in (waiting(), live(), retiring())] == [[Count("frame.binary")]] * 3


def test_one_that_has_ended_counts_no_binary_frame() -> None:
    """Row 12: it says nothing more."""
    assert ended().binary(0.5, b"\xff") == []


def test_unauthenticated_leads_to_another_connection() -> None:
    """Row 23: Slack's cache has lost this one; it serves until the other is up."""
    session = live()
    effects = session.text(0.5, "UNAUTHENTICATED: cache_error")
    assert effects == [Count("frame.unauthenticated"), OpenSuccessor("unauthenticated")]
    assert session.state == "live"
    assert session.text(0.6, "UNAUTHENTICATED: cache_error") == [Count("frame.unauthenticated")]


def test_unauthenticated_before_hello_is_junk() -> None:
    """Row 23: there is nothing to replace; the hello comes in time or not."""
    assert waiting().text(0.5, "UNAUTHENTICATED: cache_error") == [Count("frame.unauthenticated")]
