"""The deck of faults, and what the injector makes of it."""

from __future__ import annotations

import asyncio
import random
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.soak.__main__ import KINDS
from bench.soak.events import events, hostile_payloads
from bench.soak.faults import Injector, Kind, Lane, deal
from bench.soak.stack import Stack


async def _nothing(_stack: Stack, _chance: random.Random) -> int:
    return 1


def chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311  # it deals cards


def kinds(*names: str, lane: Lane = "database") -> list[Kind]:
    return [Kind(name, lane, _nothing) for name in names]


@given(st.integers(0, 10_000), st.integers(1, 12))
def test_each_kind_comes_once_before_any_comes_again(seed: int, size: int) -> None:
    """Round after round."""
    deck = kinds(*map(str, range(size)))
    dealt = [kind.name for kind in islice(deal(deck, chance(seed)), 3 * size)]
    rounds = [dealt[at : at + size] for at in range(0, len(dealt), size)]
    assert all(sorted(one) == sorted(kind.name for kind in deck) for one in rounds)


def test_a_seed_deals_the_same_again() -> None:
    """So a soak can be told by its seed."""
    first, second = ([kind.name for kind in islice(deal(KINDS, chance(7)), 100)] for _ in range(2))
    assert first == second


def test_no_two_kinds_share_a_name() -> None:
    """They are counted by it."""
    names = [kind.name for kind in KINDS]
    assert len(names) == len(set(names))


async def test_of_one_lane_one_fault_is_there_at_a_time() -> None:
    """What falls on a busy lane waits, and other lanes go on."""
    busy: list[str] = []
    most: dict[str, int] = {"database": 0, "deploy hook": 0}

    async def strike_in(lane: str) -> int:
        busy.append(lane)
        most[lane] = max(most[lane], busy.count(lane))
        await asyncio.sleep(0.03)
        busy.remove(lane)
        return 1

    deck = [
        *(Kind(f"d{n}", "database", lambda *_: strike_in("database")) for n in range(4)),
        *(Kind(f"h{n}", "deploy hook", lambda *_: strike_in("deploy hook")) for n in range(2)),
    ]
    injector = Injector(_no_stack(), deck, chance(1), period=0.005)
    await injector.run(1.0)
    assert (most, busy) == ({"database": 1, "deploy hook": 1}, [])
    assert {strike.lane for strike in injector.strikes} == set(most)


async def test_a_fault_that_met_nothing_is_not_counted() -> None:
    """It is told all the same, with none."""

    async def miss(_stack: Stack, _chance: random.Random) -> int:
        return 0

    injector = Injector(_no_stack(), [Kind("miss", "database", miss)], chance(1), period=0.005)
    await injector.run(0.05)
    assert injector.strikes
    assert injector.counts() == {"miss": 0}


async def test_a_soak_that_is_broken_off_takes_its_faults_back() -> None:
    """Whoever ends it waits until none is there."""
    there, began = list[str](), asyncio.Event()

    async def strike(_stack: Stack, _chance: random.Random) -> int:
        there.append("fault")
        began.set()
        await asyncio.sleep(0.05)
        there.clear()
        return 1

    injector = Injector(_no_stack(), [Kind("one", "database", strike)], chance(1), period=0.001)
    running = asyncio.create_task(injector.run(60))
    await began.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert there == []


def test_events_are_of_all_types_and_some_mean_no_good() -> None:
    """In a few minutes' worth of them."""
    made = list(islice(events(chance(3)), 800))
    assert {"ci.failed", "deploy.failed", "error_rate.exceeded", "task.failed"} <= {it.event_type for it in made}
    assert {it.payload for it in made} >= set(hostile_payloads())


def _no_stack() -> Stack:
    """These faults look at none."""
    return Stack.__new__(Stack)
