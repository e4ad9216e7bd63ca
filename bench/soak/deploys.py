"""Deploys from the command to the result; some are rejected, fail, or are rolled back."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from pulser_local.slack import SlackSimulator
from pulser_local.slack.interactions.elements import CannotAct
from pulser_local.slack.interactions.story import Interaction

CHANNEL = "ops-deploy"
LOOK = 0.1  # seconds between two looks into the workspace
MODAL_WITHIN = 5.0  # seconds after the command's ack; it needs a trigger that is good for three
STEP_WITHIN = 40.0  # seconds; so long a channel may be held or a worker dead
AFTER_THE_END = 10.0  # seconds after the load that a step is still waited for
TRIES = 6  # of a command whose modal does not open
PAUSE = (20.0, 45.0)  # seconds between two deploys of one service


@dataclass(frozen=True, slots=True)
class Team:
    """Who deploys a service, and who approves it (nobody where none is needed)."""

    service: str
    environment: str
    requester: str
    approver: str | None


TEAMS = (
    Team("api", "production", "U0ALICE", "U0BOB"),
    Team("web", "production", "U0ERIN", "U0CAROL"),
    Team("worker", "staging", "U0DAVE", None),
)
Deed = Callable[[], Awaitable[Interaction]]


class GivenUp(Exception):
    """A step did not come about in time: the people turn to the next deploy."""


@dataclass(slots=True)
class Deploys:
    """Each team deploys one version after the other. `given_up` says at which step people lost patience."""

    simulator: SlackSimulator
    chance: random.Random
    until_taken: Callable[[Deed], Awaitable[Interaction]]
    completed: int = 0
    given_up: list[str] = field(default_factory=list)
    _ends_at: float = 0.0
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    async def run(self, ends_at: float) -> None:
        """Until the time is up, and what was begun is done."""
        self._ends_at = ends_at
        async with asyncio.TaskGroup() as group:
            for team in TEAMS:
                group.create_task(self._work(team))

    async def _work(self, team: Team) -> None:
        while time.monotonic() < self._ends_at:
            try:
                await self._deploy(team, f"v1.{next(self._numbers)}.0{self.chance.choice(('', '', '', '-broken'))}")
                self.completed += 1
            except (GivenUp, CannotAct) as error:
                self.given_up.append(f"{team.service}: {error}")
            pause = self.chance.uniform(*PAUSE)
            await asyncio.sleep(min(pause, max(0.0, self._ends_at - time.monotonic())))

    async def _deploy(self, team: Team, version: str) -> None:
        await self._ask(team, version)
        if team.approver is not None:
            request = await self._message("pulser_approve", version, team.service)
            await self._press(request, "pulser_approve", team.requester)  # refused: somebody else must
            if self.chance.random() < 0.2:
                await self._press(request, "pulser_reject", team.approver)
                return
            await self._press(request, "pulser_approve", team.approver)
        shown = await self._message(version, team.service, "failed" if "broken" in version else "completed")
        if "pulser_rollback" in shown[2] and self.chance.random() < 0.4:
            await self._press(shown, "pulser_rollback", team.requester)

    async def _ask(self, team: Team, version: str) -> None:
        """Command, modal, submission."""
        for _ in range(TRIES):
            for view in self.simulator.modals(team.requester):
                await self.simulator.close_view(view["id"], team.requester)
            text = f"deploy {team.service} {version}"
            await self.until_taken(lambda text=text: self.simulator.command("/pulser", text, team.requester, CHANNEL))  # type: ignore[misc]  # bound at once
            if await self._seen(lambda: bool(self.simulator.modals(team.requester)), MODAL_WITHIN):
                break
        else:
            raise GivenUp("the modal did not open")
        view_id = self.simulator.modals(team.requester)[-1]["id"]
        values = {"service": team.service, "version": version, "environment": team.environment, "reason": "The soak"}
        done = await self.until_taken(lambda: self.simulator.submit_view(view_id, values, team.requester))
        if done.outcome != "acked" or (done.ack_payload or {}).get("errors"):
            raise GivenUp(f"the modal was refused: {done.error or done.ack_payload}")

    async def _press(self, message: tuple[str, str, str], action_id: str, user: str) -> None:
        channel_id, ts, _ = message
        await self.until_taken(lambda: self.simulator.press(channel_id, ts, action_id, user_id=user))

    async def _message(self, *texts: str) -> tuple[str, str, str]:
        """The newest message of the channel that says all this, once it stands: channel, ts and what it says."""
        found: list[tuple[str, str, str]] = []

        def stands() -> bool:
            channel = self.simulator.workspace.find(CHANNEL)
            if channel is None:
                return False
            for message in reversed(self.simulator.workspace.history(channel.id)):
                shown = json.dumps([message.text, message.blocks], ensure_ascii=False)
                if all(text in shown for text in texts):
                    found.append((channel.id, message.ts, shown))
                    return True
            return False

        if not await self._seen(stands, STEP_WITHIN):
            raise GivenUp(f"no message says {' and '.join(texts)}")
        return found[-1]

    async def _seen(self, condition: Callable[[], bool], within: float) -> bool:
        ends_at = min(time.monotonic() + within, self._ends_at + AFTER_THE_END)
        while not condition():
            if time.monotonic() > ends_at:
                return False
            await asyncio.sleep(LOOK)
        return True
