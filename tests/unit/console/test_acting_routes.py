"""The routes by which the page acts in the workspace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from pulser_local.console import Console
from pulser_local.console.hands import Deed, Line
from pulser_local.console.people import People, PeopleWatch
from pulser_local.console.watch import Events
from pulser_local.slack import SlackSimulator
from tests.unit.console.fake_hands import ALICE, BOB, FakeHands
from tests.unit.console.fake_ledger import FakeLedger

PRESS = {"user_id": ALICE.id, "channel_id": "C1", "ts": "1.0", "action_id": "pulser_acknowledge"}


@pytest.fixture
def hands() -> FakeHands:
    return FakeHands()


@pytest.fixture
def ledger() -> FakeLedger:
    return FakeLedger()


@pytest.fixture
async def client(hands: FakeHands, ledger: FakeLedger) -> AsyncIterator[aiohttp.ClientSession]:
    console = Console(simulator=SlackSimulator(rate_limit=False), ledger=ledger, hands=hands)
    await console.start(0)
    async with aiohttp.ClientSession(console.url) as session:
        yield session
    await console.stop()


async def send(client: aiohttp.ClientSession, path: str, body: object) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.status == 200
    told: dict[str, Any] = await answer.json()
    return told


async def test_press_tells_the_outcome(client: aiohttp.ClientSession, hands: FakeHands) -> None:
    """A press answers with what became of it, in milliseconds."""
    told = await send(client, "/console/press", PRESS)
    assert hands.done == [("press", "pulser_acknowledge", ALICE.id)]
    assert (told["outcome"], told["acked_after_ms"], told["line"]["listening"]) == ("acked", 42, True)


async def test_press_tells_what_he_sees_now(client: aiohttp.ClientSession, hands: FakeHands) -> None:
    """The answer carries the person's ephemeral messages and modals, and nobody else's."""
    hands.whisper(ALICE.id, "C1", "too late")
    hands.whisper(BOB.id, "C1", "for bob")
    hands.open(ALICE.id, {"title": "Deploy"})
    told = (await send(client, "/console/press", PRESS))["private"]
    assert [each["text"] for each in told["ephemerals"]] == ["too late"]
    assert [each["id"] for each in told["modals"]] == ["V1"]


async def test_press_outlives_its_page(client: aiohttp.ClientSession, hands: FakeHands) -> None:
    """Who leaves the page while Slack waits for the app has pressed all the same."""
    hands.hold.clear()
    async with asyncio.timeout(10):
        page = asyncio.ensure_future(client.post("/console/press", json=PRESS))
        await hands.begun.wait()
        page.cancel()
        await client.get("/console/workspace")  # the server has seen it leave
        hands.hold.set()
        await hands.ended.wait()


async def test_text_with_a_slash_is_a_command(client: aiohttp.ClientSession, hands: FakeHands) -> None:
    """What begins with a slash goes to the app; anything else is a message."""
    place = {"user_id": ALICE.id, "channel_id": "C1"}
    await send(client, "/console/say", {**place, "text": "/pulser status"})
    await send(client, "/console/say", {**place, "text": "hello"})
    assert hands.done == [("command", "/pulser status", ALICE.id), ("say", "hello", ALICE.id)]


async def test_field_errors_come_from_the_ack(client: aiohttp.ClientSession, hands: FakeHands) -> None:
    """An ack with response_action errors gives each field its text."""
    hands.open(ALICE.id, {})
    hands.deed = Deed("acked", "e", 0.1, {"response_action": "errors", "errors": {"version": "Say which version."}})
    told = await send(client, "/console/views/submit", {"user_id": ALICE.id, "view_id": "V1", "values": {}})
    assert told["errors"] == {"version": "Say which version."}


async def test_other_acks_are_no_errors() -> None:
    """An ack that changes the view has no field errors, whatever else it holds."""
    assert Deed("acked", ack_payload={"response_action": "update", "errors": {"a": "b"}}).field_errors == {}


async def test_closing_what_is_not_open_is_said(client: aiohttp.ClientSession) -> None:
    """A deed that makes no sense any more is a conflict, in words."""
    answer = await client.post("/console/views/close", json={"user_id": ALICE.id, "view_id": "V1"})
    assert (answer.status, (await answer.json())["message"]) == (409, "This modal is not open.")


async def test_dismissed_message_stays_away(client: aiohttp.ClientSession, hands: FakeHands) -> None:
    """What was dismissed is gone for this person, also after a reload."""
    ts = hands.whisper(ALICE.id, "C1", "too late")
    await send(client, "/console/dismiss", {"user_id": ALICE.id, "channel_id": "C1", "ts": ts})
    people = (await (await client.get("/console/workspace")).json())["people"]
    assert [each["ephemerals"] for each in people["private"]] == [[], []]


async def test_workspace_names_people_and_line(client: aiohttp.ClientSession) -> None:
    """The page learns who can act and over how many sockets pulser listens."""
    people = (await (await client.get("/console/workspace")).json())["people"]
    assert [each["real_name"] for each in people["users"]] == ["Alice", "Bob"]
    assert people["line"] == {"transport": "socket", "sockets": 2, "listening": True}


@pytest.mark.parametrize("path", ["press", "say", "views/submit", "views/close", "dismiss"])
async def test_acting_needs_json(client: aiohttp.ClientSession, hands: FakeHands, path: str) -> None:
    """A form of another site cannot act for anybody."""
    answer = await client.post(f"/console/{path}", data="user_id=U1")
    assert (answer.status, hands.done) == (415, [])


@pytest.mark.parametrize("body", [{**PRESS, "ts": 1}, {**PRESS, "more": 1}, {"user_id": "U1"}, [], "text"])
async def test_unusable_order_is_refused(client: aiohttp.ClientSession, hands: FakeHands, body: object) -> None:
    """A body of another shape is the caller's fault, and nothing is done."""
    answer = await client.post("/console/press", json=body)
    assert (answer.status, hands.done) == (400, [])


async def test_without_hands_nothing_is_done() -> None:
    """A console over a foreign Slack cannot act, and says so."""
    console = Console(simulator=None, ledger=None)
    await console.start(0)
    async with aiohttp.ClientSession(console.url) as session:
        answer = await session.post("/console/press", json=PRESS)
        people = (await (await session.get("/console/workspace")).json())["people"]
    await console.stop()
    assert (answer.status, people) == (503, None)


async def test_watch_tells_private_changes_of_each(hands: FakeHands) -> None:
    """A late answer reaches the page without being asked for, for the person it is for."""
    watch, queue = PeopleWatch(People(hands), poll_seconds=0.01), Events()
    async with watch.subscribe(queue), asyncio.timeout(10):
        assert [(await queue.get())[0] for _ in range(4)] == ["line", "line", "private", "private"]
        hands.whisper(BOB.id, "C1", "late")
        kind, told = await queue.get()
    assert isinstance(told, dict)
    assert (kind, told["user_id"], told["ephemerals"][0]["text"]) == ("private", BOB.id, "late")


async def test_watch_tells_when_pulser_goes(hands: FakeHands) -> None:
    """The page hears when the last socket closes."""
    watch, queue = PeopleWatch(People(hands), poll_seconds=0.01), Events()
    async with watch.subscribe(queue), asyncio.timeout(10):
        for _ in range(4):
            await queue.get()
        hands.now = Line("socket", 0)
        told = await queue.get()
    assert told == ("line", {"transport": "socket", "sockets": 0, "listening": False})


async def test_envelopes_come_from_the_ledger(client: aiohttp.ClientSession, ledger: FakeLedger) -> None:
    """Envelopes are listed by status, the newest first."""
    ledger.add_envelope(status="completed")
    failed = ledger.add_envelope(status="failed")
    told = await (await client.get("/console/envelopes?status=failed")).json()
    assert [row["envelope_id"] for row in told["envelopes"]] == [failed]


async def test_unknown_envelope_status_is_refused(client: aiohttp.ClientSession, ledger: FakeLedger) -> None:
    """A status that no envelope has never reaches the database."""
    answer = await client.get("/console/envelopes?status=sent")
    assert (answer.status, ledger.calls) == (400, [])


async def test_envelope_story_is_the_ledgers(client: aiohttp.ClientSession, ledger: FakeLedger) -> None:
    """An envelope's story is the ledger's answer, unchanged; an unknown one is not found."""
    envelope_id = ledger.add_envelope(payload={"type": "block_actions"})
    story = await (await client.get(f"/console/envelopes/T1/{envelope_id}")).json()
    assert story["seen"] is None
    unknown = await client.get("/console/envelopes/T1/nothing")
    assert (story["envelope"]["payload"], unknown.status) == ({"type": "block_actions"}, 404)


async def test_envelope_story_tells_what_slack_saw(client: aiohttp.ClientSession, ledger: FakeLedger) -> None:
    """Of an envelope that the workspace itself sent, the story knows when Slack had its ack."""
    envelope_id = ledger.add_envelope(envelope_id="envelope-1")
    story = await (await client.get(f"/console/envelopes/T1/{envelope_id}")).json()
    assert (story["seen"]["outcome"], story["seen"]["acked_after_ms"]) == ("acked", 42)


async def test_services_show_nothing_of_their_hooks(client: aiohttp.ClientSession, ledger: FakeLedger) -> None:
    """The page learns names and environments for its completion, and no more."""
    ledger.services = [{"service": "api", "environments": ["production"], "can_deploy": True, "approvers": ["U1"]}]
    told = await (await client.get("/console/services")).json()
    assert told == {"services": [{"service": "api", "environments": ["production"], "can_deploy": True}]}
