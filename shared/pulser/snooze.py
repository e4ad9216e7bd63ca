"""For how long an alert can be snoozed, and until when that is. Pure."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta, tzinfo
from itertools import product
from typing import Final
from zoneinfo import ZoneInfo

UNTIL_NINE: Final = "9am"
# What the menu offers, by what its value says.
CHOICES: Final[dict[str, str]] = {
    "30m": "Snooze for 30 min",
    "2h": "Snooze for 2 h",
    UNTIL_NINE: "Snooze until 9:00",
}
_FOR: Final = {"30m": timedelta(minutes=30), "2h": timedelta(hours=2)}
_NINE: Final = time(9)
_DAYS: Final = 4  # a zone may skip a whole day when it changes sides of the date line
_ZONE: Final = re.compile(r"[A-Za-z0-9_+-]{1,32}(/[A-Za-z0-9_+-]{1,32}){0,2}")


def until(choice: str | None, now: datetime, zone: tzinfo | None) -> datetime | None:
    """When a snooze of this choice ends, aware; None for an unknown choice, and for 9:00 where the zone is unknown."""
    if choice in _FOR:
        return now + _FOR[choice]
    return next_nine(now, zone) if choice == UNTIL_NINE and zone is not None else None


def next_nine(now: datetime, zone: tzinfo) -> datetime:
    """The next 9:00 of this zone's clocks, strictly after `now`.

    Compared is on the world's clock: Python compares two times of one zone as their clocks show them. A 9:00 that a
    change of the clocks leaves out is none; of one that comes twice, the next counts.
    """
    today = now.astimezone(zone).date()
    for days, fold in product(range(_DAYS), (0, 1)):
        nine = datetime.combine(today + timedelta(days=days), _NINE, zone).replace(fold=fold)
        at = nine.astimezone(now.tzinfo)
        if at > now and at.astimezone(zone).replace(tzinfo=None) == nine.replace(tzinfo=None):
            return at
    raise ValueError(f"the zone {zone} has no 9:00 within {_DAYS} days")


def zone_named(name: object) -> ZoneInfo | None:
    """The zone of this IANA name; None for what is none."""
    if not isinstance(name, str) or not _ZONE.fullmatch(name):
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # "America" is a folder of zones
        return None
