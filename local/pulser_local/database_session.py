"""One connection that a worker serves for ever, made again after every outage."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeAlias

import asyncpg

from pulser_local.backoff import Backoff

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"  # generic for the type checker only
OUTAGES = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)  # also: the tables are not there yet
CLOSE_LIMIT_S = 2.0

log = logging.getLogger(__name__)


async def keep_session(url: str, serve: Callable[[Connection], Awaitable[None]], *, name: str) -> None:
    """Connect and serve until cancelled; after an outage wait a little longer each time, and connect again."""
    backoff, task = Backoff(), asyncio.current_task()
    while True:
        backoff.started()
        delay = 0.0
        try:
            async with connected(url, name=name) as connection:
                await serve(connection)
        except* OUTAGES as outage:
            delay = backoff.after_failure()
            log.debug("%s lost its database (%s), back in %.1f s", name, outage.exceptions, delay)
        if task is not None and task.cancelling():  # what was still to be done found no database: the end counts
            raise asyncio.CancelledError
        await asyncio.sleep(delay)


@asynccontextmanager
async def connected(url: str, *, name: str, limit_s: float = 10) -> AsyncIterator[Connection]:
    """A fresh connection, closed in any case; `name` is what pg_stat_activity shows."""
    connection = await asyncpg.connect(url, timeout=limit_s, server_settings={"application_name": name})
    try:
        yield connection
    finally:
        try:
            await connection.close(timeout=CLOSE_LIMIT_S)
        except (*OUTAGES, TimeoutError):
            connection.terminate()


async def wait_at_most(event: asyncio.Event, seconds: float | None) -> None:
    """Wait for the event, or until the time is up."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
