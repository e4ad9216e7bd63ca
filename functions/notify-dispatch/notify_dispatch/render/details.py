"""Details in the thread of an alert's message: what it says now, where a repeat came with other words."""

from __future__ import annotations

import re
from typing import Final

from slack_sdk.models.blocks import SectionBlock

from notify_dispatch.event import Event
from notify_dispatch.render.fields import mrkdwn
from notify_dispatch.render.message import Message
from notify_dispatch.render.phrases import see, when
from notify_dispatch.render.repeats import count, newest
from notify_dispatch.render.words import TITLE, measured, own_title
from pulser.blocks import fit, untrusted
from pulser.card import Card, moment

_SUMMARY, _DETAIL = 1500, 500
_PLAINLY: Final = "It fired again, with other words."


def render_details(delivery_id: str, event: Event, card: Card | None) -> Message:
    """The message. `event`: the card's. Always gives one that Slack takes; should the layout fail, the plain one."""
    try:
        said = "\n".join([_lead(card), *_told(event, card)])
        block = SectionBlock(text=mrkdwn(said)).to_dict()
        return Message(said, (block,), event.event_id, delivery_id)
    except Exception as error:  # noqa: BLE001  the card itself shows the newest
        degraded = fit(f"{type(error).__name__}: {error}", TITLE)
        return render_plain_details(delivery_id, event.event_id, degraded=degraded)


def render_plain_details(delivery_id: str, event_id: str, degraded: str | None = None) -> Message:
    """That there is something new, in a line. Always valid."""
    block = SectionBlock(text=mrkdwn(_PLAINLY)).to_dict()
    return Message(_PLAINLY, (block,), event_id, delivery_id, degraded=degraded)


def _lead(card: Card | None) -> str:
    """ "It fired again today at 10:04 (7 times by now), and says:"."""
    fired = f" ({count(card)} times by now)" if count(card) > 1 else ""
    seen = card.state.get("seen") if card else None
    at = moment(seen.get("last_at")) if isinstance(seen, dict) else None
    return f"It fired again{when(at).removeprefix(',')}{fired}, and says:"


def _told(event: Event, card: Card | None) -> list[str]:
    said = newest(event.event_type, card) if card else event
    lines = [
        f"*{untrusted(own_title(said), TITLE)}*" if own_title(said) else "",
        untrusted(re.sub(r"\n\s*\n+", "\n\n", said.summary), _SUMMARY) if said.summary else "",
        f"Error: {untrusted(said.error_detail, _DETAIL)}" if said.error_detail else "",
        measured(said),
    ]
    told = [line for line in lines if line] or ["nothing more"]
    return [*told[:-1], f"{told[-1]}{see(said.url, 'see it')}"]
