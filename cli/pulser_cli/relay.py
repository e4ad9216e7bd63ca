"""`pulser relay`: hold the connections to Slack as a process of its own, and switch the transport."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import structlog
import typer
from pydantic import SecretStr

from pulser import process
from pulser.database import Database
from pulser.errors import DatabaseBehind, DatabaseUnavailable
from pulser.vault import Vault
from pulser_cli.connection import DatabaseUrl, run
from pulser_cli.output import USAGE, AsJson, ago, console, fail, print_json
from pulser_cli.payload import who
from pulser_cli.stop_signals import ENDING
from pulser_local.run_file import RunFile
from socket_relay.pace import Pace
from socket_relay.relay import Parts, Relay

SLACK = "https://slack.com/api/"
FROM_ENVIRONMENT = {"slack_app_token": "SLACK_APP_TOKEN", "slack_bot_token": "SLACK_BOT_TOKEN"}

log = structlog.get_logger()
app = typer.Typer(invoke_without_command=True, subcommand_metavar="[COMMAND]")


class TokenVault(Vault):
    """Vault, but tokens that this process was given in its environment come first."""

    async def read(self, name: str, *, anew: bool = False) -> SecretStr:
        """See Vault.read."""
        given = os.environ.get(FROM_ENVIRONMENT.get(name, ""), "")
        return SecretStr(given) if given else await super().read(name, anew=anew)


@app.callback()
def relay(
    context: typer.Context,
    database_url: DatabaseUrl = None,
    slack_api_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Slack's Web API; SLACK_API_URL, or Slack's own, if not given.")
    ] = None,
    functions_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Where the handlers are; pulser_functions_url, if not given.")
    ] = None,
) -> None:
    """Hold two connections to Slack (Socket Mode) until Ctrl-C or SIGTERM, which hands over and ends in 10 s.

    Tokens come from SLACK_APP_TOKEN and SLACK_BOT_TOKEN where they are set, else from Vault. Any number of relays may
    run: leases in the database keep them at two connections together.
    """
    if context.invoked_subcommand is not None:
        return
    _require_url("--functions-url", functions_url)
    slack = find_slack(slack_api_url, database_url)
    run(database_url, lambda database: _hold(database, slack, functions_url))


@app.command()
def transport(
    to: Annotated[Literal["socket", "http"] | None, typer.Argument(help="Switch to this one.")] = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Show how Slack reaches pulser, or switch it: by Socket Mode (socket) or by Slack's own requests (http).

    Slack's side is a switch of the app: with Socket Mode on it never calls the request URLs.
    """

    async def work(database: Database) -> str:
        if to is not None:
            await database.call("set_transport_v1", {"transport": to, "actor": who()})
        return str(await database.call("transport_v1"))

    console().print(run(database_url, work))
    if to is not None:
        typer.echo(_NEXT[to], err=True)


_NEXT = {
    "http": "No sockets from now on. Switch Socket Mode off in the app's settings too: while it is on, Slack calls "
    "no URL, and every click fails (docs/transport.md). Back: pulser relay transport socket",
    "socket": "The relays connect within ten seconds, if Socket Mode is on in the app's settings.",
}


@app.command()
def status(database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Connections that are up, up-time, and connections that Slack counts and pulser does not know."""
    found = run(database_url, lambda database: database.call("relay_status_v1"))
    if as_json:
        print_json(found)
        return
    uptime, gap = found["uptime_24h"], found["last_gap"]
    said = {
        "transport": found["transport"],
        "connections": f"{found['live']} live, {len(found['sessions'])} open, {found['ghosts']} unknown to us",
        "up-time": "–" if uptime is None else f"{100 * uptime:.3f} % since {ago(found['uptime_since'])}",
        "last gap": "none" if gap is None else f"{gap['seconds']:.0f} s, {ago(gap['from'])}",
    }
    for name, value in said.items():
        console().print(f"{name:<14}{value}", markup=False, soft_wrap=True)


async def _hold(database: Database, slack_api_url: str, functions_url: str | None) -> None:
    process.begin(os.environ.get("PULSER_LOG_LEVEL") or "INFO")
    try:
        await database.call("transport_v1")
    except DatabaseBehind:
        raise  # said right away, to who has just started it
    except DatabaseUnavailable as error:
        log.warning("database_not_there_yet", error=str(error))
    pace = Pace()
    parts = Parts.of(database, TokenVault(database), slack_api_url, pace, functions_url)
    holding = Relay(parts, f"pulser-relay@{socket.gethostname()}:{os.getpid()}")
    try:
        with _stopping(holding):
            await holding.run()
    finally:
        await parts.close()


@contextmanager
def _stopping(holding: Relay) -> Iterator[None]:
    """The first signal hands over; another one ends at once."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    asked = False

    def stop() -> None:
        nonlocal asked
        if asked and task is not None:
            task.cancel()
        asked = True
        holding.stop()

    for number in ENDING:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in ENDING:
            loop.remove_signal_handler(number)


def find_slack(slack_api_url: str | None, database_url: str | None) -> str:
    """Slack's Web API: of the option, else of the environment, else of the running `pulser dev`, else Slack's own."""
    _require_url("--slack-api-url", slack_api_url)
    found = slack_api_url or os.environ.get("SLACK_API_URL") or _slack_of_dev(database_url) or SLACK
    return found.rstrip("/") + "/"


def _require_url(option: str, url: str | None) -> None:
    if url is not None and not url.startswith(("http://", "https://")):
        fail(f"{option} must begin with https:// or http://", code=USAGE)


def _slack_of_dev(database_url: str | None) -> str | None:
    """The Slack of the `pulser dev` that runs here, when its database is the one that is used."""
    if database_url or os.environ.get("SUPABASE_DB_URL") or os.environ.get("SUPABASE_URL"):
        return None
    for folder in (Path.cwd(), *Path.cwd().parents):
        url = RunFile(folder).read().get("slack_api_url")
        if isinstance(url, str):
            return url
    return None
