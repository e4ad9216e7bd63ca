"""Where pg_net is put down. The extension here is the stand-in's SQL by its name: the catalog counts."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from pulser_local.migrations import MIGRATIONS, migrate
from pulser_local.postgres import PostgresServer
from pulser_local.standins import SQL_FOLDER, install_standins
from tests.fixtures.postgres import Connection, administer, fresh_database

pytestmark = pytest.mark.platform

[MIGRATION] = MIGRATIONS.glob("*_extension_pg_net.sql")
CONTROL = "default_version = '0.20.4'\nrelocatable = false\n"
SCHEMA = "select extnamespace::regnamespace::text from pg_extension where extname = 'pg_net'"
numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Project:
    url: str
    connection: Connection


@pytest.fixture(scope="module")
def server_18(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """The embedded server: 18 is the first that can be told where extensions are."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("PULSER_PG_BIN", raising=False)
        server = asyncio.run(PostgresServer.start(tmp_path_factory.mktemp("postgres18")))
    yield server
    asyncio.run(server.stop())


@pytest.fixture(scope="module")
def share() -> Iterator[Path]:
    """A folder with the extension in it, which the server's user can read."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "extension")
        folder.mkdir()
        (folder / "pg_net.control").write_text(CONTROL)
        (folder / "pg_net--0.20.4.sql").write_text((SQL_FOLDER / "net.sql").read_text())
        for path in (folder.parent, folder):
            path.chmod(0o755)
        yield folder.parent


@pytest.fixture
async def new_project(server_18: PostgresServer, share: Path) -> AsyncIterator[Project]:
    """A database as a new project has it: the extension can be made, and is not there."""
    name = f"new_project_{next(numbers)}"
    async with fresh_database(server_18, name, template="template0") as url:
        await administer(url, f"alter database {name} set extension_control_path = '{share}:$system'")
        await install_standins(url)
        connection = await asyncpg.connect(url)
        await connection.execute("drop schema net cascade")
        yield Project(url, connection)
        await connection.close()


async def test_in_a_new_project_it_is_in_the_schema_of_extensions(new_project: Project) -> None:
    """Its functions are in `net` all the same."""
    await migrate(new_project.url)
    assert await new_project.connection.fetchval(SCHEMA) == "extensions"
    assert await new_project.connection.fetchval(
        "select to_regprocedure('net.http_post(text, jsonb, jsonb, jsonb, integer)')"
    )


@pytest.mark.parametrize("table", ["http_request_queue", "_http_response"])
async def test_in_use_it_stays_where_it_is(new_project: Project, table: str) -> None:
    """What is queued or answered is somebody's, and would be lost."""
    await new_project.connection.execute("create extension pg_net; select net.http_post(url := 'http://127.0.0.1:1/')")
    if table == "_http_response":
        await new_project.connection.execute(
            "delete from net.http_request_queue; insert into net._http_response (id, status_code) values (1, 200)"
        )
    await new_project.connection.execute(MIGRATION.read_text())
    assert await new_project.connection.fetchval(SCHEMA) == "public"
    assert await new_project.connection.fetchval(f"select count(*) from net.{table}") == 1  # noqa: S608


async def test_what_hangs_on_it_keeps_it_where_it_is(new_project: Project) -> None:
    """Nothing of somebody's is dropped with it."""
    await new_project.connection.execute(
        "create extension pg_net; create view public.waiting as select id from net.http_request_queue"
    )
    await new_project.connection.execute(MIGRATION.read_text())
    assert await new_project.connection.fetchval(SCHEMA) == "public"
    assert await new_project.connection.fetchval("select count(*) from public.waiting") == 0
