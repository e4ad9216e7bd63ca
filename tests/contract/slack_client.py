"""What the tests of SlackApi share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from pulser.errors import SlackError
from pulser.slack import REQUEST_TIMEOUT, SlackApi
from pulser.vault import Vault
from pulser_local.slack import SlackSimulator
from tests.unit.shared.fake_database import FakeDatabase

METADATA = {"event_type": "pulser_delivery", "event_payload": {"delivery_id": "d-1", "event_id": "e-1"}}
POST: dict[str, Any] = {"channel": "#ops-ci", "text": "hello", "metadata": METADATA}


@asynccontextmanager
async def client(url: str, database: FakeDatabase, *, patience: float = REQUEST_TIMEOUT) -> AsyncIterator[SlackApi]:
    """A SlackApi of its own."""
    made = SlackApi(Vault(database), url, timeout=patience)
    try:
        yield made
    finally:
        await made.close()


def messages(simulator: SlackSimulator, channel: str = "ops-ci") -> list[str]:
    """The texts that stand in a channel."""
    found = simulator.workspace.find(channel)
    assert found is not None
    return [it.text for it in simulator.workspace.history(found.id)]


async def refusal(slack_api: SlackApi) -> SlackError:
    """The error of a post that must fail."""
    with pytest.raises(SlackError) as caught:
        await slack_api.call("chat.postMessage", **POST)
    return caught.value
