"""With a year's ledger behind it, what runs all the time still reads by index: no scan of a whole table."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.schema.ageing import age
from tests.integration.schema.digests import storm
from tests.integration.schema.firing import fire
from tests.integration.schema.helpers import Session, session

# 50,000 events that are long routed, each with its sent delivery and attempt, in 20 channels. No triggers: for speed.
HISTORY = """
set session_replication_role = replica;
insert into ops.platform_events (event_type, payload, created_at)
select 'ci.passed', jsonb_build_object('service', 'web', 'n', n), now() - make_interval(mins => 200 + n)
from generate_series(1, 50000) n;
insert into ops.event_dispatches (event_id, status, recorded_at, routed_at)
select event_id, 'routed', created_at, created_at from ops.platform_events order by created_at;
insert into ops.slack_channels (channel) select '#channel-' || n from generate_series(0, 19) n;
insert into ops.deliveries (event_id, route, channel, status, attempts, slack_channel_id, slack_ts, sent_at, created_at)
select event_id, 'test', '#channel-' || position % 20, 'sent', 1, 'C0000000001', position::text,
    recorded_at, recorded_at
from ops.event_dispatches order by position;
insert into ops.delivery_attempts (delivery_id, claim_token, attempt, purpose, worker, started_at, ended_at, outcome)
select delivery_id, gen_random_uuid(), 1, 'post', 'old', created_at, created_at, 'sent' from ops.deliveries;
insert into ops.cards (card_id, kind, service, environment, phase, alert_key, resolve_key, seen_at, created_at)
select event_id, 'alert', 'web', 'production', case when position % 5 = 0 then 'open' else 'resolved' end,
    position::text, 'r' || position, recorded_at, recorded_at
from ops.event_dispatches;
set session_replication_role = origin;
"""
# slack_channels and slack_holds have as many rows as there are channels and methods: reading them whole is right.
SCANS = """
select relname, seq_scan, seq_tup_read + coalesce(idx_tup_fetch, 0) as rows from pg_stat_xact_user_tables
where schemaname = 'ops'
    and relname in ('platform_events', 'event_dispatches', 'deliveries', 'delivery_attempts', 'cards')
"""
MANY = 5_000  # rows, more than any of them reads on purpose: an index that is read from end to end is a scan, too


@pytest.fixture
async def old(database_url: str) -> AsyncIterator[Session]:
    """A ledger with history and a little work of now, and the planner's statistics as autovacuum keeps them."""
    async with session(database_url) as db:
        await db.run(HISTORY)
        await db.queue(20, "#channel-1", "#channel-2")
        for claimed, result in zip(await db.claim(), ("in_doubt", "dead"), strict=True):
            await db.settle(claimed, result)
        await db.emit(3)
        await db.run("analyze")
        yield db


async def scanned(db: Session, act: Callable[[], Awaitable[object]]) -> set[str]:
    """The large tables that were read whole."""
    async with db.connection.transaction():
        before = await _scans(db)  # counts of earlier transactions may still be among them
        await act()
        after = await _scans(db)
    return {
        table for table, (scans, rows) in after.items() if scans > before[table][0] or rows > before[table][1] + MANY
    }


async def _scans(db: Session) -> dict[str, tuple[int, int]]:
    return {row["relname"]: (row["seq_scan"], row["rows"]) for row in await db.connection.fetch(SCANS)}


async def test_what_runs_all_the_time_reads_by_index(old: Session) -> None:
    """No function on the way of an event, and none that cron or a reader calls, scans a large table."""
    event = await old.value("select event_id from ops.event_dispatches order by position limit 1")
    delivery = await old.value("select delivery_id from ops.deliveries where status = 'dead'")
    message = {"channel": "C0000000001", "ts": await old.value("select slack_ts from ops.deliveries limit 1")}
    claim = await old.claim_events(max_events=1)
    claimed = await _one(old)
    month_ago = datetime.now(UTC) - timedelta(days=30)
    page = await old.call("replay_events_v1", since=month_ago)
    branches = itertools.count()
    acts: dict[str, Callable[[], Awaitable[object]]] = {
        "an insert of an event": lambda: old.run("insert into ops.platform_events (event_type) values ('ci.failed')"),
        "record_deliveries_v1": lambda: old.record(
            claim["claim_token"], [(claim["events"][0]["event_id"], ["#channel-1"])]
        ),
        "claim_events_v1": old.claim_events,
        "claim_deliveries_v1": old.claim_work,
        "settle_delivery_v1, sent": lambda: old.settle(claimed, "sent"),
        "settle_delivery_v1, dead": lambda: _settle_another(old, "dead"),
        "a digest and its change": lambda: _digests(old),
        "rest_v1": lambda: old.call("rest_v1"),
        "sweep_v1": lambda: old.call("sweep_v1"),
        "prune_ledger_v1": lambda: old.call("prune_ledger_v1"),
        "reconcile_events_v1": lambda: old.call("reconcile_events_v1"),
        "dispatch_health_v1": lambda: old.call("dispatch_health_v1"),
        "metrics_v1": lambda: old.call("metrics_v1"),
        "list_deliveries_v1": lambda: old.call("list_deliveries_v1", filter={}),
        "list_deliveries_v1, a digest": lambda: old.call("list_deliveries_v1", filter={"digest": "1b4e28ba"}),
        "list_posts_v1": lambda: old.call("list_posts_v1", before=40_000),
        "replay_events_v1": lambda: old.call("replay_events_v1", since=month_ago),
        "replay_events_v1, a later page": lambda: old.call("replay_events_v1", since=month_ago, before=page["before"]),
        "find_posts_v1": lambda: old.call("find_posts_v1", delivery_ids=[delivery]),
        "event_story_v1": lambda: old.call("event_story_v1", event_id=event),
        "delivery_story_v1": lambda: old.call("delivery_story_v1", delivery_id=delivery),
        "why_v1, an event": lambda: old.call("why_v1", asked={"id": event}),
        "why_v1, a delivery": lambda: old.call("why_v1", asked={"id": delivery}),
        "why_v1, the first digits of an event's id": lambda: old.call("why_v1", asked={"id": event[:8]}),
        "why_v1, the first digits of none": lambda: old.call("why_v1", asked={"id": "00000000"}),
        "ids_beginning_v1": lambda: old.call("ids_beginning_v1", beginning=delivery[:8]),
        "why_v1, a message": lambda: old.call("why_v1", asked=message),
        "why_v1, an unknown message": lambda: old.call(
            "why_v1", asked=message | {"ts": "0.000001", "thread_ts": "1.1"}
        ),
        "why_v1, what nobody knows": lambda: old.call("why_v1", asked={"id": "envelope-0"}),
        "retry_delivery_v1": lambda: old.call("retry_delivery_v1", delivery_id=delivery, actor="ada"),
        "record_deliveries_v1, an alert": lambda: fire(old, "ci.failed", branch=str(next(branches))),
        "record_deliveries_v1, a repeat": lambda: fire(old, "ci.failed", branch="main"),
        "record_deliveries_v1, an end": lambda: fire(old, "ci.passed", branch=str(next(branches))),
    }
    # Eight times: from the sixth on, plpgsql may go over to a generic plan.
    found = [(name, await scanned(old, act)) for name, act in acts.items() for _ in range(8)]
    assert [(name, tables) for name, tables in found if tables] == []


async def test_a_prune_of_a_long_history_reads_by_index(old: Session) -> None:
    """A batch that is as small beside the history as the job's is beside a year's."""
    await age(old)
    await old.run("analyze")
    before: int = await old.value("select count(*) from ops.event_dispatches")
    found = [await scanned(old, lambda: old.call("prune_ledger_v1", most=200)) for _ in range(8)]
    assert [tables for tables in found if tables] == []
    assert await old.value("select count(*) from ops.event_dispatches") == before - 1600


async def test_a_scan_of_a_large_table_would_be_seen(old: Session) -> None:
    """The measure of the test above measures."""
    assert await scanned(old, lambda: old.value("select count(error) from ops.deliveries")) == {"deliveries"}


async def _digests(db: Session) -> None:
    """A storm is folded, and folded on; each way is settled."""
    for result in ("failed", "sent", "sent", "in_doubt"):
        await storm(db, 5, "#channel-3")
        for claimed in await db.claim():
            await db.settle(claimed, "absent" if claimed["purpose"] == "probe" else result)


async def _one(db: Session) -> dict[str, Any]:
    return (await db.claim(max_deliveries=1))[0]


async def _settle_another(db: Session, result: str) -> None:
    """Claims and settles, for as long as there is something."""
    for claimed in await db.claim(max_deliveries=1):
        await db.settle(claimed, result)


async def test_a_type_that_is_not_there_is_looked_for_within_bounds(old: Session) -> None:
    """The search for a rare type ends long before the Data API's limit of 8 s, however long the history is."""
    reads = "select calls from pg_stat_xact_user_functions where schemaname = 'ops' and funcname = 'read_events_v1'"
    async with old.connection.transaction():
        await old.run("set local track_functions = 'all'")
        assert await old.call("list_deliveries_v1", filter={"event_type": "no.such.type"}) == []
        assert await old.value(reads) == 10_000
