"""claim_relay_session_v1: two connections at any time, whoever holds them, and never more than four."""

from __future__ import annotations

import uuid

import pytest

from tests.integration.schema.helpers import Session
from tests.integration.schema.relay import GRANTED, claim, connecting, end_leases, live, pay_dials, report, row, said


async def test_the_first_two_sessions_are_granted(db: Session) -> None:
    """One relay may hold both."""
    assert [(await claim(db))["granted"] for _ in range(2)] == [True, True]


async def test_a_granted_session_is_connecting_under_a_lease(db: Session) -> None:
    """Its row names the worker and is open from now on."""
    session_id = await connecting(db, "a")
    held = await row(db, session_id)
    assert (held["worker"], held["state"], held["hello_at"]) == ("a", "connecting", None)
    assert 19 < (held["lease_until"] - held["claimed_at"]).total_seconds() < 21


@pytest.mark.parametrize(("asked", "lease"), [(-5, 1), (0, 1), (60, 60), (10_000, 300)])
async def test_a_lease_has_bounds(db: Session, asked: int, lease: int) -> None:
    """A second at least, five minutes at most."""
    held = await row(db, (await claim(db, lease_seconds=asked))["session_id"])
    assert round((held["lease_until"] - held["claimed_at"]).total_seconds()) == lease


async def test_a_third_session_is_not_granted(db: Session) -> None:
    """Two are enough; the answer says when to ask again, and nothing is written."""
    for _ in range(2):
        await connecting(db)
    answer = await claim(db, "b")
    assert (answer["granted"], answer["wait_s"], answer["reason"]) == (False, 2, "enough")
    assert await db.value("select count(*) from ops.relay_sessions") == 2


async def test_a_refusal_costs_no_dial(db: Session) -> None:
    """The budget is for those who dial."""
    for _ in range(2):
        await connecting(db)
    before = await db.value("select dials_paid_until from ops.relay_control")
    await claim(db, "b")
    assert await db.value("select dials_paid_until from ops.relay_control") == before


async def test_a_retiring_session_leaves_its_place_to_another(db: Session) -> None:
    """Also of another worker: it goes on serving while the successor comes up."""
    first, second = [await live(db, "a") for _ in range(2)]
    await report(db, "a", said(first, "retiring"), said(second))
    assert (await claim(db, "b"))["granted"]


async def test_an_ended_session_leaves_its_place(db: Session) -> None:
    """At once, not when its lease would have ended."""
    first, _ = [await live(db, "a") for _ in range(2)]
    await report(db, "a", said(first, "ended", end_reason="closed by Slack"))
    assert (await claim(db, "b"))["granted"]


async def test_a_worker_may_open_the_successor_of_its_own_session(db: Session) -> None:
    """Make before break: the third connection is granted beside the one it replaces."""
    first, _ = [await live(db, "a") for _ in range(2)]
    answer = await claim(db, "a", replaces=first)
    assert answer["granted"]
    assert (await row(db, answer["session_id"]))["replaces"] == first


async def test_nobody_may_replace_a_session_of_another(db: Session) -> None:
    """Its worker sees to it."""
    first, _ = [await live(db, "a") for _ in range(2)]
    assert (await claim(db, "b", replaces=first))["reason"] == "enough"


async def test_a_session_has_one_successor(db: Session) -> None:
    """A second one would be one connection too many."""
    first, _ = [await live(db, "a") for _ in range(2)]
    await connecting(db, "a", replaces=first)
    assert (await claim(db, "a", replaces=first))["reason"] == "enough"


async def test_a_successor_that_failed_may_be_followed_by_another(db: Session) -> None:
    """Once it has ended, the session that is to be replaced is without successor again."""
    first, second = [await live(db, "a") for _ in range(2)]
    failed = await connecting(db, "a", replaces=first)
    await report(db, "a", said(first), said(second), said(failed, "ended", end_reason="dial_failed"))
    assert (await claim(db, "a", replaces=first))["granted"]


async def test_a_session_that_is_retiring_already_is_not_replaced(db: Session) -> None:
    """Its place is free for anybody: when another has taken it, two are enough."""
    first, _ = [await live(db, "a") for _ in range(2)]
    await report(db, "a", said(first, "retiring"))
    await connecting(db, "b")
    assert (await claim(db, "a", replaces=first))["reason"] == "enough"


async def test_both_sessions_can_be_replaced_at_once(db: Session) -> None:
    """Four leases: the two and their successors."""
    sessions = [await live(db, "a") for _ in range(2)]
    assert [(await claim(db, "a", replaces=each))["granted"] for each in sessions] == [True, True]


async def test_there_are_never_more_than_four(db: Session) -> None:
    """Not even when all but one are on their way out."""
    held = [await live(db, "a") for _ in range(2)]
    held += [await live(db, "a", replaces=each) for each in held]
    await report(db, "a", *(said(each, "retiring") for each in held))
    answer = await claim(db, "b")
    assert (answer["granted"], answer["reason"]) == (False, "most")


async def test_the_leases_of_a_dead_worker_are_taken_over(db: Session) -> None:
    """Once they have run out; their rows are closed, so that the late worker is told."""
    dead = [await live(db, "a") for _ in range(2)]
    assert (await claim(db, "b"))["reason"] == "enough"
    await end_leases(db, "a")
    assert [(await claim(db, "b"))["granted"] for _ in range(2)] == [True, True]
    assert [(it["state"], it["end_reason"]) for it in [await row(db, each) for each in dead]] == [
        ("ended", "lease_expired")
    ] * 2


async def test_one_who_takes_one_place_takes_one(db: Session) -> None:
    """Of a worker that was only stalled the other connection is left, so that one of them is up all the time."""
    stalled = [await live(db, "a") for _ in range(2)]
    await end_leases(db, "a")
    await connecting(db, "b")
    answer = await report(db, "a", *map(said, stalled))
    assert len(answer["lost"]) == 1
    assert await db.column("select state from ops.open_relay_sessions_v1() order by state") == ["connecting", "live"]


async def test_a_lease_that_nobody_takes_over_stays_open(db: Session) -> None:
    """A refused claim closes nothing: the stalled worker may still come back."""
    stalled = await live(db, "a")
    await end_leases(db, "a")
    await db.call("hold_connections_open_v1", seconds=60, reason="ratelimited")
    assert (await claim(db, "b"))["reason"] == "held"
    assert (await row(db, stalled))["state"] == "live"


async def test_the_same_question_has_the_same_answer(db: Session) -> None:
    """The answer to the first was lost on its way: no second row, no second dial, and the lease begins anew."""
    first = await claim(db, "a", lease_seconds=5)
    paid = await db.value("select dials_paid_until from ops.relay_control")
    again = await claim(db, "a", session_id=first["session_id"], lease_seconds=60)
    assert again == first
    assert await db.value("select dials_paid_until from ops.relay_control") == paid
    assert (await row(db, first["session_id"]))["lease_until"] > await db.value("select now() + interval '50 seconds'")


@pytest.mark.parametrize("worker", ["a", "b"])
async def test_a_session_id_serves_once(db: Session, worker: str) -> None:
    """Each connection is a session of its own, with its own up-time."""
    used = await live(db, "a")
    answer = await claim(db, worker, session_id=used)
    assert (answer["granted"], answer["reason"]) == (False, "lost")


async def test_while_sockets_are_switched_off_none_is_granted(db: Session) -> None:
    """The answer says so, and when to look again."""
    await db.call("set_transport_v1", transport="http", actor="ada")
    answer = await claim(db)
    assert (answer["granted"], answer["wait_s"], answer["reason"]) == (False, 5, "switched_off")


async def test_a_run_that_ends_soon_counts_as_nearly_gone(db: Session) -> None:
    """Its successor gets both places a minute before; four in all, for that time."""
    ending = [await live(db, "old") for _ in range(2)]
    await report(db, "old", *map(said, ending), ends_in_s=50)
    assert [(await claim(db, "new"))["granted"] for _ in range(2)] == [True, True]
    assert (await claim(db, "third"))["reason"] == "most"


async def test_a_run_that_goes_on_for_long_keeps_its_places(db: Session) -> None:
    """Over a minute before its end nobody needs to come."""
    lasting = [await live(db, "old") for _ in range(2)]
    await report(db, "old", *map(said, lasting), ends_in_s=70)
    assert (await claim(db, "new"))["reason"] == "enough"


async def test_a_dead_worker_cannot_be_mistaken_for_its_new_self(db: Session) -> None:
    """A restart under the same name does not keep the old leases alive."""
    dead = [await live(db, "a") for _ in range(2)]
    await end_leases(db, "a")
    for _ in range(2):
        await connecting(db, "a")
    assert {(await row(db, each))["state"] for each in dead} == {"ended"}


async def test_hour_after_hour_of_rotation_stays_within_the_limits(db: Session) -> None:
    """Twenty rotations by two workers: two stand at each end, and never more than four in between."""
    held = {"a": await live(db, "a"), "b": await live(db, "b")}
    for turn in range(20):
        worker = "ab"[turn % 2]
        await pay_dials(db)
        successor = await live(db, worker, replaces=held[worker])
        assert await db.value("select count(*) from ops.open_relay_sessions_v1()") == 3
        await report(db, worker, said(held[worker], "ended", end_reason="rotated"), said(successor))
        held[worker] = successor
    assert await db.value("select count(*) from ops.open_relay_sessions_v1()") == 2


async def test_the_defaults_are_enough(db: Session) -> None:
    """Only worker and session are needed."""
    answer = await db.call("claim_relay_session_v1", worker="a", session_id=str(uuid.uuid4()))
    assert answer == GRANTED
