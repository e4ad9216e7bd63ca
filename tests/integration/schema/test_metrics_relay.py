"""metrics_v1 about the relays: connections, up-time, ends, leases and alarms."""

from __future__ import annotations

import pytest

from tests.integration.schema.helpers import Session
from tests.integration.schema.metrics import metric, metrics, some
from tests.integration.schema.relay import HELLO, connecting, end_leases, lay, live, report, said

LONG_AGO = "update ops.relay_control set changed_at = now() - interval '3 days'"


async def test_connections_are_counted_by_state(db: Session) -> None:
    """Those that hold their lease."""
    await live(db, "a")
    await connecting(db, "b")
    assert await some(db, "pulser_relay_sessions") == {(("state", "live"),): 1, (("state", "connecting"),): 1}


async def test_each_hello_is_a_connection(db: Session) -> None:
    """Also of those that have ended; not of an hour ago."""
    await live(db, "a")
    await lay(db, 300, 200)
    await lay(db, 3600, 3500)
    assert await metric(db, "pulser_recent_relay_connections") == 2


async def test_ends_are_told_by_their_reason(db: Session) -> None:
    """Of the last ten minutes."""
    await lay(db, 500, 100, end_reason="silent")
    await lay(db, 500, 90, end_reason="silent")
    await lay(db, 500, 80, end_reason="rotation")
    await lay(db, 5000, 4000, end_reason="silent")
    assert await metrics(db, "pulser_recent_relay_ends") == {(("reason", "silent"),): 2, (("reason", "rotation"),): 1}


async def test_the_rarest_ends_are_put_together(db: Session) -> None:
    """Reasons are partly Slack's words."""
    for number in range(22):
        await lay(db, 500, 100, end_reason=f"word {number:02}")
    found = await metrics(db, "pulser_recent_relay_ends")
    assert (len(found), found[(("reason", "other"),)]) == (21, 2)


async def test_up_time_is_told(db: Session) -> None:
    """As relay_status_v1 has it: half of the time since the first session."""
    await db.run(LONG_AGO)
    await lay(db, 1000, 500)
    assert await metric(db, "pulser_relay_uptime_ratio") == pytest.approx(0.5, abs=0.05)


async def test_without_any_session_there_is_no_up_time(db: Session) -> None:
    """Not 0: there was no relay."""
    assert await metrics(db, "pulser_relay_uptime_ratio") == {}


async def test_silence_counts_from_the_newest_sign_of_life(db: Session) -> None:
    """Of whichever connection."""
    await db.run(LONG_AGO)
    await lay(db, 5000, 900)
    await lay(db, 5000, 120)
    silent = await metric(db, "pulser_relay_silent_seconds")
    assert silent is not None
    assert 120 <= silent < 150


async def test_a_live_connection_is_not_silent(db: Session) -> None:
    """It has just been heard."""
    await db.run(LONG_AGO)
    await lay(db, 5000, 900)
    await live(db, "a")
    silent = await metric(db, "pulser_relay_silent_seconds")
    assert silent is not None
    assert silent < 60


async def test_after_the_switch_silence_begins_anew(db: Session) -> None:
    """Sockets that were off for a week are not silent since then."""
    await lay(db, 700_000, 600_000)
    silent = await metric(db, "pulser_relay_silent_seconds")
    assert silent is not None
    assert silent < 60


async def test_switched_off_nothing_is_silent(db: Session) -> None:
    """By HTTP no connection is wanted."""
    await db.run("update ops.relay_control set transport = 'http'")
    assert await metric(db, "pulser_relay_switched_on") == 0
    assert await metrics(db, "pulser_relay_silent_seconds") == {}


async def test_connections_that_are_none_of_ours_are_ghosts(db: Session) -> None:
    """Slack counts three where we hold one."""
    session_id = await connecting(db, "a")
    await report(db, "a", said(session_id, hello=HELLO | {"num_connections": 3}))
    assert await metric(db, "pulser_relay_ghost_connections") == 2


async def test_a_vanished_relay_has_lost_its_lease(db: Session) -> None:
    """Also while nobody has taken its place."""
    await live(db, "a")
    await end_leases(db, "a")
    assert await some(db, "pulser_recent_leases_lost") == {(("kind", "relay"),): 1}
    assert await some(db, "pulser_expired_leases") == {(("kind", "relay"),): 1}


@pytest.mark.parametrize("reason", ["lease_expired", "lease_lost"])
async def test_a_lease_that_was_taken_is_lost(db: Session, reason: str) -> None:
    """Whether another relay or the relay itself says so."""
    await lay(db, 500, 100, end_reason=reason)
    assert await some(db, "pulser_recent_leases_lost") == {(("kind", "relay"),): 1}


async def test_an_orderly_end_loses_no_lease(db: Session) -> None:
    """A rotation is no trouble."""
    await lay(db, 500, 100, end_reason="rotation")
    assert await some(db, "pulser_recent_leases_lost") == {}


async def test_an_alarm_says_when_it_was_raised(db: Session) -> None:
    """By its reason, whatever that is."""
    await db.call("raise_relay_alarm_v1", reason="link_disabled", detail="x", worker="a")
    [(labels, at)] = (await metrics(db, "pulser_relay_alarm_timestamp_seconds")).items()
    assert labels == (("reason", "link_disabled"),)
    assert at == pytest.approx(await db.value("select extract(epoch from clock_timestamp())::float8"), abs=60)
