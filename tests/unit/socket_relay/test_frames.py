"""What a text frame is, whatever it holds."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socket_relay.frames import (
    LONGEST_TEXT,
    RAW_KEPT,
    BrokenEnvelope,
    Disconnect,
    EnvelopeFrame,
    Frame,
    Hello,
    Junk,
    read_frame,
)
from tests.unit.socket_relay.slack_frames import APP, command, disconnect, hello, text

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda it: st.lists(it, max_size=4) | st.dictionaries(st.text(), it, max_size=4),
    max_leaves=12,
)


def test_a_hello_says_whose_connection_it_is() -> None:
    """App, number of connections, expected life and host are read."""
    assert read_frame(hello(connections=2, lasts=18060)) == Hello(APP, 2, 18060.0, "applink-1")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"connection_info": None, "debug_info": None, "num_connections": None},
        {"connection_info": [], "debug_info": "x", "num_connections": "2"},
        {"connection_info": {"app_id": 7}, "debug_info": {"host": {}}, "num_connections": True},
        {"connection_info": {"app_id": ""}, "debug_info": {"host": ""}, "num_connections": -1},
        {"num_connections": 10**12},
        {"num_connections": 1.5},
    ],
)
def test_a_hello_without_the_usual_is_a_hello(changes: dict[str, object]) -> None:
    """What is missing or of another type is unknown."""
    assert read_frame(text({"type": "hello"} | changes)) == Hello()


@pytest.mark.parametrize("seconds", [0, -1, True, "3600", None, [], 10**9, float("nan"), float("inf"), 10**400])
def test_a_life_that_cannot_be_is_unknown(seconds: object) -> None:
    """approximate_connection_time is a positive number of seconds up to a week."""
    assert read_frame(text({"type": "hello", "debug_info": {"approximate_connection_time": seconds}})) == Hello()


def test_what_slack_says_of_itself_is_kept_short_and_storable() -> None:
    """Texts of a hello go into the ledger: no NUL, no half characters, no novels."""
    found = read_frame(text({"type": "hello", "debug_info": {"host": "a\x00\ud800" + "x" * 5000}}))
    assert isinstance(found, Hello)
    assert found.host == "a\ufffd\ufffd" + "x" * (LONGEST_TEXT - 3)


@pytest.mark.parametrize(("said", "read"), [("warning", "warning"), (None, ""), (7, ""), ({}, ""), ("", "")])
def test_a_disconnect_has_a_reason_or_none(said: object, read: str) -> None:
    """A reason that is no text is none."""
    assert read_frame(text({"type": "disconnect", "reason": said})) == Disconnect(read)


@pytest.mark.parametrize("debug_info", [None, {}, "x", [], {"host": None}])
def test_a_disconnect_needs_no_debug_info(debug_info: object) -> None:
    """Row 22: a disconnect without debug_info, or with an odd one, is read."""
    assert read_frame(disconnect("warning", debug_info)) == Disconnect("warning")


def test_an_envelope_is_taken_as_it_is() -> None:
    """The content of an envelope is not touched here."""
    assert read_frame(command()) == EnvelopeFrame(json.loads(command()), len(command()))


@pytest.mark.parametrize("content", [[], "hello", 1, None, True])
def test_json_that_is_no_object_is_junk(content: object) -> None:
    """A frame is an object."""
    assert read_frame(text(content)) == Junk("not_object")


@pytest.mark.parametrize("content", [{}, {"type": "pong"}, {"type": None}, {"type": [1]}, {"envelope_id": None}])
def test_an_object_that_names_nothing_is_junk(content: object) -> None:
    """Neither hello nor disconnect nor an envelope."""
    assert read_frame(text(content)) == Junk("unknown_type")


@pytest.mark.parametrize("content", ["", " ", "ok", "{", '{"type": "hello"', "\ufeff{}", "{'type': 'hello'}", "\x00"])
def test_a_text_that_is_no_json_is_junk(content: str) -> None:
    """Row 23: what cannot be read is told apart, and raises nothing."""
    assert read_frame(content) == Junk("not_json")


def test_unauthenticated_is_known() -> None:
    """Row 23: the text that Slack sends between two of its connections."""
    assert read_frame("UNAUTHENTICATED: cache_error") == Junk("unauthenticated")


@pytest.mark.parametrize(
    "rest",
    [
        '"payload": {"a": ',
        '"payload": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '"payload": ' + "9" * 5000 + "}",
        '"payload": "\x00"}',
        '"payload": \ud800}',
    ],
)
def test_an_envelope_that_cannot_be_read_is_known_by_its_id(rest: str) -> None:
    """Row 21: an id is all that an acknowledgement needs."""
    frame = read_frame('{"type": "interactive", "envelope_id": "e-1", ' + rest)
    assert isinstance(frame, BrokenEnvelope)
    assert frame.envelope_id == "e-1"


def test_a_broken_envelope_is_kept_as_the_ledger_can_hold_it() -> None:
    """Row 21: the text is cut, and has no character that jsonb refuses."""
    frame = read_frame('{"envelope_id": "e-1", "x": "\x00\udfff' + "y" * 1_000_000)
    assert isinstance(frame, BrokenEnvelope)
    assert len(frame.raw) == RAW_KEPT
    assert "\x00" not in frame.raw
    assert "\udfff" not in frame.raw


@pytest.mark.parametrize(
    "content",
    [
        r'{"text": "\"envelope_id\": \"e-1\"',
        'hello "envelope_id": "e-1"',
        '{"envelope_id": ""',
        '{"envelope_id": 7',
        '{"envelope_id": "a b"',
        '{"envelope_id": "' + "x" * 201 + '"',
    ],
)
def test_what_only_looks_like_an_id_is_none(content: str) -> None:
    """A text that people wrote, or an id that Slack would not make, is not acknowledged."""
    assert read_frame(content) == Junk("not_json")


@given(st.text() | st.text(alphabet='{}[]":,envlop_id \\'))
def test_no_text_is_too_much(content: str) -> None:
    """Every text is some frame."""
    assert isinstance(read_frame(content), Frame)


@given(st.sampled_from(["hello", "disconnect", "interactive", "x"]), st.dictionaries(st.text(), JSON), JSON, JSON)
def test_no_json_is_too_much(kind: str, content: dict[str, object], info: object, envelope_id: object) -> None:
    """Every object is some frame, whatever stands where."""
    known = {"type": kind, "connection_info": info, "debug_info": info, "reason": info, "envelope_id": envelope_id}
    assert isinstance(read_frame(json.dumps(content | known)), Frame)
