"""The notes in a queued deploy's thread, that its turn has come or that somebody else withdrew it: a message that
changes in place calls nobody.
"""

from __future__ import annotations

from typing import Final

from slack_sdk.models.blocks import SectionBlock

from notify_dispatch.render.fields import mrkdwn
from notify_dispatch.render.message import Message
from notify_dispatch.render.phrases import line_of, mentioned, named
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
    now = (waiting(card) if card.phase == "requested" else _NOW.get(card.phase)) if card else None
    first = mention_markup(mention)
    first = "" if now and first in now else first  # it stands in the sentence
    called = " ".join(it for it in (first, mentioned(asked) if asked else "") if it)
    said = f"{called} The turn of the deploy{_of(card)} has come.{f' {now}.' if now else ''}".lstrip()
    return _message(said, event_id, delivery_id)


def render_withdrawn(delivery_id: str, event_id: str, card: Card | None) -> Message:
    """The message: it calls who asked for the deploy, and names who withdrew it."""
    asked, by = (card.person("requested"), card.person("approval", "by")) if card else (None, None)
    called = f"{mentioned(asked)} " if asked else ""
    said = f"{called}The queued deploy{_of(card)} was withdrawn{f' by {named(by)}' if by else ''}."
    return _message(said, event_id, delivery_id)


def _of(card: Card | None) -> str:
    version = line_of(card.release, _VERSION) if card else ""
    return f" of {code(version, _VERSION)}" if version else ""


def _message(said: str, event_id: str, delivery_id: str) -> Message:
    return Message(said, (SectionBlock(text=mrkdwn(said)).to_dict(),), event_id, delivery_id)
