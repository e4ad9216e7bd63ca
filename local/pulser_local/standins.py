"""What a Supabase database has and a plain one has not: roles, and pg_net, pg_cron and Vault or stand-ins."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import asyncpg

SQL_FOLDER = Path(__file__).with_name("standins")
INSTALL_LOCK = 543583  # advisory; any number that nothing else here uses


@dataclass(frozen=True, slots=True)
class StandIns:
    """True: the real extension does not serve this database, so our SQL and our worker must."""

    net: bool
    cron: bool
    vault: bool


@dataclass(frozen=True, slots=True)
class Extension:
    """A real extension: its schema here, and the setting that names the one database its worker serves."""

    name: str
    schema: str
    database_setting: str | None = None


NET = Extension("pg_net", "net", "pg_net.database_name")
CRON = Extension("pg_cron", "cron", "cron.database_name")
VAULT = Extension("supabase_vault", "vault")


async def install_standins(url: str) -> StandIns:
    """Make the roles, then each extension: the real one where it can work, else its stand-in.

    Repeating it changes nothing. `url` must connect as a superuser. In a clone of a database with the real
    pg_cron the functions are the real ones, but only our CronWorker serves them: `cron` is True there.
    """
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock($1)", INSTALL_LOCK)
            await connection.execute(_sql("roles"))
            return StandIns(
                net=await _install(connection, NET),
                cron=await _install(connection, CRON),
                vault=await _install(connection, VAULT),
            )
    finally:
        await connection.close()


async def _install(connection: asyncpg.Connection[asyncpg.Record], extension: Extension) -> bool:
    if await connection.fetchval("select to_regnamespace($1) is null", extension.schema):
        if await _can_create(connection, extension):
            await connection.execute(f"create extension {extension.name}")
        else:
            await connection.execute(_sql(extension.schema))
    real = await connection.fetchval("select exists (select from pg_extension where extname = $1)", extension.name)
    return not real or not await _serves_here(connection, extension)


async def _can_create(connection: asyncpg.Connection[asyncpg.Record], extension: Extension) -> bool:
    """Available, loaded at the server's start, and bound to this database."""
    ready: bool = await connection.fetchval(
        """
        select exists (select from pg_available_extensions where name = $1)
           and $1 = any (regexp_split_to_array(current_setting('shared_preload_libraries'), '\\s*,\\s*'))
        """,
        extension.name,
    )
    # pg_cron's own script also admits a database of this name, without a scheduler: tests clone it.
    rehearsal = extension == CRON and await connection.fetchval("select current_database() = 'contrib_regression'")
    return ready and (rehearsal or await _serves_here(connection, extension))


async def _serves_here(connection: asyncpg.Connection[asyncpg.Record], extension: Extension) -> bool:
    if extension.database_setting is None:
        return True
    served: bool | None = await connection.fetchval(
        "select current_setting($1, true) = current_database()", extension.database_setting
    )
    return bool(served)


def _sql(name: str) -> str:
    return (SQL_FOLDER / f"{name}.sql").read_text()
