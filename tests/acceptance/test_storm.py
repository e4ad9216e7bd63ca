"""A thousand events in five seconds at Slack's real pace, while the dispatcher is killed twice."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
from collections import defaultdict
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest

from tests.acceptance.stack import descendants, running, shown_by_ps, until

# Each of these types is routed to a channel of its own by ssot/integrations/slack/pulser.yaml.
TYPES = ("ci.passed", "deploy.started", "task.completed", "error_rate.exceeded", "delivery.retried")
EVENTS = 1_000
SECONDS = 5.0
PACE = 1.0  # second between two messages of a channel


async def burst(database_url: str) -> list[str]:
    """Insert the events, each in its own transaction, evenly over the time; their ids in order."""
    connection = await asyncpg.connect(database_url)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    ids = []
    for number in range(EVENTS):
        await asyncio.sleep(max(0.0, begun + SECONDS * number / EVENTS - loop.time()))
        # A fingerprint of its own: none is the repeat of another.
        told = {"service": "api", "severity": "warning", "title": f"number {number}", "fingerprint": str(number)}
        payload = json.dumps(told)
        statement = "select ops.append_event_v1(event_type => $1, payload => $2::jsonb)::text"
        ids.append(await connection.fetchval(statement, TYPES[number % len(TYPES)], payload))
    await connection.close()
    return ids


async def fetched(url: str) -> dict[str, Any]:
    """The JSON that a control of the simulator gives."""
    async with aiohttp.ClientSession() as http, http.get(url) as response:
        answer: dict[str, Any] = await response.json()
    return answer


def kill_dispatcher(pid: int) -> None:
    """`kill -9` every process of the function."""
    functions = {
        int(line.split()[0]) for line in shown_by_ps("-eo", "pid=,args=").splitlines() if "notify_dispatch" in line
    }
    for found in functions & descendants(pid):
        os.kill(found, signal.SIGKILL)


@pytest.mark.storm
@pytest.mark.timeout(420)
async def test_storm_arrives_once_in_order_and_at_slacks_pace(tmp_path: Path) -> None:
    """Every event stands once, in order, no two of a channel within a second, and no 429 was caused."""
    async with running(tmp_path) as dev:
        console = dev.ready["console_url"]

        async def reached(count: int) -> bool:
            return len(await posted(console)) >= count

        sent = await burst(dev.ready["database_url"])
        for count in (50, 150):
            await until(lambda count=count: reached(count), limit=120)  # type: ignore[misc]  # bound at once
            kill_dispatcher(dev.process.pid)
        await until(lambda: reached(EVENTS), limit=360)

        messages = await posted(console)
        by_channel: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for message in messages:
            by_channel[message["channel_name"]].append(message)
        order = {event_id: at for at, event_id in enumerate(sent)}
        calls = (await fetched(f"{console}/sim/calls"))["calls"]

        assert sorted(event_of(message) for message in messages) == sorted(sent)
        assert len(by_channel) == len(TYPES)
        for of_channel in by_channel.values():
            places = [order[event_of(message)] for message in of_channel]
            assert places == sorted(places)
            times = [float(message["ts"]) for message in of_channel]
            assert min(later - earlier for earlier, later in itertools.pairwise(times)) >= PACE
        assert not [call for call in calls if call["status"] == 429]


def event_of(message: dict[str, Any]) -> str:
    """The event that a message stands for."""
    return str(message["metadata"]["event_payload"]["event_id"])


async def posted(console: str) -> list[dict[str, Any]]:
    """The burst's messages, oldest first in each channel."""
    messages = (await fetched(f"{console}/sim/messages"))["messages"]
    return [it for it in messages if "number " in json.dumps(it["blocks"])]
