"""Connections that end, as announced or not: rows 12 and 14 to 18 of `slack-platform.md` section 4."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest

from pulser_local.slack.interactions.story import Interaction
from socket_relay.session import Timing
from tests.integration.socket_relay.conftest import DEPLOYED, DEPLOYED_PACE, Bench, eventually


@contextlib.asynccontextmanager
async def clicking(bench: Bench) -> AsyncIterator[list[asyncio.Task[Interaction]]]:
    """Clicks every tenth of a second while the block runs; all have an outcome after it."""
    clicks: list[asyncio.Task[Interaction]] = []

    async def go_on() -> None:
        while True:
            clicks.append(asyncio.create_task(bench.click()))
            await asyncio.sleep(0.1)

    going = asyncio.create_task(go_on())
    try:
        yield clicks
    finally:
        going.cancel()
        await asyncio.gather(*clicks)


async def test_a_late_close_does_not_touch_the_successor(bench: Bench) -> None:
    """Row 12: the old websocket ends only after its replacement is up: one dial, and the new one stays."""
    async with bench.relay() as relay:
        old, other = bench.slack.sockets.live
        old.settings.answer_close = False
        old.disconnect("refresh_requested")
        await eventually(lambda: old not in bench.slack.sockets)
        await eventually(lambda: len(relay.roster.alive()) == 2)
        assert bench.slack.sockets.tickets.issued == 3
        assert other in bench.slack.sockets.live
        live = await bench.rows("state = 'live'")
    assert len(live) == 2


async def test_an_ack_goes_by_the_socket_that_brought_the_envelope(bench: Bench) -> None:
    """Row 14: a warning comes while the handler works: the ack still goes on that socket, while it is open."""
    bench.handlers.delay = 0.5
    async with bench.relay(timing=Timing()):
        receiving, other = bench.slack.sockets.live
        other.takes = False
        command = asyncio.create_task(bench.command())
        await bench.handlers.rung.wait()
        receiving.disconnect("warning")
        done = await command
        assert (done.outcome, bench.acked(done.envelope_id)) == ("acked", [receiving.id])


async def test_an_ack_whose_socket_is_gone_goes_by_another_once(bench: Bench) -> None:
    """Row 14: the receiving socket breaks while the handler works: the ack goes on the other one, once."""
    bench.handlers.delay = 0.5
    async with bench.relay():
        receiving, other = bench.slack.sockets.live
        other.takes = False
        command = asyncio.create_task(bench.command())
        await bench.handlers.rung.wait()
        receiving.reset()
        done = await command
        assert (done.outcome, bench.acked(done.envelope_id)) == ("acked", [other.id])
        assert sum(bench.handlers.effects.values()) == 1


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_a_refresh_loses_no_click(bench: Bench, reason: str) -> None:
    """Row 15: make before break: the successor is slow, clicks go on, none is lost and never is no socket up."""
    fewest = 2
    async with bench.relay(pace=DEPLOYED_PACE, timing=DEPLOYED) as relay:
        bench.slack.sockets.settings.dial_delay = 0.7
        old = bench.slack.sockets.live[0]
        async with clicking(bench) as clicks:
            old.disconnect(reason)
            while old in bench.slack.sockets:
                fewest = min(fewest, len(relay.roster.alive()))
                await asyncio.sleep(0.01)
        assert {it.result().outcome for it in clicks} == {"acked"}
        await bench.settled(len(clicks))
    assert fewest == 2


@pytest.mark.parametrize("how", ["fin", "reset", "1001", "1006"])
async def test_a_cut_without_a_warning_is_repaired(bench: Bench, how: str) -> None:
    """Row 16: one socket is cut; the other goes on, and a new one comes within 30 seconds."""
    async with bench.relay() as relay:
        cut, other = bench.slack.sockets.live
        cut_at = time.monotonic()
        match how:
            case "fin" | "1006":
                cut.end()
            case "reset":
                cut.reset()
            case _:
                cut.close(1001, "container recycled")
        cut.takes = False
        assert (await bench.command()).outcome == "acked"
        await eventually(lambda: cut not in bench.slack.sockets and len(relay.roster.alive()) == 2)
        assert time.monotonic() - cut_at <= 30.0
        assert other in bench.slack.sockets.live


async def test_a_close_that_is_not_answered_is_forced(bench: Bench) -> None:
    """Row 17: the peer never finishes the close handshake: the shutdown takes 5 seconds at most all the same."""
    bench.slack.sockets.settings.answer_close = False
    async with bench.relay():
        stopping_at = time.monotonic()
    assert time.monotonic() - stopping_at <= 5.0
    assert len(await bench.rows("state <> 'ended'")) == 0


@pytest.mark.parametrize("how", ["same_id", "new_id"])
async def test_the_same_on_both_sockets_has_one_effect(bench: Bench, how: str) -> None:
    """Row 18: one event and one command come twice, by the same and by another envelope_id: one effect, all acked."""
    bench.slack.sockets.settings.duplicate = "same_id" if how == "same_id" else "new_id"
    async with bench.relay():
        done = [await bench.mention(), await bench.command(), await bench.click()]
        await bench.settled(3)
        await eventually(lambda: len(bench.slack.sockets.log.acks) == 6)
        assert {it.outcome for it in done} == {"acked"}
        assert done[1].ack_payload == bench.handlers.ack
    assert sum(bench.handlers.effects.values()) == 3
    assert len(await bench.envelopes()) == (3 if how == "same_id" else 6)


async def test_the_seats_do_not_rotate_together(bench: Bench) -> None:
    """Rotation at 80 % of Slack's time and earlier for the second seat: each rotates, one after the other."""
    bench.slack.sockets.settings.approximate_connection_time = 400
    async with bench.relay() as relay:
        early, late = sorted(relay.roster.alive(), key=lambda it: it.session._rotate_at)
        assert late.session._rotate_at - early.session._rotate_at >= 0.19 * 400
