"""What the tests of the two transports share."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from pulser.database import Database, DirectDatabase
from pulser.database_rest import RestDatabase
from pulser.errors import DatabaseRefused, DatabaseUnavailable
from tests.fixtures.postgres import Connection


@dataclass(frozen=True, slots=True)
class Transport:
    """A transport to the test's database, and the secret that it holds."""

    name: str
    database: Database
    secret: str

    def elsewhere(self, port: int) -> Database:
        """The same transport to a port where there is no database."""
        if self.name == "direct":
            return DirectDatabase(f"postgresql://postgres:{self.secret}@127.0.0.1:{port}/postgres")
        return RestDatabase(f"http://127.0.0.1:{port}", self.secret)


async def refusal(database: Database, function: str, **arguments: Any) -> DatabaseRefused:  # noqa: ANN401  JSON
    """The error of a call that must be refused."""
    with pytest.raises(DatabaseRefused) as caught:
        await database.call(function, arguments)
    return caught.value


async def recovered(transport: Transport) -> None:
    """Wait for a PostgREST that has lost connections: it reads the schema anew, and says 503 meanwhile."""
    async with asyncio.timeout(20):
        while transport.name == "postgrest":
            try:
                await transport.database.call("test_count")
            except DatabaseUnavailable:
                await asyncio.sleep(0.02)
            else:
                return


SLEEPERS = "from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'"


async def end_backends(connection: Connection) -> None:
    """End whoever waits in test_wait, once somebody does: as a failover would."""
    async with asyncio.timeout(20):
        while not await connection.fetchval(f"select count(pg_terminate_backend(pid)) {SLEEPERS}"):  # noqa: ASYNC110  the server has no event for it; constant
            await asyncio.sleep(0.005)
