from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from pulser_local.errors import LocalError
from pulser_local.migrations import MIGRATIONS, find_migrations, migrate, seed
from pulser_local.standins import install_standins
from tests.fixtures.postgres import Connection

HISTORY = "select version, name, statements from supabase_migrations.schema_migrations order by version"


@pytest.fixture
async def plain(plain_database_url: str) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(plain_database_url)
    try:
        yield connection
    finally:
        await connection.close()


def write(folder: Path, **files: str) -> None:
    """write(tmp_path, _1_a="select 1") makes 1_a.sql."""
    for name, text in files.items():
        (folder / f"{name.removeprefix('_')}.sql").write_text(text)


async def test_files_are_applied_in_order_and_recorded(
    plain_database_url: str, plain: Connection, tmp_path: Path
) -> None:
    """The history has version, name and statements of each file, as the Supabase CLI writes them."""
    write(
        tmp_path, _20260101000002_b="insert into t values (1);", _20260101000001_a="create table t (n int);\n-- end\n"
    )
    assert await migrate(plain_database_url, tmp_path) == ["20260101000001", "20260101000002"]
    assert [tuple(row) for row in await plain.fetch(HISTORY)] == [
        ("20260101000001", "a", ["create table t (n int)"]),
        ("20260101000002", "b", ["insert into t values (1)"]),
    ]


async def test_applied_files_are_not_applied_again(plain_database_url: str, tmp_path: Path) -> None:
    """A second run applies nothing."""
    write(tmp_path, _1_a="create table t (n int)")
    await migrate(plain_database_url, tmp_path)
    assert await migrate(plain_database_url, tmp_path) == []


async def test_older_file_that_came_later_is_applied(plain_database_url: str, tmp_path: Path) -> None:
    """A version below the newest applied one is not passed over."""
    write(tmp_path, _2_b="select 2")
    await migrate(plain_database_url, tmp_path)
    write(tmp_path, _1_a="select 1")
    assert await migrate(plain_database_url, tmp_path) == ["1"]


async def test_failing_file_leaves_nothing_and_is_named(
    plain_database_url: str, plain: Connection, tmp_path: Path
) -> None:
    """The error names file, line and Postgres' message; the files before it stay, those after wait."""
    write(tmp_path, _1_a="create table a ()", _2_b="create table b ();\n\nselect *\nfrom nowhere;", _3_c="select 1")
    with pytest.raises(LocalError, match=r'2_b\.sql, line 4: relation "nowhere" does not exist \(42P01\)'):
        await migrate(plain_database_url, tmp_path)
    assert await plain.fetchval("select to_regclass('a') is not null and to_regclass('b') is null")
    assert [row["version"] for row in await plain.fetch(HISTORY)] == ["1"]


async def test_error_inside_a_block_has_its_hint_and_context(plain_database_url: str, tmp_path: Path) -> None:
    """What a DO block raises is shown with hint and context."""
    write(tmp_path, _1_a="do $$ begin raise exception 'no' using hint = 'switch it on'; end $$")
    with pytest.raises(LocalError, match=r"(?s)1_a\.sql: no \(P0001\).*hint: switch it on.*context: PL/pgSQL"):
        await migrate(plain_database_url, tmp_path)


async def test_runs_at_the_same_time_wait_for_each_other(plain_database_url: str, tmp_path: Path) -> None:
    """Of two runs at once one applies all, the other finds nothing left."""
    write(tmp_path, _1_a="create table a (); select pg_sleep(0.3)", _2_b="create table b ()")
    outcomes = await asyncio.gather(*(migrate(plain_database_url, tmp_path) for _ in range(2)))
    assert sorted(outcomes) == [[], ["1", "2"]]


async def test_settings_of_a_file_end_with_it(plain_database_url: str, plain: Connection, tmp_path: Path) -> None:
    """A search_path set in one file does not reach the next."""
    write(tmp_path, _1_a="create schema s; set search_path = s", _2_b="create table t ()")
    await migrate(plain_database_url, tmp_path)
    assert await plain.fetchval("select to_regclass('public.t') is not null")


def test_two_files_of_one_version_are_refused(tmp_path: Path) -> None:
    """Two files with the same version are named."""
    write(tmp_path, _1_a="", _1_b="")
    with pytest.raises(LocalError, match=r"1_a\.sql and 1_b\.sql have the same version"):
        find_migrations(tmp_path)


def test_other_files_are_passed_over(tmp_path: Path) -> None:
    """Only <digits>_<name>.sql is a migration."""
    write(tmp_path, readme="", _1_a="")
    (tmp_path / "2_b.sql.bak").touch()
    assert [migration.name for migration in find_migrations(tmp_path)] == ["a"]


def test_missing_folder_is_said(tmp_path: Path) -> None:
    """A folder that is not there is a LocalError."""
    with pytest.raises(LocalError, match="There is no folder"):
        find_migrations(tmp_path / "nowhere")


async def test_projects_migrations_apply_and_apply_again(plain_database_url: str, plain: Connection) -> None:
    """All files of the project apply to a fresh database with stand-ins, and the history has each with statements."""
    await install_standins(plain_database_url)
    assert await migrate(plain_database_url) == [migration.version for migration in find_migrations(MIGRATIONS)]
    assert await plain.fetchval(
        "select bool_and(cardinality(statements) > 0) from supabase_migrations.schema_migrations"
    )
    assert await migrate(plain_database_url) == []


async def test_seed_runs_its_file(plain_database_url: str, plain: Connection, tmp_path: Path) -> None:
    """seed() runs the file in one transaction, and does nothing where there is none."""
    await seed(plain_database_url, tmp_path / "seed.sql")
    write(tmp_path, seed="create table s (); select 1/0")
    with pytest.raises(LocalError, match=r"seed\.sql.*division by zero"):
        await seed(plain_database_url, tmp_path / "seed.sql")
    assert await plain.fetchval("select to_regclass('s') is null")
