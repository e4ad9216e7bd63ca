"""The `pulser` command: run it all on this machine, write events, read the ledger, keep the routes."""

from __future__ import annotations

import io
import sys
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from pulser.errors import PulserError
from pulser_cli.commands import Commands
from pulser_cli.output import fail
from pulser_local.errors import LocalError


class KnownErrorsGroup(TyperGroup):
    """Says an error that a person can do something about in a line, without a traceback, and exits with 1."""

    def __init__(self, **given: Any) -> None:  # noqa: ANN401  what Typer gives a group
        super().__init__(**given | {"commands": Commands()})

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401  # Typer keeps the class of its contexts to itself
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (LocalError, PulserError) as error:
            fail(str(error))


app = typer.Typer(
    name="pulser",
    cls=KnownErrorsGroup,
    help="Tells a team in Slack what happens on its platform, and lets it act from there.",
    epilog="Start with `pulser dev`: it needs no account and no Docker.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pulser {version('pulser-workspace')}")
        raise typer.Exit


@app.callback()
def main(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """What holds for every command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without "✓" gets "?", not a traceback
