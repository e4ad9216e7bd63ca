"""Which silences would mute an event now, where a database can be asked without anybody's having to name one."""

from __future__ import annotations

import asyncio
from typing import Any

from notify_dispatch.event import Event
from notify_dispatch.silence import Silence, covering
from pulser.database import Database
from pulser.errors import PulserError
from pulser_cli.connection import NoDatabaseNamed, named_database


def muting_silences(event: Event, database_url: str | None) -> list[dict[str, Any]] | None:
    """Those of list_silences_v1 that last and cover the event; None where no database could be asked."""
    try:
        live = asyncio.run(_live(named_database(database_url)))
    except NoDatabaseNamed:
        return None
    except PulserError:
        if database_url:
            raise
        return None
    by_id = {str(it["silence_id"]): it for it in live}
    return [by_id[it.silence_id] for it in covering(event, [Silence.from_json(one) for one in live])]


async def _live(database: Database) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = await database.call("list_silences_v1", {"filter": {"live": True, "limit": 1000}})
        return found
    finally:
        await database.close()
