"""How a local stack gets its Socket Mode connections at once: cron would ring the relay only at its next turn."""

from __future__ import annotations

import asyncio
import contextlib
import time

import aiohttp

from pulser.database import Database

CONNECT_PATIENCE = 8.0  # seconds to wait for the first connection; a foreign Slack may be slow, or refuse
ENOUGH = 2
LOOK = 0.1  # seconds between two looks


async def ring_relay(functions_url: str, key: str) -> None:
    """Start a run of the relay. Not through pg_net: that rests for up to a second after each batch, and events wait."""
    patience = aiohttp.ClientTimeout(total=CONNECT_PATIENCE)
    with contextlib.suppress(aiohttp.ClientError, TimeoutError):  # cron rings again
        async with (
            aiohttp.ClientSession(timeout=patience) as session,
            session.post(f"{functions_url}/socket-relay", headers={"apikey": key}),
        ):
            pass


async def live_connections(database: Database, *, within: float) -> int:
    """How many connections are live: as soon as there are two, or what there is at the end of the time."""
    deadline = time.monotonic() + within
    while True:
        live = int((await database.call("relay_status_v1"))["live"])
        if live >= ENOUGH or time.monotonic() > deadline:
            return live
        await asyncio.sleep(LOOK)
