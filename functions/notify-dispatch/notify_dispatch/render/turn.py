"""The note in a queued deploy's thread that its turn has come: a message that changes in place calls nobody."""

from __future__ import annotations

from typing import Final

from slack_sdk.models.blocks import SectionBlock

from notify_dispatch.render.fields import mrkdwn
from notify_dispatch.render.message import Message
from notify_dispatch.render.phrases import line_of, mentioned
from notify_dispatch.render.quorum import waiting
from notify_dispatch.render.words import mention_markup
from pulser.blocks import code
from pulser.card import Card

_VERSION: Final = 60
_NOW: Final = {
    "approved": "It begins now",
    "started": "It is under way",
    "completed": "It is done",
    "failed": "It has failed",
    "rejected": "It was rejected",
    "expired": "It has expired",
}


def render_turn(delivery_id: str, event_id: str, card: Card | None, mention: str | None) -> Message:
    """The message; `mention`: a route's, or the approvers' group. It tells how the deploy stands when it is sent."""
    asked = card.person("requested") if card else None
    called = " ".join(it for it in (mention_markup(mention), mentioned(asked) if asked else "") if it)
    version = line_of(card.release, _VERSION) if card else ""
    of = f" of {code(version, _VERSION)}" if version else ""
    now = (waiting(card) if card.phase == "requested" else _NOW.get(card.phase)) if card else None
    said = f"{called} The turn of the deploy{of} has come.{f' {now}.' if now else ''}".lstrip()
    return Message(said, (SectionBlock(text=mrkdwn(said)).to_dict(),), event_id, delivery_id)
