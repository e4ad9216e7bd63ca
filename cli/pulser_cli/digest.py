"""What a digest's message tells of, as the terminal lists it."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from pulser.why_asked import is_beginning, is_whole
from pulser_cli.output import SHORT_ID, USAGE, ago, fail, print_rows, room, shown, shown_id, table

_WIDE = 100  # columns from which the time is shown


def digest_id(given: str) -> str:
    """The digits of an id, or of its beginning; ends the command when they are none, or too few."""
    if not (is_whole(given) or is_beginning(given)):
        fail(f"{given!r} is not the ID of a digest; 8 digits of it or more look like 1b4e28ba", code=USAGE)
    return given.replace("-", "").lower()


def short(delivery_id: str) -> str:
    """As much of a digest's id as names it."""
    return delivery_id[:SHORT_ID]


def about(delivery: dict[str, Any]) -> str | None:
    """What tells one event of a service from another: the title, else the branch."""
    told: str | None = delivery["title"] or delivery["branch"]
    return told


def print_digest(deliveries: list[dict[str, Any]], out: Console, limit: int) -> None:
    """Its events, the newest first: `pulser ledger show` and `pulser why` take their ids."""
    if not deliveries:
        out.print("No events: there is no such digest, or the other options leave none of it.", soft_wrap=True)
        return
    columns = ["Event", "Service", "About", *(["Came"] if room(out) >= _WIDE else [])]
    rows = table([*columns, "ID"], flexible=["Event", "Service", "About"])
    for delivery in deliveries:
        cells = {
            "Event": shown(delivery["event_type"]),
            "Service": shown(delivery["service"]),
            "About": shown(about(delivery)),
            "Came": shown(ago(delivery["created_at"])),
        }
        rows.add_row(*(cells[name] for name in columns), shown_id(delivery["event_id"]))
    print_rows(rows, out)
    if len(deliveries) == limit:
        out.print(Text(f"The newest {limit:,}; --limit and --event-type show others.", style="dim"), soft_wrap=True)
