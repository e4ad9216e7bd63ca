"""The reminder in an alert's thread: who should look, and only as long as nobody does."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify_dispatch.render import render
from notify_dispatch.render.message import Message
from notify_dispatch.render.reminder import render_plain_reminder, render_reminder
from pulser.blocks import MESSAGE_TEXT
from pulser.button_value import ButtonValue, read
from pulser.card import Card
from tests.unit.notify_dispatch.cards import ALICE, BOB, card, cards, times
from tests.unit.notify_dispatch.events import (
    ALERT,
    BUTTON_KEY,
    DELIVERY_ID,
    EVENT_ID,
    event,
    json_values,
    occasion,
    texts,
)
from tests.unit.notify_dispatch.slack_limits import mentions, problems

OPEN = card("alert", "open")
SINCE = "2026-11-24T07:40:00Z"
DATE = "<!date^1795506000^{date_short_pretty} {time}|2026-11-24T07:40:00Z>"
SNOOZED = {**BOB, "until": "2026-11-24T08:12:00Z"}


def reminded(given: Card | None = OPEN, mention: str | None = None, **known: Any) -> Message:  # noqa: ANN401  JSON
    return render_reminder(DELIVERY_ID, ALERT, given, mention, {"since": SINCE, "after_snooze": False, **known})


def test_the_first_mentions_nobody() -> None:
    """It says how long the alert has stood there, and which it is."""
    message = reminded()
    assert message.text == f"Nobody has acknowledged this alert yet, in Slack since {DATE}."
    assert "Error rate above threshold" in str(message.blocks)
    assert mentions(message.to_arguments()) == set()


@pytest.mark.parametrize(("mention", "said"), [("U0CAROL", "<@U0CAROL>"), ("S0APPROVERS", "<!subteam^S0APPROVERS>")])
def test_an_escalation_calls_a_person_or_a_group(mention: str, said: str) -> None:
    """As the service's list names them."""
    message = reminded(mention=mention)
    assert message.text.startswith(f"{said} Nobody has acknowledged")
    assert mentions(message.to_arguments()) == {said}


def test_the_end_of_a_snooze_is_told_to_who_snoozed() -> None:
    """That it is still open."""
    message = reminded(card("alert", "open", snoozed=SNOOZED), "U0BOB00001", after_snooze=True)
    assert message.text == f"<@U0BOB00001> The snooze is over, and this alert is still open, in Slack since {DATE}."


@pytest.mark.parametrize("phase", ["acknowledged", "investigating", "resolved"])
def test_nobody_is_called_any_more_once_it_is_in_hand(phase: str) -> None:
    """A reminder that was on its way tells what is true when it is sent."""
    message = reminded(card("alert", phase, **{phase: ALICE}), "U0CAROL")
    assert mentions(message.to_arguments()) == set()
    assert "nobody needs to be reminded any more" in message.text


@given(
    cards,
    st.none() | texts,
    st.dictionaries(st.sampled_from(["since", "after_snooze", "step"]) | texts, json_values | times),
)
def test_any_is_a_valid_message_that_calls_only_who_is_named(
    given: Card, mention: str | None, known: dict[str, Any]
) -> None:
    """Whatever the ledger holds, and whatever the event says."""
    happened = event("ci.failed", {"title": "<!channel> <@U1234567>", "service": "<!here>"})
    for message in (
        render_reminder(DELIVERY_ID, happened, given, mention, known),
        render_plain_reminder(DELIVERY_ID, happened, mention),
    ):
        assert problems(message.to_arguments()) == []
        assert len(message.text) <= MESSAGE_TEXT
        assert mentions(message.to_arguments()) <= {f"<@{mention}>", f"<!subteam^{mention}>"}


def lines(given: Card) -> str:
    return str(render(ALERT, occasion(card=given)).blocks)


def test_the_card_says_until_when_it_sleeps() -> None:
    """By whom, in the reader's own time."""
    assert "Snoozed by <@U0BOB00001>, <!date^1795506120^" in lines(card("alert", "open", snoozed=SNOOZED))
    assert "until <!date^1795507920^{date_short_pretty} {time}|2026-11-24T08:12:00Z>" in lines(
        card("alert", "open", snoozed=SNOOZED)
    )


def test_the_card_says_whom_it_mentioned_last() -> None:
    """And how often it reminded."""
    told = {"count": 2, "at": SINCE, "mentioned": "U0CAROL", "mentioned_at": SINCE}
    given = dataclasses.replace(card("alert", "acknowledged", acknowledged=ALICE), reminded=told)
    assert f"Reminded 2 times, last mentioned <@U0CAROL>, {DATE}" in lines(given)
    once = dataclasses.replace(given, reminded={"count": 1, "at": SINCE, "mentioned": None, "mentioned_at": None})
    assert f"Reminded once, {DATE}" in lines(once)


def test_an_open_alert_offers_its_snoozes() -> None:
    """Each signed for the menu, the event and its choice; nothing else does."""
    [menu] = [
        it
        for row in render(ALERT, occasion()).blocks
        if row["type"] == "actions"
        for it in row["elements"]
        if it["type"] == "overflow"
    ]
    read_values = [read(it["value"], BUTTON_KEY, menu["action_id"]) for it in menu["options"]]
    assert read_values == [ButtonValue(EVENT_ID, DELIVERY_ID, choice=it) for it in ("30m", "2h", "9am")]
    assert "overflow" not in lines(card("alert", "acknowledged", acknowledged=ALICE))
    assert "overflow" not in str(render(ALERT, dataclasses.replace(occasion(), button_key=None)).blocks)
