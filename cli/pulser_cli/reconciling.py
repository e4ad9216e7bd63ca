"""Compares Slack's history with the ledger, both ways, while deliveries may be on their way.

What is read later knows more. So the ledger is read after Slack for what Slack showed, and Slack after the ledger for
what the ledger says to be sent: nothing that happens while we read is taken for an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from pulser.database import Database
from pulser.slack import SlackApi
from pulser_cli.comparing import Place, Post, Report, Seen, Standing, compare, missing_from
from pulser_cli.reconciling_slack import Patience, Reader, Unreadable

MARGIN = 300.0  # seconds that Slack's clock and the database's may differ, generously
AT_ONCE = 500  # ids in one question to the ledger


async def reconcile(
    ledger: Database,
    slack: SlackApi,
    *,
    since: datetime | None = None,
    channel: str | None = None,
    patience: Patience | None = None,
) -> Report:
    """Compare the posts made since then (None: all), of one channel (name or ID) or of all, with what stands in Slack.

    Raises SlackTokenRefused or SecretMissing where there is no token that Slack takes, SlackError where Slack cannot be
    asked at all, DatabaseUnavailable and DatabaseRefused. A channel that cannot be read is told in the report.
    """
    reader = Reader(slack, patience or Patience())
    return await _Reconciling(ledger, reader, since, channel).run()


@dataclass(slots=True)
class _Reconciling:
    ledger: Database
    reader: Reader
    since: datetime | None
    channel: str | None  # the only one that is asked for
    ids: dict[str, str] = field(default_factory=dict)  # of channels, by what routes call them
    names: dict[str, str] = field(default_factory=dict)  # the other way round
    messages: set[Standing] = field(default_factory=set)
    read: set[str] = field(default_factory=set)  # IDs of channels that were asked for
    threads: set[Place] = field(default_factory=set)  # those that were read
    unread: dict[str, str] = field(default_factory=dict)  # ID to reason
    unfound: dict[str, str] = field(default_factory=dict)  # name to reason
    kept_since: float = 0.0  # what the ledger says of it, and the margin

    async def run(self) -> Report:
        own_bot, workspace_url = await self.reader.own_bot()
        await self._read(await self._posts())
        posts = await self._posts()  # what was shown has been recorded by now, or has not been
        await self._read(posts)
        await self._look_again(missing_from(posts, self._seen()))
        posts, others = await self._told_anew(posts)
        return compare(posts, others, replace(self._seen(), own_bot=own_bot, workspace_url=workspace_url))

    def _seen(self) -> Seen:
        in_order = sorted(self.messages, key=lambda message: message.place.ts)
        return Seen(in_order, unread=self.unread | self.unfound, names=self.names, kept_since=self.kept_since)

    async def _posts(self) -> list[Post]:
        """What the ledger says now."""
        for told in await self.ledger.call("posted_channels_v1"):
            if told["slack_channel_id"]:
                self._name(told["channel"], told["slack_channel_id"])
        posts: list[Post] = []
        page = {"since": self.since and self.since.isoformat(), "before": None}
        while True:
            answer = await self.ledger.call("list_posts_v1", page)
            posts += map(Post.of, answer["posts"])
            self.kept_since = answer["kept_since"] + MARGIN
            if answer["before"] is None:
                break
            page["before"] = answer["before"]
        return [post for post in posts if self._is_asked_for(post)]

    def _is_asked_for(self, post: Post) -> bool:
        if post.place is not None and post.place.channel_id not in self.names:
            self.names[post.place.channel_id] = post.channel  # the ID of an earlier channel of this name
        if self.channel is None:
            return True
        wanted = {self.channel, self.ids.get(self.channel)}
        return bool(wanted & {post.channel, self.ids.get(post.channel), post.place and post.place.channel_id})

    async def _read(self, posts: Sequence[Post]) -> None:
        """Read the channels and threads of these posts, and other channels that pulser posts to, if not yet read."""
        needed = {post.place.channel_id for post in posts if post.place is not None}
        sought = {post.channel for post in posts if _may_stand(post)} | ({self.channel} if self.channel else set())
        needed |= await self._resolved(sought)
        quiet = set() if self.channel else set(self.ids.values()) - needed
        oldest = None if self.since is None else self.since.timestamp() - MARGIN
        for channel_id in [*sorted(needed - self.read), *sorted(quiet - self.read)]:
            await self._read_one(channel_id, oldest)
        # Also those whose first message is older than what was read.
        for thread in sorted({post.thread for post in posts if post.thread} - self.threads):
            await self._read_thread(thread)
        for channel_id in quiet & self.unread.keys():
            del self.unread[channel_id]  # archived long ago, perhaps; the ledger says of nothing that it stands there
            self.read.discard(channel_id)

    async def _resolved(self, channels: Iterable[str]) -> set[str]:
        """The IDs of these channels; those that have none are `unfound`."""
        wanted = {channel for channel in channels if channel.startswith("#")}
        reason = "channel_not_found"
        if wanted - self.ids.keys():
            try:
                found = await self.reader.channel_ids()
                for name in (wanted - self.ids.keys()) & found.keys():
                    self._name(name, found[name])
            except Unreadable as error:
                reason = error.reason
        self.unfound = dict.fromkeys(sorted(wanted - self.ids.keys()), reason)
        return {self.ids.get(channel, channel) for channel in channels} - self.unfound.keys()

    async def _look_again(self, missing: Iterable[Post]) -> None:
        """For what was sent after its channel had been read."""
        oldest: dict[str, float] = {}
        for post in missing:
            if post.thread is not None:
                await self._read_thread(post.thread)
            elif post.place is not None:
                ts = float(post.place.ts) - 1
                oldest[post.place.channel_id] = min(ts, oldest.get(post.place.channel_id, ts))
        for channel_id, since in sorted(oldest.items()):
            await self._read_one(channel_id, since)

    async def _read_one(self, channel_id: str, oldest: float | None) -> None:
        self.read.add(channel_id)
        try:
            name = self.names.get(channel_id, channel_id)
            found = await self.reader.messages(channel_id, name, oldest)
        except Unreadable as error:
            self.unread[channel_id] = error.reason
            return
        self.messages |= set(found)
        for message in found:
            if message.has_replies:
                await self._read_thread(message.place)

    async def _read_thread(self, thread: Place) -> None:
        """A channel of which a thread cannot be read is not wholly read."""
        self.threads.add(thread)
        try:
            name = self.names.get(thread.channel_id, thread.channel_id)
            self.messages |= set(await self.reader.replies(thread, name))
        except Unreadable as error:
            self.unread[thread.channel_id] = error.reason

    async def _told_anew(self, posts: list[Post]) -> tuple[list[Post], list[Post]]:
        """The posts, and others that Slack showed, as the ledger knows them after Slack was read."""
        unsent = {post.delivery_id for post in posts if post.place is None}
        listed = {post.delivery_id for post in posts}
        shown = {message.delivery_id for message in self.messages}
        asked = sorted(one for one in shown if _is_id(one) and (one in unsent or one not in listed))
        told: dict[str, Post] = {}
        for at in range(0, len(asked), AT_ONCE):
            answer = await self.ledger.call("find_posts_v1", {"delivery_ids": asked[at : at + AT_ONCE]})
            told |= {post.delivery_id: post for post in map(Post.of, answer)}
        others = [post for post in told.values() if post.delivery_id not in listed]
        return [told.get(post.delivery_id, post) for post in posts], others

    def _name(self, channel: str, channel_id: str) -> None:
        self.ids[channel] = channel_id
        self.names[channel_id] = channel


def _may_stand(post: Post) -> bool:
    """Whether a message may stand in a channel that the ledger has no ID of: not where Slack knew no such channel."""
    return post.place is None and post.attempts > 0 and post.reason != "channel_not_found"


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
