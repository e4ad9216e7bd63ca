"""SlackApi in front of the simulated Slack, and the two transports to the test's database."""

from __future__ import annotations

import gc
import secrets
import socket
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pulser.database import Database, DirectDatabase
from pulser.database_rest import RestDatabase
from pulser.slack import SlackApi
from pulser_local.gateway import Gateway
from pulser_local.slack import SlackSimulator
from tests.contract.slack_client import client
from tests.contract.transport import Transport
from tests.fixtures.postgres import Connection
from tests.fixtures.postgrest import ASKED_FOR, real_data_api
from tests.unit.shared.fake_database import FakeDatabase

FUNCTIONS = (Path(__file__).parent / "ledger_functions.sql").read_text()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack's SDK would send even a call to this machine through a proxy of the environment."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _left_by_the_sdk(request: pytest.FixtureRequest) -> Iterator[None]:
    """Slack's client drops a websocket when it is closed while it reconnects: told here, not in a later test."""
    yield
    if request.path.name.startswith(("test_slack_sdk_", "test_bolt_")):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Unclosed connection", ResourceWarning)
            gc.collect()


@pytest.fixture
def vault_database(simulator_unlimited: SlackSimulator) -> FakeDatabase:
    """A Vault with the simulator's token in it."""
    return FakeDatabase({"slack_bot_token": simulator_unlimited.bot_token})


@pytest.fixture
async def slack_api(simulator_unlimited: SlackSimulator, vault_database: FakeDatabase) -> AsyncIterator[SlackApi]:
    """What is tested, with a patience that is long enough for a busy machine."""
    async with client(simulator_unlimited.api_url, vault_database) as made:
        yield made


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port on which nobody listens and nobody can, as long as the test runs."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
async def data_api(database_url: str) -> AsyncIterator[tuple[str, str]]:
    """URL and key of a Data API in front of the test's database."""
    key = f"sb_secret_{secrets.token_hex(12)}"
    serving = Gateway(database_url, key=key, functions={})
    await serving.start(0)
    yield serving.url, key
    await serving.stop()


# `make supabase-check` asks for a real PostgREST as the third.
@pytest.fixture(params=("direct", "rest", *(("postgrest",) if ASKED_FOR else ())))
async def transport(
    request: pytest.FixtureRequest, database_url: str, data_api: tuple[str, str], connection: Connection
) -> AsyncIterator[Transport]:
    """Each transport in turn, to a database with the functions of these tests."""
    await connection.execute(FUNCTIONS)
    async with AsyncExitStack() as parts:
        if request.param == "direct":
            made = Transport("direct", DirectDatabase(database_url), urlsplit(database_url).password or "")
        elif request.param == "rest":
            made = Transport("rest", RestDatabase(*data_api), data_api[1])
        else:
            real = await parts.enter_async_context(real_data_api(database_url))
            made = Transport("postgrest", RestDatabase(real.url, real.key), real.key)
        parts.push_async_callback(made.database.close)
        yield made


@pytest.fixture
def database(transport: Transport) -> Database:
    """What is tested."""
    return transport.database
