"""The way to the handlers, when they are well and when they are not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import structlog
from aiohttp import web

from pulser.vault import Vault
from socket_relay.forward import UNREACHABLE, Forwarder, Handled
from socket_relay.pace import Pace
from tests.unit.shared.fake_database import FakeDatabase
from tests.unit.socket_relay_io.ledger import click

Respond = Callable[[], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Gateway:
    """Answers as told, the last answer for ever; notes what it was asked."""

    url: str = ""
    answers: list[Respond] = field(default_factory=list)
    asked: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        self.asked.append((request.path, request.headers["apikey"], await request.json()))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await answer()


def says(status: int, body: dict[str, Any] | None = None) -> Respond:
    """An answer with this status."""

    async def respond() -> web.StreamResponse:
        return web.json_response(body or {}, status=status)

    return respond


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    """The functions' gateway on a free port."""
    served = Gateway()
    app = web.Application()
    app.router.add_post("/{tail:.*}", served.serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    served.url = f"http://127.0.0.1:{runner.addresses[0][1]}/functions/v1"
    yield served
    await runner.cleanup()


@pytest.fixture
def database(gateway: Gateway) -> FakeDatabase:
    """A Vault with the key and the address."""
    return FakeDatabase({"pulser_function_key": "key-1", "pulser_functions_url": gateway.url})


@pytest.fixture
async def forwarder(database: FakeDatabase) -> AsyncIterator[Forwarder]:
    """A forwarder with an address from Vault."""
    made = Forwarder(Vault(database), Pace(connect_limit=5.0, hands=2))
    yield made
    await made.close()


async def test_the_handler_is_told_which_envelope(gateway: Gateway, forwarder: Forwarder) -> None:
    """Its URL, the function key, the envelope's key and how long an answer is worth waiting for."""
    gateway.answers = [says(200, {"ok": True, "state": "settled", "ack": {"text": "done"}})]
    assert await forwarder.forward(click("c"), 2.0) == Handled("settled", {"text": "done"})
    body = {"team_id": "T1", "envelope_id": "c", "answer_within_s": 2.0}
    assert gateway.asked == [("/functions/v1/action-handler", "key-1", body)]


async def test_a_handler_that_works_on_says_so(gateway: Gateway, forwarder: Forwarder) -> None:
    """202: it answers by itself."""
    gateway.answers = [says(202)]
    assert (await forwarder.forward(click("c"), 0.0)).state == "working"


@pytest.mark.parametrize("status", [404, 500, 502, 503, 504])
async def test_a_handler_that_stays_away_is_unreachable(gateway: Gateway, forwarder: Forwarder, status: int) -> None:
    """After three tries, and without an exception."""
    gateway.answers = [says(status)]
    assert (await forwarder.forward(click("c"), 30.0)).state == "unreachable"
    assert len(gateway.asked) == 3


async def test_a_handler_that_comes_back_is_reached(gateway: Gateway, forwarder: Forwarder) -> None:
    """A moment without a function behind the gateway is bridged."""
    gateway.answers = [says(503), says(502), says(202)]
    assert (await forwarder.forward(click("c"), 2.0)).state == "working"


async def test_a_key_that_was_changed_is_read_anew(
    gateway: Gateway, forwarder: Forwarder, database: FakeDatabase
) -> None:
    """401: the key in Vault is another one by now."""
    gateway.answers = [says(202)]
    await forwarder.forward(click("a"), 0.0)
    database.secrets["pulser_function_key"] = "key-2"
    gateway.answers = [says(401), says(202)]
    assert (await forwarder.forward(click("b"), 0.0)).state == "working"
    assert [key for _, key, _ in gateway.asked] == ["key-1", "key-1", "key-2"]


async def test_without_a_key_nothing_is_sent(gateway: Gateway, forwarder: Forwarder, database: FakeDatabase) -> None:
    """A secret that is missing makes the handler unreachable, not the relay fail."""
    gateway.answers = [says(202)]
    del database.secrets["pulser_function_key"]
    assert (await forwarder.forward(click("c"), 0.0)).state == "unreachable"
    assert gateway.asked == []


async def test_several_are_one_ring(gateway: Gateway, forwarder: Forwarder) -> None:
    """Nobody waits for them."""
    gateway.answers = [says(202)]
    await forwarder.forward_all("action-handler", [click("a"), click("b")])
    named = [{"team_id": "T1", "envelope_id": "a"}, {"team_id": "T1", "envelope_id": "b"}]
    assert gateway.asked == [("/functions/v1/action-handler", "key-1", {"envelopes": named, "answer_within_s": 0.0})]


async def test_one_is_rung_for_as_ever(gateway: Gateway, forwarder: Forwarder) -> None:
    """A ring for one names it as an awaited one does."""
    gateway.answers = [says(202)]
    await forwarder.forward_all("action-handler", [click("a")])
    assert [body for _, _, body in gateway.asked] == [{"team_id": "T1", "envelope_id": "a", "answer_within_s": 0.0}]


async def test_a_handler_that_takes_one_at_a_time_is_told_so(gateway: Gateway, forwarder: Forwarder) -> None:
    """One of an earlier version says 400 to several: each then has a ring of its own."""
    gateway.answers = [says(400)] * 3 + [says(202)]
    await forwarder.forward_all("action-handler", [click("a"), click("b")])
    assert sorted(body["envelope_id"] for _, _, body in gateway.asked if "envelope_id" in body) == ["a", "b"]


async def test_a_handler_that_refuses_one_counts_as_away(gateway: Gateway, forwarder: Forwarder) -> None:
    """Who typed a command is then told that it is recorded, and the refusal is in the log."""
    gateway.answers = [says(400)]
    with structlog.testing.capture_logs() as logged:
        assert await forwarder.forward(click("a"), 0.0) is UNREACHABLE
    assert ("handler_refused", "error") in {(it["event"], it["log_level"]) for it in logged}


async def test_hanging_requests_do_not_hold_up_those_that_are_awaited(gateway: Gateway, forwarder: Forwarder) -> None:
    """Two hands are busy with requests nobody waits for; an awaited one has hands of its own."""
    released, both_hang = asyncio.Event(), asyncio.Event()

    async def hang() -> web.StreamResponse:
        if len(gateway.asked) == 2:
            both_hang.set()
        await released.wait()
        return web.json_response({}, status=202)

    gateway.answers = [hang]
    unawaited = [asyncio.create_task(forwarder.forward(click(f"c{number}"), 0.0)) for number in range(3)]
    await both_hang.wait()
    gateway.answers = [says(200, {"ack": {"text": "done"}})]
    assert (await forwarder.forward(click("c"), 2.0)).ack == {"text": "done"}
    assert len(gateway.asked) == 3
    released.set()
    await asyncio.gather(*unawaited)
