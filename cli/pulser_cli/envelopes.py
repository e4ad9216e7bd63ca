"""`pulser ledger envelopes` and `envelope`: what people did in Slack, and what came of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from pulser.blocks import clean
from pulser.database import Database
from pulser.why_asked import is_beginning, several, unknown_id
from pulser_cli.connection import DatabaseUrl, run
from pulser_cli.output import AsJson, ago, console, fail, print_json, print_rows, room, shown, shown_id, table
from pulser_cli.output import status as status_of
from pulser_cli.spans import since_of
from pulser_cli.story import moment, pairs

Status = Literal["pending", "processing", "completed", "failed"]
_MEDIUM = 100  # columns from which more is shown


def envelopes(
    *,
    status: Annotated[Status | None, typer.Option(help="Only these.", show_default=False)] = None,
    user: Annotated[str | None, typer.Option(metavar="U…", help="Only of this Slack user.", show_default=False)] = None,
    since: Annotated[
        str | None, typer.Option(metavar="SPAN", help="Not older than this: 90s, 15min, 1h, 2d.", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Clicks, commands and events that came from Slack, the newest first."""
    asked = {"status": status, "user": user, "since": since_of(since), "limit": limit}

    async def work(database: Database) -> list[dict[str, Any]]:
        given = {key: value for key, value in asked.items() if value is not None}
        found: list[dict[str, Any]] = await database.call("list_envelopes_v1", {"filter": given})
        return found

    found = run(database_url, work)
    if as_json:
        print_json(found)
    else:
        _print_list(found)


def envelope(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="The envelope_id, or its first 8 digits.")],
    team: Annotated[
        str | None, typer.Option(metavar="T…", help="Its workspace, where there was more than one.", show_default=False)
    ] = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """The story of an envelope: who did what, its duplicates, its effects and what was sent because of it."""

    async def work(database: Database) -> Any:  # noqa: ANN401  # a story, or null
        newest = [] if team else await database.call("list_envelopes_v1", {"filter": {"limit": 1}})
        of = team or (newest[0]["team_id"] if newest else "")
        meant = await _meant(database, identifier) if is_beginning(identifier) else identifier
        return await database.call("envelope_story_v1", {"team_id": of, "envelope_id": meant})

    story = run(database_url, work)
    if story is None:
        fail(unknown_id(clean(identifier), "envelope", "it is kept for 30 days"))
    if as_json:
        print_json(story)
    else:
        _print_story(story, console())


async def _meant(database: Database, beginning: str) -> str:
    found = [it for it in await database.call("ids_beginning_v1", {"beginning": beginning}) if it["kind"] == "envelope"]
    if len(found) > 1:
        fail(several(beginning, found))
    return found[0]["id"] if found else beginning


def _print_list(found: list[dict[str, Any]]) -> None:
    out = console()
    if not found:
        out.print("No envelopes.")
        return
    columns = ["When", "Status", "Who", "What"] + (["Took", "Tries"] if room(out) >= _MEDIUM else [])
    rows = table([*columns, "Envelope"], flexible=["What"], right=["Took", "Tries"])
    for one in found:
        cells = {
            "When": shown(ago(one["received_at"])),
            "Status": status_of("duplicate" if one["duplicate_of"] else one["status"]),
            "Who": shown(one["user_name"] or one["user_id"]),
            "What": shown(one["what"]),
            "Took": shown(_took(one)),
            "Tries": shown(one["attempts"]),
        }
        rows.add_row(*(cells[name] for name in columns), shown_id(one["envelope_id"]))
        if one["last_error"]:
            rows.add_row("", "", "", shown(f"└ {one['last_error']}"))
    print_rows(rows, out)


def _print_story(story: dict[str, Any], out: Console) -> None:
    told, card = story["envelope"], story["card"]
    out.print(Text.assemble((clean(str(told["what"])), "bold"), "  ", status_of(told["status"])))
    facts = {
        "envelope": told["envelope_id"],
        "by": " ".join(str(it) for it in (told["user_name"], told["user_id"]) if it),
        "came by": {"socket": "Socket Mode", "http": "a signed request"}.get(told["transport"]),
        "received": moment(told["received_at"]),
        "settled": moment(told["processed_at"]),
        "took": _took(told),
        "attempts": told["attempts"],
        "private answer": told["reply_status"],
        "error": told["last_error"],
        "duplicates": told["duplicates"] or None,
        "card": card and f"{card['kind']}, {card['phase']}, version {card['version']}",
    }
    out.print(Padding(pairs(facts), (0, 0, 0, 2)))
    for event in story["events"]:
        payload = event["payload"] or {}
        said = ": ".join(str(payload[key]) for key in ("outcome", "reason") if payload.get(key))
        out.print(
            Padding(Text.assemble("audit  ", (clean(event["event_type"]), "bold"), f"  {clean(said)}"), (0, 0, 0, 2))
        )
    for delivery in story["deliveries"]:
        line = (
            "sends  ",
            clean(delivery["kind"]),
            " to ",
            clean(delivery["channel"]),
            "  ",
            status_of(delivery["status"]),
        )
        out.print(Padding(Text.assemble(*line), (0, 0, 0, 2)))


def _took(one: dict[str, Any]) -> str | None:
    return None if one["latency_ms"] is None else f"{one['latency_ms']:,.0f} ms"
