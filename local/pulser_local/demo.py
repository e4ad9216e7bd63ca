from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace

import asyncpg

from pulser_local.database_setup import connected
from pulser_local.demo_acts import DemoActs
from pulser_local.demo_events import DEMO_EVENTS, DemoEvent
from pulser_local.demo_report import DemoReport, Emitted, Standing, Story, judge
from pulser_local.demo_storm import DemoStorm
from pulser_local.dev import LocalStack
from pulser_local.errors import LocalError
from pulser_local.slack import SlackSimulator

# Slack takes one message per second in a channel, and the outbox keeps to it. Two events at once would measure
# that pace instead of pulser, so an event waits until the message before it stands in each of its channels, and
# then this long.
PACE = 1.1  # seconds
POLL = 0.05  # seconds between two looks into the ledger
DEADLINE = 12.0  # seconds for one event; it has failed long before, but how late it comes is worth knowing


class Demo:
    """Emits one event of each type into a running stack, acts as people in the simulated workspace do, then raises a
    storm of so many events.
    """

    def __init__(
        self,
        stack: LocalStack,
        *,
        events: Sequence[DemoEvent] = DEMO_EVENTS,
        storm: int = 0,
        on_settled: Callable[[DemoEvent], None] = lambda _event: None,
    ) -> None:
        if stack.simulator is None:
            raise LocalError("The demo looks into the simulated workspace, and this stack has another Slack.")
        self._stack = stack
        self._simulator = stack.simulator
        self._events = events
        self._storm = storm
        self._on_settled = on_settled
        self._channels: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._writing = asyncio.Lock()
        self._emitted: dict[str, Emitted] = {}
        self._stories: dict[str, Story] = {}

    async def run(self) -> DemoReport:
        """Emit, wait, act as people do, raise the storm, and report."""
        async with connected(self._stack.urls.database_url) as connection, asyncio.TaskGroup() as group:
            for event in self._events:
                group.create_task(self._follow(event, connection))
        in_order = [self._emitted[event.event_type] for event in self._events]
        # Before anybody acts: from then on there are messages that no event of ours made.
        standing = standing_messages(self._simulator, self._stack.urls.console_url)
        report = judge(in_order, self._stories, standing)
        if report.ok:
            report = replace(report, acts=await DemoActs(self._simulator).run())
        if report.ok and self._storm:
            report = replace(report, storm=await DemoStorm(self._stack, self._simulator, events=self._storm).run())
        return report

    async def _follow(self, event: DemoEvent, connection: asyncpg.Connection) -> None:
        async with AsyncExitStack() as pace:
            for channel in sorted(event.channels):  # always in this order: two events never wait for each other
                await pace.enter_async_context(self._channels[channel])
            emitted = await self._emit(event, connection)
            self._emitted[event.event_type] = emitted
            self._stories[emitted.event_id] = await self._settled_story(emitted.event_id)
            self._on_settled(event)
            await asyncio.sleep(PACE)

    async def _emit(self, event: DemoEvent, connection: asyncpg.Connection) -> Emitted:
        async with self._writing:
            transaction = connection.transaction()
            await transaction.start()
            event_id = await connection.fetchval(
                "select ops.append_event_v1($1, $2, $3, $4::jsonb, $5, $6)",
                *(event.event_type, event.actor, event.target, json.dumps(event.payload)),
                *(event.status, event.error_detail),
            )
            # Before the commit is sent, not after its answer: a fast dispatcher would come out too fast.
            at = time.time()
            await transaction.commit()
        return Emitted(event, str(event_id), at)

    async def _settled_story(self, event_id: str) -> Story:
        """The event's story once all its deliveries are in Slack, or as it is at the deadline."""
        deadline = time.monotonic() + DEADLINE
        while True:
            story: Story = await self._stack.database.call("event_story_v1", {"event_id": event_id}) or {}
            if is_settled(story) or time.monotonic() > deadline:
                return story
            await asyncio.sleep(POLL)


def is_settled(story: Story) -> bool:
    """Whether nothing more will happen to an event."""
    status = (story.get("dispatch") or {}).get("status")
    if status == "routed":
        return all(delivery["status"] in ("sent", "dead") for delivery in story["deliveries"])
    return status in {"unrouted", "silenced"}


def standing_messages(simulator: SlackSimulator, console_url: str) -> list[Standing]:
    """Each message of the workspace that carries an event of pulser's."""
    workspace = simulator.workspace
    return [
        Standing(
            str(message.metadata["event_payload"].get("event_id")),
            channel.name,
            message.ts,
            f"{console_url}/archives/{channel.id}/p{message.ts.replace('.', '')}",
        )
        for channel in workspace.channels.values()
        for message in workspace.history(channel.id)
        if message.metadata and message.metadata.get("event_type") == "pulser_delivery"
    ]
