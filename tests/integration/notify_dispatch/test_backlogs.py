"""More events wait than are claimed at once: the next are claimed and routed while the last are recorded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest

from notify_dispatch.dispatch import BACKLOG_AT_ONCE, EVENTS_AT_ONCE
from pulser.database import Database, DirectDatabase, JsonValue
from pulser.errors import DatabaseUnavailable
from tests.integration.notify_dispatch.conftest import Bench

BACKLOG = """
insert into ops.platform_events (event_type, payload)
select 'ci.failed', jsonb_build_object('service', 'api', 'branch', 'b' || n) from generate_series(1, $1::int) n
"""
PENDING = "select count(*) from ops.event_dispatches d where d.status = 'pending'"
OUT_OF_ORDER = """
select count(*) from (
    select d.position, d.position < max(d.position) over (order by v.position) as late
    from ops.deliveries v join ops.event_dispatches d on d.event_id = v.event_id where v.kind = 'post'
) it where it.late
"""
WAITING = EVENTS_AT_ONCE + 50


class Watched:
    """The ledger, which says in which order calls began and ended. The `nth` record waits for `holds`, or fails.

    `pause`: seconds that it takes to claim deliveries.
    """

    def __init__(self, database: Database, nth: int, holds: asyncio.Event | None = None, pause: float = 0) -> None:
        self.calls: list[str] = []
        self.asked_for: list[int] = []  # events, by each claim
        self._database, self._left, self._holds, self._pause = database, nth, holds, pause

    async def call(self, function: str, arguments: Mapping[str, JsonValue] | None = None) -> JsonValue:
        """As the database's own, but for the record that is meant."""
        self.calls.append(function)
        if function == "claim_events_v1" and arguments:
            self.asked_for.append(arguments["max_events"])
        if function == "record_deliveries_v1":
            self._left -= 1
            if self._left == 0 and self._holds:
                await self._holds.wait()
            elif self._left == 0:
                raise DatabaseUnavailable("planned outage")
        if function == "claim_deliveries_v1":
            await asyncio.sleep(self._pause)
        result = await self._database.call(function, arguments)
        if self._holds and function == "claim_events_v1" and result["events"] and "record_deliveries_v1" in self.calls:
            self._holds.set()
        return result

    async def close(self) -> None:
        """As the database's own."""
        await self._database.close()


@pytest.fixture
async def own(bench: Bench) -> AsyncIterator[DirectDatabase]:
    database = DirectDatabase(bench.url)
    yield database
    await database.close()


async def test_the_next_are_claimed_while_the_last_are_recorded(bench: Bench, own: DirectDatabase) -> None:
    """The first record ends only after the next claim has its events; all are in the order of their inserts."""
    await bench.sql.execute(BACKLOG, WAITING)
    async with asyncio.timeout(20):
        await bench.drain(ledger=Watched(own, nth=1, holds=asyncio.Event()))
    assert await bench.sql.fetchval(PENDING) == 0
    assert await bench.sql.fetchval(OUT_OF_ORDER) == 0
    assert len(await bench.deliveries()) >= WAITING


@pytest.mark.parametrize("nth", [1, 2])
async def test_a_record_that_fails_beside_a_claim_loses_nothing(bench: Bench, own: DirectDatabase, nth: int) -> None:
    """The run ends, and says so; what was claimed is routed again when its lease is over, in its order."""
    await bench.sql.execute(BACKLOG, WAITING)
    with pytest.raises(DatabaseUnavailable):
        await bench.drain(ledger=Watched(own, nth=nth))
    for _ in range(3):
        await bench.pass_time(21)
        await bench.drain()
    assert await bench.sql.fetchval(PENDING) == 0
    assert await bench.sql.fetchval(OUT_OF_ORDER) == 0
    told = "select count(distinct event_id) from ops.deliveries where kind = 'post' and status = 'sent'"
    assert await bench.sql.fetchval(told) == WAITING


async def test_after_a_failure_few_are_claimed_at_once(bench: Bench, own: DirectDatabase) -> None:
    """A database that was too slow for many gets less, though as many wait as before."""
    await bench.sql.execute(BACKLOG, EVENTS_AT_ONCE + 2 * BACKLOG_AT_ONCE)
    ledger = Watched(own, nth=2)
    async with bench.dispatcher(ledger=ledger) as dispatcher:
        with pytest.raises(DatabaseUnavailable):
            await dispatcher.drain()
        assert max(ledger.asked_for) > EVENTS_AT_ONCE
        ledger.asked_for.clear()
        await dispatcher.drain()
    assert ledger.asked_for[0] == EVENTS_AT_ONCE


async def test_a_run_whose_time_is_up_hears_of_its_record(bench: Bench, own: DirectDatabase) -> None:
    """It failed beside the run's last turn: inserts must ring, and whoever began the run is told."""
    await bench.sql.execute(BACKLOG, WAITING)
    ledger = Watched(own, nth=1, pause=0.5)
    with pytest.raises(DatabaseUnavailable):
        await bench.drain(ledger=ledger, drain_seconds=0.2)
    assert ledger.calls[-1] == "rest_v1"
    assert ledger.calls.count("claim_events_v1") == 1


async def test_who_finds_another_router_at_work_does_not_look_again_and_again(
    bench: Bench, own: DirectDatabase
) -> None:
    """What waits is the other's: there is a turn in each 0.2 s, as for who finds nothing."""
    await bench.sql.execute(BACKLOG, 2)
    await own.call("claim_events_v1", {"worker": "other", "max_events": 1, "lease_seconds": 60})
    ledger = Watched(own, nth=0)
    await bench.drain(ledger=ledger, drain_seconds=0.5)
    assert ledger.calls.count("claim_events_v1") >= 1
    assert "events_wait_v1" not in ledger.calls
