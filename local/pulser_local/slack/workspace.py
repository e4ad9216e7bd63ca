"""The state of the simulated Slack workspace: channels, their messages, and who watches them change."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Json = dict[str, Any]

MAX_CHANNEL_NAME = 80  # characters
DEFAULT_CHANNELS = ("ops-alerts", "ops-deploy", "ops-ci", "ops-tasks", "ops-audit", "general")


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a message. An app has a bot_id and an app_id; a person has neither."""

    user_id: str
    name: str
    bot_id: str = ""
    app_id: str = ""


@dataclass(frozen=True, slots=True)
class Team:
    """What auth.test tells of the workspace and of the app installed in it."""

    id: str = "T0SIMULATOR"
    name: str = "Simulated workspace"
    app: Author = Author(user_id="U0PULSER", name="pulser", bot_id="B0PULSER", app_id="A0PULSER")


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel. `name` has no leading #."""

    id: str
    name: str
    is_archived: bool = False
    is_private: bool = False
    is_member: bool = True  # the app, that is
    topic: str = ""
    created: int = 0  # seconds since 1970


@dataclass(frozen=True, slots=True)
class Content:
    """What an author chooses of a message; `metadata` is Slack's {"event_type", "event_payload"}."""

    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    metadata: Json | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it stands. A reply has its parent's `thread_ts`; a parent with replies has its own."""

    channel_id: str
    ts: str
    author: Author
    team_id: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    thread_ts: str | None = None
    edited_ts: str | None = None
    reply_count: int = 0
    latest_reply: str | None = None

    @property
    def bot_name(self) -> str:
        """The name shown above the message."""
        return self.author.name

    @property
    def is_reply(self) -> bool:
        """Whether the message stands in a thread, and so not in the channel's own history."""
        return self.thread_ts is not None and self.thread_ts != self.ts

    def to_json(self) -> Json:
        """The message as conversations.history gives it with include_all_metadata."""
        shown: Json = {"type": "message", "user": self.author.user_id, "ts": self.ts, "text": self.text}
        shown |= {"team": self.team_id, **self._bot()}
        if self.blocks:
            shown["blocks"] = self.blocks
        if self.attachments:
            shown["attachments"] = self.attachments
        if self.metadata is not None:
            shown["metadata"] = self.metadata
        if self.edited_ts is not None:
            shown["edited"] = {"user": self.author.user_id, "ts": self.edited_ts}
        return shown | self._thread()

    def _bot(self) -> Json:
        author = self.author
        if not author.bot_id:
            return {}
        profile = {"id": author.bot_id, "app_id": author.app_id, "name": author.name, "team_id": self.team_id}
        return {"bot_id": author.bot_id, "app_id": author.app_id, "bot_profile": profile}

    def _thread(self) -> Json:
        if self.thread_ts is None:
            return {}
        if self.is_reply:
            return {"thread_ts": self.thread_ts}
        return {
            "thread_ts": self.thread_ts,
            "reply_count": self.reply_count,
            "latest_reply": self.latest_reply,
        }


@dataclass(frozen=True, slots=True)
class WorkspaceChange:
    """One change, in order. `message` is the new state, of a "delete" the last one, of a "channel" none."""

    kind: Literal["message", "update", "delete", "channel"]
    channel_id: str
    message: Message | None = None


class Workspace:
    """Channels and messages in memory. What Slack's API refuses is refused by the methods, not here."""

    def __init__(
        self,
        channel_names: Iterable[str] = DEFAULT_CHANNELS,
        team: Team | None = None,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.team = team or Team()
        self.channels: dict[str, Channel] = {}
        self._now = now
        self._messages: dict[str, dict[str, Message]] = {}
        self._last_ts: dict[str, int] = {}  # microseconds
        self._watchers: set[asyncio.Queue[WorkspaceChange]] = set()
        for name in channel_names:
            self.create_channel(name)

    def find(self, name_or_id: str) -> Channel | None:
        """The channel with this ID, "#name" or "name"."""
        if name_or_id in self.channels:
            return self.channels[name_or_id]
        name = name_or_id.removeprefix("#")
        return next((channel for channel in self.channels.values() if channel.name == name), None)

    def create_channel(self, name: str, *, is_private: bool = False, topic: str = "") -> Channel:
        """Add a channel; its ID follows from its name. ValueError when Slack would not allow the name."""
        if not name or len(name) > MAX_CHANNEL_NAME or name != name.lower() or set(name) & set(" #.,\n\t"):
            raise ValueError(f"a channel cannot be named {name!r}")
        if self.find(name) is not None:
            raise ValueError(f"there is a channel named {name!r} already")
        channel = Channel(_channel_id(name), name, is_private=is_private, topic=topic, created=int(self._now()))
        self.channels[channel.id] = channel
        self._messages[channel.id] = {}
        self._publish(WorkspaceChange("channel", channel.id))
        return channel

    def change_channel(
        self, channel_id: str, *, is_archived: bool | None = None, is_member: bool | None = None
    ) -> Channel:
        """Archive or restore a channel, let the app join or leave it. KeyError for an unknown ID."""
        channel = self.channels[channel_id]
        if is_archived is not None:
            channel = replace(channel, is_archived=is_archived)
        if is_member is not None:
            channel = replace(channel, is_member=is_member)
        self.channels[channel_id] = channel
        self._publish(WorkspaceChange("channel", channel_id))
        return channel

    def history(self, channel_id: str) -> list[Message]:
        """All messages of a channel, replies in threads too (`is_reply`), oldest first."""
        return list(self._messages[channel_id].values())

    def message(self, channel_id: str, ts: str) -> Message | None:
        """One message, or None when there is none of this ts."""
        return self._messages.get(channel_id, {}).get(ts)

    def post(
        self, channel_id: str, content: Content, *, thread_ts: str | None = None, author: Author | None = None
    ) -> Message:
        """Add a message, by the app when no author is given. KeyError for an unknown channel."""
        messages = self._messages[channel_id]
        message = Message(
            channel_id,
            self._next_ts(channel_id),
            author or self.team.app,
            self.team.id,
            text=content.text,
            blocks=content.blocks,
            attachments=content.attachments,
            metadata=content.metadata,
            thread_ts=thread_ts,
        )
        messages[message.ts] = message
        self._publish(WorkspaceChange("message", channel_id, message))
        if thread_ts is not None:
            self._count_reply(channel_id, thread_ts, message.ts)
        return message

    def update(self, channel_id: str, ts: str, content: Content) -> Message:
        """Replace the content of a message. KeyError when there is no such message."""
        message = replace(
            self._messages[channel_id][ts],
            text=content.text,
            blocks=content.blocks,
            attachments=content.attachments,
            metadata=content.metadata,
            edited_ts=f"{int(self._now())}.000000",
        )
        return self._put(message)

    def delete(self, channel_id: str, ts: str) -> None:
        """Take a message away without a trace, as Slack does. KeyError when there is no such message."""
        message = self._messages[channel_id].pop(ts)
        self._publish(WorkspaceChange("delete", channel_id, message))

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[asyncio.Queue[WorkspaceChange]]:
        """A queue of every change from now until the block ends."""
        queue: asyncio.Queue[WorkspaceChange] = asyncio.Queue()
        self._watchers.add(queue)
        try:
            yield queue
        finally:
            self._watchers.discard(queue)

    def _count_reply(self, channel_id: str, parent_ts: str, reply_ts: str) -> None:
        parent = self._messages[channel_id].get(parent_ts)
        if parent is not None:
            count = parent.reply_count + 1
            self._put(replace(parent, thread_ts=parent_ts, reply_count=count, latest_reply=reply_ts))

    def _put(self, message: Message) -> Message:
        self._messages[message.channel_id][message.ts] = message
        self._publish(WorkspaceChange("update", message.channel_id, message))
        return message

    def _next_ts(self, channel_id: str) -> str:
        # A ts names a message, so two of one channel never share one, whatever the clock does.
        stamp = max(int(self._now() * 1_000_000), self._last_ts.get(channel_id, 0) + 1)
        self._last_ts[channel_id] = stamp
        return f"{stamp // 1_000_000}.{stamp % 1_000_000:06d}"

    def _publish(self, change: WorkspaceChange) -> None:
        for watcher in self._watchers:
            watcher.put_nowait(change)


def _channel_id(name: str) -> str:
    digest = hashlib.sha256(name.encode()).digest()
    return "C" + base64.b32encode(digest).decode()[:10]
