"""Two routers at once: claim_events_v1 and record_deliveries_v1 on two connections."""

from __future__ import annotations

import asyncio

from tests.integration.schema.helpers import Session, is_waiting, until


async def test_a_claim_that_is_not_committed_yet_keeps_the_second_router_out(db: Session, other: Session) -> None:
    """The second gets nothing, and does not wait for it."""
    await db.emit(2)
    async with db.connection.transaction():
        assert len((await db.claim_events(max_events=1))["events"]) == 1
        async with asyncio.timeout(5):
            assert (await other.claim_events(worker="second"))["events"] == []


async def test_a_claim_that_is_rolled_back_is_free_again(db: Session, other: Session) -> None:
    """A router that lost its connection within the call held nothing."""
    events = await db.emit(2)
    transaction = db.connection.transaction()
    await transaction.start()
    await db.claim_events()
    await transaction.rollback()
    assert [event["event_id"] for event in (await other.claim_events())["events"]] == events


async def test_two_routers_never_hold_the_same_event(db: Session, other: Session) -> None:
    """Both ask at the same moment, a hundred times: each event goes to one of them."""
    events = await db.emit(100)
    taken: list[str] = []
    for _ in events:
        claims = await asyncio.gather(*(each.claim_events(max_events=1) for each in (db, other)))
        [(token, event)] = [(claim["claim_token"], event["event_id"]) for claim in claims for event in claim["events"]]
        await db.record(token, [(event, [])])
        taken.append(event)
    assert taken == events


async def test_events_that_are_being_recorded_are_not_taken_over(db: Session, other: Session) -> None:
    """The lease ran out while the router was writing: the next one gets other events, and does not wait."""
    first, second = await db.emit(2)
    claim = await db.claim_events(max_events=1)
    await db.end_leases()
    async with db.connection.transaction():
        await db.record(claim["claim_token"], [(first, ["#a"])])
        async with asyncio.timeout(5):
            taken = await other.claim_events(worker="second")
        assert [event["event_id"] for event in taken["events"]] == [second]


async def test_an_old_router_that_records_during_a_takeover_changes_nothing(db: Session, other: Session) -> None:
    """It waits for the takeover to commit, and finds that its token holds nothing."""
    [event] = await db.emit()
    old = await db.claim_events()
    await db.end_leases()
    async with asyncio.TaskGroup() as tasks, db.connection.transaction():
        await db.claim_events(worker="second")
        late = tasks.create_task(other.record(old["claim_token"], [(event, ["#a"])]))
        await until(lambda: is_waiting(db, other))
    assert late.result() == 0
    assert await db.value("select count(*) from ops.deliveries") == 0


async def test_two_records_of_one_token_settle_once(db: Session, other: Session) -> None:
    """A repeated call, while the first is still running, adds nothing."""
    events = await db.emit(5)
    claim = await db.claim_events()
    routings = [(event, ["#a", "#b"]) for event in events]
    settled = await asyncio.gather(*(each.record(claim["claim_token"], routings) for each in (db, other)))
    assert sorted(settled) == [0, 5]
    assert await db.value("select count(*) from ops.deliveries") == 10


async def test_an_event_that_reconcile_and_trigger_see_at_once_is_recorded_once(db: Session, other: Session) -> None:
    """The reconciling sweep runs while an insert is not yet committed."""
    async with db.connection.transaction():
        await db.emit()
        assert await other.call("reconcile_events_v1") == 0
    assert await other.call("reconcile_events_v1") == 0
    assert await db.value("select count(*) from ops.event_dispatches") == 1
