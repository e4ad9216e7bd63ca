"""With a month's envelopes behind it, what runs all the time reads them by index: no scan of the whole table."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.schema.acting import claim, click, record, sent_alert, settle
from tests.integration.schema.ageing import age
from tests.integration.schema.envelopes import claimed, due, old
from tests.integration.schema.helpers import Session, session

HISTORY = """
insert into ops.slack_envelopes (envelope_id, team_id, event_type, payload, received_at, processed_at, status, handler,
    logical_key, recorded_at, reply_status, reply_due_at)
select 'old-' || n, 'T0TEST', 'interactive', jsonb_build_object(
        'user', '{"id": "U7"}'::jsonb, 'channel', '{"id": "C0000000001"}'::jsonb,
        'container', jsonb_build_object('message_ts', 1699999999 + n || '.000100')
    ), at, at, 'completed', 'action-handler', 'trigger:old-' || n, at, 'sent', at
from generate_series(1, 40000) n cross join lateral (select now() - make_interval(mins => n) as at) t
"""
SCANS = "select seq_scan from pg_stat_xact_user_tables where schemaname = 'ops' and relname = 'slack_envelopes'"


@pytest.fixture
async def month(database_url: str) -> AsyncIterator[Session]:
    """40,000 envelopes of the past and a few of now, with the statistics that autovacuum keeps."""
    async with session(database_url) as db:
        await sent_alert(db)
        await db.run(HISTORY)
        await record(db, *(click() for _ in range(5)), old(3))
        await db.run("analyze ops.slack_envelopes")
        yield db


async def scans(db: Session, act: Callable[[], Awaitable[object]]) -> int:
    async with db.connection.transaction():
        before: int = await db.value(SCANS)
        await act()
        after: int = await db.value(SCANS)
    return after - before


async def test_what_runs_all_the_time_reads_by_index(month: Session) -> None:
    """No function on the way of an envelope, and none that cron or a reader calls."""
    sent = click()
    await record(month, sent)
    token = (await claimed(month))["claim_token"]
    failing = (await claimed(month))["claim_token"]
    alert = await month.value("select event_id from ops.deliveries")
    named = {"team_id": sent["team_id"], "envelope_id": sent["envelope_id"]}
    day_ago = datetime.now(UTC) - timedelta(days=1)
    page = await month.call("replay_envelopes_v1", since=day_ago)
    acts: dict[str, Callable[[], Awaitable[object]]] = {
        "record_envelopes_v1": lambda: record(month, click()),
        "record_envelopes_v1, duplicate": lambda: record(month, sent, click(logical_key=sent["logical_key"])),
        "expire_envelopes_v1": lambda: month.call("expire_envelopes_v1", envelopes=[named], worker="w"),
        "claim_envelope_v1": lambda: claim(month, sent),
        "claim_envelopes_v1": lambda: due(month),
        "settle_envelope_v1": lambda: settle(month, token),
        "fail_envelope_v1": lambda: month.call("fail_envelope_v1", claim_token=failing, error="x"),
        "claim_reply_v1": lambda: month.call("claim_reply_v1", **named),
        "confirm_reply_v1": lambda: month.call("confirm_reply_v1", **named, outcome={}),
        "claim_replies_v1": lambda: month.call("claim_replies_v1", handler="action-handler", max_replies=16),
        "sweep_envelopes_v1": lambda: month.call("sweep_envelopes_v1"),
        "list_envelopes_v1": lambda: month.call("list_envelopes_v1", filter={}),
        "replay_envelopes_v1": lambda: month.call("replay_envelopes_v1", since=day_ago),
        "replay_envelopes_v1, a later page": lambda: month.call(
            "replay_envelopes_v1", since=day_ago, before=page["before"]
        ),
        "envelope_story_v1": lambda: month.call("envelope_story_v1", **named),
        "why_v1, an envelope": lambda: month.call("why_v1", asked={"id": sent["envelope_id"]}),
        "why_v1, an alert": lambda: month.call("why_v1", asked={"id": alert}),
        "why_v1, what nobody knows": lambda: month.call("why_v1", asked={"id": "never"}),
        "envelope_health_v1": lambda: month.call("envelope_health_v1"),
        "metrics_v1": lambda: month.call("metrics_v1"),
    }
    # Eight times: from the sixth on, plpgsql may go over to a generic plan.
    found = {name: sum([await scans(month, act) for _ in range(8)]) for name, act in acts.items()}
    assert {name: times for name, times in found.items() if times} == {}


async def test_the_prune_reads_by_index(month: Session) -> None:
    """Each ten minutes, for ever."""
    assert await scans(month, lambda: month.call("prune_envelopes_v1")) == 0


async def test_the_prune_of_events_finds_their_clicks_by_index(month: Session) -> None:
    """One look for each event that may go; here one has a click that is not done."""
    await age(month)
    await month.run(
        "update ops.slack_envelopes set status = 'pending', processed_at = null where envelope_id = 'old-1'"
    )
    assert await scans(month, lambda: month.call("prune_ledger_v1")) == 0
    assert await month.value("select count(*) from ops.deliveries") == 1


async def test_a_scan_of_the_table_would_be_seen(month: Session) -> None:
    """The measure of the test above measures."""
    assert await scans(month, lambda: month.value("select count(reply) from ops.slack_envelopes")) == 1
