"""`pulser doctor`: what is wrong with an installation, and what to do about it."""

from __future__ import annotations

import asyncio
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from pulser.database import Database, JsonValue
from pulser.errors import PulserError
from pulser.slack import SlackApi
from pulser_cli.connection import DatabaseUrl, NoDatabaseNamed, named_database
from pulser_cli.doctor.asking_slack import SlackFacts
from pulser_cli.doctor.examination import Examination
from pulser_cli.doctor.expected import Expected
from pulser_cli.doctor.expected_files import expected
from pulser_cli.doctor.finding import Finding, counts, shown
from pulser_cli.output import FAILED, USAGE, AsJson, console, fail, print_json
from pulser_cli.reconciling_slack import Patience
from pulser_cli.relay import TokenVault, find_slack
from pulser_local.errors import LocalError

PATIENCE = 20.0  # seconds of waiting, altogether, where Slack asks for it
_STYLES = {"wrong": "bold red", "warning": "yellow"}
_INDENT = "         "


def doctor(
    slack_api_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Slack's Web API; SLACK_API_URL, or Slack's own, if not given.")
    ] = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Look for everything that can be wrong, and say what to do. Changes nothing, posts nothing.

    Exit code 0: all is right (warnings may be there); 1: something is wrong; 2: it was called wrongly. The bot token
    comes from SLACK_BOT_TOKEN where it is set, else from Vault.
    """
    slack = find_slack(slack_api_url, database_url)
    try:
        wanted = expected(Path.cwd())
    except (PulserError, LocalError) as error:
        fail(str(error), code=USAGE)
    found = asyncio.run(_examine(_database(database_url), slack, wanted))
    if as_json:
        print_json({**counts(found), "is_right": _is_right(found), "findings": [it.to_json() for it in found]})
    else:
        print_findings(found, console())
    if not _is_right(found):
        raise typer.Exit(FAILED)


def print_findings(found: list[Finding], out: Console) -> None:
    """What is wrong, then the warnings, each with its remedy; then how much is right."""
    for level, style in _STYLES.items():
        for it in found:
            if it.level == level:
                head, *more = _wrapped(f"{level:<9}{shown(it.check)}: {shown(it.what)}", out.width)
                _print(out, Text.assemble((head[: len(_INDENT)], style), head[len(_INDENT) :]), *map(Text, more))
                _print(
                    out, *(Text(line, style="cyan") for line in _wrapped(f"{_INDENT}→ {shown(it.remedy)}", out.width))
                )
    out.print(_conclusion(found))


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of that width, without a break in a word: what is to be copied stays whole."""
    return textwrap.wrap(text, width, subsequent_indent=_INDENT, break_long_words=False, break_on_hyphens=False)


def _print(out: Console, *lines: Text) -> None:
    for line in lines:
        out.print(line, soft_wrap=True)


def _conclusion(found: list[Finding]) -> Text:
    count = counts(found)
    right = f"{count['ok']} of {len(found)} checks are right"
    if count["wrong"]:
        warned = f", {_warnings(count['warning'])}" if count["warning"] else ""
        return Text(f"{count['wrong']} wrong{warned}; {right}.", style="bold red")
    if count["warning"]:
        return Text(f"Nothing is wrong; {_warnings(count['warning'])}; {right}.", style="yellow")
    return Text(f"All is right: {right}.", style="green")


def _warnings(count: int) -> str:
    return "1 warning" if count == 1 else f"{count} warnings"


def _is_right(found: list[Finding]) -> bool:
    return not counts(found)["wrong"]


async def _examine(ledger: Database, slack_api_url: str, wanted: Expected) -> list[Finding]:
    slack = SlackApi(TokenVault(ledger), slack_api_url)
    try:
        return await Examination(ledger, SlackFacts(slack, Patience(PATIENCE)), wanted).findings()
    finally:
        await slack.close()
        await ledger.close()


def _database(database_url: str | None) -> Database:
    try:
        return named_database(database_url)
    except NoDatabaseNamed as error:
        return _Unnamed(error)


class _Unnamed:
    """In place of a database that nobody named."""

    def __init__(self, error: NoDatabaseNamed) -> None:
        self._error = error

    async def call(self, _function: str, _arguments: Mapping[str, JsonValue] | None = None) -> JsonValue:
        """See Database.call."""
        raise self._error

    async def close(self) -> None:
        """See Database.close."""
