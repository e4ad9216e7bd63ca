"""`pulser emit`: append events to ops.platform_events, as any service of the platform would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import typer

from pulser.database import Database
from pulser_cli.connection import DatabaseUrl, run
from pulser_cli.options import Actor, Environment, EventType, Payload, Service, Severity, Title
from pulser_cli.output import USAGE, AsJson, console, fail, print_json
from pulser_cli.payload import read_payload, who
from pulser_local.previewing import usual_status


def emit(
    event_type: EventType,
    *,
    service: Service = None,
    environment: Environment = None,
    severity: Severity = None,
    title: Title = None,
    payload: Payload = None,
    actor: Actor = None,
    target: Annotated[str | None, typer.Option(help="What it was done to.", show_default=False)] = None,
    status: Annotated[
        Literal["ok", "error"] | None,
        typer.Option(help="How it ended; error for *.failed and *.exceeded, if not given.", show_default=False),
    ] = None,
    count: Annotated[int, typer.Option(min=1, max=100_000, help="How many such events.")] = 1,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Write an event, and so have it posted to its channels."""
    named = {"service": service, "environment": environment, "severity": severity, "title": title}
    event = event_of(event_type, payload=payload, named=named, actor=actor) | {"target": target}
    if status:
        event["status"] = status

    async def work(database: Database) -> list[str]:
        return [str(await database.call("append_event_v1", event)) for _ in range(count)]

    event_ids = run(database_url, work)
    if as_json:
        print_json({"event_type": event_type, "event_ids": event_ids})
    else:
        console().print("\n".join(event_ids), markup=False, soft_wrap=True)


def event_of(
    event_type: str, *, payload: str | None, named: Mapping[str, str | None], actor: str | None
) -> dict[str, Any]:
    """The event that the options describe, as append_event_v1 takes it. What they say wrongly ends the command."""
    if not event_type.strip():
        fail("an event needs a type, such as ci.failed", code=USAGE)
    return {
        "event_type": event_type,
        "actor": actor or who(),
        "payload": _payload(read_payload(payload), {key: value for key, value in named.items() if value is not None}),
        "status": usual_status(event_type),
    }


def _payload(given: Any, named: dict[str, str]) -> Any:  # noqa: ANN401  # a payload may be any JSON
    if not named:
        return given
    if not isinstance(given, dict):
        return fail("--payload is not an object: no other option can be added to it", code=USAGE)
    return given | named
