"""conversations.*"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from pulser_local.slack import limits
from pulser_local.slack.arguments import Arguments
from pulser_local.slack.errors import SlackError
from pulser_local.slack.invocation import Invocation
from pulser_local.slack.workspace import Channel, Json, Message

_TYPES = {"public_channel": False, "private_channel": True}
_TYPES_WITHOUT_CHANNELS = {"mpim", "im"}  # the simulated workspace has no direct messages


@dataclass(frozen=True, slots=True)
class _Window:
    """The time asked for; the ends belong to it only when it is inclusive."""

    oldest: Decimal | None
    latest: Decimal | None
    inclusive: bool

    @classmethod
    def of(cls, arguments: Arguments) -> Self:
        return cls(arguments.moment("oldest"), arguments.moment("latest"), arguments.flag("inclusive"))

    def __contains__(self, message: Message) -> bool:
        ts = Decimal(message.ts)
        if self.inclusive and ts in {self.oldest, self.latest}:
            return True
        return (self.oldest is None or ts > self.oldest) and (self.latest is None or ts < self.latest)


def history(invocation: Invocation) -> Json:
    """conversations.history: newest first, without the replies in threads."""
    channel = _readable(invocation)
    arguments = invocation.arguments
    limit = arguments.page_size(limits.DEFAULT_PAGE, limits.HISTORY_PAGE)
    window, before = _Window.of(arguments), _cursor_ts(arguments)
    found = [
        message
        for message in reversed(invocation.workspace.history(channel.id))
        if not message.is_reply and message in window and (before is None or Decimal(message.ts) < before)
    ]
    page = found[:limit]
    answer: Json = {"messages": _shown(page, arguments), "pin_count": 0}
    return answer | _more("next_ts", page[-1].ts if len(found) > limit else None)


def replies(invocation: Invocation) -> Json:
    """conversations.replies: a thread from its parent on, oldest first."""
    channel = _readable(invocation)
    arguments = invocation.arguments
    (ts,) = arguments.required("ts")
    asked = invocation.workspace.message(channel.id, ts)
    if asked is None:
        raise SlackError("thread_not_found")
    root = asked.thread_ts or asked.ts
    limit = arguments.page_size(limits.LIST_PAGE, limits.LIST_PAGE)
    window, after = _Window.of(arguments), _cursor_ts(arguments)
    found = [
        message
        for message in invocation.workspace.history(channel.id)
        if root in {message.ts, message.thread_ts}
        and (message.ts == root or message in window)
        and (after is None or Decimal(message.ts) > after)
    ]
    page = found[:limit]
    answer: Json = {"messages": _shown(page, arguments)}
    return answer | _more("next_ts", page[-1].ts if len(found) > limit else None)


def list_channels(invocation: Invocation) -> Json:
    """conversations.list: the channels the app can see, by ID."""
    arguments = invocation.arguments
    kinds = arguments.text("types", "public_channel").replace(" ", "").split(",")
    if not set(kinds) <= _TYPES.keys() | _TYPES_WITHOUT_CHANNELS:
        raise SlackError("invalid_types")
    wanted = {_TYPES[kind] for kind in kinds if kind in _TYPES}
    invocation.tokens.require("groups:read" if is_private else "channels:read" for is_private in wanted)
    limit = arguments.page_size(limits.DEFAULT_PAGE, limits.LIST_PAGE)
    after = _cursor(arguments, "channel") or ""
    found = [
        channel
        for _, channel in sorted(invocation.workspace.channels.items())
        if channel.is_private in wanted
        and (channel.is_member or not channel.is_private)
        and not (channel.is_archived and arguments.flag("exclude_archived"))
        and channel.id > after
    ]
    page = found[:limit]
    last = page[-1].id if len(found) > limit else None
    next_cursor = _encoded("channel", last) if last else ""
    return {
        "channels": [_channel_json(invocation, channel) for channel in page],
        "response_metadata": {"next_cursor": next_cursor},
    }


def info(invocation: Invocation) -> Json:
    """conversations.info: one channel."""
    channel = invocation.channel_by_id()
    invocation.tokens.require(["groups:read" if channel.is_private else "channels:read"])
    return {"channel": _channel_json(invocation, channel)}


def _readable(invocation: Invocation) -> Channel:
    channel = invocation.channel_by_id()
    invocation.tokens.require(["groups:history" if channel.is_private else "channels:history"])
    if not channel.is_member:
        raise SlackError("not_in_channel")
    return channel


def _shown(messages: list[Message], arguments: Arguments) -> list[Json]:
    shown = [message.to_json() for message in messages]
    if not arguments.flag("include_all_metadata"):
        for message in shown:
            if "metadata" in message:
                message["metadata"] = {"event_type": message["metadata"]["event_type"]}
    return shown


def _more(name: str, last: str | None) -> Json:
    if last is None:
        return {"has_more": False}
    return {"has_more": True, "response_metadata": {"next_cursor": _encoded(name, last)}}


def _encoded(name: str, value: str) -> str:
    return base64.b64encode(f"{name}:{value}".encode()).decode()


def _cursor(arguments: Arguments, name: str) -> str | None:
    cursor = arguments.text("cursor")
    if not cursor:
        return None
    try:
        kind, _, value = base64.b64decode(cursor, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise SlackError("invalid_cursor") from None
    if kind != name or not value:
        raise SlackError("invalid_cursor")
    return value


def _cursor_ts(arguments: Arguments) -> Decimal | None:
    value = _cursor(arguments, "next_ts")
    if value is None:
        return None
    if not value.replace(".", "", 1).isdecimal():
        raise SlackError("invalid_cursor")
    return Decimal(value)


def _channel_json(invocation: Invocation, channel: Channel) -> Json:
    team = invocation.workspace.team
    described = {"creator": team.app.user_id, "last_set": channel.created}
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.is_private,
        "is_group": False,
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.is_private,
        "is_archived": channel.is_archived,
        "is_member": channel.is_member,
        "is_general": channel.name == "general",
        "is_shared": False,
        "is_ext_shared": False,
        "is_org_shared": False,
        "created": channel.created,
        "creator": team.app.user_id,
        "context_team_id": team.id,
        "topic": {"value": channel.topic, **described},
        "purpose": {"value": "", **described},
        "num_members": 1 if channel.is_member else 0,
    }
