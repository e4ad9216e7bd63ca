"""/rest/v1/rpc/<function>, as PostgREST serves it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import NoReturn, cast

import asyncpg
from aiohttp import web

from pulser_local.database_session import Connection
from pulser_local.gateway import refusals
from pulser_local.gateway.api_key import ApiKeys
from pulser_local.gateway.signature import FIND_SIGNATURES, choose, signature_of_row

SCHEMA = "ops"  # the one exposed schema
POOL_SIZE = 15
POOL_LIMIT_S = 10.0  # PostgREST's db-pool-acquisition-timeout
STATEMENT_TIMEOUT = "8s"  # of Supabase's role authenticator

# One statement, so that a request costs one round trip before its own. The role's own timeout comes first.
BECOME = """
select
    set_config('statement_timeout', coalesce((
        select split_part(setting, '=', 2)
        from pg_roles, unnest(rolconfig) as setting
        where rolname = $1 and setting like 'statement_timeout=%'
    ), $2), true),
    set_config('request.jwt.claims', json_build_object('role', $1::text)::text, true),
    set_config('request.method', $3, true),
    set_config('request.path', $4, true),
    set_config('request.headers', $5, true),
    set_config('role', $1, true)
"""


class Rpc:
    """Calls functions of the schema ops as the role that the key stands for, each in a transaction of its own."""

    def __init__(self, database_url: str, keys: ApiKeys) -> None:
        self._url = database_url
        self._keys = keys
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def open(self) -> None:
        """Make the pool; the database itself may come later."""
        self._pool = await asyncpg.create_pool(
            self._url,
            min_size=0,
            max_size=POOL_SIZE,
            statement_cache_size=0,  # a migration under a running gateway must not make cached plans fail
            server_settings={"application_name": "postgrest (pulser stand-in)"},
        )

    async def close(self) -> None:
        """End the connections."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.terminate()  # whoever still waits has been answered or is gone

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request. Raises Refusal."""
        apikey = request.headers.get("apikey") or request.query.get("apikey")
        role = self._keys.role(apikey, request.headers.get("Authorization"))
        if request.method != "POST":
            raise refusals.wrong_method()
        schema = request.headers.get("Content-Profile", "public")
        if schema != SCHEMA:
            raise refusals.wrong_schema(schema, SCHEMA)
        body = _read_body(await request.read())
        try:
            async with self._connection() as connection:
                result = await _call(connection, request, role, body=body)
        except asyncpg.PostgresError as error:
            raise _of_postgres(error, role) from error
        except (OSError, asyncpg.InterfaceError) as error:  # it went away under the call
            raise refusals.no_database() from error
        if result is None:
            return web.Response(status=204)
        return web.Response(text=result, content_type="application/json", charset="utf-8")

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        if self._pool is None:
            raise refusals.no_database()
        try:
            connection = await self._pool.acquire(timeout=POOL_LIMIT_S)
        except TimeoutError as error:
            raise refusals.pool_exhausted() from error
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise refusals.no_database() from error
        try:
            yield cast("Connection", connection)
        finally:
            await self._pool.release(connection)


@dataclass(frozen=True, slots=True)
class Body:
    """A body that is JSON: its text, and the names in it when it is an object."""

    text: str
    names: tuple[str, ...] | None


def _read_body(raw: bytes) -> Body:
    if not raw:
        return Body("{}", ())
    try:
        text = raw.decode()
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise refusals.bad_json() from error
    return Body(text, tuple(value) if isinstance(value, dict) else None)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")  # Python would take NaN and Infinity


async def _call(connection: Connection, request: web.Request, role: str, *, body: Body) -> str | None:
    function = request.match_info["function"]
    async with connection.transaction():
        rows = await connection.fetch(FIND_SIGNATURES, SCHEMA, function)
        signature = choose(SCHEMA, function, body.names, among=[signature_of_row(dict(row)) for row in rows])
        headers = json.dumps({name.lower(): value for name, value in request.headers.items()})
        await connection.execute(BECOME, role, STATEMENT_TIMEOUT, request.method, request.path, headers)
        statement = signature.statement(SCHEMA, function, body.names or ())
        values = [body.text] if "$1" in statement else []
        result: str = await connection.fetchval(statement, *values)
    return None if signature.returns_void else result


def _of_postgres(error: asyncpg.PostgresError, role: str) -> refusals.Refusal:
    code = error.sqlstate or "XX000"
    return refusals.postgrest(
        refusals.status_of(code, role=role),
        code,
        str(error.args[0]) if error.args else "",
        details=getattr(error, "detail", None),
        hint=getattr(error, "hint", None),
    )
