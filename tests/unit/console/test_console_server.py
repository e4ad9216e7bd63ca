"""The console's JSON, its stream and its headers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest

from pulser_local.console import Console
from pulser_local.console.ledger import LedgerWatch
from pulser_local.console.watch import Events
from pulser_local.slack import Content, SlackSimulator
from tests.unit.console.fake_ledger import FakeLedger

SOME_ID = "6f1c2c0e-7f0a-4d0c-9a53-2d8f7a1b0c11"


@pytest.fixture
def slack() -> SlackSimulator:
    return SlackSimulator(rate_limit=False)


@pytest.fixture
def ledger() -> FakeLedger:
    return FakeLedger()


@pytest.fixture
async def client(slack: SlackSimulator, ledger: FakeLedger) -> AsyncIterator[aiohttp.ClientSession]:
    console = Console(simulator=slack, ledger=ledger)
    await console.start(0)
    async with aiohttp.ClientSession(console.url) as session:
        yield session
    await console.stop()


def post(slack: SlackSimulator, text: str, channel: str = "ops-ci") -> str:
    found = slack.workspace.find(channel)
    assert found
    return slack.workspace.post(found.id, Content(text)).ts


def channel_id(slack: SlackSimulator, name: str = "ops-ci") -> str:
    found = slack.workspace.find(name)
    assert found
    return found.id


async def test_workspace_counts_what_is_unread(client: aiohttp.ClientSession, slack: SlackSimulator) -> None:
    """A channel tells how many messages are unread and what the last one says."""
    post(slack, "first")
    post(slack, "second")
    answer = await (await client.get("/console/workspace")).json()
    [channel] = [each for each in answer["channels"] if each["name"] == "ops-ci"]
    assert (channel["unread"], channel["last_text"]) == (2, "second")


async def test_read_messages_are_not_unread(client: aiohttp.ClientSession, slack: SlackSimulator) -> None:
    """What the page reports as read no longer counts, for any page."""
    ts = post(slack, "first")
    await client.post("/console/read", json={"channel_id": channel_id(slack), "ts": ts})
    post(slack, "second")
    answer = await (await client.get("/console/workspace")).json()
    assert [each["unread"] for each in answer["channels"] if each["name"] == "ops-ci"] == [1]


async def test_reading_needs_json(client: aiohttp.ClientSession) -> None:
    """A form of another site cannot mark messages as read."""
    answer = await client.post("/console/read", data="channel_id=C1&ts=1")
    assert answer.status == 415


@pytest.mark.parametrize("body", ["[1]", "{", '"text"'])
async def test_unusable_body_is_refused(client: aiohttp.ClientSession, body: str) -> None:
    """A body that is not an object is the caller's fault."""
    answer = await client.post("/console/read", data=body, headers={"Content-Type": "application/json"})
    assert answer.status == 400


async def test_history_comes_in_pages(client: aiohttp.ClientSession, slack: SlackSimulator) -> None:
    """The workspace holds a channel's last 200 messages; the earlier ones are asked for."""
    first, *_ = [post(slack, f"message {number}") for number in range(230)]
    page = (await (await client.get("/console/workspace")).json())["messages"][channel_id(slack)]
    before = page["messages"][0]["ts"]
    earlier = await (await client.get(f"/console/channels/{channel_id(slack)}/messages?before={before}")).json()
    assert (len(page["messages"]), page["has_earlier"]) == (200, True)
    assert (len(earlier["messages"]), earlier["messages"][0]["ts"], earlier["has_earlier"]) == (30, first, False)


async def test_story_comes_from_the_ledger(client: aiohttp.ClientSession, ledger: FakeLedger) -> None:
    """A delivery's story is the ledger's answer, unchanged."""
    delivery_id = ledger.add(payload={"service": "api"})
    answer = await client.get(f"/console/stories/{delivery_id}")
    assert (await answer.json())["event"]["payload"] == {"service": "api"}


async def test_unknown_story_is_404(client: aiohttp.ClientSession) -> None:
    """An id the ledger does not know is not found."""
    answer = await client.get(f"/console/stories/{SOME_ID}")
    assert (answer.status, (await answer.json())["error"]) == (404, "delivery_not_found")


async def test_story_of_no_id_is_400(client: aiohttp.ClientSession, ledger: FakeLedger) -> None:
    """What is not a UUID never reaches the database."""
    answer = await client.get("/console/stories/latest")
    assert (answer.status, ledger.calls) == (400, [])


async def test_deliveries_are_filtered_by_status(client: aiohttp.ClientSession, ledger: FakeLedger) -> None:
    """The filter is the ledger's own."""
    ledger.add()
    dead = ledger.add(status="dead", reason="is_archived")
    answer = await (await client.get("/console/deliveries?status=dead")).json()
    assert [row["delivery_id"] for row in answer["deliveries"]] == [dead]


@pytest.mark.parametrize("path", ["/console/deliveries", f"/console/stories/{SOME_ID}"])
async def test_ledger_down_is_503(client: aiohttp.ClientSession, ledger: FakeLedger, path: str) -> None:
    """A database that is away is said in words, with 503."""
    ledger.down = True
    answer = await client.get(path)
    assert (answer.status, (await answer.json())["error"]) == (503, "ledger_unavailable")


async def test_page_allows_only_its_own_origin(client: aiohttp.ClientSession) -> None:
    """The page forbids scripts, pictures and frames of anyone else."""
    answer = await client.get("/archives/C123/p1700000000000100")
    assert answer.status == 200
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self';")


async def test_slack_api_is_served_beside(client: aiohttp.ClientSession, slack: SlackSimulator) -> None:
    """The simulator's Web API answers under /api/."""
    token = {"Authorization": f"Bearer {slack.bot_token}"}
    answer = await client.post("/api/auth.test", headers=token)
    assert (await answer.json())["ok"] is True


async def events(answer: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, object]]:
    """The events of a stream, without the pings and what is about people."""
    kind = ""
    async for line in answer.content:
        name, _, value = line.decode().strip().partition(": ")
        if name == "event":
            kind = value
        elif name == "data" and kind not in ("ping", "line", "private"):
            yield kind, json.loads(value)


async def test_stream_tells_messages(client: aiohttp.ClientSession, slack: SlackSimulator) -> None:
    """A message is on the stream the moment it is posted, after the hello."""
    async with client.get("/console/stream") as answer, asyncio.timeout(10):
        stream = events(answer)
        assert await anext(stream) == ("hello", {})
        ts = post(slack, "live")
        kind, message = await anext(stream)
    assert isinstance(message, dict)
    assert (kind, message["ts"], message["channel_id"]) == ("message", ts, channel_id(slack))


async def test_stream_tells_changed_deliveries_only(client: aiohttp.ClientSession, ledger: FakeLedger) -> None:
    """After the first look, the stream carries the deliveries that changed."""
    changing = ledger.add(status="queued")
    ledger.add()
    async with client.get("/console/stream") as answer, asyncio.timeout(10):
        stream = events(answer)
        await anext(stream)
        await anext(stream)
        ledger.change(changing, status="sent")
        kind, rows = await anext(stream)
    assert isinstance(rows, list)
    assert (kind, [row["delivery_id"] for row in rows]) == ("deliveries", [changing])


async def test_ledger_is_polled_only_while_somebody_looks(ledger: FakeLedger) -> None:
    """Without a connected page, the ledger is left alone."""
    watch = LedgerWatch(ledger, poll_seconds=0.01)
    queue = Events()
    ledger.add()
    async with watch.subscribe(queue):
        await asyncio.wait_for(queue.get(), 10)
    assert asyncio.all_tasks() == {asyncio.current_task()}  # nobody is left to ask


async def test_watch_tells_when_the_ledger_goes_and_comes(ledger: FakeLedger) -> None:
    """Trouble is told once, and its end too."""
    watch = LedgerWatch(ledger, poll_seconds=0.01)
    queue = Events()
    ledger.down = True
    async with watch.subscribe(queue):
        gone = await asyncio.wait_for(queue.get(), 10)
        ledger.down = False
        back = await asyncio.wait_for(queue.get(), 10)
    assert gone == ("ledger", {"ok": False, "message": "the database does not answer: ConnectionRefusedError"})
    assert back == ("ledger", {"ok": True, "message": None})


async def test_stop_ends_open_streams(slack: SlackSimulator) -> None:
    """Stopping does not wait for the pages that are open."""
    console = Console(simulator=slack, ledger=None)
    await console.start(0)
    async with aiohttp.ClientSession(console.url) as session, session.get("/console/stream") as answer:
        await asyncio.wait_for(console.stop(), 5)
        async with asyncio.timeout(5):
            rest = await answer.read()
    assert rest.startswith(b"event: hello")


async def test_port_that_is_taken_is_refused(slack: SlackSimulator) -> None:
    """A second console on the same port fails to start and leaves nothing open."""
    console, second = Console(simulator=slack, ledger=None), Console(simulator=slack, ledger=None)
    await console.start(0)
    port = int(console.url.rsplit(":", 1)[1])
    with pytest.raises(OSError, match="address already in use"):
        await second.start(port)
    await console.stop()
