"""New code with an old schema: a function that was deployed before its migrations says so, and does nothing wrong."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pulser_local.functions import FunctionSource
from pulser_local.migrations import MIGRATIONS, find_migrations, migrate
from pulser_local.standins import install_standins
from tests.fixtures.postgres import Connection
from tests.integration.functions.conftest import FUNCTIONS, Deployed, serving
from tests.repository.test_calls import LISTED

BEHIND = "the database is behind this version: apply the migrations first"
FIRST_LEDGER = (
    "20260301000136"  # of the migrations up to here, events and envelopes have their tables, and no relay has
)


def up_to(folder: Path, version: str) -> Path:
    """A folder with the migrations up to this one."""
    for migration in find_migrations(MIGRATIONS):
        if migration.version <= version:
            shutil.copy(migration.path, folder)
    return folder


async def renamed(connection: Connection, name: str, to: str) -> None:
    """A function of the schema is there under another name only."""
    found = await connection.fetchval("select oid::regprocedure::text from pg_proc where proname = $1", name)
    await connection.execute(f"alter function {found} rename to {to}")


@pytest.fixture
async def early(
    environment: pytest.MonkeyPatch, plain_database_url: str, source: FunctionSource, tmp_path: Path
) -> AsyncIterator[Deployed]:
    """Each function, served, on a database that has had the first migrations only."""
    await install_standins(plain_database_url)
    await migrate(plain_database_url, up_to(tmp_path, FIRST_LEDGER))
    environment.setenv("SUPABASE_DB_URL", plain_database_url)
    async with serving(source) as served:
        yield served


async def test_health_names_each_sql_function_that_is_not_there(function: Deployed, connection: Connection) -> None:
    """Whichever it is: 503, which one, and what helps; after the migration it is well again."""
    for name in sorted(LISTED[function.name]):
        await renamed(connection, name, "of_a_later_migration")
        answer = await function.health()
        wrong = {"ok": False, "message": BEHIND, "missing": [name]}
        assert (answer.status_code, answer.json()["checks"]) == (503, {"database": wrong})
        await renamed(connection, "of_a_later_migration", name)
    assert (await function.health()).status_code == 200


async def test_before_its_migrations_a_function_says_what_helps(early: Deployed) -> None:
    """A schema that is too old even to tell what it lacks: health is 503 and names the migrations."""
    answer = await early.health()
    assert (answer.status_code, answer.json()["checks"]) == (503, {"database": {"ok": False, "message": BEHIND}})


async def test_after_its_migrations_a_function_is_well_without_a_restart(
    early: Deployed, plain_database_url: str
) -> None:
    """The migrations are applied under the process that runs: the database is well, and what lacks now are secrets."""
    assert (await early.health()).status_code == 503
    await migrate(plain_database_url)
    assert (await early.health()).json()["checks"]["database"] == {"ok": True}


async def test_a_key_that_cannot_be_checked_says_what_helps(function: Deployed, connection: Connection) -> None:
    """Who rings is answered 503 with the remedy; the log names the function that is not there."""
    await renamed(connection, "read_secret_v1", "of_a_later_migration")
    answer = await function.ring()
    assert (answer.status_code, answer.json()["error"]) == (503, "unavailable")
    assert answer.json()["message"] == f"the key cannot be checked: {BEHIND}"


@pytest.mark.parametrize(
    "source", [it for it in FUNCTIONS if it.name != "socket-relay"], indirect=True, ids=lambda it: it.name
)
async def test_a_drain_that_stops_says_what_is_missing(
    function: Deployed, connection: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    """The log has one warning with the name and the remedy; nothing crashes."""
    name = "claim_events_v1" if function.name == "notify-dispatch" else "claim_envelopes_v1"
    await renamed(connection, name, "of_a_later_migration")
    assert (await function.ring(wait=True)).status_code == 200
    lines = [json.loads(it) for it in capsys.readouterr().out.splitlines()]
    (stopped,) = [it for it in lines if it["event"] == "drain_stopped"]
    assert stopped["level"] == "warning"
    assert f"apply the migrations first: 42883: function ops.{name}" in stopped["error"]
