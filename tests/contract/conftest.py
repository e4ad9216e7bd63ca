"""SlackApi in front of the simulated Slack, with a Vault that holds its token."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator

import pytest

from pulser.slack import SlackApi
from pulser_local.slack import SlackSimulator
from tests.contract.slack_client import client
from tests.unit.shared.fake_database import FakeDatabase


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack's SDK would send even a call to this machine through a proxy of the environment."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


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
