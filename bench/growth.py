"""What runs all the time, with ever more behind it: python -m bench.growth [--quick | --large].

In one database grow events, dispatches, deliveries, attempts, envelopes and cards to the same number each. At each size
every function is called in a transaction that is rolled back, and Postgres tells how long it took and how much it read.
The figures go to build/bench/growth.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg

from bench.figures import ratio
from bench.results import FOLDER, write
from pulser_local.migrations import migrate
from pulser_local.postgres import PostgresServer
from pulser_local.standins import install_standins
from tests.integration.schema.acting import claim, click, record, settle
from tests.integration.schema.helpers import Session, session

SETTINGS = {"shared_buffers": "256MB", "max_wal_size": "4GB", "synchronous_commit": "off", "jit": "off"}
SIZES, QUICK, LARGE = (10_000, 1_000_000), (2_000, 20_000), (10_000, 1_000_000, 10_000_000)
STEP = 250_000  # rows of one statement
CALLS = 9  # of each function; the median counts
LIMIT = 240.0  # seconds of growing, after which the sizes that are left are left out
# From row $1 to row $2, over the 80 days before the last day; nothing of it is still to do.
GROW = """
with events as (
    insert into ops.platform_events (event_type, payload, created_at)
    select 'ci.passed', jsonb_build_object('service', 'web', 'n', n),
        now() - interval '30 hours' - n * interval '80 days' / $3
    from generate_series($1, $2) n
    returning event_id, created_at
), dispatches as (
    insert into ops.event_dispatches (event_id, status, recorded_at, routed_at)
    select e.event_id, 'routed', e.created_at, e.created_at from events e
    returning event_id, position, recorded_at
), deliveries as (
    insert into ops.deliveries
        (event_id, route, channel, status, attempts, slack_channel_id, slack_ts, sent_at, created_at)
    select d.event_id, 'test', '#channel-' || d.position % 20, 'sent', 1, 'C0000000001', d.position::text,
        d.recorded_at, d.recorded_at
    from dispatches d
    returning delivery_id, created_at
)
insert into ops.delivery_attempts
    (delivery_id, claim_token, attempt, purpose, worker, started_at, ended_at, outcome)
select d.delivery_id, gen_random_uuid(), 1, 'post', 'old', d.created_at, d.created_at, 'sent' from deliveries d
"""
GROW_ENVELOPES = """
insert into ops.slack_envelopes (envelope_id, team_id, event_type, payload, received_at, processed_at, status, handler,
    logical_key, recorded_at, reply_status, reply_due_at)
select 'old-' || n, 'T0TEST', 'interactive', jsonb_build_object(
        'user', '{"id": "U7"}'::jsonb, 'channel', '{"id": "C0000000001"}'::jsonb,
        'container', jsonb_build_object('message_ts', 1699999999 + n || '.000100')
    ), at, at, 'completed', 'action-handler', 'trigger:old-' || n, at, 'sent', at
from generate_series($1, $2) n
cross join lateral (select now() - interval '30 hours' - n * interval '80 days' / $3 as at) t
"""
GROW_CARDS = """
insert into ops.cards (card_id, kind, service, environment, release, phase, created_at, updated_at, seen_at)
select gen_random_uuid(), case n % 2 when 0 then 'alert' else 'deploy' end, 'service-' || n % 40, 'production',
    'v' || n, case n % 2 when 0 then 'acknowledged' else 'completed' end, at, at, at
from generate_series($1, $2) n
cross join lateral (select now() - interval '30 hours' - n * interval '80 days' / $3 as at) t
"""
CHANNELS = "insert into ops.slack_channels (channel) select '#channel-' || n from generate_series(0, 19) n"

Act = Callable[["Measured"], Awaitable[object]]


@dataclass(slots=True)
class Gauge:
    """Whether calls are measured, and what the last one took and read."""

    on: bool = False
    took_ms: float = 0.0
    buffers: int = 0


@dataclass(frozen=True, slots=True)
class Measured(Session):
    """A session whose calls are explained while its gauge is on."""

    gauge: Gauge = field(default_factory=Gauge)

    async def call(self, function: str, /, **arguments: Any) -> Any:  # noqa: ANN401  # see Session.call
        """The result, or where it is measured nothing."""
        if not self.gauge.on:
            return await Session.call(self, function, **arguments)
        named = ", ".join(f"{name} => ${at}" for at, name in enumerate(arguments, start=1))
        query = f"explain (analyze, buffers, format json) select ops.{function}({named})"
        [plan] = json.loads(await self.connection.fetchval(query, *arguments.values()))
        self.gauge.took_ms = float(plan["Execution Time"])
        self.gauge.buffers = int(plan["Plan"]["Shared Hit Blocks"]) + int(plan["Plan"]["Shared Read Blocks"])
        return None


async def _record_deliveries(db: Measured) -> None:
    claimed = await db.claim_events(max_events=1)
    routings = [{"event_id": claimed["events"][0]["event_id"], "deliveries": [{"route": "r", "channel": "#channel-1"}]}]
    db.gauge.on = True
    await db.call("record_deliveries_v1", claim_token=claimed["claim_token"], routings=routings)


async def _settle_delivery(db: Measured) -> None:
    claimed = (await db.claim(max_deliveries=1))[0]
    db.gauge.on = True
    outcome = {"result": "sent", "slack_channel_id": "C0000000001", "slack_ts": "1700000000.000100"}
    named = {"delivery_id": claimed["delivery_id"], "claim_token": claimed["claim_token"]}
    await db.call("settle_delivery_v1", **named, outcome=outcome)


async def _claim_deliveries(db: Measured) -> None:
    await db.forget_pace()
    db.gauge.on = True
    await db.claim_work()


async def _record_envelope(db: Measured) -> None:
    sent = click()
    db.gauge.on = True
    await db.call("record_envelopes_v1", envelopes=[sent], worker="bench")


async def _claim_envelope(db: Measured) -> None:
    sent = click()
    await record(db, sent)
    db.gauge.on = True
    await claim(db, sent)


async def _settle_envelope(db: Measured) -> None:
    sent = click()
    await record(db, sent)
    token = (await claim(db, sent))["claim_token"]
    db.gauge.on = True
    await settle(db, token)


async def _card_for_event(db: Measured) -> None:
    event = await db.value("select event_id from ops.deliveries where status = 'queued' limit 1")
    db.gauge.on = True
    await db.call("card_for_event_v1", event_id=event)


def _plain(function: str, **arguments: Any) -> Act:  # noqa: ANN401
    async def act(db: Measured) -> None:
        db.gauge.on = True
        await db.call(function, **arguments)

    return act


ACTS: dict[str, Act] = {
    "append_event_v1": _plain("append_event_v1", event_type="ci.passed"),
    "claim_events_v1": _plain("claim_events_v1", worker="bench", max_events=100, lease_seconds=30),
    "record_deliveries_v1": _record_deliveries,
    "claim_deliveries_v1": _claim_deliveries,
    "settle_delivery_v1": _settle_delivery,
    "record_envelopes_v1": _record_envelope,
    "claim_envelope_v1": _claim_envelope,
    "settle_envelope_v1": _settle_envelope,
    "card_for_event_v1": _card_for_event,
    "service_status_v1": _plain("service_status_v1"),
    "dispatch_health_v1": _plain("dispatch_health_v1"),
    "metrics_v1": _plain("metrics_v1"),
    "rest_v1": _plain("rest_v1"),
    "sweep_v1": _plain("sweep_v1"),
    "sweep_envelopes_v1": _plain("sweep_envelopes_v1"),
    "prune_ledger_v1": _plain("prune_ledger_v1"),
    "prune_envelopes_v1": _plain("prune_envelopes_v1"),
}


async def measure(db: Measured) -> dict[str, dict[str, float]]:
    """The median of each function's calls. The first calls of a session, which make the plans, are not counted."""
    found = {}
    for name, act in ACTS.items():
        runs = []
        for _ in range(CALLS + 2):
            transaction = db.connection.transaction()
            await transaction.start()
            try:
                await act(db)
                runs.append((db.gauge.took_ms, db.gauge.buffers))
            finally:
                db.gauge.on = False
                await transaction.rollback()
        times, buffers = zip(*runs[2:], strict=True)
        found[name] = {"ms": round(median(times), 3), "buffers": int(median(buffers))}
    return found


async def grow(connection: asyncpg.Connection[asyncpg.Record], first: int, last: int) -> None:
    """Rows from `first` to `last` in each table, in steps; without triggers and foreign keys, for speed."""
    await connection.execute("set session_replication_role = replica")
    for begin in range(first, last + 1, STEP):
        end = min(begin + STEP - 1, last)
        for statement in (GROW, GROW_ENVELOPES, GROW_CARDS):
            await connection.execute(_typed(statement), begin, end, last)
    await connection.execute("set session_replication_role = origin")
    await connection.execute("vacuum (analyze)")


def _typed(statement: str) -> str:
    """Its arguments as integers."""
    return re.sub(r"\$(\d)", r"$\1::integer", statement)


async def run(folder: Path, sizes: tuple[int, ...]) -> tuple[dict[str, Any], str]:
    """Each size in turn, as far as the time goes."""
    async with await PostgresServer.start(folder, settings=SETTINGS) as server:
        await install_standins(server.url)
        await migrate(server.url)
        async with session(server.url) as plain:
            db = Measured(plain.connection)
            await db.run(CHANNELS)
            found: dict[str, dict[str, Any]] = {}
            grown_s: dict[str, float] = {}
            before, began = 0, time.monotonic()
            for size in sizes:
                if found and time.monotonic() - began > LIMIT:
                    break
                since = time.monotonic()
                await grow(plain.connection, before + 1, size)
                grown_s[str(size)] = round(time.monotonic() - since, 1)
                if not found:  # what is to be done now; each call of it is rolled back
                    await db.queue(20, "#channel-1", "#channel-2")
                    await db.emit(20)
                before, found[str(size)] = size, await measure(db)
            version = str(await db.value("show server_version"))
    least, most = min(found, key=int), max(found, key=int)
    growth = {
        name: {
            "ms": ratio(found[most][name]["ms"], found[least][name]["ms"]),
            "buffers": ratio(found[most][name]["buffers"], found[least][name]["buffers"]),
        }
        for name in ACTS
    }
    return {"rows": found, "growth": growth, "grown_s": grown_s}, version


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--large", action="store_true", help="ten million rows too: ten minutes and 20 GB")
    given = parser.parse_args()
    sizes = QUICK if given.quick else LARGE if given.large else SIZES
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pulser-bench-", dir=FOLDER.resolve()) as name:
        folder = Path(name)
        folder.chmod(0o711)
        figures, version = asyncio.run(run(folder, sizes))
    write("growth", figures, postgres=version, quick=given.quick)


if __name__ == "__main__":
    main()
