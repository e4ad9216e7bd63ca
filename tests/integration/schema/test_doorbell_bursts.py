"""Bursts coalesce into few rings, and no committed event is left without one (invariant 5)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from tests.integration.schema.helpers import Session, is_waiting, session, until

WRITERS = 8
TRANSACTIONS = 125  # of each writer: 1,000
ROWS = 10  # of each transaction: 10,000
INSERT = "insert into ops.platform_events (event_type) select 'ci.failed' from generate_series(1, $1)"


async def burst(url: str) -> float:
    """10,000 events in 1,000 transactions over 8 connections; the seconds it took."""
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        writers = [await stack.enter_async_context(session(url)) for _ in range(WRITERS)]
        await asyncio.gather(*(_write(writer) for writer in writers))
    return time.monotonic() - began


async def _write(writer: Session) -> None:
    for _ in range(TRANSACTIONS):
        await writer.run(INSERT, ROWS)


async def test_a_burst_with_nobody_awake_rings_once_a_second(own: Session, database_url: str) -> None:
    """10,000 events are some dozens of requests at most."""
    await own.equip_doorbell()
    seconds = await burst(database_url)
    # Each second, all eight may see at once that the quiet is over.
    assert 1 <= await own.rings() <= WRITERS * (int(seconds) + 1)
    assert await own.value("select count(*) from ops.event_dispatches where status = 'pending'") == 10_000


async def test_a_burst_with_a_dispatcher_awake_hardly_rings(own: Session, database_url: str) -> None:
    """While somebody asks for work every moment, there is nothing to ring for."""
    await own.equip_doorbell()
    await own.claim_events(max_events=0)
    async with session(database_url) as dispatcher:
        awake = asyncio.create_task(_stay_awake(dispatcher))
        await burst(database_url)
        awake.cancel()
        await asyncio.gather(awake, return_exceptions=True)
    assert await own.rings() <= 3


async def _stay_awake(dispatcher: Session) -> None:
    while True:
        await dispatcher.claim_events(max_events=0)
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("isolation", ["read_committed", "repeatable_read"])
async def test_rest_waits_for_who_relied_on_the_dispatcher(db: Session, other: Session, isolation: str) -> None:
    """A committer that saw 'awake' and did not ring is waited for, and its event is seen."""
    await db.equip_doorbell()
    await other.claim_events()
    transaction = db.connection.transaction(isolation=isolation)  # type: ignore[arg-type]  # a Literal
    async with asyncio.TaskGroup() as tasks, transaction:
        await db.emit()
        await db.run("set constraints all immediate")  # what the commit does first
        rest = tasks.create_task(other.call("rest_v1"))
        await until(lambda: is_waiting(db, other))
    assert rest.result() == {"work_is_due": True}
    assert await db.rings() == 0


async def test_who_commits_while_a_dispatcher_goes_to_rest_rings(db: Session, other: Session) -> None:
    """It cannot know whether the dispatcher has looked already."""
    await db.equip_doorbell()
    await other.claim_events()
    async with other.connection.transaction():
        assert await other.call("rest_v1") == {"work_is_due": False}
        await db.emit()
        assert await db.rings() == 1


async def test_who_commits_while_a_rest_still_waits_rings(own: Session, database_url: str) -> None:
    """One committer holds the rest up; the next one must not rely on a dispatcher that is about to look."""
    await own.equip_doorbell()
    async with session(database_url) as first, session(database_url) as resting:
        await resting.claim_events()
        async with asyncio.TaskGroup() as tasks, first.connection.transaction():
            await first.emit()
            await first.run("set constraints all immediate")
            rest = tasks.create_task(resting.call("rest_v1"))
            await until(lambda: is_waiting(own, resting))
            await own.emit()
            assert await own.rings() == 1
        assert rest.result() == {"work_is_due": True}


async def test_who_commits_while_a_rest_waits_rings_even_when_another_is_awake(own: Session, database_url: str) -> None:
    """It holds no lock that the other dispatcher would wait for: to rely on that one would be to hope."""
    await own.equip_doorbell()
    async with session(database_url) as first, session(database_url) as resting, session(database_url) as awake:
        await resting.claim_events()
        async with asyncio.TaskGroup() as tasks, first.connection.transaction():
            await first.emit()
            await first.run("set constraints all immediate")
            tasks.create_task(resting.call("rest_v1"))
            await until(lambda: is_waiting(own, resting))
            await awake.claim_events(max_events=0)
            await own.emit()
            assert await own.rings() == 1


async def test_a_transaction_that_is_rolled_back_holds_no_rest_up(db: Session, other: Session) -> None:
    """Its lock goes with it."""
    transaction = db.connection.transaction()
    await transaction.start()
    await db.emit()
    await db.run("set constraints all immediate")
    await transaction.rollback()
    async with asyncio.timeout(5):
        assert await other.call("rest_v1") == {"work_is_due": False}


async def test_no_event_is_left_behind_between_waking_and_resting(own: Session, database_url: str) -> None:
    """Writers and a dispatcher that wakes and rests all the time: whatever the last rest did not see has rung."""
    await own.equip_doorbell()
    async with session(database_url) as writer, session(database_url) as dispatcher:
        for _ in range(60):
            await own.run("delete from net.http_request_queue")
            await dispatcher.claim_events(max_events=0)
            _, rest = await asyncio.gather(writer.emit(), _after_a_moment(lambda: dispatcher.call("rest_v1")))
            assert rest["work_is_due"] or await own.rings() > 0
            await own.run("delete from ops.event_dispatches")


async def _after_a_moment(act: Callable[[], Awaitable[dict[str, bool]]]) -> dict[str, bool]:
    await asyncio.sleep(0)
    return await act()
