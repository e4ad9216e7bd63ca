"""prune_ledger_v1 beside somebody else: it waits for nobody, and whoever comes late finds nothing or everything."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from tests.integration.schema.acting import acknowledged, audit, claimed_click, settle
from tests.integration.schema.ageing import age, kept, left
from tests.integration.schema.helpers import Session, is_waiting, session, until
from tests.integration.schema.test_prune_ledger import alert, routed

GATE = 4711
# Each look at an event waits for the gate when it has seen all.
SLOW_SEARCH = """
create schema really;
alter function ops.is_over_v1(uuid, timestamptz) set schema really;
create function ops.is_over_v1(event_id uuid, before timestamptz) returns boolean language plpgsql as $$
declare
    seen constant boolean := really.is_over_v1(event_id, before);
begin
    perform pg_advisory_lock_shared(4711);
    perform pg_advisory_unlock_shared(4711);
    return seen;
end;
$$;
"""
Deed = Callable[[Session, str], Coroutine[Any, Any, Any]]


async def click(db: Session, event: str) -> Any:  # noqa: ANN401  # any JSON value
    """Somebody acknowledges; his handler has seen the card already."""
    return (await settle(db, await claimed_click(db), card=acknowledged(event)))["settled"]


async def retry(db: Session, event: str) -> Any:  # noqa: ANN401
    """Somebody tries its dead letter again."""
    delivery = await db.value("select delivery_id from ops.deliveries where event_id = $1", event)
    return (await db.call("retry_delivery_v1", delivery_id=delivery, actor="ada"))["retried"]


async def hear(db: Session, event: str) -> Any:  # noqa: ANN401
    """An event that tells of the card is routed."""
    return bool(await routed(db, "slack.action", card_id=event, deliveries=[]))


async def die(db: Session, _: str) -> None:
    """The message is a dead letter."""
    await db.run(
        "update ops.deliveries set status = 'dead', dead_at = sent_at, reason = 'x', sent_at = null,"
        " slack_ts = null, slack_channel_id = null"
    )


async def old(db: Session, deed: Deed) -> str:
    """An alert that is over, but for this deed."""
    event = await alert(db)
    if deed is retry:
        await db.run("set session_replication_role = replica")  # the state machine has no such way
        await die(db, event)
        await db.run("set session_replication_role = origin")
    await age(db)
    return event


@pytest.mark.parametrize("deed", [click, retry, hear])
async def test_it_passes_over_what_somebody_does_just_now(db: Session, other: Session, deed: Deed) -> None:
    """It does not wait for him, and his deed stands."""
    event = await old(db, deed)
    async with db.connection.transaction():
        assert await deed(db, event)
        async with asyncio.timeout(5):
            assert await other.call("prune_ledger_v1") == 0
    assert await other.call("prune_ledger_v1") == 0
    assert event in await kept(db)


@pytest.mark.parametrize("deed", [click, retry])
async def test_who_comes_while_it_prunes_finds_nothing(db: Session, other: Session, deed: Deed) -> None:
    """He waits for the end of the batch, changes nothing and brings nothing back."""
    event = await old(db, deed)
    async with asyncio.TaskGroup() as tasks, db.connection.transaction():
        assert await db.call("prune_ledger_v1") == 1
        late = tasks.create_task(deed(other, event))
        await until(lambda: is_waiting(db, other))
    assert late.result() is False
    assert event not in await kept(db)
    assert (await left(db)).keys() <= {"event_dispatches"}  # the audit of what he did before


@pytest.mark.parametrize("deed", [click, retry])
async def test_who_comes_while_it_prunes_in_vain_goes_on(db: Session, other: Session, deed: Deed) -> None:
    """Its batch is rolled back."""
    event = await old(db, deed)
    pruning = db.connection.transaction()
    await pruning.start()
    assert await db.call("prune_ledger_v1") == 1
    late = asyncio.create_task(deed(other, event))
    await until(lambda: is_waiting(db, other))
    await pruning.rollback()
    assert await late is True


async def test_an_event_that_tells_of_a_card_being_pruned_waits_and_goes_on(db: Session, other: Session) -> None:
    """It tells of nothing then, and is routed by itself."""
    event = await old(db, hear)
    [news] = await other.emit(1, "slack.action")
    token = (await other.claim_events())["claim_token"]
    routing = {"event_id": news, "deliveries": [{"route": "test", "channel": "#ops-alerts"}], "card_id": event}
    async with asyncio.TaskGroup() as tasks, db.connection.transaction():
        assert await db.call("prune_ledger_v1") == 1
        late = tasks.create_task(other.call("record_deliveries_v1", claim_token=token, routings=[routing]))
        await until(lambda: is_waiting(db, other))
    assert late.result() == {"settled": 1}
    assert await db.value("select status from ops.event_dispatches") == "routed"
    assert await left(db) == {"event_dispatches": 1, "deliveries": 1}


async def test_a_settle_of_an_old_update_keeps_the_card(db: Session, other: Session) -> None:
    """It holds its delivery and waits for the card, which the prune had first: neither waits in a ring."""
    event = await alert(db)
    await settle(db, await claimed_click(db), card=acknowledged(event), events=[audit("alert.acknowledged")])
    update = await db.claim_one()
    await age(db)
    async with db.connection.transaction():
        await db.run("select from ops.cards where card_id = $1 for update", event)
        settling = asyncio.create_task(other.settle(update, "sent", card_version=1))
        await until(lambda: is_waiting(db, other))
        async with asyncio.timeout(5):
            await db.call("prune_ledger_v1")
    assert (await settling)["settled"]
    assert event in await kept(db)


async def test_two_prunes_do_not_wait_for_each_other(db: Session, other: Session) -> None:
    """Each takes what the other has not."""
    for _ in range(3):
        await routed(db, deliveries=[])
    await age(db)
    async with db.connection.transaction():
        assert await db.call("prune_ledger_v1", most=2) == 2
        async with asyncio.timeout(5):
            assert await other.call("prune_ledger_v1") == 1
    assert await left(db) == {}


async def test_what_begins_between_its_search_and_its_locks_is_seen(own: Session, database_url: str) -> None:
    """What a search has found may be out of date: it is looked at again when it is locked."""
    event = await old(own, retry)
    await own.run(SLOW_SEARCH)
    async with session(database_url) as pruner, session(database_url) as watcher:
        await own.value("select pg_advisory_lock($1)", GATE)
        pruning = asyncio.create_task(pruner.call("prune_ledger_v1"))
        await until(lambda: is_waiting(watcher, pruner))
        assert await retry(own, event)
        await own.value("select pg_advisory_unlock($1)", GATE)
        assert await pruning == 0
    assert await own.value("select status from ops.deliveries where event_id = $1", event) == "queued"
