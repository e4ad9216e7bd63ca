"""`pulser preview`: the message that an event would become, and where it would stand. Nothing is written or sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import typer
from rich.panel import Panel
from rich.text import Text

from notify_dispatch.event import Event
from notify_dispatch.render import Message, Occasion, render
from notify_dispatch.route import Routing, route
from pulser_cli import routes_file
from pulser_cli.block_text import mrkdwn, shown_blocks
from pulser_cli.emit import event_of
from pulser_cli.output import FAILED, USAGE, AsJson, console, fail, print_json

NOBODY = str(UUID(int=0))  # the event and its delivery do not exist
NO_KEY = "of a preview"  # signs buttons that nobody can press


@dataclass(frozen=True, slots=True)
class Preview:
    """A message and all channels that it goes to; `mention` is the same in all of them."""

    message: Message
    routings: tuple[Routing, ...]

    def to_json(self) -> dict[str, Any]:
        """`blocks` can be pasted into Slack's Block Kit Builder."""
        channels = [{"channel": it.channel, "route": it.route, "mention": it.mention} for it in self.routings]
        return {"channels": channels, "text": self.message.text, "blocks": list(self.message.blocks)}


def preview(
    event_type: Annotated[str, typer.Argument(help="<thing>.<what happened>, such as deploy.failed.")],
    *,
    service: Annotated[str | None, typer.Option(help="In the payload.", show_default=False)] = None,
    environment: Annotated[str | None, typer.Option(help="In the payload.", show_default=False)] = None,
    severity: Annotated[
        Literal["info", "warning", "error", "critical"] | None, typer.Option(help="In the payload.", show_default=False)
    ] = None,
    title: Annotated[str | None, typer.Option(help="In the payload.", show_default=False)] = None,
    payload: Annotated[
        str | None, typer.Option(metavar="JSON|@FILE", help="The rest of the payload; any JSON.", show_default=False)
    ] = None,
    actor: Annotated[str | None, typer.Option(help="Who did it; you, if not given.", show_default=False)] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", help="Instead of ssot/integrations/slack/pulser.yaml.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the message that an event would become, and its channels. Nothing is written or sent; no database is asked.

    The routes are those of pulser.yaml. Exit code 1: no route takes the event, so nobody in Slack would see it.
    """
    named = {"service": service, "environment": environment, "severity": severity, "title": title}
    row = event_of(event_type, payload=payload, named=named, actor=actor)
    event = Event.from_json(row | {"event_id": NOBODY, "occurred_at": datetime.now(UTC).isoformat()})
    routings = route(event, _routes(file))
    shown = previews(event, routings)
    if as_json:
        print_json({"event_type": event.event_type, "severity": event.severity, "messages": _to_json(shown)})
    else:
        _print(shown)
    if not routings:
        raise typer.Exit(FAILED)


def previews(event: Event, routings: tuple[Routing, ...]) -> list[Preview]:
    """A message for each mention; without a route, the message as it would be."""
    by_mention: dict[str | None, list[Routing]] = {}
    for it in routings:
        by_mention.setdefault(it.mention, []).append(it)
    if not by_mention:
        by_mention[None] = []
    return [Preview(_message(event, mention), tuple(of)) for mention, of in by_mention.items()]


def _message(event: Event, mention: str | None) -> Message:
    return render(event, Occasion(NOBODY, mention=mention, button_key=NO_KEY))


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
