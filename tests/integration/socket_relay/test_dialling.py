"""Getting a connection where Slack makes it hard: rows 4 to 10, 13 and 24 of `slack-platform.md` section 4."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pulser_local.slack.faults import Fault
from tests.integration.socket_relay.conftest import TIMING, Bench, eventually

OPEN = "apps.connections.open"


async def test_each_dial_has_its_own_ticket(bench: Bench) -> None:
    """Row 4: after a refused dial a new ticket is asked for; none is used twice."""
    sockets = bench.slack.sockets
    sockets.settings.dead_tickets = 3
    async with bench.relay():
        refused = [it.detail for it in sockets.log.events if it.what == "ticket_refused"]
        assert (refused, sockets.tickets.issued) == (["dead"] * 3, 5)


async def test_a_closed_client_session_is_rebuilt(bench: Bench) -> None:
    """Row 5: the HTTP session is closed while a connection is being replaced; the next call has a new one."""
    async with bench.relay() as relay:
        await relay._parts.slack_app.close()
        bench.slack.sockets.live[0].reset()
        await relay._parts.slack_app.close()
        await eventually(lambda: len(bench.slack.sockets.live) == 2 and len(relay.roster.alive()) == 2)


async def test_failures_while_reconnecting_pass(bench: Bench) -> None:
    """Row 6: Slack asks for a refresh and then fails three times to give a ticket: it recovers."""
    async with bench.relay() as relay:
        fault = bench.slack.faults.add(Fault(method=OPEN, kind="http_status", status=500, times=3))
        leaving = bench.slack.sockets.live[0]
        leaving.disconnect("refresh_requested")
        await eventually(lambda: bench.slack.faults.used(fault) == 3)
        await eventually(lambda: leaving not in bench.slack.sockets.live and len(relay.roster.alive()) == 2)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(method=OPEN, kind="slack_error", error="internal_error", times=2),
        Fault(method=OPEN, kind="slack_error", error="fatal_error", times=2),
        Fault(method=OPEN, kind="http_status", status=502, body="html", times=2),
        Fault(method=OPEN, kind="garbage", times=2),
        Fault(method=OPEN, kind="answer", answer={"ok": True, "url": ""}, times=2),
        Fault(method=OPEN, kind="answer", answer={"ok": True}, times=2),
        Fault(method=OPEN, kind="reset_before", times=2),
    ],
    ids=["internal_error", "fatal_error", "502", "html", "empty url", "no url", "reset"],
)
async def test_whatever_slack_answers_it_is_tried_again(bench: Bench, fault: Fault) -> None:
    """Row 7: errors that are Slack's own, pages, and an ok without a URL are all tried again with backoff."""
    fault_id = bench.slack.faults.add(fault)
    async with bench.relay():
        assert bench.slack.faults.used(fault_id) == 2
    assert await bench.alarms() == []


@pytest.mark.parametrize(
    "error", ["invalid_auth", "token_revoked", "not_allowed_token_type", "missing_scope", "account_inactive"]
)
async def test_a_refused_token_is_an_alarm_and_a_slow_probe(bench: Bench, error: str) -> None:
    """Row 8: people are told once, both seats together probe slowly, and it heals when Slack takes the token."""
    fault_id = bench.slack.faults.add(Fault(method=OPEN, kind="slack_error", error=error))
    async with bench.relay(live=0) as relay:
        await eventually(lambda: bench.slack.faults.used(fault_id) >= 3)
        calls = [it.at for it in bench.slack.calls.of(OPEN)]
        assert await bench.alarms() == [error]
        # Both seats may have begun together; from then on probes are a second apart (a minute, by the real times).
        assert calls[-1] - calls[0] >= 0.9 * (len(calls) - 2)
        bench.slack.faults.remove(fault_id)
        await eventually(lambda: len(relay.roster.alive()) == 2)


async def test_a_token_that_was_swapped_in_vault_heals_it(bench: Bench) -> None:
    """Row 8: a good token in Vault is used at the next probe, without a restart."""
    await bench.ledger.call("store_secret_v1", {"name": "slack_app_token", "value": "xapp-former"})
    async with bench.relay(live=0) as relay:
        await eventually(lambda: relay._leases.held_for() > 0)
        good = bench.slack.app_token
        await bench.ledger.call("store_secret_v1", {"name": "slack_app_token", "value": good})
        await eventually(lambda: len(relay.roster.alive()) == 2)
    assert await bench.alarms() == ["invalid_auth"]


async def test_a_rate_limit_is_kept_and_the_other_connection_left_alone(bench: Bench) -> None:
    """Row 9: one dialler waits as long as Retry-After says, whatever is closed meanwhile."""
    async with bench.relay() as relay:
        fault_id = bench.slack.faults.add(Fault(method=OPEN, kind="rate_limited", retry_after="2", times=1))
        lost, other = bench.slack.sockets.live
        lost.reset()
        await eventually(lambda: bench.slack.faults.used(fault_id) == 1)
        await eventually(lambda: len(relay.roster.alive()) == 2)
        limited, *later = [it.at for it in bench.slack.calls.of(OPEN)][2:]
        assert len(later) == 1
        assert later[0] - limited >= 2.0
        assert other in bench.slack.sockets.live


async def test_too_many_connections_is_backed_off_from(bench: Bench) -> None:
    """Row 10: ten are counted already: no overlap, growing waits, an alarm; and it heals when there is room."""
    sockets = bench.slack.sockets
    sockets.settings.ghosts = 10
    async with bench.relay(live=0) as relay:
        await eventually(lambda: relay.counters["disconnect.too_many_websockets"] >= 3)
        assert await bench.alarms() == ["too_many_websockets"]
        assert {seat._may_overlap for seat in relay._seats} == {False}
        sockets.settings.ghosts = 0
        await bench.free_dials()  # how many were spent until then is chance
        await eventually(lambda: len(relay.roster.alive()) == 2)


async def test_a_full_app_costs_no_connection_that_is_up(bench: Bench) -> None:
    """Row 10: a refresh that finds no room leaves the connection in its place until Slack closes it."""
    async with bench.relay() as relay:
        bench.slack.sockets.settings.ghosts = 10
        leaving, other = bench.slack.sockets.live
        leaving.disconnect("warning")
        await eventually(lambda: relay.counters["disconnect.too_many_websockets"] >= 1)
        assert {leaving, other} <= set(bench.slack.sockets.live)
        assert len(relay.roster.alive()) == 2


async def test_backoff_starts_anew_only_after_a_connection_that_lasted(bench: Bench) -> None:
    """Row 13: opened and dismissed before the hello, ever again: the waits grow; then one lasts, and they shrink."""
    sockets = bench.slack.sockets
    sockets.settings.hello_delay = 30.0
    async with bench.relay(live=0, timing=replace(TIMING, stable=0.5)) as relay:
        for _ in range(6):
            await eventually(lambda: len(sockets) > 0)
            await bench.free_dials()
            for connection in sockets:
                connection.disconnect("warning")
                connection.close()
            await eventually(lambda: len(sockets) == 0)
        grown = [seat._backoff.failures for seat in relay._seats]
        assert sum(grown) >= 6
        sockets.settings.hello_delay = 0.0
        await bench.free_dials()
        await eventually(lambda: len(relay.roster.alive()) == 2)
        assert [seat._backoff.failures for seat in relay._seats] >= grown  # a hello is not enough
        await eventually(lambda: all(it.session.is_stable(relay._clock()) for it in relay.roster.connections()))
        for connection in sockets.live:
            connection.reset()
        await eventually(lambda: all(seat._backoff.failures <= 1 for seat in relay._seats))


async def test_a_name_that_does_not_resolve_is_tried_again(bench: Bench) -> None:
    """Row 24: getaddrinfo fails for a while; after that the connections come by themselves."""
    nowhere = {"ok": True, "url": "ws://slack.invalid/link/?ticket=t"}
    fault_id = bench.slack.faults.add(Fault(method=OPEN, kind="answer", answer=nowhere, times=4))
    async with bench.relay():
        assert bench.slack.faults.used(fault_id) == 4
