"""`pulser ledger`: what became of each event."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Annotated, Any, Literal
from uuid import UUID

import typer
from rich.text import Text

from pulser.database import Database
from pulser.why_asked import is_beginning, is_whole, several, unknown_id
from pulser_cli.channels import as_routed
from pulser_cli.connection import DatabaseUrl, run
from pulser_cli.digest import about, digest_id, print_digest, short
from pulser_cli.envelopes import envelope, envelopes
from pulser_cli.output import (
    FAILED,
    USAGE,
    AsJson,
    ago,
    console,
    fail,
    print_json,
    print_rows,
    room,
    shown,
    shown_id,
    table,
)
from pulser_cli.output import status as status_of
from pulser_cli.payload import who
from pulser_cli.spans import since_of
from pulser_cli.story import print_story
from pulser_cli.verify import verify

app = typer.Typer(help="The ledger: what became of each event, and of each click and command.", no_args_is_help=True)
app.command()(envelopes)
app.command()(envelope)
app.command()(verify)

Status = Literal["queued", "sending", "sent", "in_doubt", "failed", "dead"]
_LISTED, _OF_DIGEST = 50, 1000
_MEDIUM, _WIDE = 100, 160  # columns from which more is shown


@app.command(name="list")
def list_command(
    *,
    status: Annotated[Status | None, typer.Option(help="Only these.", show_default=False)] = None,
    channel: Annotated[str | None, typer.Option(help="Only this one: name or ID.", show_default=False)] = None,
    event_type: Annotated[str | None, typer.Option(help="Only this one.", show_default=False)] = None,
    since: Annotated[
        str | None, typer.Option(metavar="SPAN", help="Not older than this: 90s, 15min, 1h, 2d.", show_default=False)
    ] = None,
    digest: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="Only what this digest tells of: 8 digits or more of its ID.", show_default=False
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, max=1000, help="At most so many: 50; of a digest, 1000.", show_default=False)
    ] = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Deliveries, the newest first."""
    most = limit or (_LISTED if digest is None else _OF_DIGEST)
    asked = {
        "status": status,
        "channel": as_routed(channel),
        "event_type": event_type,
        "since": since_of(since),
        "digest": None if digest is None else digest_id(digest),
        "limit": most,
    }

    async def work(database: Database) -> list[dict[str, Any]]:
        given = {key: value for key, value in asked.items() if value is not None}
        found: list[dict[str, Any]] = await database.call("list_deliveries_v1", {"filter": given})
        return found

    deliveries = run(database_url, work)
    if as_json:
        print_json(deliveries)
    elif digest is not None:
        print_digest(deliveries, console(), most)
    else:
        _print_deliveries(deliveries)


@app.command()
def show(
    identifier: Annotated[
        str, typer.Argument(metavar="ID", help="Of an event or of a delivery; the first 8 digits are enough.")
    ],
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """The story of an event: what it said, where it went, every attempt."""
    asked = _identifier(identifier)

    async def work(database: Database) -> Any:  # noqa: ANN401  # a story, or null
        wanted = await _meant(database, asked, {"event", "delivery"})
        story = await database.call("delivery_story_v1", {"delivery_id": wanted})
        return story or await database.call("event_story_v1", {"event_id": wanted})

    story = run(database_url, work)
    if story is None:
        fail(_unknown(asked))
    if as_json:
        print_json(story)
    else:
        print_story(story, console())


@app.command()
def retry(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="Of a delivery; the first 8 digits are enough.")],
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Try a delivery again that is dead, failed or in doubt. What is in Slack is never posted twice."""
    asked = _identifier(identifier)

    async def work(database: Database) -> dict[str, Any]:
        wanted = {"delivery_id": await _meant(database, asked, {"delivery"}), "actor": who()}
        answer: dict[str, Any] = await database.call("retry_delivery_v1", wanted)
        return answer

    answer = run(database_url, work)
    if as_json:
        print_json(answer)
    elif answer["retried"]:
        console().print("It is due now.")
    else:
        fail(f"not retried: {answer['reason']}")
    if not answer["retried"]:
        raise typer.Exit(FAILED)


def _identifier(text: str) -> str:
    if is_whole(text):
        return str(UUID(text))
    if is_beginning(text):
        return text
    example = "1b4e28ba-2fa1-41d2-883f-0016d3cca427, or its first 8 digits"
    return fail(f"{text!r} is not an ID; it looks like {example}", code=USAGE)


async def _meant(database: Database, asked: str, kinds: AbstractSet[str]) -> str:
    """The whole id of one of these kinds. Ends the command where none or several begin so."""
    if is_whole(asked):
        return asked
    found = [it for it in await database.call("ids_beginning_v1", {"beginning": asked}) if it["kind"] in kinds]
    if len(found) > 1:
        fail(several(asked, found))
    return str(found[0]["id"]) if found else fail(_unknown(asked, kinds))


def _unknown(asked: str, kinds: AbstractSet[str] = frozenset({"event", "delivery"})) -> str:
    named = " or ".join(it for it in ("event", "delivery") if it in kinds)
    return unknown_id(asked, named, "a delivery is kept for 90 days")


def _print_deliveries(deliveries: list[dict[str, Any]]) -> None:
    out = console()
    if not deliveries:
        out.print("No deliveries.")
        return
    columns = ["When", "Status", "Event"]
    columns += ["Channel", "Latency", "Tries"] if room(out) >= _MEDIUM else []
    columns += ["Route", "Why"] if room(out) >= _WIDE else []
    rows = table([*columns, "Delivery"], flexible=["Event", "Why"], right=["Latency", "Tries"])
    for delivery in deliveries:
        cells = _cells(delivery)
        rows.add_row(*(cells[name] for name in columns), shown_id(delivery["delivery_id"]))
        if delivery["reason"] and "Why" not in columns:
            rows.add_row("", "", shown(f"└ {delivery['reason']}"))
    print_rows(rows, out)


def _cells(delivery: dict[str, Any]) -> dict[str, Text]:
    latency = delivery["latency_ms"]
    return {
        "When": shown(ago(delivery["created_at"])),
        "Status": status_of(delivery["status"]),
        "Event": shown(_event(delivery)),
        "Channel": shown(delivery["channel"]),
        "Latency": shown(None if latency is None else f"{latency:,.0f} ms"),
        "Tries": shown(delivery["attempts"]),
        "Route": shown(delivery["route"]),
        "Why": shown(delivery["reason"]),
    }


def _event(delivery: dict[str, Any]) -> str | None:
    """Its type; of what has no message of its own, what is told of it in the digest, and in which."""
    if not delivery["digest_id"] or delivery["kind"] != "post":
        told: str | None = delivery["event_type"]
        return told
    parts = (delivery["event_type"], delivery["service"], about(delivery), f"in digest {short(delivery['digest_id'])}")
    return " · ".join(str(it) for it in parts if it)
