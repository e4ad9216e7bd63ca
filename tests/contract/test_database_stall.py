"""A server that stalls: it takes the call, says nothing, and does not hear that it was given up."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from pulser.database import DirectDatabase
from tests.fixtures.postgres import Connection


@pytest.mark.parametrize("pooled", [False, True])
async def test_who_gives_up_a_stalled_call_is_not_held_up(
    connection: Connection, database_url: str, *, pooled: bool
) -> None:
    """A caller's own time limit ends the call while the backend is frozen, as health needs it."""
    database = DirectDatabase(database_url, max_size=1, pooled=pooled)
    await database.call("dispatch_health_v1")
    backend = await connection.fetchval(
        "select pid from pg_stat_activity where application_name = 'pulser' and datname = current_database()"
    )
    os.kill(backend, signal.SIGSTOP)
    try:
        given_up = asyncio.create_task(_within(0.3, database))
        done, _ = await asyncio.wait({given_up}, timeout=5)
    finally:
        os.kill(backend, signal.SIGCONT)
    assert done, "the call outlived its caller's time limit"
    assert await given_up == "given up"
    assert (await database.call("dispatch_health_v1"))["pending_events"] == 0
    await database.close()


async def _within(seconds: float, database: DirectDatabase) -> str:
    try:
        async with asyncio.timeout(seconds):
            await database.call("dispatch_health_v1")
    except TimeoutError:
        return "given up"
    return "answered"
