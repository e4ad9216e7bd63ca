"""A card counts on, shows the newest word, and says how it ended; the details in its thread say what is new."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify_dispatch.event import Event
from notify_dispatch.render.details import render_details, render_plain_details
from notify_dispatch.render.message import Message
from pulser.blocks import SECTION_TEXT, characters
from pulser.card import Card
from tests.unit.notify_dispatch.cards import ALICE, card, cards
from tests.unit.notify_dispatch.events import DELIVERY_ID, PLACE, event, rows
from tests.unit.notify_dispatch.test_cards import buttons, drawn, header, section_texts

FIRED = event("error_rate.exceeded", {**PLACE, "severity": "error", "title": "Too many", "error_rate": 0.02})
SEEN = {
    "count": 7, "last_at": "2026-11-24T08:04:00Z", "severity": "error",
    "said": {"error_rate": 0.12, "summary": "POST /checkout fails"},
}  # fmt: skip
OVER = {
    "at": "2026-11-24T08:30:00Z",
    "after_s": 3400,
    "event_type": "error_rate.recovered",
    "url": "https://g.example/1",
}


def test_it_counts_and_says_when_last() -> None:
    """In the header, and with the time; what can be done stays."""
    message = drawn(FIRED, card("alert", "open", seen=SEEN))
    assert header(message) == "🔴 Error rate above threshold: api in production (7 times)"
    assert "Fired 7 times, last 08:04:00" in section_texts(message)
    assert {"acknowledge", "investigate"} <= set(buttons(message))
    assert "(7 times)" in message.text


def test_it_shows_the_newest_word_of_each_kind() -> None:
    """What a repeat does not say stays as it was."""
    told = json.dumps(drawn(FIRED, card("alert", "open", seen=SEEN)).blocks)
    assert "12 %" in told
    assert "POST /checkout fails" in told
    assert "Too many" in told


@pytest.mark.parametrize(("worst", "sign"), [("critical", "🚨"), ("warning", "🔴"), ("odd", "🔴")])
def test_it_shows_the_worst_severity(worst: str, sign: str) -> None:
    """One that rises; one that falls does not make it harmless."""
    assert header(drawn(FIRED, card("alert", "open", seen=SEEN | {"severity": worst})))[0] == sign


def test_it_stays_acknowledged_and_counts_on() -> None:
    """Who has it in hand still has it."""
    message = drawn(FIRED, card("alert", "acknowledged", acknowledged=ALICE, seen=SEEN))
    assert header(message) == "🟡 Acknowledged · Error rate above threshold: api in production (7 times)"
    assert section_texts(message).index("Acknowledged by") < section_texts(message).index("Fired 7 times")


def test_it_ends_in_place() -> None:
    """When, after how long, by what; nothing is left to press, and the notification is no alarm."""
    message = drawn(FIRED, card("alert", "resolved", resolved=OVER))
    assert header(message) == "🟢 Resolved · Error rate above threshold: api in production"
    assert (
        "Resolved, 08:30:00, after 56 min 40 s: Error rate back below threshold (<https://g.example/1|see it>)"
        in section_texts(message)
    )
    assert not buttons(message)
    assert message.text.startswith("Info: Resolved")


def test_one_that_goes_on_elsewhere_says_so() -> None:
    """The newer message has the buttons."""
    told = {"at": OVER["at"], "superseded_by": "x", "reason": "critical"}
    message = drawn(FIRED, card("alert", "resolved", resolved=told))
    assert header(message).startswith("⚪ Continued in a new message")
    assert "Became critical, 08:30:00: a new message tells of it" in section_texts(message)
    assert not buttons(message)


def test_a_failed_deploy_that_is_over_offers_no_rollback() -> None:
    """Another one has been deployed, or the same one after all."""
    failed = event("deploy.failed", {**PLACE, "version": "1.2.3"})
    assert not buttons(drawn(failed, card("alert", "resolved", resolved=OVER)))


def test_a_deploy_that_began_by_itself_says_who_and_how_it_ended() -> None:
    """Not what its beginning said."""
    begun = event("deploy.started", {**PLACE, "version": "1.2.3", "title": "Deploying it"})
    told = {"what": "failed", "version": "1.2.3", "at": "2026-11-24T07:45:00Z", "text": "the probe failed"}
    started = {"at": "2026-11-24T07:40:00Z", "actor": "github"}
    message = drawn(begun, card("deploy", "failed", started=started, result=told))
    assert section_texts(message).splitlines() == [
        "Deploy started by github, 07:40:00",
        "Deploy failed, 07:45:00: version `1.2.3`: the probe failed",
    ]
    assert set(buttons(message)) == {"rollback"}


def test_one_of_which_nothing_was_heard_says_so() -> None:
    """Nobody was asked to approve it."""
    begun = event("deploy.started", {**PLACE, "version": "1.2.3"})
    expired = {"was": "started", "at": "2026-11-24T09:45:00Z"}
    message = drawn(begun, card("deploy", "expired", started={"at": "2026-11-24T07:40:00Z"}, expired=expired))
    assert header(message).startswith("⚪ Deploy given up")
    assert section_texts(message).splitlines()[-1] == "Nothing was heard of it for two hours, 09:45:00"


def test_an_end_that_ends_nothing_is_good_news() -> None:
    """Whatever severity its alert had."""
    told = {**PLACE, "severity": "critical", "status": "resolved"}
    message = drawn(event("error_rate.exceeded", told), None)
    assert header(message) == "🟢 Resolved · Error rate above threshold: api in production"
    assert not buttons(message)
    assert header(drawn(event("disk.recovered", PLACE), None)) == "🟢 Disk recovered: api in production"


def details(given_card: Card | None, of: Event = FIRED) -> Message:
    return render_details(DELIVERY_ID, of, given_card)


def test_details_say_what_is_new() -> None:
    """And when, and for the which time."""
    (block,) = details(card("alert", "open", seen=SEEN)).blocks
    lines = block["text"]["text"].splitlines()
    assert lines[0].startswith("It fired again <!date^")
    assert lines[0].endswith("(7 times by now), and says:")
    assert lines[1:] == ["POST /checkout fails", "12 %"]


@given(rows.map(Event.from_json), st.none() | cards)
def test_details_are_always_a_message(of: Event, given_card: Card | None) -> None:
    """Of any card, and nobody is called by it."""
    message = details(given_card, of)
    (block,) = message.blocks
    assert message.degraded is None
    assert 0 < characters(block["text"]["text"]) <= SECTION_TEXT
    assert "<!channel" not in message.text
    assert "<@" not in message.text


def test_details_without_their_layout_are_a_line() -> None:
    """Where Slack refuses it."""
    assert render_plain_details(DELIVERY_ID, "e").text == "It fired again, with other words."


@pytest.mark.parametrize("odd", [None, 7, "x", [], {"count": "many"}, {"count": True}, {"count": -1}, {"said": 3}])
def test_odd_states_count_nothing(odd: Any) -> None:  # noqa: ANN401  JSON
    """A state that nobody writes makes no odd message."""
    message = drawn(FIRED, card("alert", "open", seen=odd, resolved=odd))
    assert message.degraded is None
    assert "times" not in header(message)
