"""The note in the thread that a queued deploy's turn has come."""

from __future__ import annotations

import pytest
from hypothesis import given

from notify_dispatch.render.turn import render_turn
from pulser.card import Card
from tests.unit.notify_dispatch.cards import REQUESTED, card, cards
from tests.unit.notify_dispatch.events import DELIVERY_ID, EVENT_ID
from tests.unit.notify_dispatch.slack_limits import problems

TURN = "The turn of the deploy of `1.2.3` has come."


@pytest.mark.parametrize(
    ("given_card", "mention", "said"),
    [
        (
            card("deploy", "requested", requested=REQUESTED, quorum={"needed": 2, "plan": "x"}),
            "S0APPROVERS",
            f"<!subteam^S0APPROVERS> <@U0ALICE001> {TURN} Waits for 2 approvals.",
        ),
        (card("deploy", "approved", requested=REQUESTED), None, f"<@U0ALICE001> {TURN} It begins now."),
        (card("deploy", "rejected", requested=REQUESTED), "odd<!here>", f"<@U0ALICE001> {TURN} It was rejected."),
        (None, None, "The turn of the deploy has come."),
    ],
)
def test_who_asked_and_who_approves_is_called(given_card: Card | None, mention: str | None, said: str) -> None:
    """It tells how the deploy stands when the note is sent, which may be later."""
    message = render_turn(DELIVERY_ID, EVENT_ID, given_card, mention)
    assert message.text == said
    assert problems(message.to_arguments()) == []


@given(cards)
def test_any_card_makes_a_message_that_slack_takes(given_card: Card) -> None:
    """Whatever stands on it."""
    assert problems(render_turn(DELIVERY_ID, EVENT_ID, given_card, "here").to_arguments()) == []
