"""A server as Supabase hosts one, and the programs that npm has brought (`make supabase-check`)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pulser_local.postgres import PostgresServer

POSTGRES_15 = Path("/usr/lib/postgresql/15/bin")


@pytest.fixture(scope="session")
def server_15(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """PostgreSQL 15 with the real pg_cron and plpgsql_check, of Debian's packages."""
    with postgres_15(tmp_path_factory.mktemp("postgres15")) as server:
        yield server


@contextmanager
def postgres_15(folder: Path) -> Iterator[PostgresServer]:
    """Another of its kind: pg_cron serves one database of a server."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PULSER_PG_BIN", str(POSTGRES_15))
        server = asyncio.run(PostgresServer.start(folder))
    yield server
    asyncio.run(server.stop())
