"""The way to the database by the Data API. Imported where it is chosen: the client brings much that is not used."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx
from supabase import AsyncClient, AsyncClientOptions, PostgrestAPIError, acreate_client

from pulser.database import JsonValue
from pulser.database_rules import (
    CALL_TIMEOUT,
    NOT_IN_THE_CACHE,
    TRANSIENT_STATUSES,
    identifier,
    no_answer,
    of_code,
    unfit,
)
from pulser.errors import DatabaseUnavailable

# PostgREST learns of a new function a moment after its migration. Until then it says so, and nothing has run.
_CACHE_WAITS = (0.2, 0.8)  # seconds before each further try


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
        named = {identifier(name): value for name, value in (arguments or {}).items()}
        identifier(function)
        with _translated():
            client = await self._open()
            for wait in _CACHE_WAITS:
                try:
                    return (await client.schema("ops").rpc(function, named).execute()).data
                except PostgrestAPIError as error:
                    if error.code != NOT_IN_THE_CACHE:
                        raise
                await asyncio.sleep(wait)
            return (await client.schema("ops").rpc(function, named).execute()).data

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
    if response.status_code in TRANSIENT_STATUSES and b'"code"' not in await response.aread():
        raise DatabaseUnavailable(f"the way to the database is broken: HTTP {response.status_code}")


@contextmanager
def _translated() -> Iterator[None]:
    """The client's errors as ours. Their texts may quote arguments, so only codes and messages of the server pass."""
    try:
        yield
    except PostgrestAPIError as error:
        raise of_code(str(error.code or "401"), error.message or "no message") from error
    except (OSError, TimeoutError, httpx.TransportError) as error:
        raise no_answer(error) from error
    except (TypeError, ValueError) as error:
        raise unfit(error) from error
