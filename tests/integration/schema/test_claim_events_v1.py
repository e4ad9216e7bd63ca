"""claim_events_v1: one router at a time takes the oldest events, for a time."""

from __future__ import annotations

from tests.integration.schema.helpers import Session


async def test_events_come_in_the_order_of_their_inserts(db: Session) -> None:
    """The oldest events come first."""
    events = await db.emit(5)
    claim = await db.claim_events(max_events=3)
    assert [event["event_id"] for event in claim["events"]] == events[:3]


async def test_an_event_comes_whole(db: Session) -> None:
    """A claimed event has the keys of the contract and the values that were inserted."""
    event_id = await db.call(
        "append_event_v1",
        event_type="ci.failed",
        actor="ci",
        target="web",
        payload={"service": "web"},
        status="error",
        error_detail="x",
    )
    [event] = (await db.claim_events())["events"]
    created_at = event.pop("created_at")
    assert created_at
    assert event == {
        "event_id": event_id,
        "event_type": "ci.failed",
        "actor": "ci",
        "target": "web",
        "payload": {"service": "web"},
        "status": "error",
        "error_detail": "x",
    }


async def test_a_claim_has_a_lease_and_a_worker(db: Session) -> None:
    """The lease lasts as long as was asked for, and says whose it is."""
    [event] = await db.emit()
    await db.claim_events(worker="w1", lease_seconds=30)
    row = await db.row(
        "select claimed_by, lease_until - clock_timestamp() between '25 s' and '30 s' as lasts "
        "from ops.event_dispatches where event_id = $1",
        event,
    )
    assert row == {"claimed_by": "w1", "lasts": True}


async def test_only_one_router_works_at_a_time(db: Session) -> None:
    """While a claim is held, another router gets nothing, though more events wait."""
    await db.emit(2)
    await db.claim_events(max_events=1)
    assert await db.claim_events(worker="second") == {"claim_token": None, "events": []}


async def test_a_router_takes_the_next_while_it_settles_a_claim(db: Session) -> None:
    """It names that claim; what it holds by it is not taken again."""
    events = await db.emit(3)
    first = await db.claim_events(max_events=1)
    second = await db.claim_events(max_events=5, holding=first["claim_token"])
    assert [it["event_id"] for it in second["events"]] == events[1:]
    assert await db.record(first["claim_token"], [(events[0], [])]) == 1


async def test_a_router_that_was_held_up_does_not_claim_what_it_holds(db: Session) -> None:
    """Its lease is over, its record is on the way: a part of it would be settled after the rest."""
    events = await db.emit(3)
    late = await db.claim_events(max_events=2)
    await db.end_leases()
    claim = await db.claim_events(max_events=1, holding=late["claim_token"])
    assert [it["event_id"] for it in claim["events"]] == events[2:]
    assert await db.record(late["claim_token"], [(event, []) for event in events[:2]]) == 2


async def test_a_claim_that_has_ended_opens_nothing(db: Session) -> None:
    """A router that names what it held once is kept out by whoever holds events now."""
    events = await db.emit(3)
    first = await db.claim_events(max_events=1)
    await db.record(first["claim_token"], [(events[0], [])])
    await db.claim_events(worker="second", max_events=1)
    assert (await db.claim_events(holding=first["claim_token"]))["events"] == []


async def test_what_a_vanished_router_held_counts_as_any_other(db: Session) -> None:
    """Whoever takes over gets as many as he asks for, the oldest first, whether or not they were held."""
    events = await db.emit(12)
    await db.claim_events(max_events=5)
    for most in (3, 10, 100):
        await db.end_leases()
        claim = await db.claim_events(worker="second", max_events=most)
        assert [event["event_id"] for event in claim["events"]] == events[:most]


async def test_the_next_router_may_work_once_the_first_has_recorded(db: Session) -> None:
    """A recorded claim makes way for the next."""
    first, second = await db.emit(2)
    claim = await db.claim_events(max_events=1)
    await db.record(claim["claim_token"], [(first, [])])
    assert [event["event_id"] for event in (await db.claim_events())["events"]] == [second]


async def test_an_expired_lease_is_taken_over(db: Session) -> None:
    """The events of a vanished router go to the next one, under a new token."""
    events = await db.emit(2)
    lost = await db.claim_events()
    await db.end_leases()
    found = await db.claim_events(worker="second")
    assert [event["event_id"] for event in found["events"]] == events
    assert found["claim_token"] != lost["claim_token"]


async def test_a_vanished_event_comes_as_its_bare_id(db: Session) -> None:
    """An event that was removed from the table is claimed as its id alone, so that it can be settled."""
    [event] = await db.emit()
    await db.run("delete from ops.platform_events")
    assert (await db.claim_events())["events"] == [{"event_id": event}]


async def test_settled_events_do_not_come_again(db: Session) -> None:
    """A routed and an unrouted event are both done."""
    first, second = await db.emit(2)
    claim = await db.claim_events()
    await db.record(claim["claim_token"], [(first, ["#a"]), (second, [])])
    assert (await db.claim_events())["events"] == []


async def test_nothing_pending_gives_no_events(db: Session) -> None:
    """An empty table is an empty claim."""
    assert (await db.claim_events())["events"] == []


async def test_a_claim_quiets_the_doorbell(db: Session) -> None:
    """Whoever asks for work is awake: for the next seconds nobody rings."""
    await db.equip_doorbell()
    await db.claim_events()
    await db.emit()
    assert await db.rings() == 0
