"""A handler's decision as settle_envelope_v1 takes it, and where its answer goes."""

from __future__ import annotations

import pytest

from pulser.blocks import MESSAGE_TEXT
from pulser.envelope import Envelope
from pulser.settlement import AuditEvent, Briefing, CardChange, Hook, NewCard, Reply, Settlement, SilenceChange, Vote

URL = "https://hooks.slack.com/actions/x"
WHERE = {"user": {"id": "U1"}, "channel": {"id": "C1"}}
COMMAND = {"team_id": "T1", "command": "/pulser", "user_id": "U1", "channel_id": "C1", "response_url": URL}
EVENT = AuditEvent("slack.action")


def click(**payload: object) -> Envelope:
    """A click with this payload."""
    return Envelope.from_interaction({"type": "block_actions", "team": {"id": "T1"}, **payload}, "e-1")


def test_a_settlement_is_told_whole() -> None:
    """Each effect stands where the ledger looks for it."""
    told = Settlement(
        ack={"text": "hello"},
        reply=Reply({"text": "note"}, url=URL),
        events=[AuditEvent("deploy.approved", "api", {"version": "1"}, "error", "why", "k")],
        card=CardChange("c", 2, "deploy", "api", "production", "approved", {"a": 1}, "1"),
        approval=Vote("U1", "ada", "0" * 64),
        new_card=NewCard("api", "production", "requested", {"b": 2}, "1"),
        hooks=[Hook("api", "deploy", {"version": "1"})],
        briefing=Briefing("C1"),
        silence=SilenceChange("s", {"user": "U1", "name": "ada"}, {"service": "api"}),
        error="late",
        canary="an id",
    ).to_json()
    assert told == {
        "ack": {"text": "hello"},
        "reply": {
            "via": "response_url", "url": URL, "channel": None, "user": None, "thread_ts": None,
            "body": {"text": "note"},
        },
        "error": "late",
        "events": [
            {"key": "k", "event_type": "deploy.approved", "target": "api", "payload": {"version": "1"},
             "status": "error", "error_detail": "why"}
        ],
        "card": {
            "card_id": "c", "version": 2, "kind": "deploy", "service": "api", "environment": "production",
            "phase": "approved", "state": {"a": 1}, "release": "1",
        },
        "approval": {"approver": "U1", "name": "ada", "plan_hash": "0" * 64},
        "new_card": {
            "event": "main", "kind": "deploy", "service": "api", "environment": "production", "phase": "requested",
            "state": {"b": 2}, "release": "1",
        },
        "hooks": [{"card": "card", "service": "api", "action": "deploy", "inputs": {"version": "1"}}],
        "briefing": {"channel": "C1"},
        "canary": "an id",
        "silence": {
            "action": "start", "silence_id": "s", "created_by": {"user": "U1", "name": "ada"}, "service": "api",
        },
    }  # fmt: skip


def test_nothing_is_settled_without_an_audit_event() -> None:
    """Every processed envelope has one (invariant 10)."""
    with pytest.raises(ValueError, match="audit"):
        Settlement(events=[])


def test_a_note_goes_by_the_response_url() -> None:
    """It reaches its reader wherever the bot is, and knows the channel for when Slack refuses the URL."""
    reply = Reply.private(click(response_url=URL, **WHERE), "note")
    assert reply == Reply({"text": "note"}, url=URL, channel="C1", user="U1")
    assert reply.to_json()["via"] == "response_url"


def test_without_a_response_url_a_note_goes_to_the_channel() -> None:
    """Only its reader sees it there."""
    reply = Reply.private(click(**WHERE), "note", [{"type": "divider"}])
    assert reply is not None
    assert reply.to_json() == {
        "via": "ephemeral", "url": None, "channel": "C1", "user": "U1", "thread_ts": None,
        "body": {"text": "note", "blocks": [{"type": "divider"}]},
    }  # fmt: skip


@pytest.mark.parametrize("where", [{}, {"user": {"id": "U1"}}, {"channel": {"id": "C1"}}])
def test_without_any_way_there_is_no_note(where: dict[str, object]) -> None:
    """None says so, nothing fails."""
    assert Reply.private(click(**where), "note") is None


def test_a_note_fits() -> None:
    """A long text is cut, not refused."""
    reply = Reply.private(click(**WHERE), "x" * 10_000)
    assert reply is not None
    assert len(reply.body["text"]) == MESSAGE_TEXT


def test_a_reply_comes_back_from_the_ledger() -> None:
    """What was stored is what is sent."""
    reply = Reply({"text": "note"}, url=URL, channel="C1", user="U1", thread_ts="1.1")
    assert Reply.from_json(reply.to_json()) == reply
    assert Reply.from_json({"via": "ephemeral", "channel": "C1", "user": "U1", "body": {"text": "x"}}).url is None


def test_a_commands_ack_that_is_late_becomes_its_reply() -> None:
    """The same body, by response_url."""
    command = Envelope.from_command_form(COMMAND, "e")
    late = Settlement(ack={"text": "all well", "blocks": []}, events=[EVENT]).answered_late(command)
    assert late.reply == Reply({"text": "all well", "blocks": []}, URL, "C1", "U1")


def test_a_modals_errors_that_are_late_become_the_note_that_says_so() -> None:
    """A response_action is no message."""
    note = Reply({"text": "not asked for"}, url=URL)
    ack = {"response_action": "errors", "errors": {"version": "which?"}}
    submission = click(**WHERE)
    assert Settlement(ack=ack, late=note, events=[EVENT]).answered_late(submission).reply == note
    assert Settlement(ack=ack, events=[EVENT]).answered_late(submission).reply is None


def test_a_reply_that_there_is_stays() -> None:
    """What is sent in any case is not replaced by the ack's text."""
    note = Reply({"text": "note"}, url=URL)
    settlement = Settlement(ack={"text": "x"}, reply=note, events=[EVENT])
    assert settlement.answered_late(Envelope.from_command_form(COMMAND, "e")).reply == note
