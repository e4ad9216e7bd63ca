"""Which database a command works on: the option, the environment, or the `pulser dev` that runs here."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import ValidationError

from pulser.database import Database, DirectDatabase, connect
from pulser.errors import DatabaseBehind, DatabaseRefused, PulserError
from pulser.settings import Settings
from pulser_cli.output import USAGE, fail
from pulser_local.run_file import RunFile

DatabaseUrl = Annotated[
    str | None,
    typer.Option("--database-url", metavar="URL", help="The Postgres to use, instead of the one in the environment."),
]
Result = TypeVar("Result")

NOT_EXPOSED = "PGRST106"  # PostgREST's word for a schema that the Data API does not show
NOT_MIGRATED = "pulser's functions are not in this database: apply the migrations first (supabase db push)"


def run(database_url: str | None, work: Callable[[Database], Awaitable[Result]]) -> Result:
    """Do `work` on the database that is meant. Ends the command with one line when that is not possible."""
    try:
        database = find_database(database_url)
        return asyncio.run(_with(database, work))
    except DatabaseBehind as error:
        fail(f"{NOT_MIGRATED}: {error.message}")
    except DatabaseRefused as error:
        fail(NOT_MIGRATED if error.code == NOT_EXPOSED else error.message)
    except PulserError as error:
        fail(str(error))


async def _with(database: Database, work: Callable[[Database], Awaitable[Result]]) -> Result:
    try:
        return await work(database)
    finally:
        await database.close()


class NoDatabaseNamed(PulserError):
    """Nobody said which database is meant."""


def find_database(database_url: str | None) -> Database:
    """The database of the option, else of the environment, else of the running `pulser dev`. None ends the command."""
    try:
        return named_database(database_url)
    except NoDatabaseNamed as error:
        return fail(str(error), code=USAGE)


def named_database(database_url: str | None) -> Database:
    """As find_database, but raises NoDatabaseNamed where nobody names one. What is named wrongly ends the command."""
    if database_url:
        if not database_url.startswith(("postgresql://", "postgres://")):
            fail("--database-url must begin with postgresql://", code=USAGE)
        return DirectDatabase(database_url)
    if os.environ.get("SUPABASE_DB_URL") or os.environ.get("SUPABASE_URL"):
        return connect(_settings())
    return DirectDatabase(_of_running_dev(Path.cwd()))


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        reasons = "; ".join(
            ": ".join([*(str(part).upper() for part in it["loc"]), it["msg"].removeprefix("Value error, ")])
            for it in error.errors(include_input=False, include_url=False)
        )
        return fail(f"the environment does not say which database to use: {reasons}", code=USAGE)


def _of_running_dev(start: Path) -> str:
    for folder in (start, *start.parents):
        content = RunFile(folder).read()
        url = content.get("database_url")
        if isinstance(url, str) and _is_alive(content.get("pid")):
            return url
    raise NoDatabaseNamed(
        "no database: start `pulser dev` in this folder, give --database-url, or set SUPABASE_DB_URL"
        " (or SUPABASE_URL with SUPABASE_SERVICE_ROLE_KEY)"
    )


def _is_alive(pid: object) -> bool:
    """Whether the process is there; a run that was killed leaves its file behind."""
    if not isinstance(pid, int):
        return True  # a file that names no process is taken at its word
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's process
        return True
    return True
