"""work_is_due_v1, and sweep_v1 and rest_v1 which ask it: is there anything to do now?"""

from __future__ import annotations

import asyncpg
import pytest

from tests.integration.schema.helpers import Session


async def test_nothing_is_due_in_an_empty_ledger(db: Session) -> None:
    """No event, no delivery: no work."""
    assert not await db.call("work_is_due_v1")


async def test_a_pending_event_is_due(db: Session) -> None:
    """It is to be routed."""
    await db.emit()
    assert await db.call("work_is_due_v1")


async def test_an_event_that_a_router_holds_is_not_due(db: Session) -> None:
    """Under its lease it is the router's."""
    await db.emit()
    await db.claim_events()
    assert not await db.call("work_is_due_v1")


async def test_an_event_of_a_vanished_router_is_due(db: Session) -> None:
    """Its lease over, somebody else must route it."""
    await db.emit()
    await db.claim_events()
    await db.end_leases()
    assert await db.call("work_is_due_v1")


@pytest.mark.parametrize("status", ["queued", "failed", "in_doubt"])
async def test_an_open_delivery_is_due(db: Session, status: str) -> None:
    """To be posted, posted again, or looked for."""
    await db.bring(status)
    await db.forget_pace()
    assert await db.call("work_is_due_v1")


@pytest.mark.parametrize("status", ["sending", "sent", "dead"])
async def test_a_delivery_that_nobody_waits_for_is_not_due(db: Session, status: str) -> None:
    """Somebody has it, or it has ended."""
    await db.bring(status)
    await db.run("delete from ops.event_dispatches where status = 'pending'")  # the news of a death
    await db.forget_pace()
    assert not await db.call("work_is_due_v1")


async def test_a_delivery_of_a_vanished_worker_is_due(db: Session) -> None:
    """Its lease over, somebody must look for it."""
    await db.bring("sending")
    await db.end_leases()
    assert await db.call("work_is_due_v1")


async def test_a_held_delivery_is_not_due(db: Session) -> None:
    """A ring during Retry-After would be for nothing."""
    await db.queue()
    await db.call("hold_slack_v1", method="chat.postMessage", seconds=30, reason="ratelimited")
    assert not await db.call("work_is_due_v1")


async def test_the_sweep_rings_when_work_is_due(db: Session) -> None:
    """What a lost wake-up left behind is rung for."""
    await db.emit()
    await db.equip_doorbell()
    await db.doorbell_is_quiet_for(-1)
    assert await db.call("sweep_v1")
    assert await db.rings() == 1


async def test_the_sweep_is_silent_when_nothing_is_due(db: Session) -> None:
    """An idle platform makes no requests."""
    await db.equip_doorbell()
    assert not await db.call("sweep_v1")
    assert await db.rings() == 0


async def test_the_sweep_is_silent_while_a_dispatcher_is_awake(db: Session) -> None:
    """Whoever asks for work finds it without being rung."""
    await db.equip_doorbell()
    await db.queue()
    await db.claim_events()
    assert not await db.call("sweep_v1")


async def test_the_sweep_puts_deliveries_of_vanished_workers_in_doubt(db: Session) -> None:
    """Even before a dispatcher comes, the ledger says how it stands."""
    delivery = await db.bring("sending")
    await db.end_leases()
    await db.call("sweep_v1")
    assert await db.status(delivery) == "in_doubt"


async def test_a_bad_url_makes_the_sweep_fail_visibly(db: Session) -> None:
    """cron.job_run_details then shows pg_net's words."""
    await db.emit()
    await db.equip_doorbell("not a url")
    with pytest.raises(asyncpg.PostgresError, match="invalid URL"):
        await db.call("sweep_v1")


async def test_who_goes_to_rest_learns_that_nothing_is_due(db: Session) -> None:
    """Then it may go."""
    assert await db.call("rest_v1") == {"work_is_due": False}


async def test_who_goes_to_rest_learns_that_work_is_due(db: Session) -> None:
    """Then it must go on."""
    await db.emit()
    assert await db.call("rest_v1") == {"work_is_due": True}


async def test_after_a_rest_inserts_ring_again(db: Session) -> None:
    """The quiet of an awake dispatcher ends with its rest, not three seconds later."""
    await db.equip_doorbell()
    await db.claim_events()
    await db.call("rest_v1")
    await db.emit()
    assert await db.rings() == 1


async def test_a_rest_that_cannot_be_sure_goes_on(db: Session, other: Session) -> None:
    """When a committing transaction takes longer than two seconds, rest_v1 does not wait for it for ever."""
    async with other.connection.transaction():
        await other.run("select pg_advisory_xact_lock_shared(hashtextextended('pulser.doorbell', 0))")
        assert await db.call("rest_v1") == {"work_is_due": True}
