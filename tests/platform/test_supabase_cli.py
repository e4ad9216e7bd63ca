"""The migrations under Supabase's own command line: applied by it, without a finding of its linter and its advisors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from pulser_local.migrations import MIGRATIONS, find_migrations, migrate
from pulser_local.postgres import PostgresServer
from pulser_local.standins import install_standins
from tests.fixtures.postgres import Connection, administer, fresh_database
from tests.integration.schema.shapes import BY_REQUEST
from tests.platform.hosted import owner_url, prepare
from tests.platform.supabase_cli import SupabaseCli

pytestmark = pytest.mark.platform

# Findings that are none here, by name and schema, each with its reason. Any other fails.
NO_FINDINGS = {
    # No policy is the policy: row-level security is on and lets nobody by, the service role does not heed it
    # (upstream.md). Which tables have it, and that anon and authenticated have no right, tests/…/test_roles.py shows.
    ("rls_enabled_no_policy", "ops"),
    # The database is a minute old and nobody has asked it anything. What indexes are for, tests/…/test_*_plans.py show.
    ("unused_index", "ops"),
}


@pytest.fixture(scope="module")
def pushed(server_15: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> SupabaseCli:
    """After `supabase db push` by the owner; the command line goes on as the superuser, as its linter needs."""
    asyncio.run(prepare(server_15.url))
    by_owner = SupabaseCli.of_the_project(tmp_path_factory.mktemp("project"), owner_url(server_15.url))
    done = by_owner.run("db", "push", "--include-seed")
    assert done.returncode == 0, done.stdout + done.stderr
    return SupabaseCli(by_owner.folder, server_15.url)


@pytest.fixture
async def connection(pushed: SupabaseCli) -> AsyncIterator[Connection]:
    """The database as its superuser."""
    opened = await asyncpg.connect(pushed.url)
    yield opened
    await opened.close()


async def test_push_applies_every_migration(connection: Connection) -> None:
    """The history has the versions and names of the files, in their order."""
    rows = await connection.fetch("select version, name from supabase_migrations.schema_migrations order by version")
    assert [tuple(row) for row in rows] == [(it.version, it.name) for it in find_migrations(MIGRATIONS)]


async def test_push_seeds(connection: Connection) -> None:
    """The first event is there."""
    assert await connection.fetchval("select count(*) from ops.platform_events") == 1


async def test_pulser_has_nothing_left_to_apply(pushed: SupabaseCli) -> None:
    """`pulser dev` goes on after the command line: they keep one history."""
    assert await migrate(pushed.url) == []


async def test_migration_up_goes_on_after_pulser(pushed: SupabaseCli, connection: Connection) -> None:
    """What is new later is applied by `supabase migration up`, and nothing else again."""
    newer = pushed.folder / "supabase" / "migrations" / "20990101000000_schema_later.sql"
    await asyncio.to_thread(newer.write_text, "create schema later;")
    done = await asyncio.to_thread(pushed.run, "migration", "up")
    assert done.returncode == 0, done.stdout + done.stderr
    assert await connection.fetchval("select to_regnamespace('later') is not null")
    await connection.execute("drop schema later")


async def test_the_linter_finds_nothing(pushed: SupabaseCli) -> None:
    """`supabase db lint`: plpgsql_check on each function of each schema, down to its warnings."""
    findings = await asyncio.to_thread(pushed.findings, "db", "lint", "--level", "warning")
    assert findings == []


async def test_the_linter_finds_nothing_over_the_other_shape(server_15: PostgresServer, tmp_path: Path) -> None:
    """Where the platform's own table was there before, of the kind that has one row a request (upstream.md)."""
    async with fresh_database(server_15, "other_shape", template="template0") as url:
        await install_standins(url)
        await administer(url, BY_REQUEST.table)
        await migrate(url)
        cli = SupabaseCli.of_the_project(tmp_path, url)
        assert await asyncio.to_thread(cli.findings, "db", "lint", "--schema", "ops", "--level", "warning") == []


async def test_the_linter_finds_what_is_wrong(pushed: SupabaseCli, connection: Connection) -> None:
    """Else the test above would show nothing."""
    await connection.execute(
        "create function ops.test_wrong() returns void language plpgsql as 'begin perform 1 from ops.nowhere; end'"
    )
    findings = await asyncio.to_thread(pushed.findings, "db", "lint", "--schema", "ops")
    await connection.execute("drop function ops.test_wrong()")
    assert [it["function"] for it in findings] == ["ops.test_wrong"]


async def test_the_advisors_find_nothing(pushed: SupabaseCli) -> None:
    """`supabase db advisors`, for security and performance, down to its hints."""
    found = await asyncio.to_thread(pushed.findings, "db", "advisors", "--type", "all", "--level", "info")
    named = [(it["name"], it["metadata"].get("schema")) for it in found]
    assert [it["detail"] for it, name in zip(found, named, strict=True) if name not in NO_FINDINGS] == []
    assert set(named) == NO_FINDINGS  # an exception that is no longer needed goes


async def test_the_advisors_find_what_is_wrong(pushed: SupabaseCli, connection: Connection) -> None:
    """Else the test above would show nothing."""
    await connection.execute("create function ops.test_wrong() returns int language sql as 'select 1'")
    findings = await asyncio.to_thread(pushed.findings, "db", "advisors", "--level", "warn")
    await connection.execute("drop function ops.test_wrong()")
    assert [it["name"] for it in findings] == ["function_search_path_mutable"]
