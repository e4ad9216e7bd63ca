"""Ten thousand events at once: how soon they are in the outbox, how often somebody was woken, the database's time."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import asyncpg

from bench.events.world import CHANNELS, World

AT_ONCE = 100  # events of one commit
LIMIT = 90.0  # seconds
INSERT = """
insert into ops.platform_events (event_type, payload)
select 'ci.passed', jsonb_build_object('service', 'service-' || n % $3::integer, 'version', '2.0.' || n)
from generate_series($1::integer, $2::integer) n
"""
ROUTED = "select count(*) from ops.event_dispatches where status = 'routed'"
TRACK = ("alter system set track_functions = 'all'", "select pg_reload_conf()", "select pg_stat_reset()")
SPENT = """
select funcname, calls, total_time from pg_stat_user_functions where schemaname = 'ops' and funcname = any($1)
"""
# What runs for an event until it is in the outbox. Each one's time has that of what it calls.
ON_THE_WAY = ("record_events_v1", "ring_at_commit_v1", "claim_events_v1", "routes_v1", "record_deliveries_v1")


async def burst(world: World, events: int) -> dict[str, Any]:
    """Commit them as fast as one connection can, and wait until all are routed."""
    connection = await asyncpg.connect(world.database_url)
    try:
        for statement in TRACK:
            await connection.execute(statement)
        await asyncio.sleep(1.5)  # all backends have read the setting, and the last statistics are in
        before = int(await connection.fetchval(ROUTED))
        began = time.monotonic()
        for first in range(0, events, AT_ONCE):
            await connection.execute(INSERT, first, min(first + AT_ONCE, events) - 1, CHANNELS)
        inserted = time.monotonic() - began
        routed, took = 0, 0.0
        while routed < events and took < LIMIT:
            await asyncio.sleep(0.1)
            routed = int(await connection.fetchval(ROUTED)) - before
            took = time.monotonic() - began
        await asyncio.sleep(1.5)  # backends report their statistics once a second at most
        spent = {row["funcname"]: row for row in await connection.fetch(SPENT, [*ON_THE_WAY, "ring_function_v1"])}
    finally:
        await connection.close()
    milliseconds = {name: round(spent[name]["total_time"] / events, 4) for name in ON_THE_WAY if name in spent}
    return {
        "events": events,
        "routed": routed,
        "inserted_s": round(inserted, 2),
        "outbox_s": round(took, 2),
        "per_second": round(routed / took, 1),
        "rings": int(spent["ring_function_v1"]["calls"]) if "ring_function_v1" in spent else 0,
        "database_ms_per_event": round(sum(milliseconds.values()), 3),
        "by_function_ms_per_event": milliseconds,
    }
