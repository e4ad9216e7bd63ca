"""For the tests against a model: a migrated database for each module, emptied for each test, and sessions in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest

from pulser_local.postgres import PostgresServer
from tests.fixtures.postgres import administer, fresh_database
from tests.integration.schema.conftest import EMPTY
from tests.integration.schema.helpers import Session, session


@pytest.fixture(scope="module")
def model_database_url(
    postgres_server: PostgresServer, template_database: str, _database_names: Iterator[str]
) -> Iterator[str]:
    """URL (as the superuser postgres) of a migrated database for the tests of this module."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        clone = fresh_database(postgres_server, next(_database_names), template=template_database)
        url = runner.run(stack.enter_async_context(clone))
        runner.run(administer(url, "update cron.job set database = current_database()"))  # they named the template
        yield url
        runner.run(stack.aclose())


@pytest.fixture
async def db(model_database_url: str) -> AsyncIterator[Session]:
    """A session in the module's database, which is as the migrations leave it."""
    async with session(model_database_url) as opened:
        await opened.run(EMPTY)
        yield opened


@pytest.fixture
async def other(db: Session, model_database_url: str) -> AsyncIterator[Session]:
    """A second session in the same database as `db`."""
    assert db
    async with session(model_database_url) as opened:
        yield opened


@pytest.fixture
async def watcher(db: Session, model_database_url: str) -> AsyncIterator[Session]:
    """A third session, which sees who waits for whom while the two others are at work."""
    assert db
    async with session(model_database_url) as opened:
        yield opened
