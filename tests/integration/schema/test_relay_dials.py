"""take_dial_v1, dial_again_v1 and hold_connections_open_v1: all relays share one budget of dials, and Slack's holds."""

from __future__ import annotations

import uuid

import pytest

from tests.integration.schema.helpers import Session
from tests.integration.schema.relay import GRANTED, claim, connecting, end_leases, live, pay_dials, report, said

PAID = "select extract(epoch from dials_paid_until - clock_timestamp())::float8 from ops.relay_control"


async def take(db: Session, times: int) -> list[str | None]:
    """The reasons of so many dials."""
    return [(await db.call("take_dial_v1"))["reason"] for _ in range(times)]


async def test_eight_dials_may_come_at_once(db: Session) -> None:
    """The ninth must wait, nearly the time of one."""
    assert await take(db, 8) == [None] * 8
    refused = await db.call("take_dial_v1")
    assert (refused["granted"], refused["reason"]) == (False, "dial_budget")
    assert 10 < refused["wait_s"] <= 15


async def test_after_fifteen_seconds_there_is_one_more(db: Session) -> None:
    """And only one."""
    await take(db, 8)
    await db.run("update ops.relay_control set dials_paid_until = dials_paid_until - interval '15 seconds'")
    assert await take(db, 2) == [None, "dial_budget"]


async def test_a_long_rest_saves_no_more_than_the_burst(db: Session) -> None:
    """An hour without a dial is worth eight, not 240."""
    await db.run("update ops.relay_control set dials_paid_until = clock_timestamp() - interval '1 hour'")
    assert await take(db, 9) == [*[None] * 8, "dial_budget"]


async def test_a_refused_dial_costs_nothing(db: Session) -> None:
    """Who asks too early does not push the next dial away."""
    await take(db, 8)
    waits = [(await db.call("take_dial_v1"))["wait_s"] for _ in range(5)]
    assert waits == sorted(waits, reverse=True)


async def test_a_clock_that_was_set_back_does_not_lock_it(db: Session) -> None:
    """What seems to be paid for an hour ahead waits for one dial's time at most."""
    await db.run("update ops.relay_control set dials_paid_until = clock_timestamp() + interval '1 hour'")
    assert (await db.call("take_dial_v1"))["wait_s"] <= 15


async def test_a_claim_takes_from_the_budget(db: Session) -> None:
    """It is refused without leaving a row when there is none left."""
    await take(db, 8)
    answer = await claim(db)
    assert (answer["granted"], answer["reason"]) == (False, "dial_budget")
    assert await db.value("select count(*) from ops.relay_sessions") == 0


async def test_another_dial_takes_from_the_same_budget(db: Session) -> None:
    """Eight in all: one for the claim, seven more."""
    session_id = await connecting(db, "a")
    answers = [await db.call("dial_again_v1", worker="a", session_id=session_id) for _ in range(8)]
    assert answers[:7] == [GRANTED] * 7
    assert (answers[7]["granted"], answers[7]["reason"]) == (False, "dial_budget")


async def test_a_session_that_was_never_granted_gets_no_dial(db: Session) -> None:
    """Nobody dials without a lease."""
    answer = await db.call("dial_again_v1", worker="a", session_id=str(uuid.uuid4()))
    assert answer == {"granted": False, "wait_s": 0, "reason": "lost"}


async def test_the_session_of_another_gets_no_dial(db: Session) -> None:
    """Its lease is its worker's."""
    session_id = await connecting(db, "a")
    assert (await db.call("dial_again_v1", worker="b", session_id=session_id))["reason"] == "lost"


async def test_a_session_past_its_hello_is_not_dialled_again(db: Session) -> None:
    """A new connection is a new session: else its up-time would hide the gap."""
    session_id = await live(db, "a")
    assert (await db.call("dial_again_v1", worker="a", session_id=session_id))["reason"] == "lost"


async def test_a_session_whose_lease_was_taken_away_is_not_dialled_again(db: Session) -> None:
    """Another relay is dialling in its place."""
    sessions = [await connecting(db, "a") for _ in range(2)]
    await end_leases(db, "a")
    for _ in range(2):
        await connecting(db, "b")
    assert (await db.call("dial_again_v1", worker="a", session_id=sessions[0]))["reason"] == "lost"


async def test_a_hold_of_slack_keeps_all_from_dialling(db: Session) -> None:
    """For as long as Slack said, and no dial is counted."""
    session_id = await connecting(db, "a")
    paid = await db.value(PAID)
    assert await db.call("hold_connections_open_v1", seconds=30, reason="ratelimited") == {"held_s": 30}
    claimed = await claim(db, "b")
    again = await db.call("dial_again_v1", worker="a", session_id=session_id)
    assert [it["reason"] for it in (claimed, again)] == ["held", "held"]
    assert all(25 < it["wait_s"] <= 30 for it in (claimed, again))
    assert await db.value(PAID) < paid + 1


async def test_a_hold_that_is_over_holds_nobody(db: Session) -> None:
    """It is not removed, only past."""
    await db.call("hold_connections_open_v1", seconds=30, reason="ratelimited")
    await db.run("update ops.slack_holds set held_until = clock_timestamp()")
    assert (await claim(db))["granted"]


async def test_a_shorter_hold_does_not_end_a_longer_one(db: Session) -> None:
    """Both were said."""
    await db.call("hold_connections_open_v1", seconds=60, reason="ratelimited")
    await db.call("hold_connections_open_v1", seconds=1, reason="ratelimited")
    assert (await claim(db))["wait_s"] > 50


@pytest.mark.parametrize(
    ("asked", "held"),
    [(0, 1), (-3, 1), (1e9, 3600), (float("inf"), 3600), (float("nan"), 3600), (None, 30), (2.5, 2.5)],
)
async def test_a_hold_has_bounds(db: Session, asked: float | None, held: float) -> None:
    """A Retry-After that nobody can mean does not silence the relay for a day."""
    assert await db.call("hold_connections_open_v1", seconds=asked, reason=None) == {"held_s": held}


@pytest.mark.parametrize("method", ["*", "chat.postMessage"])
async def test_a_hold_of_something_else_does_not_count(db: Session, method: str) -> None:
    """Connections need the app's token: trouble with the bot's does not make pulser deaf as well."""
    await db.call("hold_slack_v1", method=method, seconds=60, reason="invalid_auth")
    assert (await claim(db))["granted"]


async def test_no_dial_while_sockets_are_switched_off(db: Session) -> None:
    """Not even of a session that holds its lease."""
    session_id = await connecting(db, "a")
    await db.call("set_transport_v1", transport="http", actor="ada")
    answer = await db.call("dial_again_v1", worker="a", session_id=session_id)
    assert (answer["granted"], answer["reason"]) == (False, "switched_off")


async def test_an_hour_of_failing_dials_keeps_the_pace(db: Session) -> None:
    """In an hour, asking each second: the burst, then one in fifteen seconds."""
    granted = 0
    for _ in range(3600 // 5):
        await db.run("update ops.relay_control set dials_paid_until = dials_paid_until - interval '5 seconds'")
        granted += (await db.call("take_dial_v1"))["granted"]
    assert 8 + 3600 / 15 - 2 <= granted <= 8 + 3600 / 15 + 1


async def test_a_session_of_another_state_needs_its_own_claim(db: Session) -> None:
    """One that is retiring is not dialled again either."""
    session_id = await live(db, "a")
    await report(db, "a", said(session_id, "retiring"))
    await pay_dials(db)
    assert (await db.call("dial_again_v1", worker="a", session_id=session_id))["reason"] == "lost"
