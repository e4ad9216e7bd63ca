"""reconcile_events_v1: finds what the trigger missed."""

from __future__ import annotations

from tests.integration.schema.helpers import Session

FORGET = "delete from ops.event_dispatches"


async def test_a_missed_event_is_found(db: Session) -> None:
    """It is pending afterwards, as if the trigger had seen it."""
    events = await db.emit(2)
    await db.run(FORGET)
    assert await db.call("reconcile_events_v1") == 2
    assert [event["event_id"] for event in (await db.claim_events())["events"]] == events


async def test_a_recorded_event_is_not_found_again(db: Session) -> None:
    """Nothing is announced twice."""
    await db.queue(2)
    assert await db.call("reconcile_events_v1") == 0


async def test_a_found_event_rings(db: Session) -> None:
    """It has waited long enough."""
    await db.emit(2)
    await db.run(FORGET)
    await db.equip_doorbell()
    await db.doorbell_is_quiet_for(-1)
    await db.call("reconcile_events_v1")
    assert await db.rings() == 1


async def test_an_event_of_more_than_an_hour_ago_is_history(db: Session) -> None:
    """Old events are not announced late."""
    await db.run(
        "insert into ops.platform_events (event_type, created_at) values ('ci.failed', now() - '61 minutes'::interval)"
    )
    await db.run(FORGET)
    assert await db.call("reconcile_events_v1") == 0


async def test_missed_events_are_taken_in_their_order(db: Session) -> None:
    """The oldest is routed first."""
    events = await db.column(
        "insert into ops.platform_events (event_type, created_at) "
        "select 'ci.failed', now() - make_interval(mins => minute) from generate_series(1, 5) minute returning event_id"
    )
    await db.run(FORGET)
    await db.call("reconcile_events_v1")
    assert [event["event_id"] for event in (await db.claim_events())["events"]] == events[::-1]


async def test_a_thousand_are_taken_at_once(db: Session) -> None:
    """A long outage of the trigger is worked off in bites."""
    await db.run("insert into ops.platform_events (event_type) select 'ci.failed' from generate_series(1, 1003)")
    await db.run(FORGET)
    assert [await db.call("reconcile_events_v1") for _ in range(3)] == [1000, 3, 0]
