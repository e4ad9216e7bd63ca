"""The reminder in the thread of an alert's message: nobody has acknowledged it, and who should look now.

It tells what is true when it is sent, as known_of_reminder_v1 and the card tell it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from slack_sdk.models.blocks import SectionBlock

from notify_dispatch.event import Event
from notify_dispatch.render.fields import mrkdwn
from notify_dispatch.render.message import Message
from notify_dispatch.render.phrases import called, named, when
from notify_dispatch.render.words import TITLE, header, headline, own_title, symbol
from pulser.blocks import fit, untrusted
from pulser.card import Card, moment

_HEADER: Final = 300
_IN_HAND: Final = {"acknowledged": "acknowledged", "investigating": "investigated"}


def render_reminder(
    delivery_id: str, event: Event, card: Card | None, mention: str | None, known: Mapping[str, Any]
) -> Message:
    """The message for a reminder; `mention` is a user or a user group of the configuration, or who snoozed.

    Always gives a message that Slack takes. Should the layout fail, the plain one stands in and says so in `degraded`.
    """
    try:
        said = _said(card, mention, known)
        lines = [said, f"*{untrusted(header(event, symbol(event), headline(event)), _HEADER)}*"]
        lines += [untrusted(own_title(event), TITLE)] if own_title(event) else []
        return _message(delivery_id, event, said, "\n".join(lines))
    except Exception as error:  # noqa: BLE001  who should look is told, whatever the layout stumbles over
        why = fit(f"{type(error).__name__}: {error}", TITLE)
        return render_plain_reminder(delivery_id, event, mention, degraded=why)


def render_plain_reminder(delivery_id: str, event: Event, mention: str | None, degraded: str | None = None) -> Message:
    """Only that nobody has acknowledged it, in a line. Always valid."""
    said = f"{called(mention)} Nobody has acknowledged this alert yet.".lstrip()
    return _message(delivery_id, event, said, said, degraded)


def _message(delivery_id: str, event: Event, text: str, body: str, degraded: str | None = None) -> Message:
    block = SectionBlock(text=mrkdwn(body)).to_dict()
    return Message(text, (block,), str(event.event_id), delivery_id, degraded=degraded)


def _said(card: Card | None, mention: str | None, known: Mapping[str, Any]) -> str:
    """Who is called and why; nobody where somebody has it in hand by now."""
    if card is not None and card.phase != "open":
        return f"{_in_hand(card)}: nobody needs to be reminded any more."
    since = when(moment(known.get("since"))).removeprefix(", ")
    stands = f", in Slack since {since}" if since else ""
    if known.get("after_snooze") is True:
        return f"{called(mention)} The snooze is over, and this alert is still open{stands}.".lstrip()
    return f"{called(mention)} Nobody has acknowledged this alert yet{stands}.".lstrip()


def _in_hand(card: Card) -> str:
    """ "This alert is acknowledged by ada"."""
    by = card.person(card.phase)
    return f"This alert is {_IN_HAND.get(card.phase, 'not open')}{f' by {named(by)}' if by else ''}"
