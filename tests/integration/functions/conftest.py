"""A function as it is deployed: its main.py under the functions framework, in an environment of the test's own."""

from __future__ import annotations

import gc
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import functions_framework
import httpx
import pytest
import structlog

from pulser.settings import Settings
from pulser_local.functions import FunctionSource, find_functions
from pulser_local.slack import SlackSimulator
from tests.fixtures.postgres import Call

KEY = "function-key-sentinel-4711"
FUNCTIONS = find_functions(Path(__file__).parents[3] / "functions")


@dataclass(frozen=True, slots=True)
class Deployed:
    """A function that is served, in this process."""

    name: str
    http: httpx.AsyncClient

    async def ring(self, *, wait: bool = False, headers: dict[str, str] | None = None) -> httpx.Response:
        """POST as the database does; without headers, with the right key."""
        return await self.http.post("/", params={"wait": "1"} if wait else None, headers=headers or {"apikey": KEY})

    async def health(self) -> httpx.Response:
        """GET ?action=health"""
        return await self.http.get("/", params={"action": "health"})


@pytest.fixture(params=FUNCTIONS, ids=lambda it: it.name)
def source(request: pytest.FixtureRequest) -> FunctionSource:
    """Each function of the repository in turn."""
    found = request.param
    assert isinstance(found, FunctionSource)
    return found


@pytest.fixture
def environment(
    monkeypatch: pytest.MonkeyPatch, database_url: str, simulator_unlimited: SlackSimulator
) -> pytest.MonkeyPatch:
    """The environment of a function: the test's database and the simulated Slack, nothing of the machine's own."""
    for name in (*Settings.model_fields, "http_proxy", "https_proxy"):
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SUPABASE_DB_URL", database_url)
    monkeypatch.setenv("SLACK_API_URL", simulator_unlimited.api_url)
    monkeypatch.setattr(sys, "path", [*sys.path])  # the framework adds the function's folder
    return monkeypatch


@pytest.fixture
async def secrets_in_vault(call: Call, simulator_unlimited: SlackSimulator) -> None:
    """The secrets that a function needs."""
    await call("store_secret_v1", name="slack_bot_token", value=simulator_unlimited.bot_token)
    await call("store_secret_v1", name="slack_app_token", value=simulator_unlimited.app_token)
    await call("store_secret_v1", name="pulser_function_key", value=KEY)


@asynccontextmanager
async def serving(source: FunctionSource) -> AsyncIterator[Deployed]:
    """Load main.py as the framework does, and serve it until the block ends."""
    logs = structlog.get_config()
    app = functions_framework.create_app(source.target, str(source.main))  # type: ignore[no-untyped-call]  # it has no types
    main: ModuleType = sys.modules.pop("main")
    try:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://function", timeout=60) as http:
            yield Deployed(source.name, http)
    finally:
        if main.service.cache_info().currsize:
            await main.service().close()
        structlog.configure(**logs)
        gc.unfreeze()  # a process of tests is no function's: what is here now does not live as long as it


@pytest.fixture
async def function(
    source: FunctionSource, environment: pytest.MonkeyPatch, secrets_in_vault: None
) -> AsyncIterator[Deployed]:
    """Each function, served, with all that it needs."""
    assert environment
    assert secrets_in_vault is None
    async with serving(source) as served:
        yield served


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port on which nobody listens and nobody can, as long as the test runs."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
async def cut_off(source: FunctionSource, environment: pytest.MonkeyPatch, closed_port: int) -> AsyncIterator[Deployed]:
    """Each function, served, with a database that is not there."""
    environment.setenv(
        "SUPABASE_DB_URL", f"postgresql://postgres:password-sentinel-0815@127.0.0.1:{closed_port}/postgres"
    )
    async with serving(source) as served:
        yield served
