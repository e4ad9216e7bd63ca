"""Each way out fails in each way: what is left is mended by itself, and nothing is lost or double.

What can fail are the crossings of clean plays of the stories; each is tried in the first story that has it. In CI each
meets the worst kinds and one of the others; PULSER_FAULTS_ALL=1 tries all, and PULSER_FAULT_EXAMPLES says how many
examples of some at once.
"""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulser_local.postgres import PostgresServer
from tests.proof.fault_world import FaultyWorld
from tests.proof.faults import Fault, Where, faults_at
from tests.proof.stories import RENEWED, STORIES, clean
from tests.proof.worlds import Worlds

ALL = bool(os.environ.get("PULSER_FAULTS_ALL"))
EXAMPLES = int(os.environ.get("PULSER_FAULT_EXAMPLES", "15"))
# How many of the kinds, the first ones, CI always tries; of the others all.
WORST: dict[Where, int] = {"database": 2, "slack": 5, "hook": 5}
PLAYS = 3
UNMET = "is never met in its story"
TOGETHER = ("alert", "deploy", "rollback")  # with what is in the stories that they are like, nearly all there is
# What each story has and those that it is like have not; test_all_that_can_fail_is_tried keeps it true.
PLACES: dict[str, tuple[Where, ...]] = {
    "alert": ("database", "slack", "forward", "socket", "sleep"),
    "command": ("database", "slack", "forward", "sleep"),
    "deploy": ("database", "slack", "hook"),
    "rollback": ("database", "hook"),
    "connect": ("database", "slack"),
    "refused": ("database",),
    "doubt": ("slack",),
    "investigate": ("slack",),
    "snooze": ("slack",),
    "tired": ("database",),
    "trouble": ("database", "sleep"),
    "late": ("database", "sleep"),
    "slow": ("database",),
}


@pytest.fixture
async def worlds(
    postgres_server: PostgresServer, template_database: str, request: pytest.FixtureRequest
) -> AsyncIterator[Worlds[FaultyWorld]]:
    """The worlds of this test."""
    name = re.sub(r"\W+", "_", request.node.name.removeprefix("test_"))[:50]
    made = Worlds(FaultyWorld, postgres_server, template_database, f"faults_{os.getpid()}_{name}")
    yield made
    await made.close()


async def faults_of(place: FaultyWorld, story: str) -> list[Fault]:
    """All that can go wrong in a story, and not in those that it is like."""
    found = faults_at(await clean(place, story))
    like = STORIES[story].like
    while like is not None:
        before = set(faults_at(await clean(place, like)))
        found = [it for it in found if it not in before]
        like = STORIES[like].like
    return found


def chosen(faults: Sequence[Fault]) -> list[Fault]:
    """In CI some of the kinds for each call: the worst, and one of the others in turn."""
    kinds: dict[tuple[Where, str, str], list[str]] = {}
    for fault in faults:
        kinds.setdefault((fault.where, fault.worker, fault.name), []).append(fault.kind)
    if not ALL:
        for at, ((where, _, _), found) in enumerate(kinds.items()):
            worst = WORST.get(where, len(found))
            found[worst:] = found[worst + at % max(1, len(found) - worst) :][:1]
    return [it for it in faults if it.kind in kinds[it.where, it.worker, it.name]]


async def tried(worlds: Worlds[FaultyWorld], story: str, *faults: Fault) -> list[str]:
    """A story goes wrong where it is told to, is mended, and comes to its end: what is wrong then, in words.

    Who is late by a hair takes another way where the machine is held up: a fault that nobody met is tried again.
    """
    for _ in range(PLAYS):
        wrong = await _played(worlds, story, faults)
        if wrong != [f"{', '.join(map(str, faults))}: {UNMET}"]:
            break
    return wrong


async def _played(worlds: Worlds[FaultyWorld], story: str, faults: Sequence[Fault]) -> list[str]:
    place = await worlds.get()
    try:
        await place.renew(*RENEWED)
        place.begin(faults=faults)
        await STORIES[story].play(place)
        await place.settled()
        unmet = set(faults) - set(place.struck()) if len(faults) == 1 else set()
        refused = await place.mend()
        await place.settled()
        wrong = [*await place.broken(refused), *(UNMET for _ in unmet)]
    except Exception as error:  # noqa: BLE001  any failure is a finding; the others are tried all the same
        wrong = [f"{type(error).__name__}: {error}"]
    if wrong:
        await worlds.close()
    return [f"{', '.join(map(str, faults))}: {it}" for it in wrong]


@pytest.mark.timeout(1200 if ALL else 400)
@pytest.mark.parametrize(("story", "where"), [(story, where) for story in PLACES for where in PLACES[story]])
async def test_anything_may_fail_once(worlds: Worlds[FaultyWorld], story: str, where: Where) -> None:
    """The call is made again or looked after, a doubt is resolved by looking, and a stale worker changes nothing."""
    faults = chosen(await faults_of(await worlds.get(), story))
    wrong = [it for fault in faults if fault.where == where for it in await tried(worlds, story, fault)]
    assert wrong == []


async def test_all_that_can_fail_is_tried(worlds: Worlds[FaultyWorld]) -> None:
    """No story has a way out whose faults are not tried in it or in one that it is like."""
    found = {story: {it.where for it in await faults_of(await worlds.get(), story)} for story in STORIES}
    assert {story: places for story, places in found.items() if places} == {it: set(PLACES[it]) for it in PLACES}


@pytest.mark.timeout(1200)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(story=st.sampled_from(TOGETHER), picks=st.lists(st.integers(0, 9_999), min_size=2, max_size=4, unique=True))
async def test_some_may_fail_at_once(worlds: Worlds[FaultyWorld], story: str, picks: list[int]) -> None:
    """Two to four faults in one story, of any kind and anywhere, leave nothing lost, double or waiting for ever."""
    place = await worlds.get()
    faults = faults_at(await clean(place, story))
    assert await tried(worlds, story, *dict.fromkeys(faults[it % len(faults)] for it in picks)) == []
