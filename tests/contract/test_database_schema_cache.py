"""PostgREST's cache of the schema is a moment behind a migration: the transport waits for it, and not for ever."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from pulser.database_rest import RestDatabase
from pulser.errors import DatabaseBehind
from tests.contract.fake_slack import Odd, answering

UNKNOWN = {
    "code": "PGRST202",
    "message": "Could not find the function ops.routes_v2 without parameters in the schema cache",
    "details": None,
    "hint": None,
}


def behind(answers: int) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A Data API that knows the function after that many answers."""
    given = 0

    async def answer(_request: web.Request) -> web.StreamResponse:
        nonlocal given
        given += 1
        return web.json_response(UNKNOWN, status=404) if given <= answers else web.json_response([])

    return answer


async def result_of(odd: Odd) -> object:
    database = RestDatabase(odd.url.removesuffix("/api/"), "key")
    try:
        return await database.call("routes_v2")
    finally:
        await database.close()


@pytest.mark.parametrize("answers", [1, 2])
async def test_a_function_that_is_not_yet_known_is_called_again(answers: int) -> None:
    """Nothing has run, so nothing runs twice."""
    async with answering(behind(answers)) as odd:
        assert await result_of(odd) == []
        assert len(odd.requests) == answers + 1


async def test_a_function_that_stays_unknown_means_that_the_database_is_behind() -> None:
    """Its migration has not been applied."""
    async with answering(behind(1000)) as odd:
        with pytest.raises(DatabaseBehind, match=r"PGRST202.*ops\.routes_v2"):
            await result_of(odd)
        assert len(odd.requests) == 3


async def test_a_function_that_is_known_is_called_once() -> None:
    """Also when it says something that is not the cache's."""
    async with answering(behind(0)) as odd:
        assert await result_of(odd) == []
        assert len(odd.requests) == 1
