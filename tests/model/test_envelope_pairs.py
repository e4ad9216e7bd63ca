"""Each two functions of the envelopes that can meet on one row, at once: it is as if one came after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from pulser_local.postgres import PostgresServer
from tests.fixtures.postgres import administer, fresh_database
from tests.integration.schema.helpers import Session, session
from tests.model.envelope_interleaving import PAUSES, Move, Theatre, check_overlaps
from tests.model.envelope_invariants import broken_invariants
from tests.model.envelope_moves import MOVES, STAGES

pytestmark = pytest.mark.asyncio(loop_scope="module")
PAIRS = [
    (stage, first, second)
    for stage in STAGES
    for first in MOVES
    for second in MOVES
    if stage in first.stages and stage in second.stages
]


@pytest.fixture(scope="module")
def url(postgres_server: PostgresServer, template_database: str, _database_names: Iterator[str]) -> Iterator[str]:
    """A database whose writes can be paused, for all tests of this module."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        clone = fresh_database(postgres_server, next(_database_names), template=template_database)
        made = runner.run(stack.enter_async_context(clone))
        runner.run(administer(made, PAUSES))
        yield made
        runner.run(stack.aclose())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sessions(url: str) -> AsyncIterator[list[Session]]:
    """Two that work and one that watches."""
    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(session(url)) for _ in range(3)]
        for it in opened:
            await it.run("set deadlock_timeout = '50ms'")
        yield opened


@pytest.mark.parametrize(("stage", "first", "second"), PAIRS, ids=lambda it: it.name if isinstance(it, Move) else it)
async def test_two_at_once_are_as_one_after_the_other(
    sessions: list[Session], stage: str, first: Move, second: Move
) -> None:
    """Whether the first commits, rolls back or is stopped at any of its writes; and nobody is a deadlock's victim."""
    one, two, watcher = sessions
    theatre = Theatre(one, two, watcher, STAGES[stage], first, second)
    assert await check_overlaps(theatre, lambda: broken_invariants(watcher)) >= 0
