"""People at their work in the simulated Slack: they press buttons, type commands, and do again what did not work."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from pulser_local.slack import SlackSimulator
from pulser_local.slack.interactions.elements import CannotAct
from pulser_local.slack.interactions.story import Interaction

CLICKS_A_SECOND = 2.5
WORDS_A_SECOND = 0.35
CROWD_EVERY = 20.0  # seconds
# Slack takes 50 updates of messages a minute, and a deploy needs five: people look at some of the alerts only.
WATCHED = 0.35
CROWD = 8  # people who press one button within a moment
PATIENCE = 20  # tries
AGAIN_AFTER = 4.0  # seconds: Slack says after three that it did not work

COMMANDS = (
    "status", "health", "help", "status api", "status <!channel>", "stauts", "deploy", "deploy nothing-like-it v1",
    "", "“status” ‘api’", "x" * 3_000, "status \u202eipa",
)  # fmt: skip
ACKNOWLEDGE, INVESTIGATE = "pulser_acknowledge", "pulser_investigate"


@dataclass(frozen=True, slots=True)
class Standing:
    """A message with buttons, as it was when it was new."""

    channel_id: str
    shown: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """A message changed in place. `at` in seconds since 1970, `text` all that it says."""

    at: float
    channel_id: str
    ts: str
    text: str


@dataclass(slots=True)
class Deed:
    """What somebody wanted, and his tries. `needless`: somebody else had done it before he tried again."""

    tries: list[Interaction] = field(default_factory=list)
    needless: bool = False


@dataclass(slots=True)
class Crowd:
    """The people, what they see, and all that they did."""

    simulator: SlackSimulator
    chance: random.Random
    standing: deque[Standing] = field(default_factory=lambda: deque(maxlen=60))
    changes: list[Change] = field(default_factory=list)
    deeds: list[Deed] = field(default_factory=list)

    async def watch(self) -> None:
        """Note new messages with buttons, and changes. Runs until it is cancelled."""
        async with self.simulator.workspace.subscribe() as queue:
            while True:
                change = await queue.get()
                if change.message is None:
                    continue
                text = json.dumps(change.message.blocks, ensure_ascii=False)
                if change.kind == "message" and ACKNOWLEDGE in text and self.chance.random() < WATCHED:
                    self.standing.append(Standing(change.channel_id, change.message.to_json()))
                elif change.kind == "update":
                    now = self.simulator.clock.now()
                    self.changes.append(Change(now, change.channel_id, change.message.ts, text))

    async def clicks(self, ends_at: float) -> None:
        """Single clicks at a steady rate, most of them on what is new."""
        async with asyncio.TaskGroup() as group:
            while time.monotonic() < ends_at:
                await asyncio.sleep(self.chance.expovariate(CLICKS_A_SECOND))
                if self.standing:
                    group.create_task(self._click(self._some_message(), self._somebody()))

    async def crowds(self, ends_at: float) -> None:
        """Now and then many press one button at once."""
        async with asyncio.TaskGroup() as group:
            while time.monotonic() < ends_at:
                await asyncio.sleep(CROWD_EVERY * self.chance.uniform(0.5, 1.5))
                if self.standing:
                    message = self.standing[-1]
                    for user in self.chance.sample(self._people(), CROWD):
                        group.create_task(self._click(message, user, after=self.chance.uniform(0, 0.5)))

    async def words(self, ends_at: float) -> None:
        """Commands and mentions."""
        async with asyncio.TaskGroup() as group:
            while time.monotonic() < ends_at:
                await asyncio.sleep(self.chance.expovariate(WORDS_A_SECOND))
                user, text = self._somebody(), self.chance.choice(COMMANDS)
                if self.chance.random() < 0.15:
                    group.create_task(self._mention(user, text))
                else:
                    group.create_task(self._type(user, text))

    async def until_taken(self, deed: Callable[[], Awaitable[Interaction]], patience: int = PATIENCE) -> Interaction:
        """Do something again until Slack does not say any more that it failed; the last try. CannotAct: it is gone."""
        wanted = Deed()
        self.deeds.append(wanted)
        while True:
            try:
                wanted.tries.append(await deed())
            except CannotAct:
                wanted.needless = True
                raise
            if wanted.tries[-1].outcome == "acked" or len(wanted.tries) >= patience:
                return wanted.tries[-1]
            await asyncio.sleep(AGAIN_AFTER)

    async def _click(self, message: Standing, user: str, *, after: float = 0.0) -> None:
        await asyncio.sleep(after)
        action = ACKNOWLEDGE if self.chance.random() < 0.75 else INVESTIGATE
        as_now = self.chance.random() < 0.4

        def press() -> Awaitable[Interaction]:
            if as_now:
                return self.simulator.press(message.channel_id, message.shown["ts"], action, user_id=user)
            return self.simulator.press_seen(message.channel_id, message.shown, action, user_id=user)

        try:
            await self.until_taken(press)
        except CannotAct:
            return  # the button is gone by now

    async def _type(self, user: str, text: str) -> None:
        await self.until_taken(lambda: self.simulator.command("/pulser", text, user, "general"))

    async def _mention(self, user: str, text: str) -> None:
        # Nobody repeats it: Slack itself sends an event again.
        self.deeds.append(Deed([await self.simulator.mention("general", text or "hello", user)]))

    def _some_message(self) -> Standing:
        recent = list(self.standing)[-5:] if self.chance.random() < 0.6 else list(self.standing)
        return self.chance.choice(recent)

    def _somebody(self) -> str:
        return self.chance.choice(self._people())

    def _people(self) -> list[str]:
        return list(self.simulator.interactivity.people.users)
