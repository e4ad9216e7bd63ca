"""What stands in Slack of pulser's messages, read patiently: all pages of a channel, whatever Slack makes us wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from notify_dispatch.render.message import METADATA_TYPE
from pulser.errors import SlackHeld, SlackInDoubt, SlackRefused, SlackTokenRefused
from pulser.slack import SlackApi
from pulser_cli.comparing import Place, Standing

PAGE = 200  # Slack's advice; it allows 999
TRIES = 5  # of a call that fails without saying for how long
TOLD_EACH = 10  # pages
# The trouble of one channel or method. What else is refused to a token is refused for all, and ends the reading.
_OF_ONE_METHOD = frozenset({"ekm_access_denied", "missing_scope", "no_permission", "not_allowed_token_type"})


def _say_nothing(_text: str) -> None:
    return


@dataclass(slots=True)
class Patience:
    """Repeats a reading call while Slack makes us wait: `seconds` of waiting altogether, then no more."""

    seconds: float = 600.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    tell: Callable[[str], None] = _say_nothing

    async def through(self, read: Callable[[], Awaitable[Any]], what: str) -> Any:  # noqa: ANN401  what it reads
        """What `read` gives in the end. Raises what Slack said when patience is at its end, or waiting is of no use."""
        failed = 0
        while True:
            try:
                return await read()
            except (SlackHeld, SlackInDoubt) as error:
                failed += error.retry_after is None
                pause = 2.0**failed if error.retry_after is None else error.retry_after
                if failed >= TRIES or pause > self.seconds:
                    raise
                self.seconds -= pause
                self.tell(f"{what}: {error}; on in {pause:.0f} s ({self._left(failed, error.retry_after)})")
                await self.sleep(pause)

    def _left(self, failed: int, retry_after: float | None) -> str:
        """What ends its patience first: too many tries, or what Slack asks for."""
        if retry_after is not None:
            return f"at most {self.seconds:.0f} s more of waiting"
        more = TRIES - failed
        return f"{more} more {'try' if more == 1 else 'tries'}"


class Unreadable(Exception):
    """A channel, or the list of channels, that cannot be read. `reason` is Slack's error code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class Reader:
    """Reads channels, threads, and who we are. In a thread stand only briefings, and these under pulser's own messages;
    the private answers that are written into threads no history shows.
    """

    slack: SlackApi
    patience: Patience = field(default_factory=Patience)

    async def own_bot(self) -> tuple[str | None, str | None]:
        """The bot that our token is of, and the workspace's address."""
        answer = await self.patience.through(lambda: self.slack.call("auth.test"), "auth.test")
        return answer.get("bot_id"), answer.get("url")

    async def channel_ids(self) -> dict[str, str]:
        """The channels that the app can see, archived ones too: "#name" to ID. Unreadable when it sees none."""
        seen, _ = await self.channels()
        return {f"#{one.get('name')}": str(one["id"]) for one in seen}

    async def channels(self) -> tuple[list[dict[str, Any]], bool]:
        """The channels that the app can see, archived ones too, and whether these are all kinds of them.

        Unreadable when it sees none.
        """
        found: list[dict[str, Any]] = []
        refused = None
        for kind in ("public_channel", "private_channel"):  # a scope each
            try:
                found += [one async for one in self._pages("conversations.list", "channels", kind, {"types": kind})]
            except Unreadable as error:
                refused = error
        if refused is not None and not found:
            raise refused
        return found, refused is None

    async def messages(self, channel_id: str, name: str, oldest: float | None) -> list[Standing]:
        """pulser's messages in a channel since `oldest` (seconds since 1970). Unreadable when it is not to be read."""
        arguments: dict[str, Any] = {"channel": channel_id, "include_all_metadata": True}
        if oldest is not None:
            arguments["oldest"] = f"{max(oldest, 0):.6f}"
        return await self._standing("conversations.history", name, arguments)

    async def replies(self, thread: Place, name: str) -> list[Standing]:
        """pulser's messages in a thread, with the one that began it; none where that is not there any more."""
        arguments: dict[str, Any] = {"channel": thread.channel_id, "ts": thread.ts, "include_all_metadata": True}
        try:
            return await self._standing("conversations.replies", name, arguments)
        except Unreadable as error:
            if error.reason == "thread_not_found":
                return []
            raise

    async def _standing(self, method: str, name: str, arguments: dict[str, Any]) -> list[Standing]:
        return [
            _standing(message, arguments["channel"], delivery)
            async for message in self._pages(method, "messages", name, arguments)
            if (delivery := _delivery_of(message)) is not None
        ]

    async def _pages(
        self, method: str, key: str, what: str, arguments: dict[str, Any]
    ) -> AsyncIterator[dict[str, Any]]:
        asked, cursors, read = arguments | {"limit": PAGE}, set[str](), 0
        while True:
            items, cursor = await self._page(method, key, what, asked)
            for item in items:
                yield item
            read += 1
            if read % TOLD_EACH == 0:
                self.patience.tell(f"{what}: {read} pages read")
            if cursor is None:
                return
            if cursor in cursors:
                raise Unreadable("unreadable_answer")  # or it would never end
            cursors.add(cursor)
            asked |= {"cursor": cursor}

    async def _page(
        self, method: str, key: str, what: str, asked: dict[str, Any]
    ) -> tuple[list[dict[str, Any]], str | None]:
        async def read() -> tuple[list[dict[str, Any]], str | None]:
            return _whole(await self.slack.call(method, **asked), method, key)

        try:
            page: tuple[list[dict[str, Any]], str | None] = await self.patience.through(read, what)
        except SlackTokenRefused as error:
            if error.reason not in _OF_ONE_METHOD:
                raise
            raise Unreadable(error.reason) from error
        except (SlackRefused, SlackHeld, SlackInDoubt) as error:
            raise Unreadable(error.reason) from error
        return page


def _whole(answer: dict[str, Any], method: str, key: str) -> tuple[list[dict[str, Any]], str | None]:
    """The items of a page, and the cursor of the next. Nothing may be concluded from a page that is not whole."""
    items, cursor = answer.get(key), (answer.get("response_metadata") or {}).get("next_cursor")
    if not isinstance(items, list) or (answer.get("has_more") and not cursor):
        raise SlackInDoubt("unreadable_answer", f"Slack's ok to {method} is no whole list of {key}")
    return items, cursor or None


def _delivery_of(message: dict[str, Any]) -> str | None:
    metadata = message.get("metadata") or {}
    delivery = (metadata.get("event_payload") or {}).get("delivery_id")
    return str(delivery) if metadata.get("event_type") == METADATA_TYPE and delivery else None


def _standing(message: dict[str, Any], channel_id: str, delivery: str) -> Standing:
    place = Place(channel_id, str(message["ts"]))
    return Standing(delivery, place, message.get("bot_id"), has_replies=bool(message.get("reply_count")))
