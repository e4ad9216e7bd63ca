"""`pulser setup` where a team runs it: as an owner who is no superuser, with the real pg_cron."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner

from pulser_cli.doctor.expected import jobs_of
from pulser_cli.main import app
from pulser_local.migrations import MIGRATIONS, find_migrations
from tests.platform.conftest import postgres_15
from tests.platform.hosted import owner_url, prepare
from tests.repository.tree import ROOT

pytestmark = pytest.mark.platform

SECRETS = {
    "slack_bot_token": "xoxb-sentinel",
    "slack_app_token": "xapp-sentinel",
    "pulser_functions_url": "https://project.example/functions/v1",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The superuser's URL of a project into which its owner has installed pulser."""
    with postgres_15(tmp_path_factory.mktemp("setup15")) as server, pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        asyncio.run(prepare(server.url))
        first = set_up(server.url)
        assert first["is_complete"], first
        yield server.url


def set_up(url: str) -> dict[str, Any]:
    """What `pulser setup` says, run by the owner."""
    result = CliRunner().invoke(
        app,
        ["setup", "--yes", "--json", "--secrets", "-"],
        input=json.dumps(SECRETS),
        env={"SUPABASE_DB_URL": owner_url(url)},
    )
    assert result.exit_code == 0, result.output
    told: dict[str, Any] = json.loads(result.stdout)
    return told


async def value(url: str, query: str) -> Any:  # noqa: ANN401  whatever the query gives
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_the_owner_installs_all_of_it(project: str) -> None:
    """Every migration, and every secret that was given."""
    applied = await value(project, "select count(*) from supabase_migrations.schema_migrations")
    assert applied == len(find_migrations(MIGRATIONS))
    assert await value(project, "select array_agg(name order by name) from vault.secrets") == sorted(
        [*SECRETS, "pulser_button_key", "pulser_function_key"]
    )


async def test_the_jobs_run_as_the_owner(project: str) -> None:
    """pg_cron has each that a migration schedules."""
    wanted = jobs_of(it.path.read_text() for it in find_migrations(MIGRATIONS))
    names = await value(project, "select array_agg(jobname order by jobname) from cron.job where active")
    assert names == sorted(it.name for it in wanted)


async def test_again_it_changes_nothing(project: str) -> None:
    """As the owner, who reads Vault to know."""
    again = await asyncio.to_thread(set_up, project)
    assert {it["state"] for it in again["steps"]} == {"unchanged", "left out"}
