"""The way to the database: one method, two transports. Python holds no SQL, it calls functions of the schema ops."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, TypeAlias
from urllib.parse import urlsplit

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from pulser.database_rules import CALL_TIMEOUT, identifier, no_answer, of_code, unfit
from pulser.settings import Settings

JsonValue = Any  # what json.loads gives
Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"

_TRANSACTION_POOLER_PORT = 6543


class Database(Protocol):
    """Calls named SQL functions."""

    async def call(self, function: str, arguments: Mapping[str, JsonValue] | None = None) -> JsonValue:
        """The result of ops.<function>(named arguments). Arguments and result are JSON values.

        Raises DatabaseUnavailable when it may succeed later (DatabaseBehind: once the migrations are applied),
        DatabaseRefused with the SQLSTATE otherwise.
        """

    async def close(self) -> None:
        """Give the connections back. The object can be used again."""


def connect(settings: Settings) -> Database:
    """The transport that the environment asks for. Opens nothing yet."""
    if settings.supabase_db_url is not None:
        return DirectDatabase(settings.supabase_db_url.get_secret_value())
    # The client costs 13 MB and a fifth of the start, and a function with SUPABASE_DB_URL has no use for it.
    from pulser.database_rest import RestDatabase  # noqa: PLC0415  imported where it is chosen

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
        statement = _statement(function, tuple(arguments))
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
                    reset=_leave,
                    # pg_net leaves a callback behind in each backend that posts: no connection lives for ever.
                    max_inactive_connection_lifetime=60,
                    max_queries=5_000,
                    statement_cache_size=0 if self._pooled else 100,
                    server_settings={"application_name": "pulser"},
                )
            return self._pool


@functools.cache
def _statement(function: str, names: tuple[str, ...]) -> str:
    """The names are checked, the values will be bound. There are as many as our code has calls."""
    named = ", ".join(f"{identifier(name)} => ${at}" for at, name in enumerate(names, start=1))
    return f"select ops.{identifier(function)}({named})"


async def _leave(_: asyncpg.Connection[asyncpg.Record]) -> None:
    """Nothing has to be undone between two calls, and asking for it costs a trip to the database for each.

    Functions of the schema ops leave nothing in a session: what they set is local, their locks are the transaction's.
    """


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


@contextmanager
def _translated() -> Iterator[None]:
    """The driver's errors as ours. Their texts may quote arguments, so only codes and messages of the server pass."""
    try:
        yield
    except asyncpg.PostgresError as error:
        # Not its str: that adds the detail, which quotes rows.
        raise of_code(error.sqlstate or "XX000", str(error.args[0])) from error
    except asyncpg.DataError as error:
        raise unfit(error) from error
    except (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        # InternalClientError: asyncpg met a connection that the server had ended while it was idle.
        raise no_answer(error) from error
    except (TypeError, ValueError) as error:
        raise unfit(error) from error
