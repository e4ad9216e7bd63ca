"""/rest/v1/rpc/<function>, as PostgREST 13 serves it; tests/platform compares the two.

Known differences: POST with JSON only, no choice of the answer's form, no guess at what was meant, and a new function
is there at once (PostgREST's cache needs a second).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import asyncpg
from aiohttp import web

from pulser_local.database_session import Connection
from pulser_local.gateway import refusals
from pulser_local.gateway.api_key import ApiKeys
from pulser_local.gateway.body import Body, check_content_type, read_body
from pulser_local.gateway.exposure import Exposure
from pulser_local.gateway.signature import FIND_SIGNATURES, Signature, choose, signature_of_row

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
    """Calls functions of the exposed schemas as the role that the key stands for, each in a transaction of its own."""

    def __init__(self, database_url: str, keys: ApiKeys, exposure: Exposure) -> None:
        self._url = database_url
        self._keys = keys
        self._exposure = exposure
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
            raise refusals.wrong_method(request.method)
        schema = request.headers.get("Content-Profile", self._exposure.schemas[0])
        if schema not in self._exposure.schemas:
            raise refusals.wrong_schema(schema, self._exposure.schemas)
        function = request.match_info["function"]
        check_content_type(request.headers.get("Content-Type", ""), schema, function)
        body = read_body(await request.read())
        try:
            async with self._connection() as connection, connection.transaction():
                signature = await _find(connection, schema, function, body.names)
                await _become(connection, request, role)
                result = await connection.fetchval(*self._statement(signature, schema, function, body))
        except asyncpg.PostgresError as error:
            raise _of_postgres(error, role) from error
        except (OSError, asyncpg.InterfaceError) as error:  # it went away under the call
            raise refusals.no_database() from error
        if signature.returns_void:
            return web.Response(status=204)
        return web.Response(text=result, content_type="application/json", charset="utf-8")

    def _statement(self, signature: Signature, schema: str, function: str, body: Body) -> tuple[str, ...]:
        """The statement and, where it has one, its value."""
        text = signature.statement(schema, function, body.names, max_rows=self._exposure.max_rows)
        value = body.text if signature.takes_whole_body else body.named_text
        return (text, value) if "$1" in text else (text,)

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


async def _find(connection: Connection, schema: str, function: str, names: tuple[str, ...]) -> Signature:
    rows = await connection.fetch(FIND_SIGNATURES, schema, function)
    if not rows and await connection.fetchval("select to_regnamespace($1) is null", schema):
        raise refusals.no_database()  # an exposed schema that is not there yet takes the whole Data API down
    return choose(schema, function, names, among=[signature_of_row(dict(row)) for row in rows])


async def _become(connection: Connection, request: web.Request, role: str) -> None:
    headers = json.dumps({name.lower(): value for name, value in request.headers.items()})
    await connection.execute(BECOME, role, STATEMENT_TIMEOUT, request.method, request.path, headers)


def _of_postgres(error: asyncpg.PostgresError, role: str) -> refusals.Refusal:
    code = error.sqlstate or "XX000"
    return refusals.postgrest(
        refusals.status_of(code, role=role),
        code,
        str(error.args[0]) if error.args else "",
        details=getattr(error, "detail", None),
        hint=getattr(error, "hint", None),
    )
