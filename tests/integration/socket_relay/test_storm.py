"""Many envelopes, some of them twice, while connections break and relays come and go."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import AsyncExitStack

import pytest

from tests.integration.socket_relay.conftest import Bench, eventually

EVENTS = 300


@pytest.mark.storm
async def test_each_envelope_has_one_effect_whatever_breaks(bench: Bench) -> None:
    """Invariants 1 and 2: one effect for each event, each ack after its record, none later than three seconds."""
    settings = bench.slack.sockets.settings
    settings.duplicate, settings.duplicate_share = "new_id", 0.2
    # Often at first; but Slack does not give up while a slow machine dials.
    settings.retry_after = (0.0, 0.3, 0.3, 0.3, 0.3, 0.3, 1.0, 2.0, 4.0)
    async with AsyncExitStack() as stack:
        relay = await stack.enter_async_context(bench.relay(handover=True))
        breaking = asyncio.create_task(_break_connections(bench))
        events = []
        for number in range(EVENTS):
            events.append(asyncio.create_task(bench.mention()))
            await asyncio.sleep(0.02)
            if number % 100 == 50:
                relay.stop()
                relay = await stack.enter_async_context(bench.relay(handover=True, live=0))
        breaking.cancel()
        await asyncio.gather(*events)
        await bench.settled(EVENTS)
        await eventually(lambda: all(it.result().attempts[-1].outcome == "acked" for it in events))
    rows = await bench.envelopes()
    first = [it for it in rows if it["duplicate_of"] is None]
    assert (len(first), {it["status"] for it in first}) == (EVENTS, {"completed"})
    assert (len(bench.handlers.effects), set(bench.handlers.effects.values())) == (EVENTS, {1})
    recorded = {it["envelope_id"]: it["recorded_at"].timestamp() for it in rows}
    acks = [it for it in bench.slack.sockets.log.acks if it.envelope_id]
    assert [it for it in acks if recorded[str(it.envelope_id)] > it.at + 0.005] == []
    assert [it for it in acks if it.problem == "late"] == []


async def _break_connections(bench: Bench) -> None:
    """Now and then one connection, in one way after the other; the dials for it are free."""
    for how in itertools.cycle(("reset", "end", "mute")):
        await asyncio.sleep(0.7)
        await bench.free_dials()
        live = [it for it in bench.slack.sockets.live if not it.muted]
        if len(live) > 1:
            getattr(live[0], how)()
