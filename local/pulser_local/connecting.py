"""How a local stack gets its Socket Mode connections at once: cron would ring the relay only at its next turn."""

from __future__ import annotations

import asyncio
import time

from pulser.database import Database
from pulser_local.database_setup import connected

CONNECT_PATIENCE = 8.0  # seconds to wait for the first connection; a foreign Slack may be slow, or refuse
ENOUGH = 2
LOOK = 0.1  # seconds between two looks


async def cover_relay(database_url: str) -> None:
    """Ring the relay as its cron job does, as the owner of the database."""
    async with connected(database_url) as connection:
        await connection.fetchval("select ops.cover_relay_v1()")


async def live_connections(database: Database, *, within: float) -> int:
    """How many connections are live: as soon as there are two, or what there is at the end of the time."""
    deadline = time.monotonic() + within
    while True:
        live = int((await database.call("relay_status_v1"))["live"])
        if live >= ENOUGH or time.monotonic() > deadline:
            return live
        await asyncio.sleep(LOOK)
