"""How the commands speak: tables for people, JSON for programs, one line for an error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, NoReturn
from uuid import UUID

import typer
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from pulser.blocks import clean

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

FAILED, USAGE = 1, 2  # exit codes

STATUS_STYLES = {
    "sent": "green",
    "queued": "cyan",
    "sending": "blue",
    "in_doubt": "yellow",
    "failed": "yellow",
    "dead": "bold red",
    "pending": "cyan",
    "processing": "blue",
    "completed": "green",
    "duplicate": "dim",
}
CHANGE_SIGNS = {"added": ("+", "green"), "changed": ("~", "yellow"), "removed": ("-", "red")}
_UNBOUNDED = 100_000  # columns of a pipe
SHORT_ID = 8  # digits, as a message shows an event's: every command takes them
_UNITS = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))


def console(*, stderr: bool = False) -> Console:
    """Standard output (or error) as it is now: its width, its colours."""
    return Console(highlight=False, stderr=stderr)


def fail(message: str, *, code: int = FAILED) -> NoReturn:
    """End the command with an error on standard error."""
    Console(stderr=True, highlight=False).print(Text.assemble(("Error: ", "red"), message), soft_wrap=True)
    raise typer.Exit(code)


def print_json(value: Any) -> None:  # noqa: ANN401  # whatever JSON can say
    """`value` as JSON, indented."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def shown(value: object, style: str = "") -> Text:
    """What the database says, without line breaks and unable to steer the terminal; nothing is shown as "–"."""
    text = "" if value is None else clean(str(value)).replace("\n", " ").replace("\t", " ")
    return Text(text or "–", style=style if text else "dim")


class _Id(Text):
    """An id in a table, which its first digits can stand for."""


def shown_id(value: object) -> Text:
    """An id: whole where there is room, else its first digits, where these are enough to find it again."""
    text = shown(value, "dim")
    try:
        return _Id(str(UUID(text.plain)), style="dim")
    except ValueError:
        return text


def status(value: str) -> Text:
    """A delivery's status in its colour."""
    return shown(value.replace("_", " "), STATUS_STYLES.get(value, ""))


def table(columns: Sequence[str], *, flexible: Sequence[str] = (), right: Sequence[str] = ()) -> Table:
    """A table in which only `flexible` columns give way where the terminal is narrow: their cells are wrapped."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    for name in columns:
        gives_way = name in flexible
        justify: Literal["left", "right"] = "right" if name in right else "left"
        overflow: Literal["fold", "ellipsis"] = "fold" if gives_way else "ellipsis"
        least = 10 if gives_way else None
        made.add_column(name, no_wrap=not gives_way, min_width=least, justify=justify, overflow=overflow)
    return made


def room(out: Console) -> int:
    """How many columns a table may have. A pipe has room for all: what reads it wants whole lines."""
    in_a_pipe = not sys.stdout.isatty() and not os.environ.get("COLUMNS")
    return _UNBOUNDED if in_a_pipe else out.width


def print_rows(rows: Table, out: Console) -> None:
    """A table of `table`: whole where there is room; else its ids become short, then its flexible columns wrap."""
    width, out.width = out.width, room(out)
    natural = Measurement.get(out, out.options.update(max_width=_UNBOUNDED), rows).maximum
    if natural > out.width:
        for cell in (it for column in rows.columns for it in column.cells):
            if isinstance(cell, _Id):
                cell.truncate(SHORT_ID)
    out.print(rows)
    out.width = width


def ago(written: str | None, now: datetime | None = None) -> str:
    """An ISO time as seen from now: "12 s ago", "in 3 min"."""
    if written is None:
        return ""
    seconds = ((now or datetime.now(UTC)) - datetime.fromisoformat(written)).total_seconds()
    count = abs(seconds)
    for unit, size in _UNITS:
        if count >= size:
            amount = f"{int(count // size)} {unit}"
            return f"{amount} ago" if seconds > 0 else f"in {amount}"
    return "now"


def due(written: str | None, now: datetime | None = None) -> str:
    """A time by which something is to happen, as seen from now: "in 3 min", "overdue by 12 s"."""
    seen = ago(written, now)
    return f"overdue by {seen.removesuffix(' ago')}" if seen.endswith(" ago") else seen
