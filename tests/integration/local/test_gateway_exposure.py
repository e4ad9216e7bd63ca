"""Through the gateway nothing of the schema ops is reached but its functions, and these by the service role alone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from pulser_local.gateway import Gateway
from pulser_local.gateway.token import signed_token
from tests.fixtures.postgres import Connection
from tests.integration.local.exposure import Caller, of_each_function, of_each_table, with_key

KEY, ANON, SECRET = "sb_secret_sesame", "sb_publishable_guest", "a-secret-of-the-project-of-32-bytes"
LEGACY, LEGACY_ANON, USER = (signed_token(role, SECRET) for role in ("service_role", "anon", "authenticated"))
SERVICE = {"secret key": with_key(KEY), "legacy service key": with_key(LEGACY), "both": with_key(LEGACY, LEGACY)}
OUTSIDERS = {
    "publishable key": with_key(ANON),
    "legacy anon key": with_key(LEGACY_ANON, LEGACY_ANON),
    "a user": with_key(ANON, USER),
    "a user by legacy key": with_key(LEGACY_ANON, USER),
}


@pytest.fixture
async def url(database_url: str) -> AsyncIterator[str]:
    gateway = Gateway(database_url, key=KEY, anon_key=ANON, jwt_secret=SECRET, functions={})
    await gateway.start()
    yield gateway.url
    await gateway.stop()


@pytest.mark.parametrize("who", [*SERVICE, *OUTSIDERS])
async def test_no_table_can_be_read_or_written(url: str, connection: Connection, who: str) -> None:
    """With any key of either kind."""
    caller = Caller(url, (SERVICE | OUTSIDERS)[who])
    for ask in (caller.read, caller.write):
        assert set((await of_each_table(connection, ask)).values()) == {(404, None)}


@pytest.mark.parametrize("who", OUTSIDERS)
async def test_an_outsider_can_call_nothing(url: str, connection: Connection, who: str) -> None:
    """The anonymous role is told to authenticate, a user that it is forbidden."""
    answers = await of_each_function(connection, Caller(url, OUTSIDERS[who]))
    assert set(answers.values()) == {(403 if "user" in who else 401, "42501")}


@pytest.mark.parametrize("who", SERVICE)
async def test_both_kinds_of_service_key_call(url: str, who: str) -> None:
    """A secret key and a legacy one, in `apikey` alone or in both headers."""
    assert await Caller(url, SERVICE[who]).call("routes_v1", []) == (200, None)
