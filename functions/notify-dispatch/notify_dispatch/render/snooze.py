"""The menu that snoozes an open alert, beside its buttons. Its values are signed as theirs."""

from __future__ import annotations

from slack_sdk.models.blocks import Option, OverflowMenuElement, PlainTextObject

from notify_dispatch.event import Event
from notify_dispatch.render.message import Occasion
from notify_dispatch.render.standing import Standing
from pulser.button_value import ButtonValue, sign
from pulser.snooze import CHOICES

ACTION_ID = "pulser_snooze"


def snooze_menu(event: Event, standing: Standing, occasion: Occasion) -> OverflowMenuElement | None:
    """The menu, where there is something to snooze and a key.

    An overflow menu keeps no choice, as a select would in the person's client: the same snooze can be chosen again.
    """
    if occasion.button_key is None or (standing.kind, standing.phase) != ("alert", "open"):
        return None
    try:
        values = {
            choice: sign(
                ButtonValue(event.event_id, occasion.delivery_id, choice=choice), occasion.button_key, ACTION_ID
            )
            for choice in CHOICES
        }
    except ValueError:  # ids that are none of ours have no room in an option
        return None
    return OverflowMenuElement(action_id=ACTION_ID, options=[_option(CHOICES[it], values[it]) for it in CHOICES])


def _option(text: str, value: str) -> Option:
    return Option(text=PlainTextObject(text=text, emoji=False), value=value)
