"""Is a delivery in doubt in Slack? Its id stands in the metadata of the message (`slack-platform.md` 3.7)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from notify_dispatch.claimed import ClaimedDelivery
from notify_dispatch.outcome import PROBE_AGAIN, Outcome, of_probe_error
from notify_dispatch.render.message import METADATA_TYPE
from pulser.errors import PulserError, SlackInDoubt, SlackRefused, SlackTokenRefused
from pulser.slack import SlackApi

CLOCK_SKEW = 60.0  # seconds that Slack's clock and ours may differ
PAGE = 200
MOST_PAGES = 50


class _TooManyPages(PulserError):
    """The history is longer than we read; what we did not read may hold the message."""


async def probe(slack: SlackApi, delivery: ClaimedDelivery) -> Outcome:
    """Found: adopted. Surely absent: absent. Anything else: unknown, and nothing is posted."""
    try:
        channel = delivery.slack_channel_id or await _channel_id(slack, delivery.channel)
        if channel is None:
            return Outcome(
                "unknown", "probe_channel_unknown", f"Slack lists no channel {delivery.channel}", retry_in_s=PROBE_AGAIN
            )
        async for message in _around(slack, channel, delivery):
            if _is_of(message, delivery.delivery_id):
                return Outcome("adopted", slack_channel_id=channel, slack_ts=str(message["ts"]))
    except PulserError as error:
        return of_probe_error(error, "conversations.replies" if delivery.in_thread else "conversations.history")
    return Outcome("absent", "probe_absent", "the message is not in Slack's history: it is posted again")


async def _channel_id(slack: SlackApi, channel: str) -> str | None:
    if not channel.startswith("#"):
        return channel
    for kind in ("public_channel", "private_channel"):
        try:
            async for found in _pages(
                slack, "conversations.list", "channels", {"types": kind, "exclude_archived": True}
            ):
                if found.get("name") == channel.removeprefix("#"):
                    return str(found["id"])
        except SlackTokenRefused as error:
            # Each kind has a scope of its own, and the app may do without private channels.
            if kind == "public_channel" or error.reason != "missing_scope":
                raise
    return None


async def _around(slack: SlackApi, channel: str, delivery: ClaimedDelivery) -> AsyncIterator[dict[str, Any]]:
    """All messages among which it must be, if it is in Slack."""
    oldest = delivery.doubtful_since.timestamp() - CLOCK_SKEW
    asked = {"channel": channel, "oldest": f"{oldest:.6f}", "include_all_metadata": True}
    if delivery.in_thread:
        try:
            async for message in _pages(slack, "conversations.replies", "messages", asked | {"ts": delivery.thread_ts}):
                yield message
        except SlackRefused as error:
            if error.reason != "thread_not_found":
                raise
            # Somebody has deleted the message: what is posted into its thread then, Slack puts into the channel.
        else:
            return
    async for message in _pages(slack, "conversations.history", "messages", asked):
        yield message


async def _pages(slack: SlackApi, method: str, key: str, arguments: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    asked = arguments | {"limit": PAGE}
    for _ in range(MOST_PAGES):
        answer = await slack.call(method, **asked)
        items, cursor = answer.get(key), (answer.get("response_metadata") or {}).get("next_cursor")
        if not isinstance(items, list) or (answer.get("has_more") and not cursor):
            # Nothing may be concluded from what is not there.
            raise SlackInDoubt("unreadable_answer", f"Slack's ok to {method} is no whole list of {key}")
        for item in items:
            yield item
        if not cursor:
            return
        asked |= {"cursor": cursor}
    raise _TooManyPages(f"{method} has more than {MOST_PAGES * PAGE} entries")


def _is_of(message: dict[str, Any], delivery_id: str) -> bool:
    metadata = message.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    return metadata.get("event_type") == METADATA_TYPE and payload.get("delivery_id") == delivery_id
