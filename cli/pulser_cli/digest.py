"""What a digest's message tells of, as the terminal lists it."""

from __future__ import annotations

import re
from typing import Any

from rich.console import Console
from rich.text import Text

from pulser_cli.output import USAGE, ago, fail, shown, table

_SHORT = 8  # digits of an id that a message or a table shows: no two digests of 90 days share them
_DIGITS = 32
_WIDE = 100  # columns from which the time is shown


def digest_id(given: str) -> str:
    """The digits of an id, or of its beginning; ends the command when they are none, or too few."""
    digits = given.replace("-", "").lower()
    if not re.fullmatch(rf"[0-9a-f]{{{_SHORT},{_DIGITS}}}", digits):
        fail(f"{given!r} is not the ID of a digest; 8 digits of it or more look like 1b4e28ba", code=USAGE)
    return digits


def short(delivery_id: str) -> str:
    """As much of a digest's id as names it."""
    return delivery_id[:_SHORT]


def about(delivery: dict[str, Any]) -> str | None:
    """What tells one event of a service from another: the title, else the branch."""
    told: str | None = delivery["title"] or delivery["branch"]
    return told


def print_digest(deliveries: list[dict[str, Any]], out: Console, limit: int) -> None:
    """Its events, the newest first: `pulser ledger show` and `pulser why` take their ids."""
    if not deliveries:
        out.print("No events: there is no such digest, or the other options leave none of it.", soft_wrap=True)
        return
    columns = ["Event", "Service", "About", *(["Came"] if out.width >= _WIDE else [])]
    rows = table([*columns, "ID"], flexible=["Event", "Service", "About"])
    for delivery in deliveries:
        cells = {
            "Event": shown(delivery["event_type"]),
            "Service": shown(delivery["service"]),
            "About": shown(about(delivery)),
            "Came": shown(ago(delivery["created_at"])),
        }
        rows.add_row(*(cells[name] for name in columns), shown(delivery["event_id"], "dim"))
    out.print(rows)
    if len(deliveries) == limit:
        out.print(Text(f"The newest {limit:,}; --limit and --event-type show others.", style="dim"), soft_wrap=True)
