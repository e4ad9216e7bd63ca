"""A reminder's message, of what is known when it is sent. Pure."""

from __future__ import annotations

from notify_dispatch.claimed import ClaimedDelivery
from notify_dispatch.event import Event
from notify_dispatch.outcome import LAYOUT_REFUSED
from notify_dispatch.render.message import Message
from notify_dispatch.render.reminder import render_plain_reminder, render_reminder
from pulser.card import Card


def remind(delivery: ClaimedDelivery, event: Event, card: Card | None) -> Message:
    """The message of a claimed reminder; a plain one when Slack refused the layout."""
    if delivery.last_reason in LAYOUT_REFUSED:
        return render_plain_reminder(delivery.delivery_id, event, delivery.mention)
    return render_reminder(delivery.delivery_id, event, card, delivery.mention, delivery.known or {})
