"""A burst of 10,000 events over ten channels, on everything at once: when is each visible in Slack?

make bench-storm      prints p50, p95, p99 and max from an event's commit to Slack's ok to the message that tells of it
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import asyncpg

from pulser_local.dev import LocalStack
from pulser_local.slack import SlackSimulator
from pulser_local.stack_options import StackOptions
from pulser_local.storm import StormReport, Told, judge_storm

EVENTS, CHANNELS = 10_000, 10
AT_ONCE = 500  # events of a transaction
LIMIT = 60.0  # seconds; the goal is far below
OUTPUT = Path("build/bench-storm.json")
# Each is of a branch of its own, so none fires another again.
# Ten are critical, one in each channel: these stand alone, and a channel takes one message a second.
BURST = """
insert into ops.platform_events (event_type, actor, target, payload)
select (array['ci.failed', 'error_rate.exceeded', 'task.failed', 'ci.passed'])[1 + n % 4], 'bench', 'storm',
    jsonb_build_object('service', 'service-' || n % 23, 'environment', 'storm-' || n % $3::int, 'title', 'Number ' || n,
    'summary', 'One of very many', 'run_id', n, 'branch', 'storm-' || n, 'url', 'https://ci.example/runs/' || n,
    'severity', case when n % 1001 = 0 then 'critical' when n % 4 = 3 then 'info' else 'error' end
    )
from generate_series($1::int, $2::int) n
returning event_id::text
"""
TOLD = """
select event_id::text, channel, status, extract(epoch from sent_at)::float8 as sent_at,
    slack_channel_id || slack_ts as message, digest_id::text
from ops.deliveries where kind = 'post' and route like 'storm-%'
"""
OPEN = """
select (select count(*) from ops.event_dispatches where status = 'pending')
    + (select count(*) from ops.deliveries where status in ('queued', 'sending', 'in_doubt', 'failed'))
"""
ROUTED = "select extract(epoch from max(routed_at) - min(recorded_at))::float8 from ops.event_dispatches"


def routes() -> list[dict[str, Any]]:
    """One for each channel, by environment."""
    storms = [
        {"name": f"storm-{number}", "position": number, "environment": f"storm-{number}", "channel": f"#storm-{number}"}
        for number in range(CHANNELS)
    ]
    default = {"name": "default", "position": 99, "channel": "#ops-alerts", "is_default": True}
    return [*storms, default | {"minimum_severity": "error"}]


async def main(events: int) -> dict[str, Any]:
    """The figures."""
    with tempfile.TemporaryDirectory(prefix="pulser-bench-") as folder:
        async with LocalStack(StackOptions(port=0, routes=routes(), data=Path(folder) / "postgres")) as stack:
            connection = await asyncpg.connect(stack.urls.database_url)
            try:
                report, routed_s = await _measure(connection, stack.simulator, events)
            finally:
                await connection.close()
    return {"routed_s": round(routed_s, 2)} | report.to_json()


async def _measure(
    connection: asyncpg.Connection[asyncpg.Record], simulator: SlackSimulator | None, events: int
) -> tuple[StormReport, float]:
    committed: dict[str, float] = {}
    for first in range(0, events, AT_ONCE):
        transaction = connection.transaction()
        await transaction.start()
        made = await connection.fetch(BURST, first, min(first + AT_ONCE, events) - 1, CHANNELS)
        at = time.time()  # before the commit is sent, not after its answer
        await transaction.commit()
        committed |= dict.fromkeys((row["event_id"] for row in made), at)
    ends_at = time.monotonic() + LIMIT
    while await connection.fetchval(OPEN) and time.monotonic() < ends_at:  # noqa: ASYNC110  others work
        await asyncio.sleep(0.25)
    told = [Told(**row) for row in await connection.fetch(TOLD)]
    if simulator is None:
        raise RuntimeError("a stack without a foreign Slack has a simulator")
    channels = [it for it in simulator.workspace.channels.values() if it.name.startswith("storm-")]
    posts = {it.name: [float(message.ts) for message in simulator.workspace.history(it.id)] for it in channels}
    updates = len([call for call in simulator.calls.of("chat.update") if call.error is None])
    return judge_storm(committed, told, posts, updates), await connection.fetchval(ROUTED)


if __name__ == "__main__":
    measured = asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS))
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(measured, indent=2) + "\n")
    print(json.dumps(measured, indent=2))  # noqa: T201  # it is what one runs it for
    sys.exit(bool(measured["problems"]))
