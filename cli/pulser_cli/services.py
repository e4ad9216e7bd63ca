"""`pulser services`: keep the database's services to those of the file, and show what holds for each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from pulser.database import Database
from pulser_cli import routes_file
from pulser_cli.connection import DatabaseUrl, run
from pulser_cli.output import (
    CHANGE_SIGNS,
    FAILED,
    USAGE,
    AsJson,
    console,
    fail,
    print_json,
    print_rows,
    room,
    shown,
    table,
)
from pulser_cli.reminders_file import changes_of, in_words, reminders_json
from pulser_cli.services_diff import Change, changes_between, in_a_word

app = typer.Typer(help="Services: what can be deployed from Slack, how, and who may.", no_args_is_help=True)

File = Annotated[
    Path | None,
    typer.Argument(metavar="[FILE]", help=f"By default {routes_file.PLACE}, here or above.", show_default=False),
]


@app.command()
def apply(
    file: File = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    remove_all: Annotated[bool, typer.Option("--remove-all", help="Also when the file has no service at all.")] = False,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Make the database's services those of the file, all at once."""
    said = _of_file(file)
    wanted, times = [it.to_json() for it in said.services], reminders_json(said.reminders)

    async def work(database: Database) -> list[Change]:
        changes = changes_between(await held_services(database), wanted)
        of_times = changes_of(await database.call("reminder_times_v1"), times)
        if changes and not wanted and not (remove_all or dry_run):
            # A file that nobody has filled in yet must not end what people deploy with.
            fail(f"the file has no services, and the database has {len(changes)}: give --remove-all to remove them")
        if changes and not dry_run:
            await database.call("apply_services_v1", {"services": wanted})
        if of_times and not dry_run:
            await database.call("apply_reminder_times_v1", {"times": times})
        return changes + of_times

    changes = run(database_url, work)
    if as_json:
        print_json({"applied": not dry_run, **_counts(changes), "changes": [it.to_json() for it in changes]})
        return
    _print_changes(changes)
    done = "would be " if dry_run else ""
    counts = ", ".join(f"{count} {done}{kind}" for kind, count in _counts(changes).items() if count)
    out = console()
    out.print(counts or f"Nothing to change: {_many(len(wanted))} as in the file.")
    for note in (note for service in said.services for note in service.notes()):
        out.print(Text(f"Note: {note}.", style="yellow"), soft_wrap=True)


@app.command()
def diff(file: File = None, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """What in the database differs from the file. Exits with 1 when something does."""
    said = _of_file(file)
    wanted, times = [it.to_json() for it in said.services], reminders_json(said.reminders)

    async def work(database: Database) -> list[Change]:
        changes = changes_between(await held_services(database), wanted)
        return changes + changes_of(await database.call("reminder_times_v1"), times)

    changes = run(database_url, work)
    if as_json:
        print_json({"different": bool(changes), "changes": [change.to_json() for change in changes]})
    else:
        _print_changes(changes)
    if changes:
        raise typer.Exit(FAILED)


@app.command()
def show(
    service: Annotated[str | None, typer.Argument(help="Only this one, with all that is known of it.")] = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """The services that the database knows: where each runs, who may do what, how it is deployed."""

    async def work(database: Database) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        return await held_services(database), await database.call("reminder_times_v1")

    held, times = run(database_url, work)
    if service is not None:
        held = [it for it in held if it["service"] == service] or fail(f"no service is named {service}")
    if as_json:
        print_json(held)
    elif service is not None:
        _print_one(held[0])
    elif held:
        _print_all(held)
        _print_times(times)
    else:
        console().print("No services: write them into the file, then run `pulser services apply`.")


async def held_services(database: Database) -> list[dict[str, Any]]:
    """The services of the database, each with its policy and its hooks."""
    hooks = {it["service"]: it for it in await database.call("service_hooks_v1")}
    return [policy | hooks.get(policy["service"], {}) for policy in await database.call("list_services_v1")]


def _of_file(file: Path | None) -> routes_file.RoutesFile:
    try:
        return routes_file.load(file or routes_file.find(Path.cwd()), needs_routes=False)
    except routes_file.RoutesFileError as error:
        return fail(str(error), code=USAGE)


def _counts(changes: list[Change]) -> dict[str, int]:
    return {kind: sum(change.kind == kind for change in changes) for kind in CHANGE_SIGNS}


def _many(count: int) -> str:
    return f"the {count} services are" if count != 1 else "the one service is"


def _print_changes(changes: list[Change]) -> None:
    for change in changes:
        sign, style = CHANGE_SIGNS[change.kind]
        console().print(Text(f"{sign} {change.in_words()}", style=style), soft_wrap=True)


def _print_all(held: list[dict[str, Any]]) -> None:
    by = ["Asked for by", "Approved by", "Rolled back by"]
    rows = table(["Service", "Environments", *by], flexible=["Environments", *by])
    for it in held:
        rows.add_row(*(shown(text) for text in (it["service"], in_a_word(it["environments"]), *_told(it))))
    out = console()
    if _fits(rows, room(out)):
        print_rows(rows, out)
        return
    for it in held:
        _print_facts(
            {
                "Service": it["service"],
                "Environments": in_a_word(it["environments"]),
                **dict(zip(by, _told(it), strict=True)),
            }
        )
        out.print()


def _fits(rows: Table, width: int) -> bool:
    """Whether no word must be broken: an ID in two parts is none. Each column is made as wide as its longest word."""
    for column in rows.columns:
        texts = [str(column.header), *map(str, column.cells)]
        words = texts if column.no_wrap else [word for text in texts for word in text.split()]
        column.min_width = max(map(cell_len, words))
    return sum((column.min_width or 0) + 2 for column in rows.columns) - 2 <= width


def _print_times(times: dict[str, Any]) -> None:
    said = "; ".join(f"{severity} {in_words(it)}" for severity, it in times.items()) or "none"
    console().print(Text(f"Reminders of alerts that nobody acknowledges: {said}."), soft_wrap=True)


def _told(it: dict[str, Any]) -> tuple[str, str, str]:
    """Who may ask for a deploy, who approves it, who may roll back, each in a word or two."""
    deploy = (in_a_word(it["deployers"]) if it["deployers"] else "everybody") if it["can_deploy"] else "–"
    approved = (
        (in_a_word(it["approvers"]) if it["approvers"] else "nobody") if it["approval_required"] else "not needed"
    )
    if it.get("approvals", 1) > 1:
        approved = f"{it['approvals']} of {approved}"
    back = (in_a_word(it["rollback_by"]) if it["rollback_by"] else "nobody") if it["can_rollback"] else "–"
    return deploy, approved if it["can_deploy"] else "–", back


def _print_one(it: dict[str, Any]) -> None:
    deploy, approved, back = _told(it)
    facts = {
        "Service": it["service"],
        "Environments": in_a_word(it["environments"]),
        "Deploy asked for by": deploy,
        "Deploy approved by": approved,
        "Rolled back by": back,
        "Deployed by": in_a_word(it["deploy"]) if it.get("deploy") else None,
        "Rolled back through": in_a_word(it["rollback"]) if it.get("rollback") else None,
        "Runbook": it["runbook_url"],
        "Alerts escalate to": in_a_word(it["escalation"]) if it["escalation"] else None,
    }
    _print_facts(facts)


def _print_facts(facts: dict[str, Any]) -> None:
    width = max(map(len, facts))
    for label, value in facts.items():
        console().print(Text(f"{label:<{width}}  ", style="dim") + shown(value), soft_wrap=True)
