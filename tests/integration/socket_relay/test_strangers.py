"""Others with our app token, envelopes of others, and the switch: rows 11, 30, 31 and 34 of `slack-platform.md` 4."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pulser.vault import Vault
from socket_relay.health import Health
from tests.integration.socket_relay.conftest import PACE, Bench, eventually

OPEN = "apps.connections.open"


async def test_connections_that_are_gone_are_noticed(bench: Bench) -> None:
    """Row 11: Slack counts ten, two are ours: the metric says eight, the health is red, people are told."""
    bench.slack.sockets.settings.ghosts = 7
    async with bench.relay() as relay:
        await eventually(lambda: relay.reporting.ghosts.ghosts == 7)
        await eventually(lambda: _has_alarm(bench, "ghost_connections"))
        health = (await Health(bench.ledger, Vault(bench.ledger)).checks())["relay"]
    assert (health["ok"], health["ghosts"]) == (False, 7)


async def test_ghosts_that_are_gone_are_forgotten(bench: Bench) -> None:
    """Row 11: Slack tells its count in a hello only; a new connection finds out that the ghosts are gone."""
    bench.slack.sockets.settings.ghosts = 3
    async with bench.relay(pace=replace(PACE, recount=0.5)) as relay:
        await eventually(lambda: relay.reporting.ghosts.ghosts == 3)
        bench.slack.sockets.settings.ghosts = 0
        await eventually(lambda: relay.reporting.ghosts.ghosts == 0)
        await eventually(lambda: len(bench.slack.sockets) == 2)
        assert (await bench.ledger.call("relay_status_v1"))["ghosts"] == 0


async def test_our_own_connections_are_no_ghosts(bench: Bench) -> None:
    """Row 11: two relays, refreshes and cuts: what the ledger knows is not called unknown."""
    async with bench.relay(), bench.relay(live=0) as second:
        for _ in range(2):
            bench.slack.sockets.live[0].disconnect("warning")
            await eventually(lambda: len(bench.slack.sockets.live) == 3)
            await eventually(lambda: len(bench.slack.sockets.live) == 2)
        assert second.reporting.ghosts.ghosts == 0
        status = await bench.ledger.call("relay_status_v1")
    assert (status["ghosts"], await bench.alarms()) == (0, [])


async def test_a_foreign_process_is_named(bench: Bench) -> None:
    """Row 30: a laptop shares the app token: an alarm says that another program may use it."""
    bench.slack.sockets.settings.foreign = 1
    async with bench.relay():
        await eventually(lambda: _has_alarm(bench, "ghost_connections"))
        detail = await bench.sql.fetchval(
            "select error_detail from ops.platform_events where event_type = 'relay.alarm'"
        )
    assert "another program uses the app token" in detail


@pytest.mark.parametrize("what", ["app", "team"])
async def test_envelopes_of_others_are_refused_and_audited(bench: Bench, what: str) -> None:
    """Row 31: clicks of another app or team are acknowledged, stored as refused, audited, and never run."""
    settings = bench.slack.sockets.settings
    if what == "app":
        settings.foreign_app_id = "A0OTHER"
    else:
        settings.foreign_team_id = "T0OTHER"
    async with bench.relay():
        done = [await bench.click(), await bench.command()]
    assert {it.outcome for it in done} == {"acked"}
    rows = await bench.envelopes()
    assert [it["status"] for it in rows] == ["failed", "failed"]
    assert {it["last_error"] for it in rows} == {f"refused: the envelope is of another {what}"}
    assert bench.handlers.rings == []
    audited = await bench.sql.fetchval(
        "select count(*) from ops.platform_events where event_type in ('slack.action', 'slack.command')"
    )
    assert audited == 2


async def test_socket_mode_that_is_switched_off_is_left_alone(bench: Bench) -> None:
    """Row 34: link_disabled: the sockets close, nobody dials again, one alarm."""
    async with bench.relay() as relay:
        bench.slack.sockets.disable()
        await eventually(lambda: len(bench.slack.sockets) == 0 and not list(relay.roster.connections()))
        asked = len(bench.slack.calls.of(OPEN))
        for _ in range(5):  # five more heartbeats
            relay.reporting.reported.clear()
            await relay.reporting.reported.wait()
        assert len(bench.slack.calls.of(OPEN)) == asked == 2
    assert await bench.alarms() == ["link_disabled"]


async def test_the_transport_is_switched_and_back(bench: Bench) -> None:
    """Row 34: an admin switches to HTTP: the sockets close within a heartbeat and come back with the switch."""
    async with bench.relay() as relay:
        await bench.ledger.call("set_transport_v1", {"transport": "http", "actor": "test"})
        await eventually(lambda: len(bench.slack.sockets) == 0 and not list(relay.roster.connections()))
        asked = len(bench.slack.calls.of(OPEN))
        for _ in range(5):
            relay.reporting.reported.clear()
            await relay.reporting.reported.wait()
        assert len(bench.slack.calls.of(OPEN)) == asked
        await bench.ledger.call("set_transport_v1", {"transport": "socket", "actor": "test"})
        await eventually(lambda: len(relay.roster.alive()) == 2)


async def _has_alarm(bench: Bench, reason: str) -> bool:
    return reason in await bench.alarms()
