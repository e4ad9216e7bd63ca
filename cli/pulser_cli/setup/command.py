"""`pulser setup`: an installation into a Supabase project, which may be repeated."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
from rich.text import Text

from pulser.database import DirectDatabase
from pulser_cli import routes_file
from pulser_cli.options import PulserYaml
from pulser_cli.output import FAILED, USAGE, AsJson, console, fail, print_json
from pulser_cli.setup.asker import Asker, Given, Person
from pulser_cli.setup.installation import Declined, Installation, Outcome
from pulser_cli.setup.server import POOLER_OF_TRANSACTIONS
from pulser_cli.setup.values import ADDRESS, KEY, normal, problem, wanted_secrets

_MARKS = {"done": ("✓", "green"), "unchanged": ("·", "dim"), "left out": ("–", "dim"), "missing": ("!", "bold yellow")}
_WIDTH = 22


def setup(
    *,
    functions_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where the functions are, up to and including /functions/v1."),
    ] = None,
    change: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A secret to ask for though it is there; repeatable.")
    ] = None,
    secrets: Annotated[
        Path | None,
        typer.Option(metavar="FILE", allow_dash=True, help="Ask nothing: the secrets are in this JSON; - is stdin."),
    ] = None,
    file: PulserYaml = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking whether.")] = False,
    database_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Of its owner. It has a password: better in SUPABASE_DB_URL, or typed when asked."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Install pulser into a Supabase project, or see what an installation lacks. Repeating it changes nothing.

    Applies the migrations, makes routes and services those of the file, asks for the secrets that Vault does not have
    (not echoed) and stores them. Exit code 0: nothing is missing; 1: something is; 2: it was called wrongly.
    """
    wanted = _file(file)
    given = _given(secrets, wanted)
    asker = _asker(given, yes=yes, change=change or [], wanted=wanted)
    url = _owner_url(database_url, asker)
    outcomes: list[Outcome] = []

    def report(outcome: Outcome) -> None:
        outcomes.append(outcome)
        if not as_json:
            _print(outcome)

    asyncio.run(
        _install(
            Installation(
                url=url,
                ledger=DirectDatabase(url),
                file=wanted,
                asker=asker,
                functions_url=_address(functions_url),
                new_key=KEY in (change or []),
                report=report,
            )
        )
    )
    _conclude(outcomes, wanted, as_json=as_json)


async def _install(installation: Installation) -> None:
    try:
        await installation.run()
    except Declined:
        fail("Nothing was changed.")
    finally:
        await installation.ledger.close()


def _file(path: Path | None) -> routes_file.RoutesFile:
    try:
        return routes_file.load(path or routes_file.find(Path.cwd()))
    except routes_file.RoutesFileError as error:
        return fail(str(error), code=USAGE)


def _given(path: Path | None, file: routes_file.RoutesFile) -> Mapping[str, str] | None:
    """The secrets of the file or of stdin; None where no such file is named. No error shows a part of it."""
    if path is None:
        return None
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
        content: Any = json.loads(text)
    except OSError as error:
        return fail(f"{path}: {error.strerror}", code=USAGE)
    except ValueError:
        return fail(f"{path}: is not JSON", code=USAGE)
    if not isinstance(content, dict) or not all(isinstance(it, str) for it in content.values()):
        return fail(f'{path}: must be {{"name": "secret", …}}', code=USAGE)
    _known(content, file)
    return content


def _known(names: Any, file: routes_file.RoutesFile) -> None:  # noqa: ANN401  any names
    known = {it.name for it in wanted_secrets(file, "socket")}
    if strange := sorted(set(names) - known):
        fail(f"{', '.join(strange)}: no secret that is asked for; there are {', '.join(sorted(known))}", code=USAGE)


def _asker(given: Mapping[str, str] | None, *, yes: bool, change: list[str], wanted: routes_file.RoutesFile) -> Asker:
    _known(set(change) - {KEY}, wanted)
    if given is not None or not sys.stdin.isatty():
        if unasked := sorted(set(change) - {KEY} - set(given or {})):
            fail(f"nobody is here to be asked for {', '.join(unasked)}: give it in --secrets", code=USAGE)
        return Given(yes, given or {})
    return Person(yes, frozenset(change))


def _owner_url(named: str | None, asker: Asker) -> str:
    url = named or os.environ.get("SUPABASE_DB_URL")
    if not url and isinstance(asker, Person):
        asker.tell("The database's address is under Connect in the project: Direct connection, or Session pooler.")
        url = typer.prompt("postgresql://…", hide_input=True, err=True)
    if not url:
        return fail("set SUPABASE_DB_URL, the address of the database as its owner", code=USAGE)
    try:
        parts = urlsplit(url)
        port, is_postgres = parts.port, parts.scheme in ("postgresql", "postgres")
    except ValueError:
        port, is_postgres = None, False
    if not is_postgres:
        return fail("the address of the database begins with postgresql://", code=USAGE)
    if port == POOLER_OF_TRANSACTIONS:
        return fail(
            f"port {port} is the pooler of transactions: take the direct connection or the session pooler", code=USAGE
        )
    return url


def _address(url: str | None) -> str | None:
    if url is None:
        return None
    address = normal(ADDRESS, url)
    if (wrong := problem(ADDRESS, address)) is not None:
        return fail(f"--functions-url: {wrong}", code=USAGE)
    return address


def _print(outcome: Outcome) -> None:
    mark, style = _MARKS[outcome.state]
    state = "" if outcome.state in ("done", "unchanged") else f"{outcome.state}: "
    line = Text.assemble((f"{mark} ", style), f"{outcome.step:<{_WIDTH}} ", (f"{state}{outcome.detail}", style))
    console().print(line, soft_wrap=True)


def _conclude(outcomes: list[Outcome], file: routes_file.RoutesFile, *, as_json: bool) -> None:
    missing = [it.step for it in outcomes if it.state == "missing"]
    channels = ", ".join(dict.fromkeys(route.channel for route in file.routes))
    following = [
        *([f"pulser setup again, with {', '.join(missing)}"] if missing else []),
        "Deploy the four functions, or a new version of them: docs/deploy.md",
        f"Invite the bot (/invite @pulser) into {channels}",
        "pulser doctor: looks at everything, and says what is wrong",
    ]
    if as_json:
        steps = [asdict(it) for it in outcomes]
        print_json({"is_complete": not missing, "missing": missing, "steps": steps, "next": following})
    else:
        console().print("\nNext:")
        for number, step in enumerate(following, start=1):
            console().print(Text(f"{number}. {step}"), soft_wrap=True)
    if missing:
        raise typer.Exit(FAILED)
