"""What the tests of two at once share: the pairs of moves, a database whose writes can be paused, sessions in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
import pytest_asyncio

from pulser_local.postgres import PostgresServer
from tests.fixtures.postgres import administer, fresh_database
from tests.integration.schema.helpers import Session, session
from tests.model.interleaving import PAUSES, Move, Stage, Theatre, check_overlaps

PLAYED_WITHIN = 20.0  # seconds, on a loaded machine


@dataclass(frozen=True, slots=True)
class Repertoire:
    """The moves on their stages, and which invariants are broken after two of them."""

    stages: Mapping[str, Stage]
    moves: tuple[Move, ...]
    broken: Callable[[Session], Awaitable[list[str]]]

    def each_pair(self) -> pytest.MarkDecorator:
        """Each two moves, in both orders, on each stage where both have something to do."""
        pairs = [
            pytest.param(name, first, second, id=f"{name}-{first.name}-{second.name}")
            for name, stage in self.stages.items()
            for first in self.moves
            for second in self.moves
            if stage.has(first, second)
        ]
        return pytest.mark.parametrize(("stage", "first", "second"), pairs)

    async def check(self, sessions: list[Session], stage: str, first: Move, second: Move) -> None:
        """Whether the first commits, rolls back or is stopped at any write; and nobody is a deadlock's victim."""
        one, two, watcher = sessions
        # What dies is announced once in ten minutes of the clock: they must not end between plays that are compared.
        left = float(await watcher.value("select 600 - mod(extract(epoch from clock_timestamp()), 600)"))
        if left < PLAYED_WITHIN:
            await asyncio.sleep(left + 0.1)
        theatre = Theatre(one, two, watcher, self.stages[stage], first, second)
        await check_overlaps(theatre, lambda: self.broken(watcher))


@pytest.fixture(scope="module")
def paused_database_url(
    postgres_server: PostgresServer, template_database: str, _database_names: Iterator[str]
) -> Iterator[str]:
    """A database whose writes can be paused, for all tests of the module."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        clone = fresh_database(postgres_server, next(_database_names), template=template_database)
        made = runner.run(stack.enter_async_context(clone))
        runner.run(administer(made, PAUSES))
        yield made
        runner.run(stack.aclose())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sessions(paused_database_url: str) -> AsyncIterator[list[Session]]:
    """Two that work and one that watches."""
    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(session(paused_database_url)) for _ in range(3)]
        for it in opened:
            await it.run("set deadlock_timeout = '50ms'")
        yield opened
