"""Who is in a user group, as Slack says, remembered for a bounded time. Slack failing is "not known", never "yes"."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import structlog

from pulser.errors import PulserError
from pulser.permission import Membership
from pulser.slack import SlackApi

REMEMBERED_FOR = 60.0  # seconds: who leaves a group loses what it gave after this at the latest
UNKNOWN_FOR = 2.0  # seconds: a Slack that does not answer is not asked anew for each click of a burst
TIME_LIMIT = 1.5  # seconds; the person waits
MOST_REMEMBERED = 200

log = structlog.get_logger()

Members = frozenset[str]


@dataclass(slots=True)
class Groups:
    """Asks usergroups.users.list once for all who wait for the same group."""

    slack: SlackApi
    time_limit: float = TIME_LIMIT
    clock: Callable[[], float] = time.monotonic
    _remembered: dict[str, tuple[float, Members | None]] = field(default_factory=dict)
    _asked: dict[str, asyncio.Task[Members | None]] = field(default_factory=dict)

    async def membership(self, user: str, groups: Iterable[str]) -> Membership:
        """In which of `groups` the user is, and of which Slack did not tell."""
        wanted = list(dict.fromkeys(groups))
        told = dict(zip(wanted, await asyncio.gather(*map(self._members, wanted)), strict=True))
        return Membership(
            frozenset(group for group, members in told.items() if members is not None and user in members),
            frozenset(group for group, members in told.items() if members is None),
        )

    async def _members(self, group: str) -> Members | None:
        known = self._remembered.get(group)
        if known is not None and known[0] > self.clock():
            return known[1]
        task = self._asked.get(group)
        if task is None:
            task = self._asked[group] = asyncio.create_task(self._ask(group))
            task.add_done_callback(lambda _: self._asked.pop(group, None))
        # One who is given up must not take the answer from the others.
        return await asyncio.shield(task)

    async def _ask(self, group: str) -> Members | None:
        members = await self._fetch(group)
        if len(self._remembered) >= MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[group] = (self.clock() + (UNKNOWN_FOR if members is None else REMEMBERED_FOR), members)
        return members

    async def _fetch(self, group: str) -> Members | None:
        try:
            async with asyncio.timeout(self.time_limit):
                answer = await self.slack.call("usergroups.users.list", usergroup=group)
        except (PulserError, TimeoutError) as error:
            log.warning("user_group_not_known", group=group, error=str(error) or type(error).__name__)
            return None
        users = answer.get("users")
        if not isinstance(users, list):
            log.warning("user_group_not_known", group=group, error="Slack's ok holds no list of users")
            return None
        return frozenset(it for it in users if isinstance(it, str))
