"""The command `pulser replay`: reads what is stored, page by page, compares, and prints groups."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from notify_dispatch.intended import usable
from notify_dispatch.route import Route
from pulser.database import Database
from pulser_cli import routes_file
from pulser_cli.connection import DatabaseUrl, run
from pulser_cli.output import FAILED, USAGE, AsJson, console, fail, print_json, print_rows, room, shown, table
from pulser_cli.replay.difference import Compared, Tally
from pulser_cli.replay.envelopes import compare_envelope
from pulser_cli.replay.events import compare_event
from pulser_cli.spans import since_of

MOST = 100_000  # events, or envelopes, that --most may ask for
MOST_LINES = 50  # groups that are printed
WIDE = 110  # columns in which an id has room


@dataclass(frozen=True, slots=True)
class Asked:
    """`since` and `until` as ISO texts; `most`: events, and as many envelopes."""

    since: str | None
    until: str | None
    event_type: str | None
    most: int


@dataclass(slots=True)
class Replay:
    """What was found. `envelopes` is None where they were not asked for."""

    events: Tally = field(default_factory=Tally)
    envelopes: Tally | None = None

    @property
    def differs(self) -> bool:
        """Whether anything would be otherwise now."""
        return bool(self.events.differ or (self.envelopes and self.envelopes.differ))

    def to_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        envelopes = self.envelopes and self.envelopes.to_json()
        return {"dry_run": True, "differs": self.differs, "events": self.events.to_json(), "envelopes": envelopes}


def replay(
    *,
    since: Annotated[str, typer.Option(metavar="SPAN", help="From so long ago: 90s, 15min, 2h, 1d.")] = "1d",
    until: Annotated[
        str | None, typer.Option(metavar="SPAN", help="Until so long ago; now, if not given.", show_default=False)
    ] = None,
    event_type: Annotated[
        str | None,
        typer.Option(metavar="GLOB", help="Only such events, and no clicks or commands.", show_default=False),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", "-f", help="Try the routes of this file, not those of the database.", show_default=False
        ),
    ] = None,
    most: Annotated[
        int, typer.Option(min=1, max=MOST, help="The newest so many events, and so many envelopes.")
    ] = 10_000,
    _dry_run: Annotated[
        bool,
        typer.Option("--dry-run", show_default=False, help="The only way there is: nothing is ever written or sent."),
    ] = True,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Run stored events, clicks and commands through the code of now, and tell what would be otherwise. Always dry.

    Exit code 0: nothing differs; 1: something does. What each part compares, and what it cannot: docs/decisions.md.
    """
    asked = Asked(since_of(since), since_of(until, "--until"), event_type, most)
    of_file = _of_file(file) if file else None

    async def work(database: Database) -> Replay:
        return await replayed(database, asked, of_file or await _of_database(database))

    found = run(database_url, work)
    if as_json:
        print_json(found.to_json())
    else:
        _print(found)
    if found.differs:
        raise typer.Exit(FAILED)


async def replayed(database: Database, asked: Asked, routes: Sequence[Route]) -> Replay:
    """Compare all that is asked for. Raises PulserError when the database cannot be asked."""
    found = Replay(envelopes=None if asked.event_type else Tally())
    async for page in _pages(database, "replay_events_v1", asked):
        wanted = [it for it in page["events"] if _is_wanted(it, asked)]
        compare = partial(compare_event, routes=routes, places=page["places"])
        _count(found.events, wanted, asked.most, compare, _event_id)
        if found.events.cut:
            break
    if found.envelopes is None:
        return found
    async for page in _pages(database, "replay_envelopes_v1", asked):
        _count(found.envelopes, page["envelopes"], asked.most, compare_envelope, _envelope_id)
        if found.envelopes.cut:
            break
    return found


async def _pages(database: Database, function: str, asked: Asked) -> AsyncIterator[dict[str, Any]]:
    before = None
    while True:
        page = await database.call(function, {"since": asked.since, "until": asked.until, "before": before})
        yield page
        before = page["before"]
        if before is None:
            return


def _is_wanted(stored: dict[str, Any], asked: Asked) -> bool:
    return asked.event_type is None or fnmatchcase(str(stored["event"].get("event_type")), asked.event_type)


def _count(
    tally: Tally,
    stored: Sequence[dict[str, Any]],
    most: int,
    compare: Callable[[dict[str, Any]], Compared],
    identify: Callable[[dict[str, Any]], str],
) -> None:
    for it in stored:
        if tally.seen == most:
            tally.cut = True
            return
        tally.count(identify(it), compare(it))


def _event_id(stored: dict[str, Any]) -> str:
    return str(stored["event"]["event_id"])


def _envelope_id(stored: dict[str, Any]) -> str:
    return str(stored["envelope_id"])


def _of_file(file: Path) -> list[Route]:
    try:
        return routes_file.load(file).positioned()
    except routes_file.RoutesFileError as error:
        return fail(str(error), code=USAGE)


async def _of_database(database: Database) -> list[Route]:
    """As notify-dispatch takes them: a broken one stops nothing."""
    routes, broken = usable(await database.call("routes_v1"))
    for error in broken:
        console(stderr=True).print(Text(f"Left out: {error}", style="yellow"), soft_wrap=True)
    return routes


def _print(found: Replay) -> None:
    out = console()
    parts = [("event", found.events), *([("envelope", found.envelopes)] if found.envelopes else [])]
    for name, tally in parts:
        if tally.groups:
            print_rows(_groups(tally, ids=room(out) >= WIDE), out)
            left = len(tally.groups) - MOST_LINES
            out.print(Text(f"  … {left} more groups: --json shows all" if left > 0 else "", style="dim"))
        style = "bold yellow" if tally.differ else "green"
        out.print(Text(_conclusion(name, tally), style=style), soft_wrap=True)
        for why, count in tally.not_compared.most_common():
            out.print(Text(f"  {count:,} {why}", style="dim"), soft_wrap=True)
    out.print(Text("Nothing was written or sent.", style="dim"))


def _groups(tally: Tally, *, ids: bool) -> Table:
    columns = ["Count", "What", "Then", "", "Now", *(["Newest"] if ids else [])]
    rows = table(columns, flexible=["What", "Then", "Now"], right=["Count"])
    for one, count in list(tally.sorted())[:MOST_LINES]:
        cells = [
            shown(f"{count:,}"),
            shown(one.subject),
            shown(one.then, "red"),
            shown("→", "dim"),
            shown(one.now, "green"),
        ]
        rows.add_row(*cells, *([shown(tally.first[one], "dim")] if ids else []))
    return rows


def _conclusion(name: str, tally: Tally) -> str:
    many = f"{tally.compared:,} {name}{'' if tally.compared == 1 else 's'}"
    told = (
        f"{tally.differ:,} of {many} would be otherwise now." if tally.differ else f"{many} compared: nothing differs."
    )
    return f"{told} Only the newest were looked at: --most looks at more." if tally.cut else told
