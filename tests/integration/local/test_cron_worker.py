from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import asyncpg
import pytest

from pulser_local.cron_worker import CronWorker
from pulser_local.postgres import PostgresServer
from pulser_local.standins import install_standins
from tests.fixtures.postgres import Connection
from tests.integration.local.receiver import until

Background = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]


@pytest.fixture
async def cron(plain_database_url: str) -> AsyncIterator[Connection]:
    """A connection to a database with our stand-in of pg_cron (the real one serves another), no worker yet."""
    await install_standins(plain_database_url)
    connection = await asyncpg.connect(plain_database_url)
    try:
        yield connection
    finally:
        await connection.close()


async def runs(connection: Connection, count: int) -> list[asyncpg.Record]:
    """The first so many ended runs."""
    query = "select * from cron.job_run_details where end_time is not null order by runid"

    async def enough() -> bool:
        return len(await connection.fetch(query)) >= count

    await until(enough)
    return (await connection.fetch(query))[:count]


async def test_interval_counts_from_the_last_start(
    cron: Connection, plain_database_url: str, background: Background
) -> None:
    """A job on '1 second' starts about a second after its last start, with its outcome recorded."""
    background(CronWorker(plain_database_url).run())
    await cron.execute("select cron.schedule('tick', '1 second', 'select 1')")
    first, second = await runs(cron, 2)
    assert 0.9 < (second["start_time"] - first["start_time"]).total_seconds() < 1.9
    assert (first["status"], first["return_message"], first["username"]) == ("succeeded", "SELECT 1", "postgres")


async def test_overrun_queues_one_run(cron: Connection, plain_database_url: str, background: Background) -> None:
    """A run longer than the interval is followed by the next at once, never overlapped."""
    background(CronWorker(plain_database_url).run())
    await cron.execute("select cron.schedule('slow', '1 second', 'select pg_sleep(1.5)')")
    first, second = await runs(cron, 2)
    assert 0 <= (second["start_time"] - first["end_time"]).total_seconds() < 0.5


async def test_failed_run_is_recorded(cron: Connection, plain_database_url: str, background: Background) -> None:
    """A job that raises is recorded as failed with the error, and what it had done is rolled back."""
    background(CronWorker(plain_database_url).run())
    await cron.execute("create table effect (n int)")
    await cron.execute("select cron.schedule('bad', '1 second', 'insert into effect values (1); select 1/0')")
    (run,) = await runs(cron, 1)
    assert (run["status"], run["return_message"]) == ("failed", "ERROR:  division by zero\n")
    assert await cron.fetchval("select count(*) from effect") == 0


async def test_each_run_has_its_own_session(cron: Connection, plain_database_url: str, background: Background) -> None:
    """Two runs have two backends, and run as the job's user."""
    background(CronWorker(plain_database_url).run())
    await cron.execute("create table seen (pid int, name text); grant insert on seen to service_role")
    await cron.execute(
        "select cron.schedule_in_database('who', '1 second',"
        " 'insert into seen values (pg_backend_pid(), session_user)', current_database(), 'service_role')"
    )
    await runs(cron, 2)
    seen = await cron.fetch("select * from seen limit 2")
    assert len({row["pid"] for row in seen}) == 2
    assert {row["name"] for row in seen} == {"service_role"}


async def test_missing_database_is_a_failed_run(
    cron: Connection, plain_database_url: str, background: Background
) -> None:
    """A job of a database that is not there fails and is recorded; the scheduler goes on."""
    background(CronWorker(plain_database_url).run())
    await cron.execute("select cron.schedule_in_database('lost', '1 second', 'select 1', 'no_such_database')")
    first, second = await runs(cron, 2)
    assert first["status"] == second["status"] == "failed"


async def test_unscheduled_job_stops(cron: Connection, plain_database_url: str, background: Background) -> None:
    """After unschedule the job does not run again, while another goes on."""
    background(CronWorker(plain_database_url).run())
    gone = await cron.fetchval("select cron.schedule('gone', '1 second', 'select 1')")
    await runs(cron, 1)
    await cron.execute("select cron.unschedule('gone'); select cron.schedule('stays', '1 second', 'select 2')")
    before = await cron.fetchval("select count(*) from cron.job_run_details where jobid = $1", gone)
    await runs(cron, before + 2)
    assert await cron.fetchval("select count(*) from cron.job_run_details where jobid = $1", gone) == before


async def test_inactive_job_does_not_run(cron: Connection, plain_database_url: str, background: Background) -> None:
    """A job switched off by alter_job is left alone."""
    off = await cron.fetchval("select cron.schedule('off', '1 second', 'select 1')")
    await cron.execute("select cron.alter_job($1, active := false)", off)
    await cron.execute("select cron.schedule('on', '1 second', 'select 1')")
    background(CronWorker(plain_database_url).run())
    assert off not in {run["jobid"] for run in await runs(cron, 2)}


async def test_worker_survives_the_loss_of_its_session(
    cron: Connection, plain_database_url: str, background: Background
) -> None:
    """After its session is ended the scheduler connects again and goes on; the run it lost is failed."""
    background(CronWorker(plain_database_url).run())
    await cron.execute("select cron.schedule('long', '1 second', 'select pg_sleep(600)')")

    async def running() -> bool:
        found: bool = await cron.fetchval("select exists (select from cron.job_run_details where status = 'running')")
        return found

    await until(running)
    await cron.execute("select cron.alter_job(jobid, command := 'select 1') from cron.job")
    await cron.execute(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
        " where application_name like 'pg_cron scheduler%' and datname = current_database()"
    )
    (next_run,) = await runs(cron, 1)
    assert next_run["status"] == "succeeded"
    lost = await cron.fetchrow("select status, return_message from cron.job_run_details order by runid limit 1")
    assert lost is not None
    assert tuple(lost) == ("failed", "server restarted")


async def test_stopped_worker_leaves_nothing_running(cron: Connection, plain_database_url: str) -> None:
    """When the worker is stopped the statements of its jobs are stopped too."""
    worker = asyncio.create_task(CronWorker(plain_database_url).run())
    await cron.execute("select cron.schedule('long', '1 second', 'select pg_sleep(600)')")
    sleeping = "select exists (select from pg_stat_activity where query = 'select pg_sleep(600)' and state = 'active')"

    async def is_running() -> bool:
        found: bool = await cron.fetchval(sleeping)
        return found

    async def is_over() -> bool:
        return not await is_running()

    await until(is_running)
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
    await until(is_over)


async def test_real_extension_serves_its_own_database(postgres_server: PostgresServer) -> None:
    """In the database postgres our cron stands in exactly where there is no pg_cron with its own scheduler."""
    standins = await install_standins(postgres_server.url)
    connection = await asyncpg.connect(postgres_server.url)
    try:
        there = await connection.fetchval("select exists (select from pg_available_extensions where name = 'pg_cron')")
        at_work = await connection.fetchval(
            "select exists (select from pg_stat_activity where application_name = 'pg_cron scheduler')"
        )
        assert (standins.cron, at_work) == (not there, there)
    finally:
        await connection.close()
