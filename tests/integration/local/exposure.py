"""What a caller of the Data API can reach in the schema ops, asked over HTTP with a key."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession

from tests.fixtures.postgres import Connection

TABLES = """
select relname from pg_class
where relnamespace = 'ops'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f') order by relname
"""
# Each function with a null for each of its parameters.
FUNCTIONS = """
select proname, array(
    select coalesce(proargnames[at], '') from generate_series(1, pronargs) at
) as parameters
from pg_proc where pronamespace = 'ops'::regnamespace and prokind = 'f' and prorettype <> 'trigger'::regtype
order by proname
"""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with these headers at a project's URL."""

    url: str
    headers: Mapping[str, str]

    async def read(self, table: str) -> tuple[int, str | None]:
        """Status and error code of a look at a table."""
        return await self._ask("GET", table, {"Accept-Profile": "ops"}, None)

    async def write(self, table: str) -> tuple[int, str | None]:
        """Status and error code of a new row."""
        return await self._ask("POST", table, {"Content-Profile": "ops"}, {})

    async def call(self, function: str, parameters: list[str]) -> tuple[int, str | None]:
        """Status and error code of a call."""
        nulls = dict.fromkeys(parameters)
        return await self._ask("POST", f"rpc/{function}", {"Content-Profile": "ops"}, nulls)

    async def _ask(self, method: str, path: str, headers: dict[str, str], body: Any) -> tuple[int, str | None]:  # noqa: ANN401  JSON
        sent = {**self.headers, **headers}
        async with (
            ClientSession() as session,
            session.request(method, f"{self.url}/rest/v1/{path}", headers=sent, json=body) as answer,
        ):
            said = await answer.json() if answer.status >= 300 else {}
            return answer.status, said.get("code")


def with_key(key: str, token: str = "") -> dict[str, str]:
    """A key of either kind alone, or with a token that decides the role."""
    return {"apikey": key} | ({"Authorization": f"Bearer {token}"} if token else {})


async def of_each_table(connection: Connection, ask: Any) -> dict[str, tuple[int, str | None]]:  # noqa: ANN401  a method of Caller
    """The answer for each table of the schema."""
    tables = [row["relname"] for row in await connection.fetch(TABLES)]
    assert tables
    return dict(zip(tables, await asyncio.gather(*(ask(table) for table in tables)), strict=True))


async def of_each_function(connection: Connection, caller: Caller) -> dict[str, tuple[int, str | None]]:
    """The answer for each function of the schema."""
    rows = await connection.fetch(FUNCTIONS)
    assert rows
    return {row["proname"]: await caller.call(row["proname"], row["parameters"]) for row in rows}
