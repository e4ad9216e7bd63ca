"""`pulser routes`: keep the database's routes to those of the file, and tell where an event would go."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from notify_dispatch.event import Event
from notify_dispatch.route import Route, RouteError, RouteVerdict, explain
from pulser.database import Database
from pulser_cli import routes_file
from pulser_cli.connection import DatabaseUrl, run
from pulser_cli.output import CHANGE_SIGNS, FAILED, USAGE, AsJson, console, fail, print_json, print_rows, shown, table
from pulser_cli.payload import read_payload
from pulser_cli.routes_diff import Change, changes_between

app = typer.Typer(help="Routes: which events go to which channel.", no_args_is_help=True)

File = Annotated[
    Path | None,
    typer.Argument(metavar="[FILE]", help=f"By default {routes_file.PLACE}, here or above.", show_default=False),
]


@app.command()
def apply(
    file: File = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Make the database's routes those of the file, all at once."""
    wanted = _of_file(file)

    async def work(database: Database) -> list[Change]:
        changes = changes_between(await database.call("routes_v1"), routes_json(wanted))
        if changes and not dry_run:
            await database.call("apply_routes_v1", {"routes": routes_json(wanted)})
        return changes

    changes = run(database_url, work)
    if as_json:
        print_json({"applied": not dry_run, **_counts(changes), "changes": [it.to_json() for it in changes]})
        return
    _print_changes(changes)
    done = "would be " if dry_run else ""
    counts = ", ".join(f"{count} {done}{kind}" for kind, count in _counts(changes).items() if count)
    console().print(counts or f"Nothing to change: the {len(wanted)} routes are as in the file.")


@app.command()
def diff(file: File = None, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """What in the database differs from the file. Exits with 1 when something does."""
    wanted = routes_json(_of_file(file))

    async def work(database: Database) -> list[Change]:
        return changes_between(await database.call("routes_v1"), wanted)

    changes = run(database_url, work)
    if as_json:
        print_json({"different": bool(changes), "changes": [change.to_json() for change in changes]})
    else:
        _print_changes(changes)
    if changes:
        raise typer.Exit(FAILED)


@app.command(name="explain")
def explain_command(
    event_type: Annotated[str, typer.Argument(help="Such as deploy.failed.")],
    payload: Annotated[
        str | None,
        typer.Option(metavar="JSON|@FILE", help="The event's payload: it decides severity, service and so on."),
    ] = None,
    file: Annotated[
        Path | None, typer.Option(help="Ask the routes of this file, not those of the database.", show_default=False)
    ] = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Where such an event would go, and why. Exits with 1 when it would go nowhere."""
    event = Event.from_json({"event_type": event_type, "payload": read_payload(payload)})
    verdicts = explain(event, _of_file(file) if file else _of_database(database_url))
    if as_json:
        print_json(_explained(event, verdicts))
    else:
        _print_verdicts(event, verdicts)
    if not any(verdict.used for verdict in verdicts):
        raise typer.Exit(FAILED)


def _of_file(file: Path | None) -> list[Route]:
    try:
        return routes_file.load(file or routes_file.find(Path.cwd())).positioned()
    except routes_file.RoutesFileError as error:
        return fail(str(error), code=USAGE)


def _of_database(database_url: str | None) -> list[Route]:
    async def work(database: Database) -> list[dict[str, Any]]:
        held: list[dict[str, Any]] = await database.call("routes_v1")
        return held

    try:
        return [Route.from_json(it) for it in run(database_url, work)]
    except RouteError as error:
        return fail(f"the database holds a route that cannot be used: {error}")


def routes_json(routes: list[Route]) -> list[dict[str, Any]]:
    return [route.model_dump(mode="json", by_alias=True) for route in routes]


def _counts(changes: list[Change]) -> dict[str, int]:
    return {kind: sum(change.kind == kind for change in changes) for kind in CHANGE_SIGNS}


def _print_changes(changes: list[Change]) -> None:
    for change in changes:
        sign, style = CHANGE_SIGNS[change.kind]
        console().print(Text(f"{sign} {change.in_words()}", style=style), soft_wrap=True)


def _print_verdicts(event: Event, verdicts: tuple[RouteVerdict, ...]) -> None:
    rows = table(["", "Route", "Channel", "Why"], flexible=["Why"])
    for verdict in verdicts:
        style = "" if verdict.used else "dim"
        mark = Text("✓", style="green") if verdict.used else Text("·", style="dim")
        rows.add_row(
            mark, shown(verdict.route.name, style), shown(verdict.route.channel, style), shown(verdict.reason, style)
        )
    out = console()
    print_rows(rows, out)
    used = [_target(verdict.route) for verdict in verdicts if verdict.used]
    goes = f"goes to {', '.join(used)}" if used else "goes nowhere"
    style = "bold" if used else "bold yellow"
    out.print(Text(f"{event.event_type} (severity {event.severity}) {goes}.", style=style), soft_wrap=True)


def _target(route: Route) -> str:
    return f"{route.channel} mentioning {route.mention}" if route.mention else route.channel


def _explained(event: Event, verdicts: tuple[RouteVerdict, ...]) -> dict[str, Any]:
    return {
        "event_type": event.event_type,
        "severity": event.severity,
        "channels": [verdict.route.channel for verdict in verdicts if verdict.used],
        "routes": [
            {
                "route": verdict.route.name,
                "channel": verdict.route.channel,
                "mention": verdict.route.mention,
                "matched": verdict.matched,
                "used": verdict.used,
                "reason": verdict.reason,
            }
            for verdict in verdicts
        ],
    }
