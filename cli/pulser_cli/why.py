"""`pulser why`: one thing's whole story, in order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pulser.database import Database
from pulser.why import Story, tell
from pulser.why_asked import ACCEPTED, NotAsked, read_asked, several, unknown
from pulser.why_moment import Moment, Who, inert, lasting
from pulser_cli.connection import DatabaseUrl, run
from pulser_cli.output import USAGE, AsJson, console, fail, print_json


def why(
    asked: Annotated[
        list[str],
        typer.Argument(
            metavar="ID|LINK", help="Of an event, a delivery, an envelope or a message; or a channel's ID and a ts."
        ),
    ],
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Why did this happen, or why not? One thing's whole story, from the ledger alone."""
    wanted = _wanted(" ".join(asked))

    async def work(database: Database) -> Any:  # noqa: ANN401  # facts, or null
        return await database.call("why_v1", {"asked": wanted})

    facts = run(database_url, work)
    if facts is None:
        fail(f"{inert(unknown(wanted, datetime.now(UTC)), 400)}. pulser why takes {ACCEPTED}")
    if "several" in facts:
        fail(inert(several(wanted["id"], facts["several"]), 1000))
    story = tell(facts)
    if as_json:
        print_json(story.to_json())
    else:
        print_timeline(story, console())


def print_timeline(story: Story, out: Console) -> None:
    """Each moment with the time since the first one and the clock's; in the end, how it stands."""
    out.print(Text(story.about, style="bold"))
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(justify="right", no_wrap=True, style="dim")
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for row in _rows(story.moments):
        grid.add_row(*row)
    out.print(grid)
    for left in story.left_out:
        out.print(Text(f"Not told: {left}.", style="dim"))
    out.print()
    out.print(Text(story.now, style="bold"))


def _rows(moments: tuple[Moment, ...]) -> Iterator[tuple[str, str, Text]]:
    start = next((it.at for it in moments if it.at), None)
    day = None
    for it in moments:
        if it.at and it.at.date() != day:
            day = it.at.date()
            yield "", "", Text(f"{day} UTC", style="dim")
        yield _since(start, it.at), f"{it.at:%H:%M:%S}" if it.at else "", _words(it)


def _since(start: datetime | None, at: datetime | None) -> str:
    return f"+{lasting((at - start).total_seconds())}" if start and at else ""


def _words(it: Moment) -> Text:
    said = Text(it.what)
    if it.who:
        said.append(f" · {_who(it.who)}", style="cyan")
    if it.detail:
        said.append(f"\n{it.detail}", style="dim")
    return said


def _who(who: Who) -> str:
    return " ".join(filter(None, (who.name, who.user)))


def _wanted(text: str) -> dict[str, Any]:
    try:
        return read_asked(text)
    except NotAsked as error:
        return fail(f"{error}. pulser why takes {ACCEPTED}", code=USAGE)
