from __future__ import annotations

import asyncio
import time

from pulser_local.slack.timers import Timers
from tests.unit.slack_simulator.caller import Hands


async def test_rings_by_itself() -> None:
    """By a running clock a timer needs no help."""
    rung = asyncio.Event()
    Timers(time.monotonic).after(0.01, rung.set)
    await asyncio.wait_for(rung.wait(), 10)


async def test_rings_in_order(hands: Hands) -> None:
    """After the clock was turned, all that is due happens in the order of its time."""
    timers, rung = Timers(hands.read), list[str]()
    timers.after(2, lambda: rung.append("second"))
    timers.after(1, lambda: rung.append("first"))
    timers.after(9, lambda: rung.append("later"))
    hands.at += 5
    timers.ring()
    assert rung == ["first", "second"]
    timers.clear()


async def test_rings_once(hands: Hands) -> None:
    """What has happened does not happen again."""
    timers, rung = Timers(hands.read), list[str]()
    timers.after(1, lambda: rung.append("x"))
    hands.at += 5
    timers.ring()
    timers.ring()
    assert rung == ["x"]


async def test_cancelled_timer_is_silent(hands: Hands) -> None:
    """A cancelled timer does not ring."""
    timers, rung = Timers(hands.read), list[str]()
    timers.after(1, lambda: rung.append("x")).cancel()
    hands.at += 5
    timers.ring()
    assert rung == []


async def test_standing_clock_rings_nothing(hands: Hands) -> None:
    """While a turned clock stands, no time passes, however long it takes."""
    timers, rung = Timers(hands.read), list[str]()
    timers.after(0.001, lambda: rung.append("x"))
    later = asyncio.Event()
    Timers(time.monotonic).after(0.01, later.set)
    await later.wait()
    assert rung == []
    timers.clear()


async def test_timers_may_cancel_each_other(hands: Hands) -> None:
    """A timer that is cancelled by another of the same moment does not ring."""
    timers, rung = Timers(hands.read), list[str]()
    second = timers.after(2, lambda: rung.append("second"))
    timers.after(1, second.cancel)
    hands.at += 5
    timers.ring()
    assert rung == []
