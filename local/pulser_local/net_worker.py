"""Stand-in of pg_net's background worker, with its timing: what is slow there is slow here."""

from __future__ import annotations

import asyncio
import dataclasses
import logging

import aiohttp
import asyncpg

from pulser_local.database_session import Connection, keep_session
from pulser_local.http_request import Outcome, Request, perform, read_headers

BATCH_SIZE = 200  # pg_net.batch_size
TTL = "6 hours"  # pg_net.ttl
PAUSE_S = 1.0  # pg_net waits so long after a batch, and a wake-up does not cut it short
WORKER_LOCK = 543584  # advisory; net.check_worker_is_up looks for it

EXPIRE = """
delete from net._http_response
where ctid = any (array(
    select ctid from net._http_response where created < now() - $1::text::interval order by created limit $2
))
"""
TAKE = """
with taken as (
    delete from net.http_request_queue
    where ctid = any (array(select ctid from net.http_request_queue order by id limit $1))
    returning id, method, url, headers, body, timeout_milliseconds
)
select * from taken order by id
"""
RECORD = """
insert into net._http_response (id, status_code, content_type, headers, content, timed_out, error_msg)
values ($1, $2, $3, $4, $5, $6, $7)
"""

log = logging.getLogger(__name__)


class NetWorker:
    """Serves the queue of one database; a second worker waits until the first is gone.

    A batch is one transaction: its requests run at the same time, and all wait for the slowest. Each is sent at
    most once, also when the database is lost in the middle; there are no retries.
    """

    def __init__(self, url: str, *, pause_s: float = PAUSE_S) -> None:
        self._url = url
        self._pause_s = pause_s
        self._woken = asyncio.Event()
        self._in_flight: list[Request] = []  # sent in a batch that has not been committed

    async def run(self) -> None:
        """Work until cancelled; a batch that runs then is recorded as it stands."""
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept-Encoding", "Content-Type"),
        ) as session:

            async def serve(connection: Connection) -> None:
                await self._serve(connection, session)

            await keep_session(self._url, serve, name="pg_net worker (pulser stand-in)")

    async def _serve(self, connection: Connection, session: aiohttp.ClientSession) -> None:
        await connection.execute("select pg_advisory_lock($1)", WORKER_LOCK)
        connection.add_termination_listener(lambda _: self._woken.set())
        await connection.add_listener("net_wake", lambda *_: self._woken.set())
        while True:
            self._woken.clear()
            if await self._run_batch(connection, session):
                await asyncio.sleep(self._pause_s)
            else:
                await self._woken.wait()

    async def _run_batch(self, connection: Connection, session: aiohttp.ClientSession) -> int:
        stopped: asyncio.CancelledError | None = None
        async with connection.transaction():
            await connection.execute(EXPIRE, TTL, BATCH_SIZE)
            requests = [_read(row) for row in await connection.fetch(TAKE, BATCH_SIZE)]
            sends = [
                asyncio.create_task(self._send(session, request, again=request in self._in_flight))
                for request in requests
            ]
            self._in_flight = requests
            try:
                outcomes = await asyncio.gather(*sends)
            except asyncio.CancelledError as error:  # what was sent must not be sent again: record, then stop
                stopped = error
                outcomes = [_outcome_so_far(send) for send in sends]
            rows = [
                (request.id, *dataclasses.astuple(outcome)) for request, outcome in zip(requests, outcomes, strict=True)
            ]
            await connection.executemany(RECORD, rows)
        self._in_flight = []
        if stopped is not None:
            raise stopped
        return len(requests)

    async def _send(self, session: aiohttp.ClientSession, request: Request, *, again: bool) -> Outcome:
        if again:
            return Outcome(error_msg="The worker lost the database while it made this request")
        outcome = await perform(session, request)
        log.debug("%s %s: %s", request.method, request.url, outcome.status_code or outcome.error_msg)
        return outcome


def _outcome_so_far(send: asyncio.Task[Outcome]) -> Outcome:
    if send.done() and not send.cancelled():
        return send.result()
    return Outcome(error_msg="The worker was stopped while it made this request")


def _read(row: asyncpg.Record) -> Request:
    return Request(**{**dict(row), "headers": read_headers(row["headers"])})
