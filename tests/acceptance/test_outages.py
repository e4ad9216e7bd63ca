"""What `pulser dev` does while its database is away, and while a ring is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from pulser_local.slack import SlackSimulator
from tests.acceptance.line import Line
from tests.acceptance.stack import ask, emit, running, stands, until

OUTAGE = 10.0  # seconds


@pytest.fixture
async def line(plain_database_url: str) -> AsyncIterator[Line]:
    """A line to an empty database."""
    made = Line(plain_database_url)
    await made.mend()
    yield made
    await made.cut()


async def health(gateway_url: str) -> int:
    """The status that notify-dispatch's health answers."""
    address = f"{gateway_url}/functions/v1/notify-dispatch?action=health"
    async with aiohttp.ClientSession() as http, http.get(address) as response:
        return response.status


@pytest.mark.timeout(180)
async def test_ten_seconds_without_a_database_lose_nothing(
    tmp_path: Path, plain_database_url: str, line: Line, simulator: SlackSimulator
) -> None:
    """Health is red while the database refuses; an event of that time arrives when it is back, once."""
    arguments = ("--database-url", line.url, "--slack-api-url", simulator.api_url)
    async with running(tmp_path, *arguments, SLACK_BOT_TOKEN=simulator.bot_token) as dev:
        gateway = dev.ready["gateway_url"]

        async def is_red() -> bool:
            return await health(gateway) == 503

        async def is_green() -> bool:
            return await health(gateway) == 200

        begun = asyncio.get_running_loop().time()
        await line.cut()
        await until(is_red)
        event_id = await emit(plain_database_url)
        # The whole ten seconds of the issue: what is shown is that nothing gives up meanwhile.
        await asyncio.sleep(OUTAGE - (asyncio.get_running_loop().time() - begun))
        assert not await stands(simulator.url, event_id)
        await line.mend()
        await until(lambda: stands(simulator.url, event_id), limit=90)
        await until(is_green)
        await dev.end()
    posts = [call for call in simulator.calls if call.method == "chat.postMessage"]
    assert len(posts) == 1


@pytest.mark.timeout(180)
async def test_lost_ring_is_made_good_by_the_sweep(
    tmp_path: Path, plain_database_url: str, line: Line, simulator: SlackSimulator
) -> None:
    """pg_net's queue is emptied, as a crash empties it: the event arrives all the same."""
    arguments = ("--database-url", line.url, "--slack-api-url", simulator.api_url)
    async with running(tmp_path, *arguments, SLACK_BOT_TOKEN=simulator.bot_token):
        await line.cut()
        event_id = await emit(plain_database_url)
        lost = await ask(
            plain_database_url,
            "with lost as (delete from net.http_request_queue returning 1) select count(*) from lost",
        )
        await line.mend()
        await until(lambda: stands(simulator.url, event_id), limit=90)
    assert lost == "1"
