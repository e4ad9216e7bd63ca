"""What a message says of other messages: a briefing of other alerts, a continued card of the message before it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from notify_dispatch.claimed import ClaimedDelivery
from notify_dispatch.outcome import LAYOUT_REFUSED
from notify_dispatch.render.briefing import render_briefing, render_plain_briefing
from notify_dispatch.render.message import Message
from pulser.card import Card
from pulser.errors import PulserError
from pulser.slack import SlackApi

LINKS_WITHIN = 2.0  # seconds for all of them: a briefing without links is better than a late one


async def brief(slack: SlackApi, delivery: ClaimedDelivery, card: Card | None) -> Message:
    """The message of a claimed briefing. Never fails for want of a link."""
    event_id = str(delivery.event["event_id"])
    if delivery.last_reason in LAYOUT_REFUSED:
        return render_plain_briefing(delivery.delivery_id, event_id, card)
    known = delivery.known or {}
    return render_briefing(delivery.delivery_id, event_id, card, known, await _links(slack, known))


async def continues(slack: SlackApi, delivery: ClaimedDelivery) -> str | None:
    """The address of the message that this one continues: None where it continues none, empty where Slack is silent."""
    if not delivery.continues_ts or not delivery.continues_channel_id:
        return None
    try:
        async with asyncio.timeout(LINKS_WITHIN):
            return await _link(slack, delivery.continues_channel_id, delivery.continues_ts)
    except TimeoutError:
        return ""


async def _links(slack: SlackApi, known: Mapping[str, Any]) -> dict[str, str]:
    """The address of each other alert's message by its ts, as far as Slack tells it in time."""
    told = [(it["channel"], it["ts"]) for it in known.get("alerts") or [] if it.get("channel") and it.get("ts")]
    try:
        async with asyncio.timeout(LINKS_WITHIN):
            found = await asyncio.gather(*(_link(slack, channel, ts) for channel, ts in told))
    except TimeoutError:
        return {}
    return {ts: url for (_, ts), url in zip(told, found, strict=True) if url}


async def _link(slack: SlackApi, channel: str, ts: str) -> str:
    try:
        answer = await slack.call("chat.getPermalink", channel=channel, message_ts=ts)
    except PulserError:
        return ""
    return str(answer.get("permalink") or "")
