"""relay_status_v1 and relay_uptime_v1: up-time is the union of what the sessions were alive."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.integration.schema.helpers import Session
from tests.integration.schema.relay import HELLO, connecting, end_leases, lay, live, report, said

DAY = 86_400


async def status(db: Session) -> Any:  # noqa: ANN401
    return await db.call("relay_status_v1")


async def switched_on_long_ago(db: Session) -> None:
    await db.run("update ops.relay_control set changed_at = now() - interval '3 days'")


@pytest.fixture
async def old(db: Session) -> Session:
    """The installation has had its relay for longer than a day."""
    await switched_on_long_ago(db)
    await lay(db, 2 * DAY, 2 * DAY - 10)
    return db


async def test_without_any_session_there_is_no_up_time(db: Session) -> None:
    """Not 0: there was no relay."""
    assert await status(db) == {
        "transport": "socket",
        "sessions": [],
        "live": 0,
        "uptime_24h": None,
        "uptime_since": None,
        "last_gap": None,
        "ghosts": 0,
        "reconnects_24h": 0,
    }


async def test_a_whole_day_is_one(old: Session) -> None:
    """Two sessions, one after the other, with overlap."""
    await lay(old, DAY + 60, 40_000)
    await lay(old, 40_100, 0)
    assert (await status(old))["uptime_24h"] == pytest.approx(1, abs=1e-4)


async def test_a_gap_lowers_it(old: Session) -> None:
    """A tenth of the day without a connection leaves nine."""
    await lay(old, DAY, DAY / 2)
    await lay(old, DAY * 0.4, 0)
    assert (await status(old))["uptime_24h"] == pytest.approx(0.9, abs=1e-4)


async def test_two_sessions_at_once_do_not_count_twice(old: Session) -> None:
    """Nor does one fill the other's gap twice: the union counts."""
    await lay(old, DAY, DAY / 2)
    await lay(old, DAY, DAY / 2)
    await lay(old, DAY * 0.75, DAY * 0.5)
    assert (await status(old))["uptime_24h"] == pytest.approx(0.5, abs=1e-4)


async def test_a_gap_that_another_session_covers_is_none(old: Session) -> None:
    """That is what two connections are for."""
    await lay(old, DAY + 1, 50_000)
    await lay(old, 40_000, 0)
    await lay(old, 60_000, 30_000)
    assert (await status(old))["uptime_24h"] == pytest.approx(1, abs=1e-4)


async def test_the_last_gap_is_told(old: Session) -> None:
    """From when to when, and how long."""
    for start, end in ((DAY, 70_000), (60_000, 5_000), (4_970, 0)):
        await lay(old, start, end)
    gap = await old.value(
        "select ops.relay_uptime_v1(clock_timestamp() - interval '1 day', clock_timestamp() - interval '10 seconds')"
        " -> 'last_gap'"
    )
    assert gap["seconds"] == pytest.approx(30, abs=0.5)
    length = datetime.fromisoformat(gap["to"]) - datetime.fromisoformat(gap["from"])
    assert length.total_seconds() == pytest.approx(gap["seconds"], abs=0.001)


async def test_without_a_gap_there_is_none(old: Session) -> None:
    """Null, not a gap of no length."""
    await live(old, "a")
    await lay(old, DAY + 5, 0)
    assert (await status(old))["last_gap"] is None


async def test_down_for_a_day_is_zero(old: Session) -> None:
    """The relay was there once, and is not any more."""
    assert (await status(old))["uptime_24h"] == 0


async def test_it_counts_from_the_first_session(db: Session) -> None:
    """What was before the installation is no gap."""
    await switched_on_long_ago(db)
    await lay(db, 1000, 0)
    assert (await status(db))["uptime_24h"] == pytest.approx(1, abs=1e-3)


async def test_a_relay_that_never_had_a_hello_is_down(db: Session) -> None:
    """From its first claim on."""
    await switched_on_long_ago(db)
    await connecting(db, "a")
    assert (await status(db))["uptime_24h"] == 0


async def test_a_session_that_answers_is_up_until_now(old: Session) -> None:
    """Between two reports as well: no gap at the end that the next report closes."""
    session_id = await live(old, "a")
    await old.run(
        "update ops.relay_sessions set hello_at = now() - interval '1 day', alive_until = now() - interval '10 seconds'"
        " where session_id = $1",
        session_id,
    )
    assert (await status(old))["uptime_24h"] == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("silence", ["16 seconds", "10 minutes"])
async def test_a_session_that_was_silent_for_too_long_is_not(old: Session, silence: str) -> None:
    """It counts until its last fresh pong."""
    session_id = await live(old, "a")
    await old.run(
        "update ops.relay_sessions set hello_at = now() - interval '1 day', alive_until = now() - $2::text::interval"
        " where session_id = $1",
        session_id,
        silence,
    )
    assert (await status(old))["last_gap"]["seconds"] >= 16


async def test_the_session_of_a_dead_worker_counts_until_it_was_last_seen(old: Session) -> None:
    """Its lease is over: what came after is a gap."""
    session_id = await live(old, "a")
    await old.run(
        "update ops.relay_sessions set hello_at = now() - interval '1 day', alive_until = now() - interval '5 seconds'"
        " where session_id = $1",
        session_id,
    )
    await end_leases(old, "a")
    assert (await status(old))["last_gap"]["seconds"] == pytest.approx(5, abs=1)


async def test_time_with_sockets_switched_off_is_no_gap(old: Session) -> None:
    """The measure ends with the switch: nobody wanted a socket since."""
    await lay(old, DAY + 5, 3600)
    await old.call("set_transport_v1", transport="http", actor="ada")
    await old.run("update ops.relay_control set changed_at = clock_timestamp() - interval '3600 seconds'")
    assert (await status(old))["uptime_24h"] == pytest.approx(1, abs=1e-3)


async def test_after_a_day_without_sockets_there_is_no_up_time(old: Session) -> None:
    """Null again."""
    await old.call("set_transport_v1", transport="http", actor="ada")
    await old.run("update ops.relay_control set changed_at = now() - interval '2 days'")
    assert (await status(old))["uptime_24h"] is None


async def test_it_counts_from_when_sockets_were_switched_on_again(old: Session) -> None:
    """The time until the first hello is a gap; the time before the switch is not."""
    for transport in ("http", "socket"):
        await old.call("set_transport_v1", transport=transport, actor="ada")
    await old.run("update ops.relay_control set changed_at = clock_timestamp() - interval '100 seconds'")
    await lay(old, 80, 0)
    assert (await status(old))["uptime_24h"] == pytest.approx(0.8, abs=0.01)


async def test_the_open_sessions_are_told(db: Session) -> None:
    """Each with its worker, its state and its times; neither ended ones nor those of dead workers."""
    first, second = await live(db, "a"), await connecting(db, "b")
    told = (await status(db))["sessions"]
    assert [(it["session_id"], it["worker"], it["state"]) for it in told] == [
        (first, "a", "live"),
        (second, "b", "connecting"),
    ]
    await end_leases(db, "a")
    await report(db, "b", said(second, "ended"))
    assert (await status(db))["sessions"] == []


async def test_live_counts_those_that_go_on(db: Session) -> None:
    """A retiring one is on its way out."""
    first, _ = [await live(db, "a") for _ in range(2)]
    await report(db, "a", said(first, "retiring"))
    assert (await status(db))["live"] == 1


async def test_a_hello_that_counts_more_connections_than_ours_has_ghosts(db: Session) -> None:
    """Slack sends envelopes to them that nobody reads, or another program does."""
    sessions = [await connecting(db, "a") for _ in range(2)]
    for number, session_id in enumerate(sessions, start=1):
        await report(db, "a", said(session_id, hello=HELLO | {"num_connections": number + 3}))
    assert (await status(db))["ghosts"] == 3


async def test_our_own_connections_are_no_ghosts(db: Session) -> None:
    """Of all workers, the retiring ones among them."""
    for number, worker in enumerate("ab", start=1):
        session_id = await connecting(db, worker)
        await report(db, worker, said(session_id, hello=HELLO | {"num_connections": number}))
    assert (await status(db))["ghosts"] == 0


async def test_a_connection_that_ended_after_the_hello_was_ours(db: Session) -> None:
    """It was counted then: it does not become a ghost when it ends."""
    first = await live(db, "a")
    second = await connecting(db, "a")
    await report(db, "a", said(first), said(second, hello=HELLO | {"num_connections": 2}))
    await report(db, "a", said(first, "ended"), said(second))
    assert (await status(db))["ghosts"] == 0


async def test_a_connection_that_had_ended_before_is_a_ghost_when_it_is_counted(db: Session) -> None:
    """Slack did not see it go."""
    first = await live(db, "a")
    await report(db, "a", said(first, "ended"))
    second = await connecting(db, "a")
    await report(db, "a", said(second, hello=HELLO | {"num_connections": 2}))
    assert (await status(db))["ghosts"] == 1


async def test_the_connections_of_a_day_are_counted(db: Session) -> None:
    """Each hello of the last 24 hours."""
    for start in (DAY + 100, 5000, 3000):
        await lay(db, start, start - 90)
    assert (await status(db))["reconnects_24h"] == 2
