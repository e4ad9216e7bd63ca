"""report_relay_sessions_v1: a worker says how its sessions are, keeps their leases and learns how all stand."""

from __future__ import annotations

import time
import uuid
from typing import Any

import pytest

from tests.integration.schema.helpers import Session
from tests.integration.schema.relay import HELLO, connecting, end_leases, live, report, row, said

STATES = ("connecting", "live", "retiring", "ended")


async def test_a_report_extends_the_leases(db: Session) -> None:
    """From now on, for the time that was asked for."""
    session_id = await connecting(db, "a")
    await end_leases(db, "a")
    await report(db, "a", said(session_id, "connecting"), lease_seconds=60)
    left = await db.value("select extract(epoch from lease_until - clock_timestamp())::float8 from ops.relay_sessions")
    assert 55 < left <= 60


async def test_a_hello_makes_a_session_live(db: Session) -> None:
    """What Slack said of it is kept, and its up-time begins."""
    session_id = await connecting(db, "a")
    await report(db, "a", said(session_id, hello=HELLO))
    session = await row(db, session_id)
    assert {
        name: session[name] for name in ("state", "approximate_connection_s", "num_connections", "host", "app_id")
    } == {
        "state": "live",
        "approximate_connection_s": 18060,
        "num_connections": 1,
        "host": "applink-1",
        "app_id": "A0SIMULATOR",
    }
    assert session["hello_at"] == session["alive_until"]


async def test_the_hello_is_told_once_and_kept(db: Session) -> None:
    """A later report need not repeat it, and does not move it."""
    session_id = await live(db, "a")
    before = await row(db, session_id)
    await report(db, "a", said(session_id))
    after = await row(db, session_id)
    kept = ("hello_at", "approximate_connection_s", "num_connections", "host", "app_id")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}


async def test_a_session_that_is_alive_is_up_until_now(db: Session) -> None:
    """Each report with a fresh pong carries its up-time on."""
    session_id = await live(db, "a")
    first = (await row(db, session_id))["alive_until"]
    await report(db, "a", said(session_id))
    assert (await row(db, session_id))["alive_until"] > first


async def test_a_session_without_a_pong_is_not_up(db: Session) -> None:
    """Its lease goes on, its up-time does not."""
    session_id = await live(db, "a")
    first = (await row(db, session_id))["alive_until"]
    await report(db, "a", said(session_id, alive=False))
    assert (await row(db, session_id))["alive_until"] == first


async def test_before_its_hello_a_session_is_not_up(db: Session) -> None:
    """Whatever the report says."""
    session_id = await connecting(db, "a")
    await report(db, "a", said(session_id, "connecting", alive=True))
    assert (await row(db, session_id))["alive_until"] is None


@pytest.mark.parametrize("first", STATES)
@pytest.mark.parametrize("second", STATES)
async def test_a_session_never_goes_back(db: Session, first: str, second: str) -> None:
    """Reports may overtake each other; what is further on stays."""
    session_id = await connecting(db, "a")
    for state in (first, second):
        await report(db, "a", said(session_id, state, end_reason="closed" if state == "ended" else None))
    assert (await row(db, session_id))["state"] == max(first, second, key=STATES.index)


async def test_an_ended_session_is_closed(db: Session) -> None:
    """With its reason; its lease is over at once."""
    session_id = await live(db, "a")
    answer = await report(db, "a", said(session_id, "ended", alive=True, end_reason="mute for 15 s"))
    ended = await row(db, session_id)
    assert (ended["state"], ended["end_reason"]) == ("ended", "mute for 15 s")
    assert ended["lease_until"] == ended["ended_at"] == ended["alive_until"]
    assert answer["lost"] == []


async def test_an_end_without_a_reason_gets_one(db: Session) -> None:
    """The ledger never says nothing."""
    session_id = await connecting(db, "a")
    await report(db, "a", said(session_id, "ended"))
    assert (await row(db, session_id))["end_reason"] == "closed"


async def test_the_second_report_of_an_end_changes_nothing(db: Session) -> None:
    """Its answer was lost; the first stands."""
    session_id = await connecting(db, "a")
    await report(db, "a", said(session_id, "ended", end_reason="first"))
    before = await row(db, session_id)
    await report(db, "a", said(session_id, "ended", end_reason="second"))
    assert await row(db, session_id) == before


async def test_the_number_of_envelopes_only_grows(db: Session) -> None:
    """An older report that comes late does not take any away."""
    session_id = await live(db, "a")
    for count in (3, 7, 5):
        await report(db, "a", said(session_id, envelopes=count))
    assert (await row(db, session_id))["envelopes"] == 7


async def test_a_lease_that_was_taken_away_is_lost(db: Session) -> None:
    """The late worker is told; what it says of the session changes nothing."""
    first, second = [await live(db, "a") for _ in range(2)]
    await end_leases(db, "a")
    for _ in range(2):
        await connecting(db, "b")
    taken = await row(db, first)
    answer = await report(db, "a", said(first), said(second))
    assert sorted(answer["lost"]) == sorted([first, second])
    assert await row(db, first) == taken


async def test_a_lease_that_ran_out_but_was_not_taken_is_held_again(db: Session) -> None:
    """The database was away for a while: nobody needs to dial anew."""
    session_id = await live(db, "a")
    await end_leases(db, "a")
    answer = await report(db, "a", said(session_id))
    assert (answer["lost"], answer["live"]) == ([], 1)


async def test_a_session_that_nobody_knows_is_lost(db: Session) -> None:
    """Without a lease there is no connection."""
    unknown = str(uuid.uuid4())
    assert (await report(db, "a", said(unknown)))["lost"] == [unknown]


async def test_the_session_of_another_is_lost(db: Session) -> None:
    """And stays as its own worker left it."""
    session_id = await live(db, "a")
    before = await row(db, session_id)
    assert (await report(db, "b", said(session_id, "ended")))["lost"] == []
    assert (await report(db, "b", said(session_id)))["lost"] == [session_id]
    assert await row(db, session_id) == before


async def test_the_answer_counts_the_sessions_of_all_workers(db: Session) -> None:
    """live: those that go on; open: all past their hello. Dead workers' do not count."""
    retiring, going_on = [await live(db, "a") for _ in range(2)]
    await report(db, "a", said(retiring, "retiring"), said(going_on))
    await connecting(db, "b")
    answer = await report(db, "c")
    assert (answer["live"], answer["open"]) == (1, 2)
    await end_leases(db, "a")
    assert (await report(db, "c"))["live"] == 0


async def test_the_answer_tells_the_time_of_the_database(db: Session) -> None:
    """In seconds since 1970, with which a relay corrects its own clock."""
    assert abs((await report(db, "a"))["now"] - time.time()) < 10


@pytest.mark.parametrize(("transport", "switched_on"), [("socket", True), ("http", False)])
async def test_the_answer_says_whether_sockets_are_wanted(db: Session, transport: str, *, switched_on: bool) -> None:
    """The switch is seen within one report."""
    await db.call("set_transport_v1", transport=transport, actor="ada")
    assert (await report(db, "a"))["switched_on"] is switched_on


@pytest.mark.parametrize(
    "hello",
    [
        {},
        {"num_connections": "many", "approximate_connection_time": [], "host": {"a": 1}, "app_id": 7},
        {"num_connections": -1, "approximate_connection_time": 1e300},
        {"num_connections": None, "approximate_connection_time": None, "host": None, "app_id": None},
        {"num_connections": 10**30, "host": "h" * 5000},
    ],
    ids=["empty", "odd", "out of range", "null", "huge"],
)
async def test_an_odd_hello_does_not_stop_the_report(db: Session, hello: dict[str, Any]) -> None:
    """The session is live; what cannot be is not kept."""
    session_id = await connecting(db, "a")
    await report(db, "a", said(session_id, hello=hello))
    session = await row(db, session_id)
    assert (session["state"], session["num_connections"], session["approximate_connection_s"]) == ("live", None, None)


async def test_a_state_that_nobody_knows_changes_no_state(db: Session) -> None:
    """A newer relay may have words of its own; its lease goes on."""
    session_id = await live(db, "a")
    await report(db, "a", said(session_id, "dancing"))
    assert (await row(db, session_id))["state"] == "live"


async def test_when_a_run_ends_is_kept(db: Session) -> None:
    """And forgotten when the next report does not say it."""
    session_id = await live(db, "a")
    await report(db, "a", said(session_id), ends_in_s=100)
    assert (await row(db, session_id))["runs_until"] is not None
    await report(db, "a", said(session_id))
    assert (await row(db, session_id))["runs_until"] is None


async def test_many_sessions_are_reported_in_one_call(db: Session) -> None:
    """Each on its own terms."""
    one, two = [await live(db, "a") for _ in range(2)]
    answer = await report(
        db, "a", said(one, "retiring", envelopes=4), said(two, "ended", end_reason="x"), said(str(uuid.uuid4()))
    )
    assert len(answer["lost"]) == 1
    assert [(await row(db, each))["state"] for each in (one, two)] == ["retiring", "ended"]
