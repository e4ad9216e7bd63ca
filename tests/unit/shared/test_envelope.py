"""Inbound messages of Slack: what they say, what makes two of them the same, and that no JSON breaks them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulser.envelope import UNKNOWN_TEAM, Envelope, EnvelopeError

CLICK: dict[str, Any] = {
    "type": "block_actions",
    "token": "verification-sentinel",
    "team": {"id": "T1"},
    "api_app_id": "A1",
    "user": {"id": "U1", "username": "alice", "name": "alice.a"},
    "channel": {"id": "C1"},
    "message": {"ts": "1700000000.000100"},
    "trigger_id": "13345224609.738474920.8088930838d88f008e0",
    "response_url": "https://hooks.slack.com/actions/T1/1/x",
    "actions": [{"action_id": "pulser_acknowledge", "action_ts": "1700000001.5", "value": "v"}],
}
COMMAND: dict[str, Any] = {
    "team_id": "T1",
    "api_app_id": "A1",
    "user_id": "U1",
    "user_name": "alice",
    "channel_id": "C1",
    "command": "/pulser",
    "text": "status",
    "trigger_id": "1.2.3",
    "response_url": "https://hooks.slack.com/commands/T1/1/x",
}
EVENT: dict[str, Any] = {
    "team_id": "T1",
    "api_app_id": "A1",
    "event_id": "Ev1",
    "event": {"type": "app_mention", "user": "U1", "channel": "C1", "ts": "1.1"},
}

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
KEYS = ("type", "team", "team_id", "user", "user_id", "channel", "message", "event", "actions", "trigger_id", "view")


def frame(kind: str, payload: object, **more: object) -> dict[str, Any]:
    """A Socket Mode frame."""
    return {"envelope_id": "e-1", "type": kind, "payload": payload, "accepts_response_payload": True, **more}


def test_a_click_tells_who_where_and_what() -> None:
    """All that a handler asks a click for stands in its properties."""
    envelope = Envelope.from_frame(frame("interactive", CLICK))
    assert (envelope.team_id, envelope.app_id, envelope.interaction) == ("T1", "A1", "block_actions")
    assert (envelope.user_id, envelope.user_name) == ("U1", "alice")
    assert (envelope.channel_id, envelope.message_ts) == ("C1", "1700000000.000100")
    assert (envelope.trigger_id, envelope.response_url) == (CLICK["trigger_id"], CLICK["response_url"])


def test_a_command_tells_who_where_and_what() -> None:
    """The same of a slash command, whose fields are flat."""
    envelope = Envelope.from_frame(frame("slash_commands", COMMAND))
    assert (envelope.team_id, envelope.user_id, envelope.user_name, envelope.channel_id) == ("T1", "U1", "alice", "C1")
    assert (envelope.handler, envelope.interaction) == ("command-handler", None)


def test_an_event_tells_who_where_and_what() -> None:
    """The same of an event, whose fields stand in the inner event."""
    envelope = Envelope.from_frame(frame("events_api", EVENT, retry_attempt=2, retry_reason="timeout"))
    assert (envelope.user_id, envelope.channel_id, envelope.message_ts) == ("U1", "C1", "1.1")
    assert (envelope.retry_attempt, envelope.retry_reason, envelope.is_retried_by_slack) == (2, "timeout", True)


@pytest.mark.parametrize(
    ("kind", "payload", "handler"),
    [
        ("interactive", CLICK, "action-handler"),
        ("slash_commands", COMMAND, "command-handler"),
        ("events_api", EVENT, "command-handler"),
    ],
)
def test_each_type_has_its_handler(kind: str, payload: dict[str, Any], handler: str) -> None:
    """Interactions go to action-handler, the rest to command-handler."""
    assert Envelope.from_frame(frame(kind, payload)).handler == handler


@pytest.mark.parametrize(
    ("kind", "payload", "wants"),
    [
        ("slash_commands", COMMAND, True),
        ("interactive", CLICK | {"type": "view_submission"}, True),
        ("interactive", CLICK | {"type": "block_suggestion"}, True),
        ("interactive", CLICK, False),
        ("interactive", CLICK | {"type": "view_closed"}, False),
        ("events_api", EVENT, False),
    ],
)
def test_only_what_slack_shows_is_waited_for(kind: str, payload: dict[str, Any], wants: bool) -> None:  # noqa: FBT001
    """A click is acknowledged at once; a command and a submitted modal wait for the handler's answer."""
    assert Envelope.from_frame(frame(kind, payload)).wants_answer is wants


def test_nothing_is_waited_for_where_slack_takes_no_answer() -> None:
    """The flag of the frame is obeyed, whatever the type."""
    assert not Envelope.from_frame(frame("slash_commands", COMMAND, accepts_response_payload=False)).wants_answer


@pytest.mark.parametrize(
    ("kind", "payload", "key"),
    [
        ("events_api", EVENT, "event:Ev1"),
        ("slash_commands", COMMAND, "trigger:1.2.3"),
        ("interactive", CLICK, f"trigger:{CLICK['trigger_id']}"),
        (
            "interactive",
            {name: it for name, it in CLICK.items() if name != "trigger_id"},
            "click:block_actions:U1:C1:1700000000.000100:pulser_acknowledge:1700000001.5",
        ),
        (
            "interactive",
            {"type": "view_closed", "team": {"id": "T1"}, "user": {"id": "U1"}, "view": {"id": "V1"}},
            "click:view_closed:U1::V1::",
        ),
    ],
    ids=["event", "command", "click", "click without a trigger", "closed modal"],
)
def test_the_logical_key_names_what_happened(kind: str, payload: dict[str, Any], key: str) -> None:
    """One key for the event, the command or the click, whatever the envelope_id is."""
    ids = ("e-1", "e-2")
    keys = {Envelope.from_frame(frame(kind, payload) | {"envelope_id": it}).logical_key for it in ids}
    assert keys == {key}


@pytest.mark.parametrize("changed", ["user", "message", "actions"])
def test_another_click_has_another_key(changed: str) -> None:
    """Two clicks without a trigger differ by who, on what, and when."""
    others = {
        "user": {"id": "U2"},
        "message": {"ts": "1700000000.000200"},
        "actions": [{"action_id": "pulser_acknowledge", "action_ts": "1700000002.5"}],
    }
    plain = {name: it for name, it in CLICK.items() if name != "trigger_id"}
    keys = {Envelope.from_interaction(it, "e").logical_key for it in (plain, plain | {changed: others[changed]})}
    assert len(keys) == 2


def test_a_key_fits_an_index() -> None:
    """A trigger of any length becomes a short key, and still tells itself from others."""
    keys = {Envelope.from_command_form(COMMAND | {"trigger_id": "x" * n}, "e").logical_key for n in (9_000, 9_001)}
    assert len(keys) == 2
    assert all(key is not None and len(key) < 100 for key in keys)


@pytest.mark.parametrize("frame_", [{}, {"type": "hello"}, {"envelope_id": 7}, {"envelope_id": ""}])
def test_without_an_envelope_id_it_is_no_envelope(frame_: dict[str, Any]) -> None:
    """What cannot be acknowledged is not an envelope."""
    with pytest.raises(EnvelopeError):
        Envelope.from_frame(frame_)


@pytest.mark.parametrize(
    ("kind", "payload", "refusal"),
    [
        ("teapot", CLICK, "does not know this type"),
        ("interactive", None, "no JSON object"),
        ("interactive", [1], "no JSON object"),
        ("interactive", {"team": {"id": "T1"}}, "no type"),
        ("slash_commands", {"team_id": "T1"}, "no name"),
        ("events_api", {"type": "app_rate_limited", "team_id": "T1"}, "no inner event"),
        ("interactive", {"type": "block_actions"}, "names no team"),
    ],
)
def test_what_no_handler_takes_says_why(kind: str, payload: object, refusal: str) -> None:
    """It is an envelope all the same: to be stored and acknowledged, not run."""
    envelope = Envelope.from_frame(frame(kind, payload))
    assert envelope.handler is None
    assert refusal in (envelope.refusal or "")
    record = envelope.to_record(transport="socket", received_at=1.0)
    assert (record["handler"], record["refused"]) == (None, envelope.refusal)


def test_a_refused_record_has_no_handler() -> None:
    """Who refuses an envelope (another team's) says why, and nobody runs it."""
    record = Envelope.from_frame(frame("interactive", CLICK)).to_record(
        transport="socket", received_at=1.0, refused="of another team"
    )
    assert (record["handler"], record["refused"]) == (None, "of another team")


def test_the_record_has_the_ledgers_keys_and_not_slacks_token() -> None:
    """Slack's verification token is a secret and is not kept."""
    record = Envelope.from_frame(frame("interactive", CLICK)).to_record(
        transport="socket", received_at=12.5, session_id="s"
    )
    assert set(record) == {
        "envelope_id", "team_id", "type", "payload", "logical_key", "handler", "transport", "app_id", "session_id",
        "received_at", "retry_attempt", "retry_reason", "refused",
    }  # fmt: skip
    assert "verification-sentinel" not in json.dumps(record)


def test_the_ledger_gives_back_the_same_envelope() -> None:
    """What was recorded is what the handler gets."""
    envelope = Envelope.from_frame(frame("interactive", CLICK))
    record = envelope.to_record(transport="socket", received_at=1.0)
    assert Envelope.from_ledger(record | {"attempts": 1, "age_s": 0.1}) == envelope


def test_an_envelope_without_a_team_can_be_stored() -> None:
    """The ledger's key needs a team."""
    assert Envelope.from_frame(frame("interactive", {})).team_id == UNKNOWN_TEAM


def test_a_message_that_begins_a_thread_stands_in_the_channel() -> None:
    """A private note belongs into the thread only when the button does."""
    begins = CLICK | {"message": {"ts": "1.1", "thread_ts": "1.1"}}
    answers = CLICK | {"message": {"ts": "1.2", "thread_ts": "1.1"}}
    assert [Envelope.from_interaction(it, "e").thread_ts for it in (begins, answers)] == [None, "1.1"]


def test_a_modals_response_url_is_found() -> None:
    """A modal brings a list of them."""
    payload = {"type": "view_submission", "response_urls": [{"response_url": "https://hooks.slack.com/x"}]}
    assert Envelope.from_interaction(payload, "e").response_url == "https://hooks.slack.com/x"


@given(st.sampled_from(["interactive", "slash_commands", "events_api", "x"]), anything)
def test_no_json_breaks_an_envelope(kind: str, payload: object) -> None:
    """Every property of anything can be read, and its record is JSON that Postgres takes."""
    _read_all(Envelope.from_frame(frame(kind, payload)))


@given(st.dictionaries(st.sampled_from(KEYS), anything))
def test_no_odd_value_in_a_known_place_breaks_an_envelope(payload: dict[str, Any]) -> None:
    """The same where the odd things stand in the places that are read."""
    for kind in ("interactive", "slash_commands", "events_api"):
        _read_all(Envelope.from_frame(frame(kind, payload)))


def _read_all(envelope: Envelope) -> None:
    for name in ("interaction", "user_id", "user_name", "channel_id", "message_ts", "thread_ts", "trigger_id"):
        assert isinstance(getattr(envelope, name), str | None)
    assert isinstance(envelope.logical_key, str | None)
    assert isinstance(envelope.response_url, str | None)
    told = json.dumps(envelope.to_record(transport="socket", received_at=1.0), allow_nan=False)
    assert "\\u0000" not in told


@pytest.mark.parametrize("attempt", [10**30, -1, True, "1", None, 1.5])
def test_an_odd_count_of_redeliveries_is_none(attempt: object) -> None:
    """No column could hold it, and it decides nothing."""
    frame = {"envelope_id": "e1", "type": "events_api", "payload": {}, "retry_attempt": attempt}
    assert Envelope.from_frame(frame).retry_attempt is None


def test_a_reason_that_cannot_be_stored_is_made_storable() -> None:
    """One odd word must not keep an envelope from being recorded."""
    frame = {"envelope_id": "e1", "type": "events_api", "payload": {}, "retry_reason": "time\x00out"}
    assert Envelope.from_frame(frame).retry_reason == "time�out"


def test_an_id_that_cannot_be_stored_is_no_envelopes_id() -> None:
    """It would be acknowledged under another id than it came with."""
    with pytest.raises(EnvelopeError, match="cannot be stored"):
        Envelope.from_frame({"envelope_id": "e\x001", "type": "events_api", "payload": {}})
