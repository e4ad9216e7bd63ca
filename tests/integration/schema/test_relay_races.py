"""Relays at once: claims, reports, dials and alarms on two connections."""

from __future__ import annotations

import asyncio
import random
import uuid

from tests.integration.schema.helpers import Session, is_waiting, until
from tests.integration.schema.relay import (
    claim,
    connecting,
    end_leases,
    live,
    pay_dials,
    report,
    said,
)

OPEN = "select count(*) from ops.open_relay_sessions_v1()"


async def test_the_last_lease_goes_to_one_of_two_relays(db: Session, other: Session) -> None:
    """Both ask at the same moment, again and again: one is granted, the other told that two are enough."""
    for _ in range(50):
        await db.run("delete from ops.relay_sessions")
        await pay_dials(db)
        await connecting(db, "first")
        answers = await asyncio.gather(claim(db, "a"), claim(other, "b"))
        assert sorted(str(it["reason"]) for it in answers) == ["None", "enough"]
        assert await db.value(OPEN) == 2


async def test_a_claim_waits_for_the_one_before_it(db: Session, other: Session) -> None:
    """It counts what the other is adding."""
    await connecting(db, "first")
    async with asyncio.TaskGroup() as tasks, db.connection.transaction():
        await connecting(db, "a")
        late = tasks.create_task(claim(other, "b"))
        await until(lambda: is_waiting(db, other))
    assert late.result()["reason"] == "enough"


async def test_a_claim_that_is_rolled_back_held_nothing(db: Session, other: Session) -> None:
    """Neither place nor dial."""
    await connecting(db, "first")
    paid = await db.value("select dials_paid_until from ops.relay_control")
    transaction = db.connection.transaction()
    await transaction.start()
    await connecting(db, "a")
    await transaction.rollback()
    assert await db.value("select dials_paid_until from ops.relay_control") == paid
    assert (await claim(other, "b"))["granted"]


async def test_a_report_keeps_its_lease_from_a_claim_that_waits(db: Session, other: Session) -> None:
    """The leases had run out, but the worker spoke first: nothing is taken from it."""
    sessions = [await live(db, "a") for _ in range(2)]
    await end_leases(db, "a")
    async with asyncio.TaskGroup() as tasks, db.connection.transaction():
        await report(db, "a", *map(said, sessions))
        late = tasks.create_task(claim(other, "b"))
        await until(lambda: is_waiting(db, other))
    assert late.result()["reason"] == "enough"


async def test_a_report_that_waits_for_a_takeover_has_lost(db: Session, other: Session) -> None:
    """The other was first: the late worker is told."""
    sessions = [await live(db, "a") for _ in range(2)]
    await end_leases(db, "a")
    async with asyncio.TaskGroup() as tasks, db.connection.transaction():
        for _ in range(2):
            await connecting(db, "b")
        late = tasks.create_task(report(other, "a", *map(said, sessions)))
        await until(lambda: is_waiting(db, other))
    assert sorted(late.result()["lost"]) == sorted(sessions)


async def test_reports_of_two_workers_do_not_wait_for_each_other(db: Session, other: Session) -> None:
    """A heartbeat must be quick."""
    mine, theirs = await live(db, "a"), await live(db, "b")
    async with db.connection.transaction():
        await report(db, "a", said(mine))
        async with asyncio.timeout(5):
            await report(other, "b", said(theirs))


async def test_the_last_dial_goes_to_one_of_two(db: Session, other: Session) -> None:
    """Of a budget that has one left."""
    for _ in range(30):
        await pay_dials(db)
        for _ in range(7):
            await db.call("take_dial_v1")
        answers = await asyncio.gather(*(each.call("take_dial_v1") for each in (db, other)))
        assert sorted(str(it["reason"]) for it in answers) == ["None", "dial_budget"]


async def test_a_budget_under_contention_is_not_exceeded(db: Session, other: Session) -> None:
    """A session that dials again and claims of others, all at once: eight in all."""
    session_id = await connecting(db, "a")
    asked = [
        answer["granted"]
        for _ in range(20)
        for answer in await asyncio.gather(
            db.call("dial_again_v1", worker="a", session_id=session_id), claim(other, "b", session_id=str(uuid.uuid4()))
        )
    ]
    assert sum(asked) == 7


async def test_two_workers_replace_their_sessions_at_the_same_moment(db: Session, other: Session) -> None:
    """Each has its own: both are granted."""
    mine, theirs = await live(db, "a"), await live(db, "b")
    answers = await asyncio.gather(claim(db, "a", replaces=mine), claim(other, "b", replaces=theirs))
    assert [it["granted"] for it in answers] == [True, True]
    assert await db.value(OPEN) == 4


async def test_one_successor_is_granted_when_two_are_asked_for(db: Session, other: Session) -> None:
    """A worker that asks twice on two connections."""
    mine, _ = [await live(db, "a") for _ in range(2)]
    answers = await asyncio.gather(claim(db, "a", replaces=mine), claim(other, "a", replaces=mine))
    assert sorted(str(it["reason"]) for it in answers) == ["None", "enough"]


async def test_the_same_alarm_of_two_relays_is_raised_once(db: Session, other: Session) -> None:
    """Both see the trouble at the same moment."""
    raise_ = {"reason": "link_disabled", "detail": "off"}
    async with asyncio.TaskGroup() as tasks, db.connection.transaction():
        assert (await db.call("raise_relay_alarm_v1", worker="a", **raise_))["raised"]
        late = tasks.create_task(other.call("raise_relay_alarm_v1", worker="b", **raise_))
        await until(lambda: is_waiting(db, other))
    assert late.result() == {"raised": False}
    assert await db.value("select count(*) from ops.platform_events where event_type = 'relay.alarm'") == 1


async def test_two_ticks_at_once_do_not_wait_for_each_other(db: Session, other: Session) -> None:
    """A ring is never waited for; a second one does no harm."""
    await db.equip_doorbell()
    async with db.connection.transaction():
        assert await db.call("cover_relay_v1")
        async with asyncio.timeout(5):
            assert not await other.call("cover_relay_v1")


async def test_any_order_of_claims_reports_and_deaths_keeps_the_limits(db: Session, other: Session) -> None:
    """Three hundred random steps by three workers on two connections: never more than four hold a lease."""
    chance = random.Random(3)  # noqa: S311  # no secret: the same steps each time
    held: dict[str, dict[str, str]] = {"a": {}, "b": {}, "c": {}}

    async def step(session: Session, worker: str) -> None:
        mine = held[worker]
        match chance.choice(["claim", "claim", "replace", "live", "retire", "end", "die", "report"]):
            case "claim" | "replace" as how:
                replaces = chance.choice([*mine]) if mine and how == "replace" else None
                answer = await claim(session, worker, replaces)
                if answer["granted"]:
                    mine[answer["session_id"]] = "connecting"
            case "die":
                await end_leases(session, worker)
                mine.clear()
            case wanted:
                if mine and wanted != "report":
                    mine[chance.choice([*mine])] = {"live": "live", "retire": "retiring", "end": "ended"}[wanted]
                answer = await report(session, worker, *(said(it, state) for it, state in mine.items()))
                for gone in [it for it, state in mine.items() if it in answer["lost"] or state == "ended"]:
                    del mine[gone]

    for _ in range(150):
        await pay_dials(db)
        first, second = chance.sample(sorted(held), 2)
        await asyncio.gather(step(db, first), step(other, second))
        assert await db.value(OPEN) <= 4
    assert await db.value("select count(*) from ops.relay_sessions where state = 'ended'") > 20
