"""Who clicked, typed or submitted what, and what came of it."""

from __future__ import annotations

import json

import pytest

from pulser.why import tell
from tests.unit.shared.why_facts import (
    CARD_ID,
    OTHER,
    Json,
    asked_envelope,
    at,
    audit,
    card,
    delivery,
    details,
    envelope,
    event,
    facts,
    update,
    whats,
)


def test_a_first_click_counts_and_a_late_one_is_told() -> None:
    """Who, when, and what came of it."""
    late = audit(5, outcome="late", reason="acknowledged", slack_user="U2", slack_user_name="bob")
    clicks = [
        envelope(2, "button acknowledge", audit(2, "alert.acknowledged")),
        envelope(5, "button acknowledge", late, user_id="U2", user_name="bob", reply_status="sent"),
    ]
    story = tell(
        facts(delivery(), update(2.05), clicks=clicks, clicks_total=2, card=card(acknowledged={"name": "ada"}))
    )
    assert whats(story)[4:] == [
        "Pressed acknowledge",
        "It counted: acknowledged",
        "A change of its message in #ops-ci was queued",
        "The message was changed in place",
        "Pressed acknowledge",
        "It came late and changed nothing: acknowledged already",
        "The private answer was sent",
    ]
    assert [it.who.name for it in story.moments if it.who] == ["ci", "ada", "ada", "bob", "bob"]
    assert "acknowledged by ada" in story.now


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"outcome": "refused", "reason": "not_permitted"}, "It was refused: the person may not do this"),
        ({"outcome": "refused"}, "It was refused: the answer said why"),
        ({"outcome": "expired", "reason": "x"}, "It expired: nothing was done"),
        ({"outcome": "gave_up", "reason": "its handlers vanished"}, "It was given up: its handlers vanished"),
        ({"outcome": "ignored"}, "There was nothing to do"),
        ({}, "Recorded as slack.action"),
        ({"outcome": {"a": 1}}, "Recorded as slack.action"),
    ],
)
def test_what_came_of_a_click(told: Json, words: str) -> None:
    """As the audit says it."""
    story = tell(facts(delivery(), clicks=[envelope(2, "button approve", audit(2, **told))]))
    assert words in whats(story)


def test_duplicates_are_told_and_counted() -> None:
    """Those under another id with their time, all others as a number."""
    twin = {"envelope_id": "e-again", "received_at": at(3), "transport": "socket"}
    story = tell(facts(delivery(), clicks=[envelope(2, twins=[twin], duplicates=3)]))
    assert "Slack sent it again as e-again" in whats(story)
    assert "Slack sent 2 more duplicates, under the same id or not told here" in whats(story)


def test_a_deed_is_told_once() -> None:
    """Its audit event tells of the card and belongs to a click, too."""
    deed = audit(2, "alert.acknowledged")
    story = tell(facts(delivery(), clicks=[envelope(2, "button acknowledge", deed)], told_by=[deed], told_by_total=1))
    assert whats(story).count("It counted: acknowledged") == 1


def test_deeds_outlive_their_envelopes() -> None:
    """After 30 days the event tells it; where there is none, the card."""
    deed = audit(2, "alert.acknowledged")
    by_event = tell(facts(delivery(), told_by=[deed], told_by_total=1, card=card()))
    assert "It counted: acknowledged" in whats(by_event)
    state: Json = {
        "acknowledged": {"user": "U1", "name": "ada", "at": at(2)},
        "expired": {"was": "requested", "at": at(90)},
    }
    by_card = tell(facts(delivery(), card=card(**state)))
    assert whats(by_card)[4:] == ["Its card says: acknowledged", "It expired, requested as it was"]
    approval: Json = {"approval": {"by": {"user": "U1", "at": at(3)}, "decision": "rejected"}}
    assert "Its card says: rejected" in whats(tell(facts(delivery(), card=card(**approval))))


def test_an_expiry_is_told_once() -> None:
    """By its event; the card says it where there is none."""
    expired: Json = {"expired": {"was": "requested", "at": at(90)}}
    event = audit(90, "deploy.expired")
    story = tell(facts(delivery(), card=card(**expired), told_by=[event], told_by_total=1))
    assert [it for it in whats(story) if "expired" in it] == ["deploy.expired told of it"]


def test_a_deploy_is_told_from_the_form_that_asked_for_it() -> None:
    """The cause stands before its record."""
    cause = envelope(-0.05, "modal deploy", audit(0, "deploy.requested"))
    story = tell(facts(delivery(), event=event("deploy.requested"), cause=cause))
    assert whats(story)[:2] == ["Submitted the form deploy", "deploy.requested was written"]


def test_news_of_a_deploy_are_told() -> None:
    """By who wrote them."""
    news = event("deploy.completed", event_id=OTHER, created_at=at(60), actor="github")
    story = tell(facts(delivery(), told_by=[news], told_by_total=1))
    [found] = [it for it in story.moments if it.what == "deploy.completed told of it"]
    assert found.who is not None
    assert found.who.name == "github"


def test_the_story_of_an_envelope() -> None:
    """Received, recorded before the ack, what the audit says, the card that it met, what came of it."""
    told = envelope(0, "button acknowledge", audit(0, "alert.acknowledged"), recorded_by="socket-relay@h")
    story = tell(asked_envelope(told, card=card(), deliveries=[update(0.05)]))
    assert whats(story) == [
        "Pressed acknowledge",
        "Recorded in the ledger",
        "It counted: acknowledged",
        "Settled",
        f"It met the alert {CARD_ID}",
        "A change of its message in #ops-ci was queued",
        "The message was changed in place",
    ]
    assert details(story, "Recorded") == "by socket-relay@h; before it was acknowledged"
    assert story.now == "It was done at 12:00:00 UTC. 1 delivery came of it. The alert that it met is acknowledged now."
    assert story.ids == {"envelope_id": "e-0", "team_id": "T1", "card_id": CARD_ID}


def test_an_expired_envelope_says_that_it_was_not_acknowledged() -> None:
    """Slack has shown its user a failure."""
    told = envelope(0, status="failed", last_error="expired: it was recorded too late to be acknowledged")
    assert "too late to be acknowledged" in details(tell(asked_envelope(told)), "Recorded")


def command(word: str | None, typed: str) -> Json:
    """Typed by ada after /pulser."""
    told = audit(0, "slack.command", outcome="answered", word=word, text=typed)
    return envelope(0, f"/pulser {typed.split(maxsplit=1)[0]}", told, type="slash_commands")


@pytest.mark.parametrize(("reader", "knows"), [(None, True), ("U1", True), ("U2", False), ("", False)])
def test_a_private_commands_text_is_told_to_who_typed_it(reader: str | None, knows: bool) -> None:  # noqa: FBT001
    """And to who has the ledger itself; to others which command it was."""
    story = tell(asked_envelope(command("status", "status SENTINEL")), reader)
    assert ("SENTINEL" in json.dumps(story.to_json())) is knows
    assert story.about == "Typed /pulser status"


def test_a_word_that_is_no_command_is_not_told_to_others() -> None:
    """What somebody typed by mistake may be anything."""
    told = command(None, "SENTINEL")
    assert "SENTINEL" not in json.dumps(tell(asked_envelope(told), "U2").to_json())
    assert tell(asked_envelope(told), "U1").about == "Typed /pulser SENTINEL"
