"""prune_relay_sessions_v1: sessions are kept for 30 days, and removed in bounded batches."""

from __future__ import annotations

from tests.integration.schema.helpers import Session
from tests.integration.schema.relay import connecting, lay, live

DAY = 86_400


async def test_sessions_that_ended_over_thirty_days_ago_are_removed(db: Session) -> None:
    """It tells how many; younger ones stay."""
    for days in (29, 31, 45):
        await lay(db, days * DAY + 3600, days * DAY)
    assert await db.call("prune_relay_sessions_v1") == 2
    assert await db.value("select count(*) from ops.relay_sessions") == 1


async def test_a_long_session_counts_from_its_end(db: Session) -> None:
    """It began before and ended within."""
    await lay(db, 40 * DAY, 29 * DAY)
    assert await db.call("prune_relay_sessions_v1") == 0


async def test_a_session_that_nobody_ended_counts_from_the_end_of_its_lease(db: Session) -> None:
    """Its worker died, and nobody took its place."""
    forgotten = await connecting(db, "a")
    await db.run(
        "update ops.relay_sessions set claimed_at = t, lease_until = t"
        " from (select now() - interval '31 days' as t) t where session_id = $1",
        forgotten,
    )
    assert await db.call("prune_relay_sessions_v1") == 1


async def test_an_open_session_is_kept_however_old_it_is(db: Session) -> None:
    """Its lease is alive."""
    session_id = await live(db, "a")
    await db.run(
        "update ops.relay_sessions set claimed_at = now() - interval '90 days', hello_at = now() - interval '90 days'"
        " where session_id = $1",
        session_id,
    )
    assert await db.call("prune_relay_sessions_v1") == 0


async def test_a_batch_is_bounded(db: Session) -> None:
    """What is left comes next time."""
    for _ in range(5):
        await lay(db, 31 * DAY + 1, 31 * DAY)
    assert [await db.call("prune_relay_sessions_v1", max_rows=2) for _ in range(4)] == [2, 2, 1, 0]


async def test_a_batch_is_bounded_however_it_is_planned(own: Session) -> None:
    """With statistics of when the table had one row: a nested loop must not choose anew for each row."""
    await lay(own, 31 * DAY + 1, 31 * DAY)
    await own.run("vacuum analyze ops.relay_sessions")
    for _ in range(4):
        await lay(own, 31 * DAY + 1, 31 * DAY)
    assert [await own.call("prune_relay_sessions_v1", max_rows=2) for _ in range(4)] == [2, 2, 1, 0]


async def test_a_thousand_are_removed_at_a_time(db: Session) -> None:
    """That is the batch of the job."""
    await db.run(
        "insert into ops.relay_sessions (session_id, worker, state, lease_until, ended_at, end_reason)"
        " select gen_random_uuid(), 'w', 'ended', t, t, 'closed'"
        " from generate_series(1, 1001) n cross join lateral (select now() - interval '31 days' as t) t"
    )
    assert [await db.call("prune_relay_sessions_v1") for _ in range(2)] == [1000, 1]


async def test_what_somebody_else_removes_is_passed_over(db: Session, other: Session) -> None:
    """Two prunes at once do not wait for each other."""
    for _ in range(3):
        await lay(db, 31 * DAY + 1, 31 * DAY)
    async with db.connection.transaction():
        assert await db.call("prune_relay_sessions_v1", max_rows=2) == 2
        assert await other.call("prune_relay_sessions_v1") == 1


async def test_with_a_long_history_it_reads_by_index(own: Session) -> None:
    """As do all functions of the relay."""
    await own.run(
        "insert into ops.relay_sessions (session_id, worker, state, claimed_at, lease_until, hello_at, alive_until,"
        " ended_at, end_reason) select gen_random_uuid(), 'w', 'ended', t, t + interval '5 minutes', t,"
        " t + interval '5 minutes', t + interval '5 minutes', 'closed'"
        " from generate_series(1, 20000) n cross join lateral (select now() - make_interval(mins => n) as t) t"
    )
    await own.run("analyze ops.relay_sessions")
    await live(own, "a")
    calls = {
        "relay_status_v1": "select ops.relay_status_v1()",
        "cover_relay_v1": "select ops.cover_relay_v1()",
        "claim_relay_session_v1": "select ops.claim_relay_session_v1('a', gen_random_uuid())",
        "report_relay_sessions_v1": "select ops.report_relay_sessions_v1('a', '[]')",
        "prune_relay_sessions_v1": "select ops.prune_relay_sessions_v1()",
    }
    scans = "select seq_scan from pg_stat_xact_user_tables where relname = 'relay_sessions'"
    found: dict[str, int] = {}
    for name, statement in calls.items():
        for _ in range(8):  # from the sixth on, plpgsql may go over to a generic plan
            async with own.connection.transaction():
                before = await own.value(scans)
                await own.run(statement)
                found[name] = found.get(name, 0) + await own.value(scans) - before
    assert {name: times for name, times in found.items() if times} == {}
