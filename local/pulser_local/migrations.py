"""Applies supabase/migrations with the Supabase CLI's history table: either may go on after the other."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from pulser_local.errors import LocalError
from pulser_local.statements import split_statements

SUPABASE_FOLDER = Path(__file__).parents[2] / "supabase"
MIGRATIONS = SUPABASE_FOLDER / "migrations"
SEED = SUPABASE_FOLDER / "seed.sql"
MIGRATION_LOCK = 543582  # advisory; any number that nothing else here uses
FILE_NAME = re.compile(r"(\d+)_(.*)\.sql")  # as the CLI reads it; it passes over other files

HISTORY = """
create schema if not exists supabase_migrations;
create table if not exists supabase_migrations.schema_migrations (
    version text not null primary key,
    statements text[],
    name text
);
"""
APPLIED = "select version from supabase_migrations.schema_migrations"
RECORD = "insert into supabase_migrations.schema_migrations (version, statements, name) values ($1, $2, $3)"


@dataclass(frozen=True, slots=True)
class Migration:
    version: str
    name: str
    path: Path


async def migrate(url: str, directory: Path = MIGRATIONS) -> list[str]:
    """Apply what the database has not yet, by version; returns the versions applied now.

    A version older than the newest applied one is applied too. Each file runs in a transaction of its own.
    Runs at the same time wait for each other. Raises LocalError which names the file and the line; that file
    has then left nothing behind, while those before it stay.
    """
    wanted = find_migrations(directory)
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("select pg_advisory_lock($1)", MIGRATION_LOCK)
        await connection.execute(f"set client_min_messages = warning; {HISTORY}")
        rows = await connection.fetch(APPLIED)
        applied = {row["version"] for row in rows}
        missing = [migration for migration in wanted if migration.version not in applied]
        for migration in missing:
            await _apply(connection, migration)
    finally:
        await connection.close()  # which lets go of the lock
    return [migration.version for migration in missing]


async def pending(url: str, directory: Path = MIGRATIONS) -> list[str]:
    """The versions that `migrate` would apply; changes nothing."""
    wanted = find_migrations(directory)
    connection = await asyncpg.connect(url)
    try:
        there = await connection.fetchval("select to_regclass('supabase_migrations.schema_migrations') is not null")
        rows = await connection.fetch(APPLIED) if there else []
    finally:
        await connection.close()
    applied = {row["version"] for row in rows}
    return [migration.version for migration in wanted if migration.version not in applied]


async def seed(url: str, file: Path = SEED) -> None:
    """Run the seed file in one transaction; no file, nothing to do. It must bear repetition."""
    if not await asyncio.to_thread(file.exists):
        return
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await _execute(connection, file)
    finally:
        await connection.close()


def find_migrations(directory: Path) -> list[Migration]:
    """The migration files by version. Raises LocalError when two have the same version."""
    if not directory.is_dir():
        raise LocalError(f"There is no folder {directory}.", remedy="Run from a checkout of the project.")
    found: dict[str, Migration] = {}
    for path in sorted(directory.glob("*.sql")):
        match = FILE_NAME.fullmatch(path.name)
        if match is None:
            continue
        version = match[1]
        if version in found:
            raise LocalError(
                f"{found[version].path.name} and {path.name} have the same version.",
                remedy="Rename one of them.",
            )
        found[version] = Migration(version, match[2], path)
    return [found[version] for version in sorted(found)]


async def _apply(connection: asyncpg.Connection[asyncpg.Record], migration: Migration) -> None:
    async with connection.transaction():
        text = await _execute(connection, migration.path)
        await connection.execute(
            RECORD,
            migration.version,
            split_statements(text),
            migration.name,
        )
    await connection.execute("reset all; set client_min_messages = warning")  # no file's settings reach the next


async def _execute(connection: asyncpg.Connection[asyncpg.Record], file: Path) -> str:
    text = await asyncio.to_thread(file.read_text, encoding="utf-8")
    try:
        await connection.execute(text)
    except asyncpg.PostgresError as error:
        raise LocalError(_explain(file, text, error)) from error
    return text


def _explain(file: Path, text: str, error: asyncpg.PostgresError) -> str:
    position = getattr(error, "position", None)
    line = f", line {text.count(chr(10), 0, int(position) - 1) + 1}" if position else ""
    more = ((label, getattr(error, label, None)) for label in ("detail", "hint", "context"))
    return "\n".join(
        [f"{file.name}{line}: {error.args[0]} ({error.sqlstate})"]
        + [f"{label}: {value}" for label, value in more if value]
    )
