"""What is read after a pause of ours came before it."""

from __future__ import annotations

import asyncio

import pytest

from socket_relay.lag import TICK, Lag
from tests.unit.shared.fake_database import FakeClock


async def ticking(clock: FakeClock) -> tuple[Lag, asyncio.Task[None]]:
    """A measure whose tick is expected."""
    lag = Lag(clock)
    task = asyncio.create_task(lag.run())
    await asyncio.sleep(0)
    return lag, task


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still."""
    return FakeClock()


async def test_a_tick_in_time_is_no_lag(clock: FakeClock) -> None:
    """Nothing has waited."""
    lag, task = await ticking(clock)
    lag.woke(clock() + TICK)
    assert lag.seconds(clock() + TICK) == 0
    task.cancel()


async def test_before_the_first_tick_nothing_is_known(clock: FakeClock) -> None:
    """And nothing is made up."""
    assert Lag(clock).seconds(clock() + 100) == 0


async def test_what_is_read_before_the_late_tick_has_waited(clock: FakeClock) -> None:
    """The loop may read the socket first."""
    lag, task = await ticking(clock)
    assert lag.seconds(clock() + TICK + 0.6) == pytest.approx(0.6)
    task.cancel()


async def test_what_is_read_soon_after_the_late_tick_has_waited(clock: FakeClock) -> None:
    """The backlog of the pause takes a moment."""
    lag, task = await ticking(clock)
    late = clock() + TICK + 0.6
    lag.woke(late)
    lag._expected = late + TICK
    assert lag.seconds(late + 0.04) == pytest.approx(0.6)
    task.cancel()


async def test_a_pause_is_forgotten(clock: FakeClock) -> None:
    """What comes later came by itself."""
    lag, task = await ticking(clock)
    late = clock() + TICK + 0.6
    lag.woke(late)
    lag._expected = late + 1.0
    assert lag.seconds(late + 0.5) == 0
    task.cancel()
