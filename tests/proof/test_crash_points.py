"""A worker dies before or after anything it does to the outside; another of its kind finishes, and all invariants hold.

The crash points are the crossings of clean plays of the stories. In CI a moment with two names (after one crossing,
before the next) is tried once, what a story shares with the one that it is like is tried there, and of what comes often
in the rest the first and the last. PULSER_CRASH_ALL=1 tries all.
"""

from __future__ import annotations

import ast
import os
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest

from pulser_local.postgres import PostgresServer
from tests.proof.seams import Crossing, Point, Seam, When, points
from tests.proof.stories import STORIES, clean, played
from tests.proof.workers import KINDS
from tests.proof.world import World
from tests.proof.worlds import Worlds

ALL = bool(os.environ.get("PULSER_CRASH_ALL"))
ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"[a-z_]+_v\d+|(apps|auth|chat|conversations|usergroups|users|views)(\.[A-Za-z]+)+")
# What is called on neither path, and why.
ASIDE = {
    "transport_v1": "asked by /pulser health",
    "relay_status_v1": "asked by health",
    "dispatch_health_v1": "asked by health",
    "envelope_health_v1": "asked by health",
    "missing_functions_v1": "asked by health",
    "metrics_v1": "asked by whoever watches",
    "events_wait_v1": "asked between two turns of a dispatcher, by chance; reads only",
    "why_v1": "asked by /pulser why; reads only",
    "preview_silence_v1": "asked by /pulser silence; reads only",
    "canary_status_v1": "asked by /pulser health; reads only",
    "claim_canary_v1": "posted once at most; a lost one is missed (socket_relay/test_canary.py)",
    "settle_canary_v1": "the same",
    "chat.delete": "of an old canary's message; tried once",
    "conversations.info": "a name in the list of what reads; no function calls it",
    "usergroups.list": "the same; pulser doctor calls it",
}
# A note whose sender died before it could say so is sent again: every click answers (docs/decisions.md).
NOTE_SENT: set[tuple[When, Seam, str]] = {
    ("after", "reply", "response_url"),
    ("after", "slack", "chat.postEphemeral"),
    ("before", "database", "confirm_reply_v1"),
}


@pytest.fixture
async def worlds(
    postgres_server: PostgresServer, template_database: str, request: pytest.FixtureRequest
) -> AsyncIterator[Worlds[World]]:
    """The worlds of this test."""
    name = re.sub(r"\W+", "_", request.node.name.removeprefix("test_"))[:50]
    made = Worlds(World, postgres_server, template_database, f"crash_{os.getpid()}_{name}")
    yield made
    await made.close()


async def crash_points(worlds: Worlds[World], story: str) -> list[Point]:
    """Where a worker can be stopped in `story`, whichever it is."""
    trace = await clean(await worlds.get(), story)
    like = STORIES[story].like
    if ALL or like is None:
        return [point for worker in KINDS for point in points(_of(worker, trace), each=ALL)]
    other = await clean(await worlds.get(), like)
    return [point for worker in KINDS for point in points(_own(_of(worker, trace), _of(worker, other)))]


async def tried(worlds: Worlds[World], story: str, point: Point) -> tuple[bool, list[str]]:
    """A worker is stopped there and another finishes: whether the point was reached, and what is wrong, in words."""
    place = await worlds.get()
    try:
        await played(place, story, point)
        wrong = await place.judge.broken(may_repeat=point.what in NOTE_SENT or _left_a_note(place.script.left))
    except Exception as error:  # noqa: BLE001  any failure is a finding; the others are tried all the same
        wrong = [f"{type(error).__name__}: {error}"]
    reached = place.script.struck
    if wrong:
        await worlds.close()
    return reached, [f"{point}: {it}" for it in wrong]


@pytest.mark.timeout(3600 if ALL else 300)
@pytest.mark.parametrize("story", STORIES)
async def test_a_worker_may_die_anywhere(worlds: Worlds[World], story: str) -> None:
    """Wherever it dies, its successor brings the story to its end, and nothing is lost or double."""
    found = await crash_points(worlds, story)
    plays = {point: await tried(worlds, story, point) for point in found}
    assert [it for _, wrong in plays.values() for it in wrong] == []
    # How often a call comes in one play is partly chance (updates of a card coalesce); that it comes at all is not.
    assert [str(point) for point, (was_reached, _) in plays.items() if point.nth == 1 and not was_reached] == []


async def test_all_that_is_called_is_crossed(worlds: Worlds[World]) -> None:
    """Each SQL function and method of Slack that the code names is met in a story, or stands aside for a reason."""
    crossed = {it.name for story in STORIES for it in await clean(await worlds.get(), story)}
    named = _named([*ROOT.glob("functions/*/*/**/*.py"), *ROOT.glob("shared/pulser/**/*.py")])
    assert named - crossed == set(ASIDE)


async def test_a_stopped_worker_is_dead(worlds: Worlds[World]) -> None:
    """Nothing of it gets out any more, and what it had begun in this process ends."""
    place = await worlds.get()
    point = Point("before", "dispatcher", "slack", "chat.postMessage", 1)
    await place.renew("dispatcher")
    place.begin(point)
    dead = place.dispatcher
    await place.emit("ci.failed", service="api", title="news")
    await place.dispatch()
    calls = len(place.slack.calls)
    assert (place.script.struck, dead.gate.stopped.is_set(), len(place.slack.calls)) == (True, True, calls)
    assert await place.sql.fetchval("select count(*) from ops.deliveries where status = 'sending'") == 1
    await place.settled()
    assert place.dispatcher is not dead
    await place.check()


def _left_a_note(left: Iterable[Crossing]) -> bool:
    """Whether it stopped, at whatever else, while a note of it was under way that it had not yet confirmed."""
    names = Counter(it.name for it in left)
    return names["response_url"] + names["chat.postEphemeral"] > names["confirm_reply_v1"]


def _of(worker: str, trace: Iterable[Crossing]) -> list[Crossing]:
    return [it for it in trace if it.worker == worker]


def _shared(trace: list[Crossing], other: list[Crossing]) -> int:
    """How many crossings two traces have in common from their start."""
    pairs = zip(trace, other, strict=False)
    return next((at for at, (one, two) in enumerate(pairs) if one.what != two.what), min(len(trace), len(other)))


def _own(trace: list[Crossing], other: list[Crossing]) -> list[Crossing]:
    """What comes after their common start: of each kind the first and the last crossing."""
    trace = trace[_shared(trace, other) :]
    first = {it.what: it for it in reversed(trace)}
    last = {it.what: it for it in trace}
    return [it for it in trace if it in (first[it.what], last[it.what])]


def _named(files: Iterable[Path]) -> set[str]:
    """The names of SQL functions and of methods of Slack that stand in the code as strings."""
    trees = (ast.parse(it.read_text()) for it in files)
    constants = (it.value for tree in trees for it in ast.walk(tree) if isinstance(it, ast.Constant))
    return {it for it in constants if isinstance(it, str) and NAMED.fullmatch(it)}
