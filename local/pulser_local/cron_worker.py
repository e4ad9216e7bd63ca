"""Stand-in of pg_cron's scheduler: starts the jobs of cron.job and writes cron.job_run_details."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from pulser_local.cron_schedule import Agenda, Job
from pulser_local.database_session import OUTAGES, Connection, connected, keep_session, wait_at_most

CONNECT_LIMIT_S = 10.0  # pg_cron's own
WORKER_LOCK = 543585  # advisory

JOBS = "select jobid, schedule, command, database, username, active from cron.job order by jobid"
STARTING = """
insert into cron.job_run_details (runid, jobid, database, username, command, status)
values (nextval('cron.runid_seq'), $1, $2, $3, $4, 'starting') returning runid
"""
RUNNING = "update cron.job_run_details set status = 'running', job_pid = $2, start_time = $3 where runid = $1"
ENDED = """
update cron.job_run_details
set status = $2, return_message = $3, start_time = coalesce(start_time, $4), end_time = $4
where runid = $1
"""
LEFT_OVER = """
update cron.job_run_details set status = 'failed', return_message = 'server restarted'
where status in ('starting', 'running')
"""

log = logging.getLogger(__name__)


class CronWorker:
    """Serves cron.job of one database, and of a clone of it; a second worker waits until the first is gone.

    Each run has a fresh connection to the job's database as the job's user. `url` must connect as a superuser.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    async def run(self) -> None:
        """Work until cancelled; the statements that run then are cancelled too."""
        await keep_session(self._url, self._serve, name="pg_cron scheduler (pulser stand-in)")

    async def _serve(self, connection: Connection) -> None:
        woken = asyncio.Event()
        await connection.execute("select pg_advisory_lock($1)", WORKER_LOCK)
        connection.add_termination_listener(lambda _: woken.set())
        await connection.add_listener("cron_job_changed", lambda *_: woken.set())
        await connection.execute(LEFT_OVER)
        ledger = _Ledger(connection)
        agenda = Agenda()

        async def run(job: Job) -> None:
            await self._run(ledger, job)
            agenda.ended(job.jobid)
            woken.set()

        async with asyncio.TaskGroup() as runs:
            while True:
                woken.clear()
                agenda.learn(await ledger.jobs(), now=time.monotonic(), utc=datetime.now(UTC))
                for job in agenda.start(now=time.monotonic(), utc=datetime.now(UTC)):
                    runs.create_task(run(job))
                await wait_at_most(woken, agenda.seconds_to_next(now=time.monotonic()))

    async def _run(self, ledger: _Ledger, job: Job) -> None:
        runid = await ledger.starting(job)
        try:
            async with connected(self._job_url(job), name="pg_cron", limit_s=CONNECT_LIMIT_S) as own:
                await own.execute(f"set session authorization {_quoted(job.username)}")
                await ledger.running(runid, own.get_server_pid())
                outcome = "succeeded", await own.execute(job.command)
        except asyncpg.PostgresError as error:
            outcome = "failed", f"ERROR:  {error}\n"
        except (*OUTAGES, TimeoutError):
            outcome = "failed", "connection failed"
        log.debug("cron job %s: %s %s", job.jobid, *outcome)
        await ledger.ended(runid, *outcome)

    def _job_url(self, job: Job) -> str:
        return urlunsplit(urlsplit(self._url)._replace(path="/" + quote(job.database, safe="")))


class _Ledger:
    """What the scheduler reads and writes on its own connection, one statement at a time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._turn = asyncio.Lock()

    async def jobs(self) -> list[Job]:
        async with self._turn:
            return [Job(**dict(row)) for row in await self._connection.fetch(JOBS)]

    async def starting(self, job: Job) -> int:
        async with self._turn:
            runid: int = await self._connection.fetchval(STARTING, job.jobid, job.database, job.username, job.command)
            return runid

    async def running(self, runid: int, pid: int) -> None:
        async with self._turn:
            await self._connection.execute(RUNNING, runid, pid, datetime.now(UTC))

    async def ended(self, runid: int, status: str, message: str) -> None:
        async with self._turn:
            await self._connection.execute(ENDED, runid, status, message, datetime.now(UTC))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
