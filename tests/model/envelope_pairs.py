"""What the tests of two at once share: a database whose writes can be paused, sessions in it, the pairs of moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from pulser_local.postgres import PostgresServer
from tests.fixtures.postgres import administer, fresh_database
from tests.integration.schema.helpers import Session, session
from tests.model.envelope_interleaving import PAUSES, Move


def pairs(stages: Iterable[str], moves: Iterable[Move]) -> list[tuple[str, Move, Move]]:
    """Each two moves, in both orders, on each stage where both have something to do."""
    return [
        (stage, first, second)
        for stage in stages
        for first in moves
        for second in moves
        if stage in first.stages and stage in second.stages
    ]


def named(value: str | Move) -> str:
    """A pair's name in the tests' ids."""
    return value.name if isinstance(value, Move) else value


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
