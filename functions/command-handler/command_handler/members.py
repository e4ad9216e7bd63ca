"""Who is in a user group of Slack, remembered for a minute."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

from pulser.slack import SlackApi

REMEMBERED_FOR = 60.0  # seconds


class Members:
    """Asks Slack (usergroups.users.list, scope usergroups:read)."""

    def __init__(self, slack: SlackApi, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._slack = slack
        self._clock = clock
        self._known: dict[str, tuple[float, frozenset[str]]] = {}

    async def include(self, named: Iterable[str], user: str) -> bool:
        """Whether `user` is one of the users named, or in one of the groups (S…).

        Raises what SlackApi.call raises; not when a group is not needed for the answer.
        """
        listed = list(named)
        if user in listed:
            return True
        groups = [it for it in listed if it.startswith("S")]
        return any(user in members for members in await asyncio.gather(*map(self._of, groups)))

    async def _of(self, group: str) -> frozenset[str]:
        known = self._known.get(group)
        if known is not None and known[0] > self._clock():
            return known[1]
        answer = await self._slack.call("usergroups.users.list", usergroup=group)
        listed = answer.get("users")
        members = frozenset(map(str, listed)) if isinstance(listed, list) else frozenset()
        self._known[group] = (self._clock() + REMEMBERED_FOR, members)
        return members
