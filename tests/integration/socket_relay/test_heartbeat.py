"""Connections that look open and are not: rows 1, 2, 25 to 28 of `slack-platform.md` section 4."""

from __future__ import annotations

import asyncio
import time

from socket_relay.session import Timing
from tests.integration.socket_relay.conftest import TIMING, Bench, eventually


async def test_a_half_open_connection_is_replaced(bench: Bench) -> None:
    """Row 1: no byte comes any more and no end either; a new hello comes, and no event is lost."""
    bench.slack.sockets.settings.ack_seconds = 1.0
    bench.slack.sockets.settings.retry_after = (0.0, 0.5, 0.5, 0.5)
    async with bench.relay():
        mute, other = bench.slack.sockets.live
        mute.mute()
        events = [asyncio.create_task(bench.mention()) for _ in range(6)]
        await eventually(lambda: mute not in bench.slack.sockets.live and len(bench.slack.sockets.live) == 2)
        await asyncio.gather(*events)
        await bench.settled(6)
        assert other in bench.slack.sockets.live
    assert len(await bench.envelopes()) == 6


async def test_a_half_open_connection_is_replaced_within_15_seconds(bench: Bench) -> None:
    """Rows 1 and 3: with the real times, not those of the other tests, and commands are answered meanwhile."""
    async with bench.relay(timing=Timing()) as relay:
        mute, _ = bench.slack.sockets.live
        mute.mute()
        mute.takes = False  # Slack routes at random; this command is for the one that serves
        muted_at = time.monotonic()
        assert (await bench.command()).outcome == "acked"
        await eventually(lambda: len([it for it in bench.slack.sockets.live if not it.muted]) == 2)
        assert time.monotonic() - muted_at <= 15.0
        assert len(relay.roster.alive()) >= 2


async def test_without_a_hello_nothing_is_up(bench: Bench) -> None:
    """Row 2: a server that is mute from the handshake on is left after the hello's time, and was never called live."""
    bench.slack.sockets.settings.hello = False
    async with bench.relay(live=0) as relay:
        await eventually(lambda: relay.counters["hello.timeout"] >= 2)
        assert "live" not in {it["state"] for it in await bench.rows()}
        assert (await bench.ledger.call("relay_status_v1"))["live"] == 0
        bench.slack.sockets.settings.hello = True
        await eventually(lambda: len(relay.roster.alive()) == 2)


async def test_pings_before_the_hello_are_answered(bench: Bench) -> None:
    """Row 25: a server that pings during the handshake gets its pong."""
    bench.slack.sockets.settings.ping_before_hello = True
    bench.slack.sockets.settings.hello_delay = 0.3
    async with bench.relay():
        await eventually(lambda: all(it.pongs_received >= 1 for it in bench.slack.sockets.live))


async def test_a_quiet_day_is_no_failure(bench: Bench) -> None:
    """Row 26: no envelope for several times the limit, only pongs: nothing is dialled anew."""
    async with bench.relay() as relay:
        first = [it.id for it in bench.slack.sockets.live]
        await eventually(lambda: all(it.pings_received > 3 * TIMING.dead / TIMING.ping for it in bench.slack.sockets))
        assert [it.id for it in bench.slack.sockets.live] == first
        assert relay.counters["silent.suspect"] == 0


async def test_late_pongs_and_hanging_handlers_cost_no_connection(bench: Bench) -> None:
    """Row 27: pongs take 6 of 15 seconds (scaled) and handlers hang; the sockets go on, commands are acked."""
    bench.slack.sockets.settings.pong_delay = TIMING.dead * 6 / 15
    bench.handlers.delay = 3.0
    async with bench.relay() as relay:
        first = [it.id for it in bench.slack.sockets.live]
        commands = await asyncio.gather(*(bench.command() for _ in range(10)))
        assert {it.outcome for it in commands} == {"acked"}
        assert [it.id for it in bench.slack.sockets.live] == first
        assert relay.counters["silent.dead"] == 0


async def test_each_connection_has_its_own_heartbeat(bench: Bench) -> None:
    """Row 28: one of two does not answer pings any more; only that one is replaced."""
    async with bench.relay():
        mute, other = bench.slack.sockets.live
        mute.settings.pong = False
        await eventually(lambda: mute not in bench.slack.sockets.live and len(bench.slack.sockets.live) == 2)
        assert other in bench.slack.sockets.live
    ended = await bench.rows("end_reason like 'silent%' or end_reason = 'replaced'")
    assert len(ended) == 1
