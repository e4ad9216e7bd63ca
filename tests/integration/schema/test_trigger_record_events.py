"""The trigger of ops.platform_events notes and rings; an insert never fails or waits for it (invariant 5)."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from tests.integration.schema.helpers import Session, is_waiting, session, until

INSERT = "insert into ops.platform_events (event_type) values ('ci.failed')"
INSERT_MANY = "insert into ops.platform_events (event_type) select 'ci.failed' from generate_series(1, $1)"
PENDING = "select count(*) from ops.event_dispatches where status = 'pending'"
EVENTS = "select count(*) from ops.platform_events"
BROKEN_POST = """
create or replace function net.http_post(
    url text, body jsonb default '{}', params jsonb default '{}',
    headers jsonb default '{"Content-Type": "application/json"}', timeout_milliseconds integer default 5000
) returns bigint language plpgsql as $$ begin raise exception 'pg_net is out of order'; end $$
"""
ISOLATIONS = ("read committed", "repeatable read", "serializable")


async def test_each_row_of_a_statement_is_noted(db: Session) -> None:
    """A hundred rows at once are a hundred pending events."""
    await db.run(INSERT_MANY, 100)
    assert await db.value(PENDING) == 100


async def test_one_row_of_a_statement_is_marked(db: Session) -> None:
    """That one rings for all: the deferred trigger has one row to fire for."""
    await db.run(INSERT_MANY, 100)
    assert await db.value("select count(*) from ops.event_dispatches where first_of_statement") == 1


async def test_a_statement_of_many_rows_rings_once(db: Session) -> None:
    """Not once per row."""
    await db.equip_doorbell()
    await db.run(INSERT_MANY, 100)
    assert await db.rings() == 1


async def test_a_statement_without_rows_does_nothing(db: Session) -> None:
    """No event, no ring."""
    await db.equip_doorbell()
    await db.run(INSERT_MANY, 0)
    assert await db.rings() == 0


async def test_the_trigger_is_one_per_statement(db: Session) -> None:
    """tgtype without the bit of FOR EACH ROW."""
    assert await db.value("select tgtype & 1 from pg_trigger where tgname = 'pulser_record_events'") == 0


async def test_a_rolled_back_insert_leaves_nothing(db: Session) -> None:
    """No pending event and no ring."""
    await db.equip_doorbell()
    transaction = db.connection.transaction()
    await transaction.start()
    await db.run(INSERT)
    await db.run("set constraints all immediate")
    await transaction.rollback()
    assert [await db.value(PENDING), await db.rings()] == [0, 0]


async def test_a_rolled_back_savepoint_leaves_nothing_of_its_own(db: Session) -> None:
    """What the transaction keeps is noted."""
    async with db.connection.transaction():
        await db.run(INSERT)
        savepoint = db.connection.transaction()
        await savepoint.start()
        await db.run(INSERT)
        await savepoint.rollback()
    assert await db.value(PENDING) == 1


async def test_the_ring_waits_for_the_commit(db: Session, other: Session) -> None:
    """A long transaction rings when its event can be seen, not before."""
    await db.equip_doorbell()
    async with db.connection.transaction():
        await db.run(INSERT)
        assert await other.value("select last_value from ops.doorbell") == 0
    assert await other.rings() == 1


@pytest.mark.parametrize("isolation", ISOLATIONS)
async def test_each_isolation_level_notes_and_rings(db: Session, isolation: str) -> None:
    """Writers choose their own isolation."""
    await db.equip_doorbell()
    async with db.connection.transaction(isolation=isolation.replace(" ", "_")):  # type: ignore[arg-type]  # a Literal
        await db.value("select 1")
        await db.run(INSERT)
    assert [await db.value(PENDING), await db.rings()] == [1, 1]


async def test_a_repeatable_read_sees_that_a_dispatcher_woke_up(db: Session, other: Session) -> None:
    """The doorbell is a sequence: an old snapshot still sees its newest value, and does not ring for nothing."""
    await db.equip_doorbell()
    async with db.connection.transaction(isolation="repeatable_read"):
        await db.value("select count(*) from ops.event_dispatches")  # takes the snapshot
        await other.claim_events()
        await db.run(INSERT)
    assert await db.rings() == 0


async def test_a_repeatable_read_sees_that_a_dispatcher_went_to_rest(db: Session, other: Session) -> None:
    """It rings, although its snapshot is from when somebody was awake."""
    await db.equip_doorbell()
    await other.claim_events()
    async with db.connection.transaction(isolation="repeatable_read"):
        await db.value("select count(*) from ops.event_dispatches")
        await other.call("rest_v1")
        await db.run(INSERT)
    assert await db.rings() == 1


async def test_an_empty_vault_does_not_stop_an_insert(db: Session) -> None:
    """The event is noted; nobody can be rung yet."""
    await db.run(INSERT)
    assert [await db.value(PENDING), await db.rings()] == [1, 0]


async def test_a_bad_url_does_not_stop_an_insert(db: Session) -> None:
    """pg_net refuses it inside the transaction; the event is inserted and noted."""
    await db.equip_doorbell("not a url")
    await db.run(INSERT)
    assert await db.value(PENDING) == 1


async def test_a_pg_net_that_raises_does_not_stop_an_insert(own: Session) -> None:
    """The event is inserted and noted; the sweep will ring."""
    await own.equip_doorbell()
    await own.run(BROKEN_POST)
    await own.run(INSERT)
    assert await own.value(PENDING) == 1


async def test_no_pg_net_at_all_does_not_stop_an_insert(own: Session) -> None:
    """Somebody removed the extension."""
    await own.equip_doorbell()
    await own.run("alter schema net rename to net_away")
    await own.run(INSERT)
    assert await own.value(PENDING) == 1


async def test_a_missing_dispatch_table_does_not_stop_an_insert(own: Session) -> None:
    """The event is inserted; once the table is back, reconcile finds it."""
    await own.run("alter table ops.event_dispatches rename to away")
    await own.run(INSERT)
    await own.run("alter table ops.away rename to event_dispatches")
    assert await own.call("reconcile_events_v1") == 1


async def test_a_locked_dispatch_table_delays_an_insert_for_a_moment_only(db: Session, other: Session) -> None:
    """It waits 200 ms at most, then the event is inserted all the same, and reconcile finds it."""
    async with other.connection.transaction():
        await other.run("lock table ops.event_dispatches in access exclusive mode")
        async with asyncio.timeout(10):  # the lock is held until it is inserted; the rest is a busy machine's
            await db.run(INSERT)
    assert await db.value(EVENTS) == 1
    assert await db.call("reconcile_events_v1") == 1


async def test_a_lock_that_is_gone_in_time_costs_no_event(db: Session, other: Session) -> None:
    """Within its 200 ms the trigger waits, and notes the event."""
    async with asyncio.TaskGroup() as tasks, other.connection.transaction():
        await other.run("lock table ops.event_dispatches in access exclusive mode")
        insert = tasks.create_task(db.run(INSERT))
        await until(lambda: _waited(other, db, insert))
    assert await db.value(PENDING) + await db.call("reconcile_events_v1") == 1


async def test_the_lock_timeout_of_the_trigger_is_its_own(db: Session) -> None:
    """The inserting session keeps its setting."""
    await db.run("set lock_timeout = '7s'")
    await db.run(INSERT)
    assert await db.value("show lock_timeout") == "7s"


async def test_a_duplicate_key_is_still_the_writers_error(db: Session) -> None:
    """pulser hides its own trouble, not the table's."""
    [event] = await db.emit()
    with pytest.raises(asyncpg.UniqueViolationError):
        await db.run("insert into ops.platform_events (event_id, event_type) values ($1, 'ci.failed')", event)


async def test_who_may_only_insert_notes_and_rings(db: Session, shared_database_url: str) -> None:
    """A writer needs no right on pulser's tables, pg_net or Vault."""
    await db.equip_doorbell()
    async with session(shared_database_url) as writer:
        await writer.run("set role service_role")
        await writer.run(INSERT)
    assert [await db.value(PENDING), await db.rings()] == [1, 1]


async def _waited(watcher: Session, waiter: Session, insert: asyncio.Task[str]) -> bool:
    return insert.done() or await is_waiting(watcher, waiter)
