"""`pulser preview`: the message that an event would become, and where it would stand. Nothing is written or sent."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer
from rich.panel import Panel
from rich.text import Text

from pulser.blocks import clean
from pulser.silence import by_whom, plainly
from pulser_cli import routes_file
from pulser_cli.block_text import mrkdwn, shown_blocks
from pulser_cli.connection import DatabaseUrl
from pulser_cli.emit import event_of
from pulser_cli.options import Actor, Environment, EventType, Payload, PulserYaml, Service, Severity, Title
from pulser_cli.output import FAILED, USAGE, AsJson, ago, console, fail, print_json
from pulser_cli.silenced import muting_silences
from pulser_local.previewing import Preview, event_at, previews


def preview(
    event_type: EventType,
    *,
    service: Service = None,
    environment: Environment = None,
    severity: Severity = None,
    title: Title = None,
    payload: Payload = None,
    actor: Actor = None,
    file: PulserYaml = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show the message that an event would become, and its channels. Nothing is written or sent.

    The routes are those of pulser.yaml; a database, where one is named, is only asked what is silenced. Exit code 1: no
    route takes the event, so nobody in Slack would see it.
    """
    named = {"service": service, "environment": environment, "severity": severity, "title": title}
    row = event_of(event_type, payload=payload, named=named, actor=actor)
    event = event_at(datetime.now(UTC), row)
    shown = previews(event, _routes(file))
    muting = muting_silences(event, database_url)
    if as_json:
        told = {"event_type": event.event_type, "severity": event.severity, "messages": _to_json(shown)}
        print_json(told | {"silenced_by": muting})
    else:
        _print(shown)
        _print_silences(muting or [])
    if not any(it.routings for it in shown):
        raise typer.Exit(FAILED)


def _routes(file: Path | None) -> list[Any]:
    try:
        return list(routes_file.load(file or routes_file.find(Path.cwd())).positioned())
    except routes_file.RoutesFileError as error:
        return fail(str(error), code=USAGE)


def _to_json(shown: list[Preview]) -> list[dict[str, Any]]:
    return [it.to_json() for it in shown if it.routings]


def _print(shown: list[Preview]) -> None:
    out = console()
    for it in shown:
        where = ", ".join(f"{one.channel} (route {one.route})" for one in it.routings) or "nowhere: no route takes it"
        out.print(Panel(shown_blocks(it.message.blocks), title=Text(where), title_align="left", padding=(1, 2)))
        out.print(Text("Notification: ", style="dim") + mrkdwn(it.message.text), soft_wrap=True)


def _print_silences(muting: list[dict[str, Any]]) -> None:
    for it in muting:
        made = f"by {by_whom(it['created_by'])}, ends {ago(it['ends_at'])}"
        said = f"Silenced now: {plainly(it)}, {made}. It would not be posted."
        console().print(Text(clean(said), style="yellow"), soft_wrap=True)
