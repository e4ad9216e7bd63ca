"""A thousand events in five seconds at Slack's real pace, while the dispatcher is killed twice."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest

from tests.acceptance.stack import descendants, running, shown_by_ps, until

# Each of these types is routed to a channel of its own by ssot/integrations/slack/pulser.yaml.
TYPES = ("ci.passed", "deploy.started", "task.completed", "error_rate.exceeded")
ALONE = "delivery.retried"  # it is never folded: of these there are few
EVENTS, EACH = 1_000, 50  # events, and every which of them stands alone
SECONDS = 5.0
PACE = 1.0  # second between two messages of a channel
SENT = """
select coalesce(jsonb_agg(jsonb_build_object(
    'event_id', event_id, 'message', coalesce(digest_id, delivery_id), 'place', slack_channel_id || ' ' || slack_ts
)), '[]')::text
from ops.deliveries where kind = 'post' and status = 'sent' and event_id = any ($1::uuid[])
"""


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
        event_type = TYPES[number % len(TYPES)] if number % EACH else ALONE
        statement = "select ops.append_event_v1(event_type => $1, payload => $2::jsonb)::text"
        ids.append(await connection.fetchval(statement, event_type, payload))
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
async def test_storm_arrives_once_and_at_slacks_pace(tmp_path: Path) -> None:
    """Every event is in one message, those that stand alone in order, no two within a second, and no 429 was caused."""
    async with running(tmp_path) as dev:
        console, database_url = dev.ready["console_url"], dev.ready["database_url"]
        sent = await burst(database_url)

        async def reached(count: int) -> bool:
            return len(await told(database_url, sent)) >= count

        for count in (50, 150):
            await until(lambda count=count: reached(count), limit=120)  # type: ignore[misc]  # bound at once
            kill_dispatcher(dev.process.pid)
        await until(lambda: reached(EVENTS), limit=240)

        messages = (await fetched(f"{console}/sim/messages"))["messages"]
        ours = {str(it["metadata"]["event_payload"]["delivery_id"]): it for it in messages if it.get("metadata")}
        assert len(ours) == len([it for it in messages if it.get("metadata")])
        deliveries = await told(database_url, sent)
        assert Counter(it["event_id"] for it in deliveries) == Counter(sent)
        stand = {it["message"]: f"{ours[it['message']]['channel']} {ours[it['message']]['ts']}" for it in deliveries}
        assert all(it["place"] == stand[it["message"]] for it in deliveries)

        by_channel: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for message in messages:
            by_channel[message["channel_name"]].append(message)
        for of_channel in by_channel.values():
            times = [float(message["ts"]) for message in of_channel]
            assert all(later - earlier >= PACE for earlier, later in itertools.pairwise(times))
        alone = [event_of(it) for it in messages if it["channel_name"] == "ops-audit"]
        assert [it for it in alone if it in sent] == sent[::EACH]
        assert len(messages) < EVENTS / 2
        calls = (await fetched(f"{console}/sim/calls"))["calls"]
        assert not [call for call in calls if call["status"] == 429]


def event_of(message: dict[str, Any]) -> str:
    """The event that a message stands for."""
    return str(message["metadata"]["event_payload"]["event_id"])


async def told(database_url: str, events: list[str]) -> list[dict[str, str]]:
    """What the ledger says of those that stand in Slack: the event, whose message, and where."""
    connection = await asyncpg.connect(database_url)
    try:
        found: list[dict[str, str]] = json.loads(await connection.fetchval(SENT, events))
    finally:
        await connection.close()
    return found
