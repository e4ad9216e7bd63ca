"""The `pulser` command: run it all on this machine, write events, read the ledger, keep the routes."""

from __future__ import annotations

import io
import sys
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from pulser.errors import PulserError
from pulser_cli.canary import app as canary
from pulser_cli.demo import demo
from pulser_cli.dev import dev
from pulser_cli.doctor.command import doctor
from pulser_cli.emit import emit
from pulser_cli.ledger import app as ledger
from pulser_cli.manifest import manifest
from pulser_cli.output import fail
from pulser_cli.preview import preview
from pulser_cli.relay import app as relay
from pulser_cli.replay.command import replay
from pulser_cli.routes import app as routes
from pulser_cli.services import app as services
from pulser_cli.setup.command import setup
from pulser_cli.silences import app as silences
from pulser_cli.why import why
from pulser_local.errors import LocalError


class KnownErrorsGroup(TyperGroup):
    """Says an error that a person can do something about in a line, without a traceback, and exits with 1."""

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


app.command(rich_help_panel="On this machine")(dev)
app.command(rich_help_panel="On this machine")(demo)
app.command(rich_help_panel="An installation")(setup)
app.command(rich_help_panel="An installation")(doctor)
app.add_typer(relay, name="relay", rich_help_panel="Slack")
app.add_typer(canary, name="canary", rich_help_panel="Slack")
app.command(rich_help_panel="Slack")(manifest)
app.command(rich_help_panel="Events and messages")(emit)
app.command(rich_help_panel="Events and messages")(preview)
app.command(rich_help_panel="Events and messages")(replay)
app.command(rich_help_panel="Events and messages")(why)
app.add_typer(ledger, name="ledger", rich_help_panel="Events and messages")
app.add_typer(routes, name="routes", rich_help_panel="Events and messages")
app.add_typer(services, name="services", rich_help_panel="Events and messages")
app.add_typer(silences, name="silences", rich_help_panel="Events and messages")
