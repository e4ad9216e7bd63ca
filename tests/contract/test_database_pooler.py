"""DirectDatabase behind a pooler in transaction mode: nothing of a call is left for the next, or kept between two."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from pulser.database import DirectDatabase
from pulser.errors import DatabaseRefused
from tests.fixtures.postgres import Connection

FUNCTIONS = """
create function ops.test_statements_kept() returns bigint language sql as
    'select count(*) from pg_catalog.pg_prepared_statements where name <> ''''';
create function ops.test_is_in_a_block() returns boolean language sql as
    'select pg_catalog.now() < pg_catalog.statement_timestamp()';
create function ops.test_refuse() returns boolean language plpgsql as
    'begin raise exception using errcode = ''P0001'', message = ''no''; end';
"""


@pytest.fixture
async def pooled(database_url: str, connection: Connection) -> AsyncIterator[DirectDatabase]:
    """One that takes its server for a pooler."""
    await connection.execute(FUNCTIONS)
    database = DirectDatabase(database_url, max_size=1, pooled=True)
    yield database
    await database.close()


async def test_no_statement_outlives_its_call(pooled: DirectDatabase) -> None:
    """The next call may meet a backend that does not know it."""
    assert [await pooled.call("test_statements_kept") for _ in range(3)] == [0, 0, 0]


async def test_a_call_is_prepared_and_run_in_one_transaction(pooled: DirectDatabase) -> None:
    """A pooler keeps the backend for a transaction, not for two messages."""
    assert await pooled.call("test_is_in_a_block")


async def test_a_refused_call_leaves_the_connection_usable(pooled: DirectDatabase) -> None:
    """Its transaction is rolled back."""
    with pytest.raises(DatabaseRefused):
        await pooled.call("test_refuse")
    assert await pooled.call("routes_v1")


@pytest.mark.parametrize(
    ("dsn", "pooled"),
    [
        ("postgresql://u:p@aws-0-eu.pooler.supabase.com:6543/postgres", True),
        ("postgresql://u:p@aws-0-eu.pooler.supabase.com:5432/postgres", False),
        ("postgresql:///postgres?host=/tmp", False),
        ("postgresql://a:1,b:2/postgres", False),
    ],
)
def test_the_pooler_is_known_by_its_port(dsn: str, pooled: bool) -> None:  # noqa: FBT001  # a parameter
    """Supabase's pooler is in transaction mode on port 6543, in session mode on 5432."""
    assert DirectDatabase(dsn)._pooled is pooled
