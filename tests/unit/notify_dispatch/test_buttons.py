"""Buttons: signed for what they do, pinned to their release, and asking first where it is hard to take back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from notify_dispatch.event import Event
from notify_dispatch.render import Message, Occasion, render
from pulser.button_value import ButtonValue, read
from pulser.card import Card
from tests.unit.notify_dispatch.cards import ROLLBACK, card
from tests.unit.notify_dispatch.events import ALERT, ASKED, BUTTON_KEY, DELIVERY_ID, EVENT_ID, RELEASE, event, occasion


def drawn(happened: Event, given: Card | None) -> Message:
    return render(happened, occasion(card=given))


def buttons(message: Message) -> dict[str, dict[str, Any]]:
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    return {button["action_id"].removeprefix("pulser_"): button for row in rows for button in row}


def test_a_rollback_is_pinned_to_its_release() -> None:
    """The signed value names the version that the card was drawn for, the event and the message's delivery."""
    button = buttons(drawn(RELEASE, card("release", "deployed")))["rollback"]
    value = read(button["value"], BUTTON_KEY, "pulser_rollback")
    assert value == ButtonValue(EVENT_ID, DELIVERY_ID, "1.2.3")


def test_other_buttons_name_no_release() -> None:
    """Acknowledge is about the event alone, and its value is signed for that action."""
    button = buttons(drawn(ALERT, None))["acknowledge"]
    assert read(button["value"], BUTTON_KEY, "pulser_acknowledge") == ButtonValue(EVENT_ID, DELIVERY_ID, None)


def test_a_release_that_is_not_current_is_not_rolled_back() -> None:
    """Where a newer one was deployed meanwhile, there is no button for the old one."""
    older = Card(EVENT_ID, 1, "release", "api", "production", "1.2.3", "deployed", {}, {}, "1.3.0")
    assert "rollback" not in buttons(drawn(RELEASE, older))


def test_a_rollback_is_asked_for_once() -> None:
    """A deploy that is being rolled back offers it no more, whatever its phase is called."""
    given = card("deploy", "completed", rollback=ROLLBACK)
    assert "rollback" not in buttons(drawn(ASKED, given))


@pytest.mark.parametrize(("hook", "offers"), [(True, True), (False, False), (None, True)])
def test_a_service_that_has_no_hook_for_it_offers_no_rollback(hook: bool | None, offers: bool) -> None:  # noqa: FBT001
    """One that nobody has set up does: the answer says what is missing."""
    release = Card(EVENT_ID, 1, "release", "api", "production", "1.2.3", "deployed", {}, {}, can_rollback=hook)
    assert ("rollback" in buttons(drawn(RELEASE, release))) is offers


def test_no_rollback_without_a_version() -> None:
    """What is not known cannot be rolled back."""
    assert "rollback" not in buttons(drawn(event("deploy.completed", {"service": "api"}), None))


def test_without_a_key_there_are_no_buttons_but_links() -> None:
    """An unsigned button would be refused: better none."""
    message = render(ALERT, Occasion(DELIVERY_ID))
    assert (list(buttons(message)), message.degraded) == (["open"], None)


def test_the_key_is_in_no_message_and_no_log() -> None:
    """Neither what is sent nor what is logged of an occasion holds the key."""
    assert BUTTON_KEY not in json.dumps(drawn(ALERT, None).to_arguments()) + repr(occasion())


@pytest.mark.parametrize(
    ("happened", "action", "style", "question"),
    [
        (RELEASE, "rollback", "danger", "This asks for a rollback of version 1.2.3 of api in production."),
        (ASKED, "approve", "primary", "This deploys version 1.2.3 of api in production."),
        (ASKED, "reject", "danger", "This refuses to deploy version 1.2.3 of api in production."),
        (event("deploy.requested"), "approve", "primary", "This deploys it."),
        (
            event("deploy.completed", {"version": "7"}),
            "rollback",
            "danger",
            "This asks for a rollback of version 7.",
        ),
    ],
)
def test_what_is_hard_to_take_back_asks_first(happened: Event, action: str, style: str, question: str) -> None:
    """The dialog names what it is about, in the colour of its button."""
    button = buttons(drawn(happened, None))[action]
    assert button["confirm"]["text"]["text"] == question
    assert button["style"] == button["confirm"]["style"] == style


@pytest.mark.parametrize("action", ["acknowledge", "investigate"])
def test_what_helps_does_not_ask(action: str) -> None:
    """To take care of an alert is one click."""
    assert "confirm" not in buttons(drawn(ALERT, None))[action]
