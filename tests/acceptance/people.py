"""People at work: a simulated Slack of the test's own, a `pulser dev` behind it, and clicks on its messages."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from pulser_local.slack import SlackSimulator
from pulser_local.slack.interactions.story import Interaction
from tests.acceptance.stack import Dev, descendants, emit, running, shown_by_ps, until


@dataclass(frozen=True, slots=True)
class Alert:
    """A message with buttons, as people saw it when it was new: they may click on it later, too."""

    event_id: str
    channel_id: str
    shown: dict[str, Any]

    @property
    def ts(self) -> str:
        return str(self.shown["ts"])


@dataclass(frozen=True, slots=True)
class Workplace:
    """A workspace whose app is served by a `pulser dev`."""

    simulator: SlackSimulator
    dev: Dev

    @property
    def database_url(self) -> str:
        return str(self.dev.ready["database_url"])

    @property
    def functions_url(self) -> str:
        return f"{self.dev.ready['gateway_url']}/functions/v1"

    async def alert(self, event_type: str = "error_rate.exceeded") -> Alert:
        """A new alert, once its message stands."""
        event_id = await emit(self.database_url, event_type)
        await until(lambda: _is(self._message_of(event_id) is not None))
        found = self._message_of(event_id)
        assert found is not None
        return found

    def _message_of(self, event_id: str) -> Alert | None:
        workspace = self.simulator.workspace
        for channel in workspace.channels.values():
            for message in workspace.history(channel.id):
                if (message.metadata or {}).get("event_payload", {}).get("event_id") == event_id:
                    return Alert(event_id, channel.id, message.to_json())
        return None

    async def click(self, alert: Alert, user: str, action_id: str = "pulser_acknowledge") -> Interaction:
        """A click on the message as it was when it was new, however it looks by now."""
        return await self.simulator.press_seen(alert.channel_id, alert.shown, action_id, user_id=user)

    async def value(self, query: str, *arguments: object) -> Any:  # noqa: ANN401  # whatever the query gives
        """The first column of the first row."""
        connection = await asyncpg.connect(self.database_url)
        try:
            return await connection.fetchval(query, *arguments)
        finally:
            await connection.close()

    async def settled(self, *, limit: float = 60) -> None:
        """Wait until no envelope and no private answer is left to do."""
        open_ones = (
            "select count(*) from ops.slack_envelopes where handler is not null "
            "and (status in ('pending', 'processing') or reply_status = 'due')"
        )
        await until(lambda: _none(self.value(open_ones)), limit=limit)

    def kill(self, function: str) -> int:
        """`kill -9` every process of a function of the stack; how many these were."""
        target = f"--target {function.replace('-', '_')} "
        listed = shown_by_ps("-eo", "pid=,args=", "-ww").splitlines()
        found = {int(line.split()[0]) for line in listed if target in line + " "}
        victims = found & descendants(self.dev.process.pid)
        for pid in victims:
            os.kill(pid, signal.SIGKILL)
        return len(victims)


@asynccontextmanager
async def workplace(folder: Path, *, rate_limit: bool = True) -> AsyncIterator[Workplace]:
    """Everything up and connected."""
    simulator = SlackSimulator(rate_limit=rate_limit)
    await simulator.start()
    tokens = {
        "SLACK_BOT_TOKEN": simulator.bot_token,
        "SLACK_APP_TOKEN": simulator.app_token,
        "SLACK_SIGNING_SECRET": simulator.signing_secret,
    }
    try:
        async with running(folder, "--slack-api-url", simulator.api_url, **tokens) as dev:
            await asyncio.wait_for(simulator.sockets.until(2), timeout=30)
            yield Workplace(simulator, dev)
    finally:
        await simulator.stop()


async def _is(condition: bool) -> bool:  # noqa: FBT001  # it is nothing but the condition
    return condition


async def _none(counting: Any) -> bool:  # noqa: ANN401  # an awaitable count
    return int(await counting) == 0


async def at_a_rate(per_second: float, deeds: list[Any]) -> list[Any]:
    """Start the coroutines evenly, and wait for all; their results."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    tasks = []
    for number, deed in enumerate(deeds):
        await asyncio.sleep(max(0.0, begun + number / per_second - loop.time()))
        tasks.append(asyncio.create_task(deed))
    return await asyncio.gather(*tasks)
