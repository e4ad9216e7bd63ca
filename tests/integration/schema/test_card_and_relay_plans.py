"""With many cards and connections of the past, what runs all the time reads them by index: no scan of a whole table."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.integration.schema import relay
from tests.integration.schema.acting import acknowledged, act, claimed_click, sent_alert, service, settle
from tests.integration.schema.helpers import Session, session

# Alerts that were seen to and deploys that ended, of 200 days; connections that are over, of the 28 that they are kept.
HISTORY = """
insert into ops.cards (card_id, kind, service, environment, release, phase, created_at, updated_at, seen_at)
select gen_random_uuid(), k.kind, 'service-' || n % 40, 'production', 'v' || n, k.phase, at, at, at
from generate_series(1, 12000) n
cross join (values ('alert', 'acknowledged'), ('deploy', 'completed'), ('release', 'deployed')) k (kind, phase)
cross join lateral (select now() - n * interval '24 minutes' as at) t;
insert into ops.relay_sessions
    (session_id, worker, state, claimed_at, lease_until, hello_at, alive_until, ended_at, end_reason)
select gen_random_uuid(), 'old-' || n, 'ended', at, at, at, at + interval '1 minute',
    at + interval '1 minute', 'drained'
from generate_series(1, 30000) n
cross join lateral (select now() - interval '1 hour' - n * interval '80 seconds' as at) t;
"""
# A scan of a whole index is no better: so many rows none of them has to do with.
MOST = 3_000
SCANS = """
select relname, seq_scan * 1000000 + coalesce(idx_tup_fetch, 0) as read from pg_stat_xact_user_tables
where schemaname = 'ops' and relname in ('cards', 'relay_sessions')
"""


@pytest.fixture
async def old(database_url: str) -> AsyncIterator[Session]:
    """The history, and a service, two connections and statistics of now."""
    async with session(database_url) as db:
        await db.run(HISTORY)
        await service(db)
        await relay.live(db)
        await db.run("analyze")
        yield db


async def scanned(db: Session, act_on_it: Callable[[], Awaitable[object]]) -> set[str]:
    """The large tables that were read whole, or in large part."""
    async with db.connection.transaction():
        before = {row["relname"]: row["read"] for row in await db.connection.fetch(SCANS)}
        await act_on_it()
        after = {row["relname"]: row["read"] for row in await db.connection.fetch(SCANS)}
    return {table for table, read in after.items() if read > before[table] + MOST}


async def test_cards_are_read_by_index(old: Session) -> None:
    """Whoever clicks, asks for the status, posts, updates, or looks for what is over."""
    alert = await sent_alert(old)
    token = await claimed_click(old)
    acts: dict[str, Callable[[], Awaitable[object]]] = {
        "a new alert": lambda: old.queue(1),
        "card_for_event_v1": lambda: old.call("card_for_event_v1", event_id=alert),
        "settle_envelope_v1, a card changes": lambda: act(old, card=acknowledged(alert)),
        "settle_envelope_v1, another was first": lambda: settle(old, token, card=acknowledged(alert)),
        "claim_deliveries_v1": old.claim_work,
        "service_status_v1": lambda: old.call("service_status_v1"),
        "known_alerts_v1": lambda: old.call("known_alerts_v1", card_id=alert),
        "known_deploys_v1": lambda: old.call("known_deploys_v1", service="service-1", environment="production"),
        "running_deploys_v1": lambda: old.call("running_deploys_v1", service="service-1"),
        "expire_deploys_v1": lambda: old.call("expire_deploys_v1"),
        "metrics_v1": lambda: old.call("metrics_v1"),
    }
    # Eight times: from the sixth on, plpgsql may go over to a generic plan.
    found = [(name, await scanned(old, one)) for name, one in acts.items() for _ in range(8)]
    assert [(name, tables) for name, tables in found if tables] == []


async def test_connections_are_read_by_index(old: Session) -> None:
    """Each relay reports every two seconds, and asks before it dials."""
    acts: dict[str, Callable[[], Awaitable[object]]] = {
        "claim_relay_session_v1": lambda: relay.claim(old, session_id=str(uuid.uuid4())),
        "report_relay_sessions_v1": lambda: relay.report(old, "a"),
        "relay_status_v1": lambda: old.call("relay_status_v1"),
        "cover_relay_v1": lambda: old.call("cover_relay_v1"),
        "prune_relay_sessions_v1": lambda: old.call("prune_relay_sessions_v1", max_rows=100),
        "metrics_v1": lambda: old.call("metrics_v1"),
    }
    found = [(name, await scanned(old, one)) for name, one in acts.items() for _ in range(8)]
    assert [(name, tables) for name, tables in found if tables] == []


async def test_a_scan_of_them_would_be_seen(old: Session) -> None:
    """The measure of the tests above measures."""
    reading = "select (select count(state) from ops.cards) + (select count(host) from ops.relay_sessions)"
    assert await scanned(old, lambda: old.value(reading)) == {"cards", "relay_sessions"}
