from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession

from pulser.database_rest import RestDatabase
from pulser.errors import DatabaseUnavailable
from pulser_local.gateway import Gateway, rpc
from tests.fixtures.postgres import Connection

KEY = "service-key"
ANON = "anon-key"

FUNCTIONS = """
create function ops.add(a int, b int default 1) returns int language sql as 'select a + b';
create function ops.nothing() returns void language sql as '';
create function ops.numbers(upto int) returns setof int language sql as 'select generate_series(1, upto)';
create function ops.rows() returns table (n int, t text) language sql as $$ values (1, 'a'), (2, null) $$;
create function ops.one(out n int, out t text) language sql as $$ select 1, 'a' $$;
create function ops.echo(value jsonb) returns jsonb language sql as 'select value';
create function ops.whole(jsonb) returns jsonb language sql as 'select $1';
create function ops.who() returns jsonb language sql as $$
    select jsonb_build_object('user', current_user, 'claims', current_setting('request.jwt.claims')::jsonb,
        'apikey', current_setting('request.headers')::jsonb ->> 'apikey', 'limit', current_setting('statement_timeout'))
$$;
create function ops.twice(a int) returns int language sql as 'select a';
create function ops.twice(a text) returns text language sql as 'select a';
create function ops.fail(state text) returns void language plpgsql as $$
begin
    raise exception using errcode = state, message = 'told to fail', detail = 'why', hint = 'what to do';
end $$;
create function ops.write_then_fail() returns void language plpgsql as $$
begin
    insert into ops.gateway_test values (1);
    raise exception 'undone';
end $$;
create table ops.gateway_test (n int);
grant insert on ops.gateway_test to service_role;
create function ops.secret() returns int language sql as 'select 1';
revoke execute on function ops.secret() from public;
grant usage on schema ops to service_role, anon;
"""


class Client:
    """Speaks to the gateway's /rest/v1/rpc as a program with a key does."""

    def __init__(self, session: ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def call(self, function: str, body: object = None, **headers: str) -> tuple[int, Any]:
        """Status and JSON (None when empty); headers override the usual ones, "" leaves one out."""
        usual = {"apikey": KEY, "Content-Profile": "ops", "Content-Type": "application/json"}
        sent = {name: value for name, value in (usual | headers).items() if value}
        raw = {"data": body} if isinstance(body, bytes) else {"json": body if body is not None else {}}
        async with self._session.post(f"{self._url}/rest/v1/rpc/{function}", headers=sent, **raw) as answer:
            return answer.status, (await answer.json() if answer.status != 204 else None)


@pytest.fixture
async def gateway(database_url: str, connection: Connection) -> AsyncIterator[Gateway]:
    await connection.execute(FUNCTIONS)
    served = Gateway(database_url, key=KEY, anon_key=ANON, functions={})
    await served.start()
    yield served
    await served.stop()


@pytest.fixture
async def client(gateway: Gateway) -> AsyncIterator[Client]:
    async with ClientSession() as session:
        yield Client(session, gateway.url)


@pytest.mark.parametrize(
    ("function", "body", "expected"),
    [
        ("add", {"a": 1, "b": 2}, (200, 3)),
        ("add", {"a": 1}, (200, 2)),
        ("nothing", {}, (204, None)),
        ("nothing", b"", (204, None)),
        ("numbers", {"upto": 3}, (200, [1, 2, 3])),
        ("numbers", {"upto": 0}, (200, [])),
        ("rows", {}, (200, [{"n": 1, "t": "a"}, {"n": 2, "t": None}])),
        ("one", {}, (200, {"n": 1, "t": "a"})),
        ("echo", {"value": {"b": [1, None], "ü": "☃"}}, (200, {"b": [1, None], "ü": "☃"})),
        ("echo", {"value": None}, (200, None)),
        ("whole", {"anything": 1}, (200, {"anything": 1})),
        ("whole", [{"a": 1}, {"a": 2}], (200, [{"a": 1}, {"a": 2}])),
        ("numbers", {"upto": 1500}, (200, list(range(1, 1001)))),  # config.toml's max_rows, and no word of it
    ],
)
async def test_result_has_postgrest_shape(
    client: Client, function: str, body: object, expected: tuple[int, Any]
) -> None:
    """A scalar is bare JSON, a set an array, jsonb itself, void 204 and empty."""
    assert await client.call(function, body) == expected


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("23505", 409),
        ("23503", 409),
        ("42501", 403),
        ("P0001", 400),
        ("PT409", 409),
        ("PT418", 418),
        ("57014", 500),
        ("22023", 400),
        ("22P02", 400),
        ("40001", 500),
        ("53100", 503),
        ("XX000", 500),
    ],
)
async def test_sql_error_has_its_status(client: Client, state: str, status: int) -> None:
    """An error's SQLSTATE decides the status, and its texts are in the body."""
    body = {"code": state, "message": "told to fail", "details": "why", "hint": "what to do"}
    assert await client.call("fail", {"state": state}) == (status, body)


async def test_wrong_type_is_400(client: Client) -> None:
    """A value that does not fit its parameter's type is 400 with SQLSTATE 22P02."""
    status, body = await client.call("add", {"a": "x"})
    assert (status, body["code"]) == (400, "22P02")


@pytest.mark.parametrize("call", [("nowhere", {}), ("add", {"b": 1}), ("add", {"a": 1, "c": 1}), ("add", [])])
async def test_unknown_function_or_arguments_are_404(client: Client, call: tuple[str, Any]) -> None:
    """No function of that name and those arguments is 404 PGRST202."""
    status, body = await client.call(*call)
    assert (status, body["code"]) == (404, "PGRST202")


async def test_ambiguous_overload_is_300(client: Client) -> None:
    """Two functions with the same argument names cannot be told apart."""
    status, body = await client.call("twice", {"a": 1})
    assert (status, body["code"]) == (300, "PGRST203")


@pytest.mark.parametrize("body", [b"{", b"\xff", b'{"a": NaN}', b"[" * 100_000])
async def test_bad_json_is_400(client: Client, body: bytes) -> None:
    """A body that is not JSON is 400 PGRST102."""
    status, answer = await client.call("add", body)
    assert (status, answer["code"]) == (400, "PGRST102")


async def test_other_schemas_are_not_exposed(client: Client) -> None:
    """A Content-Profile that config.toml does not expose is 406 PGRST106, and the hint says which are."""
    status, body = await client.call("add", {"a": 1}, **{"Content-Profile": "net"})
    assert (status, body["code"]) == (406, "PGRST106")
    assert body["hint"] == "Only the following schemas are exposed: public, graphql_public, ops"


async def test_who_names_no_schema_calls_the_first(client: Client) -> None:
    """That is public, where no function of pulser is."""
    status, body = await client.call("add", {"a": 1}, **{"Content-Profile": ""})
    assert (status, body["code"]) == (404, "PGRST202")
    assert body["message"] == "Could not find the function public.add(a) in the schema cache"


async def test_a_schema_that_is_exposed_and_not_there_is_503(client: Client, connection: Connection) -> None:
    """As before the first migration: the Data API is down, which passes; it does not say that a function is missing."""
    await connection.execute("alter schema ops rename to ops_later")
    status, body = await client.call("add", {"a": 1})
    assert (status, body["code"]) == (503, "PGRST002")


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"apikey": ""}, "No API key found in request"),
        ({"apikey": "wrong"}, "Invalid API key"),
        ({"Authorization": "Bearer wrong"}, "No suitable key or wrong key type"),
    ],
)
async def test_wrong_key_is_401(client: Client, headers: dict[str, str], message: str) -> None:
    """Without the project's key nothing is called."""
    status, body = await client.call("add", {"a": 1}, **headers)
    assert (status, body["message"]) == (401, message)


async def test_call_runs_as_service_role(client: Client) -> None:
    """The function sees the role, its claims, the request's headers and the API's statement timeout."""
    status, body = await client.call("who", Authorization=f"Bearer {KEY}")
    assert status == 200
    assert body == {"user": "service_role", "claims": {"role": "service_role"}, "apikey": KEY, "limit": "8s"}


async def test_timeout_of_the_role_counts(client: Client, connection: Connection) -> None:
    """A statement that outlives the role's statement_timeout is 500 with SQLSTATE 57014."""
    await connection.execute("create function ops.slow() returns void language sql as 'select pg_sleep(60)'")
    await connection.execute("alter role anon set statement_timeout = '50ms'")
    try:
        status, body = await client.call("slow", apikey=ANON)
    finally:
        await connection.execute("alter role anon set statement_timeout = '3s'")
    assert (status, body["code"]) == (500, "57014")


async def test_anonymous_without_the_right_is_401(client: Client) -> None:
    """What service_role may not do is 403, what anon may not do is 401."""
    assert (await client.call("secret"))[0] == 403
    assert (await client.call("secret", apikey=ANON))[0] == 401


async def test_failed_call_is_rolled_back(client: Client, connection: Connection) -> None:
    """What a function wrote before it raised is not there."""
    assert (await client.call("write_then_fail"))[0] == 400
    assert await connection.fetchval("select count(*) from ops.gateway_test") == 0


async def test_new_function_is_seen_at_once(client: Client, connection: Connection) -> None:
    """A changed function is served in its new form, also to the same connection."""
    await client.call("add", {"a": 1})
    await connection.execute(
        "drop function ops.add; create function ops.add(a text) returns text language sql as 'select a'"
    )
    assert await client.call("add", {"a": "x"}) == (200, "x")


async def test_get_is_refused(gateway: Gateway) -> None:
    """GET on a function is 405 here."""
    async with (
        ClientSession(headers={"apikey": KEY}) as session,
        session.get(f"{gateway.url}/rest/v1/rpc/add?a=1") as answer,
    ):
        assert answer.status == 405


async def test_dead_database_is_503() -> None:
    """A database that cannot be reached is 503 PGRST002, and the gateway starts without it."""
    gateway = Gateway("postgresql://postgres:x@127.0.0.1:1/postgres", key=KEY, functions={})
    await gateway.start()
    try:
        async with ClientSession() as session:
            status, body = await Client(session, gateway.url).call("add", {"a": 1})
        assert (status, body["code"]) == (503, "PGRST002")
    finally:
        await gateway.stop()


async def test_a_pool_without_a_free_connection_is_504(
    client: Client, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waits too long for a connection gets PGRST003; those that have one go on."""
    await connection.execute("create function ops.slow() returns void language sql as 'select pg_sleep(60)'")
    sleepers = "from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'"
    busy = [asyncio.create_task(client.call("slow")) for _ in range(rpc.POOL_SIZE)]
    async with asyncio.timeout(30):
        while await connection.fetchval(f"select count(*) {sleepers}") < rpc.POOL_SIZE:  # noqa: ASYNC110  it has no event for it
            await asyncio.sleep(0.01)
    monkeypatch.setattr(rpc, "POOL_LIMIT_S", 0.1)
    status, body = await client.call("add", {"a": 1})
    assert (status, body["code"]) == (504, "PGRST003")
    await connection.execute(f"select pg_terminate_backend(pid) {sleepers}")
    await asyncio.gather(*busy)


async def test_gateway_survives_ended_sessions(client: Client, connection: Connection) -> None:
    """A call cut by the database is 503, and the next one is served."""
    await connection.execute("create function ops.slow() returns void language sql as 'select pg_sleep(60)'")
    call = asyncio.create_task(client.call("slow"))
    ended = False
    async with asyncio.timeout(20):
        while not ended:
            ended = bool(
                await connection.fetch(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where query like '%slow%' and state = 'active' and pid <> pg_backend_pid()"
                )
            )
    assert (await call)[0] == 503
    assert await client.call("add", {"a": 1}) == (200, 2)


async def test_rest_transport_of_the_library_works_against_it(gateway: Gateway) -> None:
    """The supabase client, in pulser's PostgREST transport, gives the same values as the direct one, null included."""
    database = RestDatabase(gateway.url, KEY)
    try:
        assert await database.call("echo", {"value": {"a": [1, None]}}) == {"a": [1, None]}
        assert await database.call("echo", {"value": None}) is None
    finally:
        await database.close()


async def test_stopped_gateway_cuts_nobody_else() -> None:
    """stop() before start(), and twice, does nothing."""
    gateway = Gateway("postgresql://127.0.0.1:1/x", key=KEY, functions={})
    await gateway.stop()
    await gateway.start()
    await gateway.stop()
    await gateway.stop()
    database = RestDatabase(gateway.url, KEY)
    with pytest.raises(DatabaseUnavailable):
        await database.call("add", {"a": 1})
    await database.close()


async def test_taken_port_is_an_error() -> None:
    """A second gateway on a taken port raises OSError and leaves nothing open."""
    first, second = (Gateway("postgresql://127.0.0.1:1/x", key=KEY, functions={}) for _ in range(2))
    await first.start()
    try:
        with pytest.raises(OSError, match="address already in use"):
            await second.start(int(first.url.rpartition(":")[2]))
    finally:
        await first.stop()
