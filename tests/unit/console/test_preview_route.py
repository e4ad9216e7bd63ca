"""POST /console/preview: the message of an event that nobody has written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from pulser_local.console import Console
from tests.unit.console.fake_ledger import FakeLedger


@pytest.fixture
def ledger() -> FakeLedger:
    made = FakeLedger()
    made.routes = [
        {"name": "broken", "position": 0, "channel": "no channel"},
        {"name": "default", "position": 9, "channel": "#general", "is_default": True},
    ]
    return made


@pytest.fixture
async def client(ledger: FakeLedger) -> AsyncIterator[aiohttp.ClientSession]:
    console = Console(simulator=None, ledger=ledger)
    await console.start(0)
    async with aiohttp.ClientSession(console.url) as session:
        yield session
    await console.stop()


async def asked(client: aiohttp.ClientSession, **body: Any) -> tuple[int, dict[str, Any]]:  # noqa: ANN401  # any JSON
    answer = await client.post("/console/preview", json=body)
    return answer.status, await answer.json()


async def test_the_message_is_as_it_would_be_posted(client: aiohttp.ClientSession) -> None:
    """By the routes of the database; one that is broken is left out, as notify-dispatch does."""
    status, answer = await asked(client, event_type=" ci.failed ", payload={"service": "api"})
    assert (status, answer["event_type"], answer["severity"]) == (200, "ci.failed", "error")
    [message] = answer["messages"]
    assert message["channels"] == [{"channel": "#general", "route": "default", "mention": None}]
    assert message["blocks"][0]["text"]["text"].endswith("CI failed: api")


@pytest.mark.parametrize("payload", [None, 5, "text", [1], {"title": {"a": 1}}])
async def test_any_json_is_a_payload(client: aiohttp.ClientSession, payload: object) -> None:
    """As in the table."""
    status, answer = await asked(client, event_type="ci.failed", payload=payload)
    assert (status, len(answer["messages"])) == (200, 1)


@pytest.mark.parametrize("body", [{}, {"event_type": " "}, {"event_type": "x" * 301}, {"event_type": "a", "more": 1}])
async def test_what_is_no_event_is_refused(client: aiohttp.ClientSession, body: dict[str, Any]) -> None:
    """With a sentence that names what is wrong."""
    status, answer = await asked(client, **body)
    assert (status, answer["error"]) == (400, "invalid_body")


async def test_a_ledger_that_is_away_is_503(client: aiohttp.ClientSession, ledger: FakeLedger) -> None:
    """It has the routes."""
    ledger.down = True
    status, answer = await asked(client, event_type="ci.failed")
    assert (status, answer["error"]) == (503, "ledger_unavailable")
