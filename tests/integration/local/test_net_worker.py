from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from pulser_local.database_session import OUTAGES, connected
from pulser_local.net_worker import NetWorker
from pulser_local.postgres import PostgresServer
from pulser_local.standins import install_standins
from tests.fixtures.postgres import Connect, Connection
from tests.integration.local.receiver import Receiver, until

Background = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]


@pytest.fixture
async def net(database_url: str, connection: Connection, background: Background) -> Connection:
    """A connection to a database that a NetWorker serves at its normal pace."""
    background(NetWorker(database_url).run())
    await connection.execute("select net.wait_until_running()")
    return connection


async def post(connection: Connection, url: str, *, timeout_ms: int = 5000) -> int:
    request_id: int = await connection.fetchval(
        "select net.http_post(url := $1, timeout_milliseconds := $2)", url, timeout_ms
    )
    return request_id


async def response(connection: Connection, request_id: int) -> asyncpg.Record:
    async def there() -> bool:
        found: bool = await connection.fetchval(
            "select exists (select from net._http_response where id = $1)", request_id
        )
        return found

    await until(there)
    row = await connection.fetchrow("select * from net._http_response where id = $1", request_id)
    assert row is not None
    return row


async def test_request_is_sent_after_commit(net: Connection, receiver: Receiver) -> None:
    """A committed http_post reaches the server with its body, headers and parameters."""
    await net.execute(
        """select net.http_post($1, '{"a": 1}', '{"q": "ä b"}', '{"apikey": "k"}')""", f"{receiver.url}/answer/200"
    )
    (request,) = await receiver.wait_for(1)
    assert (request.method, json.loads(request.body), request.query) == ("POST", {"a": 1}, {"q": "ä b"})
    assert {"apikey": "k", "Content-Type": "application/json", "User-Agent": "pg_net/0.20.4"}.items() <= (
        request.headers.items()
    )


async def test_rolled_back_transaction_sends_nothing(net: Connection, receiver: Receiver) -> None:
    """Of a rolled back and a committed transaction only the second reaches the server."""
    rollback = net.transaction()
    await rollback.start()
    await post(net, f"{receiver.url}/rolled-back")
    await rollback.rollback()
    request_id = await post(net, f"{receiver.url}/committed")
    await response(net, request_id)
    assert [request.path for request in receiver.received] == ["/committed"]


async def test_nothing_is_sent_before_commit(net: Connection, receiver: Receiver, connect: Connect) -> None:
    """While its transaction is open a request waits, though the worker serves another one."""
    async with connect() as other, net.transaction():
        await post(net, f"{receiver.url}/open")
        await response(other, await post(other, f"{receiver.url}/other"))
        assert [request.path for request in receiver.received] == ["/other"]
    await receiver.wait_for(2)


async def test_error_status_is_a_normal_response(net: Connection, receiver: Receiver) -> None:
    """HTTP 500 is recorded with its status, type, headers and content, and no error."""
    row = await response(net, await post(net, f"{receiver.url}/answer/500"))
    assert (row["status_code"], row["error_msg"], row["timed_out"]) == (500, None, False)
    assert json.loads(row["content"]) == {"path": "/answer/500"}
    assert json.loads(row["headers"])["X-Own"] == "yes"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://127.0.0.1:1/", "Couldn't connect to server"),
        ("http://nowhere.invalid/", "Couldn't resolve host name"),
    ],
)
async def test_network_failure_is_a_row_without_status(net: Connection, url: str, message: str) -> None:
    """What curl could not reach has no status and curl's message."""
    row = await response(net, await post(net, url))
    assert (row["status_code"], row["error_msg"], row["timed_out"]) == (None, message, False)


async def test_cut_connection_is_a_row_without_status(net: Connection, receiver: Receiver) -> None:
    """A connection that is cut after the request is an error, and the request is not repeated."""
    row = await response(net, await post(net, f"{receiver.url}/reset"))
    assert row["status_code"] is None
    assert len(receiver.received) == 1


async def test_timeout_is_said(net: Connection, receiver: Receiver) -> None:
    """A request that takes longer than its timeout is recorded as timed out."""
    row = await response(net, await post(net, f"{receiver.url}/hold", timeout_ms=100))
    assert row["timed_out"]
    assert row["error_msg"].startswith("Timeout of 100 ms reached")


async def test_slow_request_blocks_the_next_batch(net: Connection, receiver: Receiver) -> None:
    """Head of line: a request queued while a slow one runs is not sent before that has ended."""
    slow = await post(net, f"{receiver.url}/hold", timeout_ms=60_000)
    await receiver.wait_for(1)
    fast = await post(net, f"{receiver.url}/fast")
    assert await net.fetchval("select count(*) from net.http_request_queue") == 2, "the slow one is not settled"
    receiver.release.set()
    await response(net, fast)
    assert (await response(net, slow))["status_code"] == 200


async def test_fast_responses_wait_for_the_slowest_of_their_batch(
    net: Connection, receiver: Receiver, connect: Connect
) -> None:
    """Requests of one transaction are sent together, and their responses appear together."""
    async with net.transaction():
        await post(net, f"{receiver.url}/hold", timeout_ms=60_000)
        await post(net, f"{receiver.url}/fast")
    await receiver.wait_for(2)
    async with connect() as other:
        assert await other.fetchval("select count(*) from net._http_response") == 0
        receiver.release.set()
        await response(other, 1)
        assert await other.fetchval("select count(*) from net._http_response") == 2


async def test_second_batch_waits_a_second(net: Connection, receiver: Receiver) -> None:
    """A request made right after a batch is taken about a second later, not at once."""
    first = await response(net, await post(net, f"{receiver.url}/first"))
    second = await response(net, await post(net, f"{receiver.url}/second"))
    assert (second["created"] - first["created"]).total_seconds() > 0.9


async def test_batch_holds_two_hundred(net: Connection, receiver: Receiver) -> None:
    """Of 201 requests the 200 with the lowest ids are taken first."""
    await net.execute("select net.http_post(url := $1 || n) from generate_series(1, 201) as n", f"{receiver.url}/")
    await response(net, 201)
    batches = await net.fetch(
        "select count(*), max(id) as last from net._http_response group by created order by created"
    )
    assert [(row["count"], row["last"]) for row in batches] == [(200, 200), (1, 201)]


async def test_queue_is_drained_at_start(
    database_url: str, connection: Connection, receiver: Receiver, background: Background
) -> None:
    """What was queued while no worker ran is sent when one starts."""
    await post(connection, f"{receiver.url}/waiting")
    background(NetWorker(database_url).run())
    assert (await receiver.wait_for(1))[0].path == "/waiting"


async def test_stopped_worker_records_what_it_had_sent(
    database_url: str, connection: Connection, receiver: Receiver, background: Background
) -> None:
    """A request in flight when the worker is stopped is recorded as failed, and no later worker sends it again."""
    worker = asyncio.create_task(NetWorker(database_url).run())
    request_id = await post(connection, f"{receiver.url}/hold")
    await receiver.wait_for(1)
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
    assert "stopped" in (await response(connection, request_id))["error_msg"]
    background(NetWorker(database_url).run())
    await response(connection, await post(connection, f"{receiver.url}/later"))
    assert [request.path for request in receiver.received] == ["/hold", "/later"]


async def test_stopped_worker_ends_where_it_cannot_record(
    database_url: str, connection: Connection, receiver: Receiver
) -> None:
    """The database is lost while a request is in flight, and then the worker is stopped: it ends all the same."""
    worker = asyncio.create_task(NetWorker(database_url).run())
    await post(connection, f"{receiver.url}/hold")
    await receiver.wait_for(1)
    lost = await connection.fetchval(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity"
        " where application_name like 'pg_net%' and datname = current_database()"
    )
    worker.cancel()
    done, _ = await asyncio.wait({worker}, timeout=20)
    assert (lost, done) == (1, {worker})


async def test_lost_connection_does_not_send_twice(net: Connection, receiver: Receiver) -> None:
    """When the worker's session is ended in the middle of a batch it reconnects and does not repeat the request."""
    request_id = await post(net, f"{receiver.url}/hold")
    await receiver.wait_for(1)
    await net.execute(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
        " where application_name like 'pg_net%' and datname = current_database()"
    )
    receiver.release.set()
    assert "lost the database" in (await response(net, request_id))["error_msg"]
    await response(net, await post(net, f"{receiver.url}/later"))
    assert [request.path for request in receiver.received] == ["/hold", "/later"]


async def test_worker_waits_for_its_tables(plain_database_url: str, receiver: Receiver, background: Background) -> None:
    """A worker started before the schema exists serves it as soon as it does."""
    background(NetWorker(plain_database_url).run())
    await install_standins(plain_database_url)
    plain = await asyncpg.connect(plain_database_url)
    try:
        await post(plain, f"{receiver.url}/answer/200")
        assert await receiver.wait_for(1)
    finally:
        await plain.close()


async def test_second_worker_stands_by(
    net: Connection, database_url: str, receiver: Receiver, background: Background
) -> None:
    """Two workers on one database send a request once."""
    background(NetWorker(database_url).run())
    await response(net, await post(net, f"{receiver.url}/once"))
    assert len(receiver.received) == 1


async def test_old_responses_expire(net: Connection, receiver: Receiver) -> None:
    """A response older than six hours is gone after the next batch."""
    await net.execute("insert into net._http_response (id, created) values (-1, now() - interval '6 hours 1 second')")
    await response(net, await post(net, f"{receiver.url}/answer/200"))

    async def is_gone() -> bool:
        return bool(await net.fetchval("select count(*) = 0 from net._http_response where id = -1"))

    await until(is_gone)


async def test_worker_survives_a_crash_of_the_server(
    tmp_path: Path, receiver: Receiver, background: Background
) -> None:
    """After a crash restart, which empties queue and responses, the worker serves again."""
    async with await PostgresServer.start(tmp_path / "db") as server:
        await install_standins(server.url)
        background(NetWorker(server.url).run())
        async with connected(server.url, name="before") as before:
            await before.execute("select net.wait_until_running()")
            os.kill(before.get_server_pid(), signal.SIGKILL)

        async def is_back() -> bool:
            try:
                async with connected(server.url, name="after") as after:
                    await post(after, f"{receiver.url}/after")
            except OUTAGES:
                return False
            return True

        await until(is_back)
        assert (await receiver.wait_for(1))[0].path == "/after"
