"""`pulser canary`: switch the canary as the file has it, and tell how it is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from pulser.database import Database
from pulser_cli import routes_file
from pulser_cli.canary_file import FileCanary
from pulser_cli.connection import DatabaseUrl, run
from pulser_cli.output import USAGE, AsJson, ago, console, fail, print_json, shown
from pulser_cli.payload import who

app = typer.Typer(help="The canary: a message to Slack that must come back.", no_args_is_help=True)

File = Annotated[
    Path | None,
    typer.Argument(metavar="[FILE]", help=f"By default {routes_file.PLACE}, here or above.", show_default=False),
]
_PARTS = {"ring_s": "to a dispatcher", "out_s": "out", "back_s": "back"}


@app.command()
def apply(file: File = None, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Switch the canary as the file has it: on with `canary:`, off without."""
    wanted = _of_file(file)

    async def work(database: Database) -> bool:
        arguments = {"channel": wanted and wanted.channel, "every_s": wanted and wanted.every_s, "actor": who()}
        return bool((await database.call("apply_canary_v1", arguments))["changed"])

    changed = run(database_url, work)
    if as_json:
        print_json({"changed": changed, "canary": wanted and wanted.model_dump()})
        return
    now = f"posted to {wanted.channel} every {wanted.every}" if wanted else "switched off"
    console().print(f"{'From now on' if changed else 'Nothing to change:'} the canary is {now}.", markup=False)
    if wanted and changed:
        typer.echo("The app must be told of it: invite the bot, and see pulser manifest --canary.", err=True)


@app.command()
def status(database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Whether it comes back, how long that takes, and what became of those of a day."""
    found = run(database_url, lambda database: database.call("canary_status_v1"))
    if as_json:
        print_json(found)
        return
    for name, value in _told(found).items():
        console().print(shown(f"{name:<12}{value}"), soft_wrap=True)


def _told(found: dict[str, Any]) -> dict[str, str]:
    if not found["channel"]:
        return {"canary": "switched off: pulser.yaml names none"}
    heard, last, day = found["heard"], found["last"], found["day"]
    parts = (
        ", ".join(f"{words} {heard[key]:.2f} s" for key, words in _PARTS.items() if heard[key] is not None)
        if heard
        else ""
    )
    trip = f"{heard['whole_s']:.2f} s there and back, {ago(heard['came_back_at'])} ({parts})" if heard else "none yet"
    said = "" if last is None else last["status"].replace("_", " ")
    return {
        "canary": f"to {found['channel']} every {found['every_s']} s",
        "hearing": f"deaf since {ago(found['deaf_since'])}"
        if found["deaf_since"]
        else "yes"
        if heard
        else "not known yet",
        "heard": trip,
        "last": f"{said}: {last['reason']}, {last['error']}" if last and last["reason"] else said or "none yet",
        "24 hours": f"{day['back']} back, {day['missed']} missed, {day['failed']} not posted",
    }


def _of_file(file: Path | None) -> FileCanary | None:
    try:
        return routes_file.load(file or routes_file.find(Path.cwd())).canary
    except routes_file.RoutesFileError as error:
        return fail(str(error), code=USAGE)
