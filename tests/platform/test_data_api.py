"""The real PostgREST: our gateway answers as it does, and it shows no more of the schema ops than it must."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientSession

from pulser.database_rest import RestDatabase
from pulser_local.gateway import Gateway
from tests.fixtures.postgres import Connection
from tests.fixtures.postgrest import DataApi, real_data_api
from tests.integration.local.exposure import Caller, of_each_function, of_each_table, with_key
from tests.integration.local.test_gateway_rpc import FUNCTIONS

pytestmark = pytest.mark.platform

# By function the bodies that it is called with.
RESULTS: dict[str, list[Any]] = {
    "add": [{"a": 1, "b": 2}, {"a": 1}, {"a": None}, [{"a": 1}], [{"a": 1}, {"a": 2}]],
    "nothing": [{}, b"", b"null", b"7", []],
    "numbers": [{"upto": upto} for upto in (0, 3, 1000, 1500)],
    "rows": [{}],
    "one": [{}],
    "echo": [{"value": value} for value in ({"b": [1, None], "ü": "☃"}, None, "text", 7, [1, 2], False)],
    "whole": [{"anything": 1}, [{"a": 1}, {"a": 2}]],
    "who": [{}],
}
REFUSALS: dict[str, list[Any]] = {
    "add": [
        *({"a": value} for value in ("x", 2**31, 1.5, True)),
        *({"b": 1}, {"a": 1, "c": 1}, [], [1], [{"a": 1}, {"b": 1}]),
        *(b"{", b"\xff", b'{"a": NaN}', b"", b"null", b"7", b'"a"'),
    ],
    "echo": [{"value": "a\x00b"}, {"value": "a\ud800b"}],
    "nowhere": [{}],
    "write_then_fail": [{}],
    "secret": [{}],
    "nothing": [{"x": 1}],
    "twice": [{"a": 1}],
    "whole": [[1, 2]],
}
# Not 54xxx and 42P17, whose status PostgREST 13 has otherwise than this one, nor 40001, with which it would not end.
SQLSTATES = [
    *(
        "08006",
        "0L000",
        "0P000",
        "21000",
        "22023",
        "22P02",
        "23503",
        "23505",
        "23514",
        "25000",
        "25006",
        "28000",
        "2F002",
    ),
    *(
        "40P01",
        "42501",
        "42883",
        "42P01",
        "53100",
        "53300",
        "55P03",
        "57014",
        "57P01",
        "58030",
        "F0000",
        "HV000",
        "P0001",
    ),
    *("P0002", "PT409", "PT418", "PT429", "PT503", "XX000"),
]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    content_type: str | None
    body: Any


@dataclass(frozen=True, slots=True)
class Two:
    """The real one and ours, in front of one database and with the same keys."""

    real: DataApi
    ours: str

    async def ask(self, function: str, body: Any, **headers: str) -> tuple[Answer, Answer]:  # noqa: ANN401  JSON
        """What each says to the same request."""
        sent = {"apikey": self.real.key, "Content-Profile": "ops", "Content-Type": "application/json"} | headers
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with ClientSession() as session:
            real, ours = [
                await _answer(session, f"{url}/rest/v1/rpc/{function}", raw, sent) for url in (self.real.url, self.ours)
            ]
        return real, ours

    async def differences(self, calls: dict[str, list[Any]], **headers: str) -> list[object]:
        """The calls that they answer otherwise, each with both answers."""
        each = [(function, body) for function, bodies in calls.items() for body in bodies]
        asked = [(call, await self.ask(*call, **headers)) for call in each]
        return [(call, real, ours) for call, (real, ours) in asked if real != ours]


async def _answer(session: ClientSession, url: str, raw: bytes, headers: dict[str, str]) -> Answer:
    async with session.post(url, data=raw, headers=headers) as answer:
        text = await answer.text()
        body: Any = json.loads(text) if text else None
        if answer.status >= 300 and body["code"] == "PGRST202":
            del body["hint"]  # "Perhaps you meant …": a guess that ours does not make
        return Answer(answer.status, answer.headers.get("Content-Type") if text else None, body)


@pytest.fixture
async def real(database_url: str) -> AsyncIterator[DataApi]:
    async with real_data_api(database_url) as api:
        yield api


@pytest.fixture
async def two(database_url: str, connection: Connection) -> AsyncIterator[Two]:
    """In front of a database with functions of each kind."""
    await connection.execute(FUNCTIONS)
    async with real_data_api(database_url) as api:
        gateway = Gateway(database_url, key=api.key, anon_key=api.anon_key, jwt_secret=api.jwt_secret, functions={})
        await gateway.start()
        yield Two(api, gateway.url)
        await gateway.stop()


async def test_results_are_the_same(two: Two) -> None:
    """Scalars, objects, sets and their limit, nothing; with the arguments in every form that is taken."""
    assert await two.differences(RESULTS) == []


async def test_refusals_are_the_same(two: Two) -> None:
    """Status, code, message, details and hint."""
    assert await two.differences(REFUSALS) == []


async def test_sql_errors_are_the_same(two: Two) -> None:
    """Whatever SQLSTATE a function raises, by the service role and by anybody."""
    calls: dict[str, list[Any]] = {"fail": [{"state": state} for state in SQLSTATES], "secret": [{}]}
    assert await two.differences(calls) == []
    assert await two.differences(calls, apikey=two.real.anon_key) == []


async def test_keys_make_the_same_role(two: Two) -> None:
    """A token that ours signs or takes is one for PostgREST: its secret, its claims."""
    for role in ("service_role", "anon", "authenticated"):
        real, ours = await two.ask("who", {}, Authorization=f"Bearer {two.real.token(role)}")
        assert real == ours
        assert real.status == 403 if role == "authenticated" else real.body["user"] == role


async def test_a_body_that_is_no_json_is_the_same(two: Two) -> None:
    """A function that takes bytes or text is looked for, and there is none."""
    for kind in ("text/plain", "text/xml", "application/octet-stream"):
        real, ours = await two.ask("add", {"a": 1}, **{"Content-Type": kind})
        assert real == ours


async def test_a_schema_that_is_not_exposed_is_refused_alike(two: Two) -> None:
    """Which schemas are, 13 says in the hint and this version in the message."""
    real, ours = await two.ask("add", {"a": 1}, **{"Content-Profile": "net"})
    assert (real.status, real.body["code"]) == (ours.status, ours.body["code"]) == (406, "PGRST106")
    real, ours = await two.ask("add", {"a": 1}, **{"Content-Profile": "public"})
    assert real == ours


async def test_a_new_function_is_unknown_until_the_cache_is_loaded(real: DataApi, connection: Connection) -> None:
    """PGRST202 right after a migration passes: the transport waits for it, as long as it takes here."""
    await connection.execute("create function ops.test_new() returns int language sql as 'select 7'")
    caller = Caller(real.url, with_key(real.key))
    assert await caller.call("test_new", []) == (404, "PGRST202")
    database = RestDatabase(real.url, real.key)
    waiting = asyncio.create_task(database.call("test_new"))
    await connection.execute("notify pgrst, 'reload schema'")  # on a hosted project an event trigger does this
    assert await waiting == 7
    await database.close()


async def test_no_table_of_pulsers_own_can_be_read_or_written(real: DataApi, connection: Connection) -> None:
    """With the service role's key of either kind: only the platform's two are readable, and events can be appended."""
    for key in (real.key, real.token("service_role")):
        caller = Caller(real.url, with_key(key))
        read, written = [await of_each_table(connection, ask) for ask in (caller.read, caller.write)]
        assert [it for it, answer in read.items() if answer != (403, "42501")] == ["platform_events", "slack_envelopes"]
        assert written.pop("metrics") == (500, "55000")  # a view that nothing can be written through, whoever asks
        assert [it for it, answer in written.items() if answer != (403, "42501")] == ["platform_events"]


async def test_an_outsider_reaches_nothing(real: DataApi, connection: Connection) -> None:
    """Neither a table nor a function, with an anonymous key of either kind or as a user."""
    anonymous = [with_key(real.anon_key), with_key(real.token("anon"))]
    user = with_key(real.anon_key, real.token("authenticated"))
    for headers, answer in [*((it, (401, "42501")) for it in anonymous), (user, (403, "42501"))]:
        caller = Caller(real.url, headers)
        for ask in (caller.read, caller.write):
            assert set((await of_each_table(connection, ask)).values()) == {answer}
        assert set((await of_each_function(connection, caller)).values()) == {answer}
