"""The last part of the demo: a storm of events, and how long each of them waited until it was visible in Slack."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg

from pulser_local.database_setup import connected
from pulser_local.dev import LocalStack
from pulser_local.slack import SlackSimulator
from pulser_local.storm import StormReport, Told, judge_storm

EVENTS, AT_ONCE = 1_000, 100
DEADLINE = 12.0  # seconds until all is visible; it has failed long before
POLL = 0.2
SERVICES: Final = ("shop-api", "shop-web", "billing", "search", "reports", "mail", "orders")
# Of twenty events: what happens when a database that everybody needs is away.
KINDS: Final = (
    *("error_rate.exceeded",) * 8,
    *("task.failed",) * 6,
    *("ci.failed",) * 4,
    *("task.completed", "ci.passed"),
)
_WRITE: Final = "select ops.append_event_v1($1, 'storm', $2, $3::jsonb)::text"


class DemoStorm:
    """Emits the events as fast as the database takes them, and waits until each is in a message."""

    def __init__(self, stack: LocalStack, simulator: SlackSimulator, *, events: int = EVENTS) -> None:
        self._stack = stack
        self._simulator = simulator
        self._events = events
        self._committed: dict[str, float] = {}

    async def run(self) -> StormReport:
        """All of it."""
        since = datetime.now(UTC)
        updates = self._updates()
        async with connected(self._stack.urls.database_url) as connection:
            for first in range(0, self._events, AT_ONCE):
                await self._emit(connection, range(first, min(first + AT_ONCE, self._events)))
        await self._settled()
        told = await self._told(since)
        return judge_storm(self._committed, told, self._posts(since), self._updates() - updates)

    async def _emit(self, connection: asyncpg.Connection, numbers: Sequence[int]) -> None:
        transaction = connection.transaction()
        await transaction.start()
        made = [await connection.fetchval(_WRITE, *_event(number)) for number in numbers]
        at = time.time()  # before the commit is sent, as the demo's own events are timed
        await transaction.commit()
        self._committed |= dict.fromkeys(made, at)

    async def _settled(self) -> None:
        """Until nothing waits, or the deadline."""
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            health = await self._stack.database.call("dispatch_health_v1")
            if not health["pending_events"] and not health["waiting_deliveries"]:
                return
            await asyncio.sleep(POLL)

    async def _told(self, since: datetime) -> list[Told]:
        """What the ledger says of each; by channel, for it tells a thousand at once."""
        found: list[Told] = []
        for channel in self._simulator.workspace.channels.values():
            asked = {"channel": f"#{channel.name}", "since": since.isoformat(), "limit": 1000}
            listed = await self._stack.database.call("list_deliveries_v1", {"filter": asked})
            found += [_told(it) for it in listed if it["kind"] == "post" and it["event_id"] in self._committed]
        return found

    def _posts(self, since: datetime) -> dict[str, list[float]]:
        """When each message came to a channel."""
        workspace = self._simulator.workspace
        times = {
            f"#{it.name}": [float(message.ts) for message in workspace.history(it.id) if not message.is_reply]
            for it in workspace.channels.values()
        }
        recent = {name: [at for at in of if at >= since.timestamp()] for name, of in times.items()}
        return {name: of for name, of in recent.items() if of}

    def _updates(self) -> int:
        return sum(call.error is None for call in self._simulator.calls.of("chat.update"))


def _event(number: int) -> tuple[str, str, str]:
    """Type, target and payload of the event of this number."""
    service = SERVICES[number % len(SERVICES)]
    payload = {
        "service": service,
        "environment": "production",
        "severity": "error" if KINDS[number % len(KINDS)] not in ("task.completed", "ci.passed") else "info",
        "title": f"Number {number + 1} of the storm",
        "run_id": f"s-{number + 1}",
        # Each of a branch of its own: none fires another again, or ends it.
        "branch": f"storm-{number + 1}",
    }
    return KINDS[number % len(KINDS)], service, json.dumps(payload)


def _told(delivery: dict[str, Any]) -> Told:
    sent = delivery["sent_at"]
    return Told(
        event_id=delivery["event_id"],
        channel=delivery["channel"],
        status=delivery["status"],
        sent_at=sent and datetime.fromisoformat(sent).timestamp(),
        message=sent and f"{delivery['slack_channel_id']} {delivery['slack_ts']}",
        digest_id=delivery["digest_id"],
    )
