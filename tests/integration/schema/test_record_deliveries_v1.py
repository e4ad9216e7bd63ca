"""record_deliveries_v1: deliveries are written with the settle of their events, once, in order."""

from __future__ import annotations

import uuid

import asyncpg
import pytest

from pulser.errors import DatabaseRefused
from tests.integration.schema.helpers import Session


async def test_an_event_is_settled_with_its_deliveries(db: Session) -> None:
    """Afterwards the event is routed, unclaimed, and has a delivery in each channel."""
    [event] = await db.emit()
    claim = await db.claim_events()
    assert await db.record(claim["claim_token"], [(event, ["#a", "#b"])]) == 1
    dispatch = await db.row(
        "select status, claim_token, claimed_by, lease_until, routed_at is not null as dated from ops.event_dispatches"
    )
    assert dispatch == {"status": "routed", "claim_token": None, "claimed_by": None, "lease_until": None, "dated": True}
    assert await db.column("select channel from ops.deliveries where status = 'queued' order by position") == [
        "#a",
        "#b",
    ]


async def test_a_delivery_keeps_its_route_and_mention(db: Session) -> None:
    """Route and mention of the routing stand on the delivery."""
    [event] = await db.emit()
    claim = await db.claim_events()
    routing = {"event_id": event, "deliveries": [{"route": "deploys", "channel": "#a", "mention": "here"}]}
    await db.call("record_deliveries_v1", claim_token=claim["claim_token"], routings=[routing])
    assert await db.row("select route, mention from ops.deliveries") == {"route": "deploys", "mention": "here"}


async def test_an_event_without_a_route_is_unrouted(db: Session) -> None:
    """No delivery makes the event unrouted."""
    [event] = await db.emit()
    claim = await db.claim_events()
    await db.record(claim["claim_token"], [(event, [])])
    assert await db.value("select status from ops.event_dispatches") == "unrouted"


async def test_a_token_that_was_taken_over_changes_nothing(db: Session) -> None:
    """The old router settles no event and writes no delivery."""
    [event] = await db.emit()
    old = await db.claim_events()
    await db.end_leases()
    await db.claim_events(worker="second")
    assert await db.record(old["claim_token"], [(event, ["#a"])]) == 0
    assert await db.value("select count(*) from ops.deliveries") == 0
    assert await db.value("select status from ops.event_dispatches") == "pending"


async def test_an_unknown_token_changes_nothing(db: Session) -> None:
    """A token that never was holds nothing."""
    [event] = await db.emit()
    assert await db.record(str(uuid.uuid4()), [(event, ["#a"])]) == 0
    assert await db.value("select count(*) from ops.deliveries") == 0


async def test_no_token_changes_nothing(db: Session) -> None:
    """An unclaimed event has no token, and none does not match it."""
    [event] = await db.emit()
    assert await db.record(None, [(event, ["#a"])]) == 0


async def test_recording_twice_settles_once(db: Session) -> None:
    """The second call with the same token finds nothing to settle."""
    [event] = await db.emit()
    claim = await db.claim_events()
    await db.record(claim["claim_token"], [(event, ["#a"])])
    assert await db.record(claim["claim_token"], [(event, ["#a"])]) == 0
    assert await db.value("select count(*) from ops.deliveries") == 1


async def test_two_routes_to_one_channel_make_one_delivery(db: Session) -> None:
    """An event stands once in a channel."""
    [event] = await db.emit()
    claim = await db.claim_events()
    await db.record(claim["claim_token"], [(event, ["#a", "#a"])])
    assert await db.value("select count(*) from ops.deliveries") == 1


async def test_deliveries_stand_in_the_order_of_their_events(db: Session) -> None:
    """The order of the routings does not matter, that of the events does."""
    events = await db.emit(3)
    claim = await db.claim_events()
    await db.record(claim["claim_token"], [(event, ["#a"]) for event in reversed(events)])
    assert await db.column("select event_id from ops.deliveries order by position") == events


async def test_who_holds_but_a_part_of_what_he_names_settles_nothing(db: Session) -> None:
    """A part was taken over, or never his: what is left would be settled before it."""
    mine, foreign = await db.emit(2)
    claim = await db.claim_events(max_events=1)
    assert await db.record(claim["claim_token"], [(mine, ["#a"]), (foreign, ["#a"])]) == 0
    assert await db.column("select event_id from ops.deliveries") == []


async def test_a_claim_of_which_a_part_was_taken_over_is_settled_by_who_comes_after(db: Session) -> None:
    """The first was held up beyond its lease; all events are settled in their order."""
    events = await db.emit(3)
    late = await db.claim_events()
    await db.end_leases()
    second = await db.claim_events(worker="second", max_events=1)
    assert await db.record(late["claim_token"], [(event, ["#a"]) for event in events]) == 0
    await db.record(second["claim_token"], [(events[0], ["#a"])])
    third = await db.claim_events(worker="second")
    await db.record(third["claim_token"], [(event, ["#a"]) for event in events[1:]])
    assert await db.column("select event_id from ops.deliveries order by position") == events


async def test_a_claimed_event_that_is_not_named_stays_claimed(db: Session) -> None:
    """An event of the claim without a routing is left to its lease, and is not counted."""
    first, second = await db.emit(2)
    claim = await db.claim_events()
    assert await db.record(claim["claim_token"], [(first, [])]) == 1
    assert await db.column("select event_id from ops.event_dispatches where claim_token is not null") == [second]


async def test_a_failed_record_leaves_the_claim(db: Session) -> None:
    """A refused delivery (here: without a route) takes the whole settle back."""
    [event] = await db.emit()
    claim = await db.claim_events()
    broken = {"event_id": event, "deliveries": [{"channel": "#a"}]}
    with pytest.raises((DatabaseRefused, asyncpg.PostgresError), match="route"):
        await db.call("record_deliveries_v1", claim_token=claim["claim_token"], routings=[broken])
    assert await db.value("select status from ops.event_dispatches where claim_token is not null") == "pending"
