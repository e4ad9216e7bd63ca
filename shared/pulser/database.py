"""The way to the database: one method, two transports. Python holds no SQL, it calls functions of the schema ops."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, TypeAlias
from urllib.parse import urlsplit

import asyncpg
import httpx
from asyncpg.pool import PoolConnectionProxy
from postgrest import APIError
from supabase import AsyncClient, AsyncClientOptions, acreate_client

from pulser.errors import DatabaseRefused, DatabaseUnavailable
from pulser.settings import Settings

JsonValue = Any  # what json.loads gives
Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"

_TRANSACTION_POOLER_PORT = 6543
CALL_TIMEOUT = 10.0  # seconds; PostgREST's own limit for a statement is 8
# Classes of SQLSTATE after which the same call may succeed: connection, resources, operator, serialization.
_TRANSIENT_CLASSES = ("08", "53", "57", "40")
# PostgREST's own words for: no connection, schema cache not loaded, pool timeout.
# 25006 is a read-only server, which a failover leaves behind for a moment; 55P03 a lock that was not had in time.
_TRANSIENT_CODES = frozenset({"25006", "55P03", "PGRST000", "PGRST001", "PGRST002", "PGRST003"})
# Statuses of what stands before PostgREST: a rate limit, and a way to the database that is broken (52x: Cloudflare).
# The client makes codes of them where the body is no JSON.
_TRANSIENT_STATUSES = frozenset({429, 502, 503, 504, *range(520, 531)})


class Database(Protocol):
    """Calls named SQL functions."""

    async def call(self, function: str, arguments: Mapping[str, JsonValue] | None = None) -> JsonValue:
        """The result of ops.<function>(named arguments). Arguments and result are JSON values.

        Raises DatabaseUnavailable when it may succeed later, DatabaseRefused with the SQLSTATE otherwise.
        """

    async def close(self) -> None:
        """Give the connections back. The object can be used again."""


def connect(settings: Settings) -> Database:
    """The transport that the environment asks for. Opens nothing yet."""
    if settings.supabase_db_url is not None:
        return DirectDatabase(settings.supabase_db_url.get_secret_value())
    return RestDatabase(str(settings.supabase_url), str(settings.key))


class DirectDatabase:
    """A pool of connections by asyncpg (SUPABASE_DB_URL).

    Behind a pooler in transaction mode (Supabase's listens on port 6543) each transaction may meet another backend: no
    statement is kept, and preparing and running one happen in one transaction.
    """

    def __init__(self, dsn: str, *, max_size: int = 5, pooled: bool | None = None) -> None:
        self._dsn = dsn
        self._max_size = max_size
        self._pooled = _is_pooler(dsn) if pooled is None else pooled
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._opening = asyncio.Lock()

    async def call(self, function: str, arguments: Mapping[str, JsonValue] | None = None) -> JsonValue:
        """See Database.call."""
        arguments = arguments or {}
        named = ", ".join(f"{_identifier(name)} => ${at}" for at, name in enumerate(arguments, start=1))
        statement = f"select ops.{_identifier(function)}({named})"  # the names are checked, the values are bound
        with _translated():
            pool = await self._open()
            connection = await pool.acquire(timeout=CALL_TIMEOUT)
            try:
                return await self._fetch(connection, statement, list(arguments.values()))
            except (TimeoutError, asyncio.CancelledError):
                # A server that stalls must not hold up who gave it up: asyncpg would wait for its word.
                connection.terminate()
                raise
            finally:
                await pool.release(connection, timeout=1)

    async def _fetch(self, connection: Connection, statement: str, values: list[JsonValue]) -> JsonValue:
        if not self._pooled:
            return await connection.fetchval(statement, *values, timeout=CALL_TIMEOUT)
        transaction = connection.transaction()
        await transaction.start()
        try:
            result = await connection.fetchval(statement, *values, timeout=CALL_TIMEOUT)
        except (asyncpg.PostgresError, asyncpg.InterfaceError):
            await transaction.rollback()
            raise
        await transaction.commit()
        return result

    async def close(self) -> None:
        """See Database.close."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()

    async def _open(self) -> asyncpg.Pool[asyncpg.Record]:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._dsn,
                    min_size=0,
                    max_size=self._max_size,
                    timeout=5,
                    init=_speak_json,
                    # pg_net leaves a callback behind in each backend that posts: no connection lives for ever.
                    max_inactive_connection_lifetime=60,
                    max_queries=5_000,
                    statement_cache_size=0 if self._pooled else 100,
                    server_settings={"application_name": "pulser"},
                )
            return self._pool


async def _speak_json(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Makes a direct connection take and give what the Data API does: JSON values, ids and times as text."""
    async with connection.transaction():
        await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
        for name in ("uuid", "timestamptz"):
            await connection.set_type_codec(name, schema="pg_catalog", encoder=str, decoder=str)


def _is_pooler(dsn: str) -> bool:
    try:
        return urlsplit(dsn).port == _TRANSACTION_POOLER_PORT
    except ValueError:  # a port that is none, or several hosts
        return False


def _identifier(name: str) -> str:
    if not name.isidentifier() or not name.isascii():
        raise ValueError(f"not a name of a SQL function or argument: {name!r}")
    return name


class RestDatabase:
    """PostgREST's RPC by the supabase client (SUPABASE_URL and a key), in the schema ops."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url.rstrip("/")
        self._key = key
        self._client: AsyncClient | None = None
        self._http: httpx.AsyncClient | None = None
        self._opening = asyncio.Lock()

    async def call(self, function: str, arguments: Mapping[str, JsonValue] | None = None) -> JsonValue:
        """See Database.call."""
        named = {_identifier(name): value for name, value in (arguments or {}).items()}
        _identifier(function)
        with _translated():
            client = await self._open()
            response = await client.schema("ops").rpc(function, named).execute()
            return response.data

    async def close(self) -> None:
        """See Database.close."""
        http, self._http, self._client = self._http, None, None
        if http is not None:
            await http.aclose()

    async def _open(self) -> AsyncClient:
        async with self._opening:
            if self._client is None:
                self._http = httpx.AsyncClient(timeout=CALL_TIMEOUT, event_hooks={"response": [_require_postgrest]})
                options = AsyncClientOptions(httpx_client=self._http, auto_refresh_token=False, persist_session=False)
                self._client = await acreate_client(self._url, self._key, options)
            return self._client


async def _require_postgrest(response: httpx.Response) -> None:
    """What a proxy says for itself has no code, and the client would not tell its status."""
    if response.status_code in _TRANSIENT_STATUSES and b'"code"' not in await response.aread():
        raise DatabaseUnavailable(f"the way to the database is broken: HTTP {response.status_code}")


@contextmanager
def _translated() -> Iterator[None]:
    """Both drivers' errors as ours. Their texts may quote arguments, so only codes and messages of the server pass."""
    try:
        yield
    except asyncpg.PostgresError as error:
        # Not its str: that adds the detail, which quotes rows.
        raise _of_code(error.sqlstate or "XX000", str(error.args[0])) from error
    except APIError as error:
        raise _of_code(str(error.code or "401"), error.message or "no message") from error
    except asyncpg.DataError as error:
        raise _unfit(error) from error
    except (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError, httpx.TransportError) as error:
        # InternalClientError: asyncpg met a connection that the server had ended while it was idle.
        raise DatabaseUnavailable(f"the database does not answer: {type(error).__name__}") from error
    except (TypeError, ValueError) as error:
        raise _unfit(error) from error


def _unfit(error: Exception) -> DatabaseRefused:
    return DatabaseRefused("22023", f"an argument has the wrong type: {type(error).__name__}")


def _of_code(code: str, message: str) -> DatabaseUnavailable | DatabaseRefused:
    if code in _TRANSIENT_CODES | {str(it) for it in _TRANSIENT_STATUSES} or (
        len(code) == 5 and code.startswith(_TRANSIENT_CLASSES)
    ):
        return DatabaseUnavailable(f"the database cannot serve us now: {code}: {message}")
    return DatabaseRefused(code, message)
