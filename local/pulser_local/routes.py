from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pulser.database import Database
from pulser_local.slack.workspace import DEFAULT_CHANNELS


async def apply_first_routes(database: Database, routes: Sequence[Mapping[str, Any]], *, own: bool) -> str:
    """Put the routes of the project's file into a database that has none of its own yet; says what was done.

    `own`: the database is our embedded one, so it holds nothing that a person could miss.
    """
    if not routes:
        return "none given"
    held = await database.call("routes_v1")
    if not own and not only_default(held):
        return "kept as they are in this database"
    await database.call("apply_routes_v1", {"routes": list(routes)})
    return f"{len(routes)} applied"


def channels_for(routes: Sequence[Mapping[str, Any]]) -> list[str]:
    """The channels of the simulated workspace: its usual ones, and those that the routes name."""
    named = [route["channel"].removeprefix("#") for route in routes if route["channel"].startswith("#")]
    return list(dict.fromkeys([*DEFAULT_CHANNELS, *named]))


def only_default(held: object) -> bool:
    """Whether these are the routes that the migration leaves behind: the default route alone, or none."""
    return isinstance(held, list) and all(isinstance(route, dict) and route.get("is_default") for route in held)
