"""The database as its owner sees it, before and beside pulser's own functions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from pulser_local.database_setup import connected
from pulser_local.errors import LocalError
from pulser_local.migrations import migrate, pending
from pulser_local.secrets import read_vault, store_vault
from pulser_local.urls import place

OLDEST = 150_000  # server_version_num
AS_OWNER = "pulser is installed as the owner of the database: on Supabase, as postgres."
AGAIN = "Run it again: what is done is not done again."
POOLER_OF_TRANSACTIONS = 6543  # Supabase's port: a session does not last there, and migrations take a lock
_LACKING = """
select coalesce(array_agg(wanted.name), '{}')
from (values
    ('pg_net', to_regprocedure('net.http_post(text, jsonb, jsonb, jsonb, integer)') is not null),
    ('pg_cron', to_regprocedure('cron.schedule(text, text, text)') is not null),
    ('supabase_vault', to_regclass('vault.decrypted_secrets') is not null)
) as wanted (name, is_there)
where not wanted.is_there and not exists (select from pg_available_extensions a where a.name = wanted.name)
"""
_ROLES = """
select coalesce(array_agg(r.name), '{}') from unnest('{anon, authenticated, service_role}'::text[]) as r (name)
where not exists (select from pg_roles p where p.rolname = r.name)
"""


async def check_server(url: str) -> str:
    """What the server is, in a word. Raises LocalError where pulser cannot be installed; changes nothing."""
    async with connected(url) as connection:
        number = int(await connection.fetchval("select current_setting('server_version_num')"))
        if number < OLDEST:
            raise LocalError(f"{place(url)} is PostgreSQL {number // 10_000}.", remedy="pulser needs 15 or newer.")
        await _check_parts(connection, url)
    return f"PostgreSQL {number // 10_000} at {place(url)}"


async def _check_parts(connection: asyncpg.Connection[asyncpg.Record], url: str) -> None:
    if not await connection.fetchval("select has_database_privilege(current_database(), 'create')"):
        raise LocalError(f"{place(url)} lets this role make nothing.", remedy=AS_OWNER)
    roles: list[str] = await connection.fetchval(_ROLES)
    if roles:
        raise LocalError(
            f"{place(url)} is no Supabase project: it has no role {', '.join(roles)}.",
            remedy="On a Postgres of your own, `pulser dev --database-url` brings what stands in for Supabase.",
        )
    extensions: list[str] = await connection.fetchval(_LACKING)
    if extensions:
        raise LocalError(
            f"The extension {', '.join(extensions)} is not to be had in {place(url)}.",
            remedy="On Supabase: Database, Extensions. pulser needs pg_net, pg_cron and supabase_vault.",
        )


async def missing_migrations(url: str) -> list[str]:
    """The versions that are to be applied. Raises LocalError."""
    with _as_owner(url):
        return await pending(url)


async def apply_migrations(url: str) -> int:
    """Apply them; how many. Raises LocalError, which names the file, or says who may, or to do it again."""
    with _as_owner(url):
        return len(await migrate(url))


@contextmanager
def _as_owner(url: str) -> Iterator[None]:
    try:
        yield
    except asyncpg.InsufficientPrivilegeError as error:
        raise LocalError(f"{place(url)} refuses the migrations: {error}", remedy=AS_OWNER) from error
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise LocalError(f"{place(url)} failed with the migrations: {error}", remedy=AGAIN) from error


class VaultOfOwner:
    """Vault, read and written as the owner of the database."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def held(self, names: list[str]) -> dict[str, str]:
        """Those of the names that are there, and not empty."""
        async with connected(self._url) as connection:
            return {name: value for name, value in (await read_vault(connection, tuple(names))).items() if value}

    async def store(self, name: str, value: str) -> None:
        """Put it there, new or in place of the old one."""
        async with connected(self._url) as connection:
            await store_vault(connection, {name: value})
