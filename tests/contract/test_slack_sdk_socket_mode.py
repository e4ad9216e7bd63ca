"""Slack's own Socket Mode clients, unchanged, against the simulator."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.socket_mode.aiohttp import SocketModeClient as AiohttpClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.builtin import SocketModeClient as BuiltinClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.socket_mode.websockets import SocketModeClient as WebsocketsClient
from slack_sdk.web.async_client import AsyncWebClient

from pulser_local.slack import Fault, SlackSimulator
from pulser_local.slack.socket_mode.odd import CACHE_ERROR
from tests.unit.slack_simulator.app import card, modal, until

PATIENCE = 20.0  # seconds
PING = 1  # seconds: how often the clients look at their connection

Json = dict[str, Any]


@dataclass(slots=True)
class Sdk:
    """A client of the SDK that acks everything, whichever it is."""

    simulator: SlackSimulator
    requests: list[SocketModeRequest] = field(default_factory=list)
    answers: dict[str, Json] = field(default_factory=dict)  # by the type of the envelope

    def response(self, request: SocketModeRequest) -> SocketModeResponse:
        """Note a request; its ack."""
        self.requests.append(request)
        return SocketModeResponse(request.envelope_id, self.answers.get(request.type))

    @property
    def payload(self) -> Json:
        """What came last."""
        return dict(self.requests[-1].payload)

    async def live(self, sockets: int = 1) -> None:
        """Wait for so many sockets."""
        async with asyncio.timeout(PATIENCE):
            await self.simulator.sockets.until(sockets)

    async def back(self, closed: str) -> None:
        """Wait until the client has another socket than this one, which is gone: an envelope on it would be lost."""
        sockets = self.simulator.sockets
        await until(lambda: closed not in {one.id for one in sockets} and bool(sockets.live))


@contextlib.asynccontextmanager
async def _asynchronous(
    sdk: Sdk, client: AsyncBaseSocketModeClient, close: Callable[[], Awaitable[None]]
) -> AsyncIterator[None]:
    async def listen(used: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        await used.send_socket_mode_response(sdk.response(request))

    client.socket_mode_request_listeners.append(listen)
    await client.connect()  # type: ignore[no-untyped-call]
    await sdk.live()
    yield
    await close()


@contextlib.asynccontextmanager
async def aiohttp_client(sdk: Sdk) -> AsyncIterator[None]:
    simulator = sdk.simulator
    web = AsyncWebClient(token=simulator.bot_token, base_url=simulator.api_url)
    client = AiohttpClient(app_token=simulator.app_token, web_client=web, ping_interval=PING)

    async def close() -> None:
        await client.close()  # type: ignore[no-untyped-call]

    async with _asynchronous(sdk, client, close):
        yield


@contextlib.asynccontextmanager
async def websockets_client(sdk: Sdk) -> AsyncIterator[None]:
    simulator = sdk.simulator
    web = AsyncWebClient(token=simulator.bot_token, base_url=simulator.api_url)
    client = WebsocketsClient(app_token=simulator.app_token, web_client=web, ping_interval=PING)

    async def close() -> None:
        await client.close()  # type: ignore[no-untyped-call]

    async with _asynchronous(sdk, client, close):
        yield


@contextlib.asynccontextmanager
async def builtin_client(sdk: Sdk) -> AsyncIterator[None]:
    simulator = sdk.simulator
    web = WebClient(token=simulator.bot_token, base_url=simulator.api_url)
    client = BuiltinClient(app_token=simulator.app_token, web_client=web, ping_interval=PING)

    def listen(used: BaseSocketModeClient, request: SocketModeRequest) -> None:
        used.send_socket_mode_response(sdk.response(request))

    client.socket_mode_request_listeners.append(listen)
    await asyncio.to_thread(client.connect)
    await sdk.live()
    yield
    await asyncio.to_thread(client.close)


@pytest.fixture(params=[aiohttp_client, websockets_client, builtin_client])
async def sdk(request: pytest.FixtureRequest, simulator_unlimited: SlackSimulator) -> AsyncIterator[Sdk]:
    """Each client in turn, connected."""
    made = Sdk(simulator_unlimited)
    async with request.param(made):
        yield made


async def test_command_is_acked_with_a_message(sdk: Sdk) -> None:
    """A slash command reaches the client, and its ack shows a private message."""
    sdk.answers["slash_commands"] = {"text": "all is well"}
    done = await sdk.simulator.command("/pulser", "status")
    assert (done.outcome, [one["text"] for one in done.ephemerals]) == ("acked", ["all is well"])
    assert (sdk.payload["command"], sdk.payload["text"]) == ("/pulser", "status")


async def test_click_is_acked(sdk: Sdk) -> None:
    """A click reaches the client with its action, and is acked."""
    done = await sdk.simulator.press(*card(sdk.simulator), "go")
    assert (done.outcome, sdk.payload["actions"][0]["value"]) == ("acked", "v")


async def test_mention_is_acked(sdk: Sdk) -> None:
    """An event reaches the client with its attempt, and is acked."""
    done = await sdk.simulator.mention("ops-ci", "hello")
    assert (done.outcome, sdk.requests[-1].retry_attempt) == ("acked", 0)


async def test_submission_is_acked_with_errors(sdk: Sdk) -> None:
    """A modal that was submitted shows the errors of the ack."""
    view = sdk.simulator.interactivity.views.open("U0ALICE", modal())
    sdk.answers["interactive"] = {"response_action": "errors", "errors": {"reason": "too short"}}
    await sdk.simulator.submit_view(view["id"], {"reason": "x"})
    assert sdk.simulator.modals("U0ALICE")[0]["errors"] == {"reason": "too short"}


async def test_acks_have_no_problem(sdk: Sdk) -> None:
    """Nothing is wrong with the acks of Slack's clients."""
    await sdk.simulator.command("/pulser", "status")
    assert [one.problem for one in sdk.simulator.sockets.acks] == [None]


async def test_client_pings(sdk: Sdk) -> None:
    """The client's pings are heard."""
    (connection,) = sdk.simulator.sockets.live
    await until(lambda: bool(connection.pings_received))


async def test_refresh_is_followed(sdk: Sdk) -> None:
    """After refresh_requested the client comes back with a new ticket, and serves."""
    (old,) = sdk.simulator.sockets.live
    old.disconnect("refresh_requested")
    await sdk.back(old.id)
    assert (await sdk.simulator.command("/pulser")).outcome == "acked"


async def test_close_is_survived(sdk: Sdk) -> None:
    """After a close frame the client comes back."""
    (old,) = sdk.simulator.sockets.live
    old.close(1001)
    await sdk.back(old.id)
    assert (await sdk.simulator.command("/pulser")).outcome == "acked"


async def test_text_that_is_no_json_is_survived(sdk: Sdk) -> None:
    """A text frame that is not JSON does no harm."""
    sdk.simulator.sockets.live[0].send_text(CACHE_ERROR)
    assert (await sdk.simulator.command("/pulser")).outcome == "acked"


async def test_rate_limited_opening_is_survived(simulator_unlimited: SlackSimulator) -> None:
    """The client waits as long as Retry-After of apps.connections.open says."""
    fault = Fault(kind="rate_limited", method="apps.connections.open", retry_after="1", times=1)
    simulator_unlimited.faults.add(fault)
    sdk = Sdk(simulator_unlimited)
    async with aiohttp_client(sdk):
        assert (await sdk.simulator.command("/pulser")).outcome == "acked"
