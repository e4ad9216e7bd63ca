"""The keys of a Supabase project, old and new, in the hands of the transport, over HTTP."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from pulser.database_rest import RestDatabase
from pulser.errors import DatabaseRefused
from pulser.settings import Settings
from pulser_local.gateway import Gateway
from pulser_local.gateway.token import signed_token
from tests.fixtures.postgrest import ASKED_FOR, DataApi, real_data_api


@pytest.fixture(params=("gateway", *(("postgrest",) if ASKED_FOR else ())))
async def project(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[DataApi]:
    """A project that has keys of both kinds side by side."""
    async with AsyncExitStack() as parts:
        if request.param == "postgrest":
            yield await parts.enter_async_context(real_data_api(database_url))
            return
        key, anon, secret = (secrets.token_hex(20) for _ in range(3))
        gateway = Gateway(
            database_url, key=f"sb_secret_{key}", anon_key=f"sb_publishable_{anon}", jwt_secret=secret, functions={}
        )
        await gateway.start()
        parts.push_async_callback(gateway.stop)
        yield DataApi(gateway.url, f"sb_secret_{key}", f"sb_publishable_{anon}", secret)


async def routes_by(project: DataApi, key: str) -> str:
    """What becomes of a call with this key."""
    database = RestDatabase(project.url, key)
    try:
        await database.call("routes_v1")
    except DatabaseRefused as refusal:
        return refusal.code
    else:
        return "served"
    finally:
        await database.close()


async def test_a_service_key_of_either_kind_is_served(project: DataApi) -> None:
    """A secret key, which is no token, and a legacy one, which is."""
    assert [await routes_by(project, key) for key in (project.key, project.token("service_role"))] == ["served"] * 2


async def test_an_anonymous_key_of_either_kind_may_do_nothing(project: DataApi) -> None:
    """It is known, and has no right."""
    assert [await routes_by(project, key) for key in (project.anon_key, project.token("anon"))] == ["42501"] * 2


async def test_a_foreign_key_of_either_kind_is_refused(project: DataApi) -> None:
    """One that another project has, by its text or by its signature."""
    foreign = ("sb_secret_of_another", signed_token("service_role", "the secret of quite another project"))
    assert [await routes_by(project, key) for key in foreign] == ["401"] * 2


@pytest.mark.parametrize("kind", ["new", "legacy"])
async def test_the_environment_of_either_kind_is_enough(
    project: DataApi, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Supabase gives a function SUPABASE_SECRET_KEYS, or SUPABASE_SERVICE_ROLE_KEY where there are no new ones."""
    monkeypatch.delenv("SUPABASE_DB_URL", raising=False)
    monkeypatch.setenv("SUPABASE_URL", project.url)
    if kind == "new":
        monkeypatch.setenv("SUPABASE_SECRET_KEYS", f'{{"default": "{project.key}"}}')
    monkeypatch.setenv("SUPABASE_SERVICE_ROLE_KEY", project.token("service_role"))
    key = Settings().key
    assert key == (project.key if kind == "new" else project.token("service_role"))
    assert await routes_by(project, key) == "served"
