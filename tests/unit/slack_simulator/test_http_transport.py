from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web

from pulser_local.slack import RequestUrls, SlackSimulator, UrlNotVerified
from tests.unit.slack_simulator.app import App, card, until
from tests.unit.slack_simulator.caller import Caller

Json = dict[str, Any]
Turn = Callable[[float], None]


@dataclass(slots=True)
class Server:
    """The app as an HTTP server: what it got, and what it answers to all but url_verification."""

    url: str = ""
    requests: list[tuple[web.BaseRequest, bytes]] = field(default_factory=list)
    status: int = 200
    text: str = ""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    held: asyncio.Event | None = None
    verifies: bool = True

    async def answer(self, request: web.BaseRequest) -> web.Response:
        body = await request.read()
        self.requests.append((request, body))
        if b"url_verification" in body:
            return web.json_response({"challenge": json.loads(body)["challenge"] if self.verifies else "no"})
        if self.held is not None:
            await self.held.wait()
        return web.Response(status=self.status, text=self.text, content_type=self.content_type, headers=self.headers)

    @property
    def last(self) -> tuple[web.BaseRequest, bytes]:
        return self.requests[-1]

    def urls(self) -> RequestUrls:
        return RequestUrls(self.url + "/interactions", self.url + "/commands", self.url + "/events")


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    server = Server()
    runner = web.ServerRunner(web.Server(server.answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    if server.held is not None:
        server.held.set()
    await runner.cleanup()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """The app's server; not yet known to Slack."""
    async with serving() as made:
        yield made


@pytest.fixture
async def slack(simulator_unlimited: SlackSimulator, server: Server) -> SlackSimulator:
    """A workspace that sends to the app's server."""
    await simulator_unlimited.use_http(server.urls())
    return simulator_unlimited


async def test_events_url_is_verified_first(slack: SlackSimulator, server: Server) -> None:
    """Slack sends a challenge to the events URL before anything else."""
    ((request, body),) = server.requests
    assert (request.path, json.loads(body)["type"], slack.transport) == ("/events", "url_verification", "http")


async def test_wrong_challenge_keeps_the_sockets(simulator_unlimited: SlackSimulator, server: Server) -> None:
    """An events URL that does not return the challenge is not used."""
    server.verifies = False
    with pytest.raises(UrlNotVerified, match="without the challenge"):
        await simulator_unlimited.use_http(server.urls())
    assert simulator_unlimited.transport == "socket"


async def test_dead_url_is_not_verified(simulator_unlimited: SlackSimulator) -> None:
    """An events URL where nobody listens is not used."""
    with pytest.raises(UrlNotVerified, match="does not answer"):
        await simulator_unlimited.use_http(RequestUrls(events="http://127.0.0.1:1/"))


async def test_interaction_is_a_form_with_a_payload(slack: SlackSimulator, server: Server) -> None:
    """A click comes as a form whose field payload is JSON."""
    done = await slack.press(*card(slack), "go")
    request, body = server.last
    assert (done.outcome, request.path, request.content_type) == (
        "acked",
        "/interactions",
        "application/x-www-form-urlencoded",
    )
    assert json.loads(parse_qs(body.decode())["payload"][0])["actions"][0]["value"] == "v"


async def test_command_is_a_form(slack: SlackSimulator, server: Server) -> None:
    """A command comes as a form of its fields."""
    await slack.command("/pulser", "deploy äpi & co")
    form = parse_qs(server.last[1].decode())
    assert (server.last[0].path, form["command"], form["text"]) == ("/commands", ["/pulser"], ["deploy äpi & co"])


async def test_event_is_json(slack: SlackSimulator, server: Server) -> None:
    """An event comes as JSON."""
    await slack.mention("ops-ci", "hello")
    assert (server.last[0].path, json.loads(server.last[1])["event"]["type"]) == ("/events", "app_mention")


async def test_requests_are_signed(slack: SlackSimulator, server: Server) -> None:
    """The signature is Slack's over time and raw body."""
    await slack.command("/pulser", "status")
    request, body = server.last
    stamp = request.headers["X-Slack-Request-Timestamp"]
    base = f"v0:{stamp}:".encode() + body
    expected = hmac.new(slack.signing_secret.encode(), base, hashlib.sha256).hexdigest()
    assert request.headers["X-Slack-Signature"] == f"v0={expected}"


async def test_secret_is_rotated(slack: SlackSimulator, server: Server) -> None:
    """After a rotation requests are signed with the new secret."""
    slack.http.signing_secret = "new"
    await slack.command("/pulser", "status")
    request, body = server.last
    base = f"v0:{request.headers['X-Slack-Request-Timestamp']}:".encode() + body
    expected = hmac.new(b"new", base, hashlib.sha256).hexdigest()
    assert request.headers["X-Slack-Signature"] == f"v0={expected}"


async def test_json_body_is_the_payload(slack: SlackSimulator, server: Server) -> None:
    """The JSON of a command's answer is shown."""
    server.text = '{"text": "all is well"}'
    done = await slack.command("/pulser", "status")
    assert [one["text"] for one in done.ephemerals] == ["all is well"]


async def test_plain_body_is_a_text(slack: SlackSimulator, server: Server) -> None:
    """A plain answer of a command is shown as text."""
    server.text, server.content_type = "all is well", "text/plain"
    done = await slack.command("/pulser", "status")
    assert done.ack_payload == {"text": "all is well"}


@pytest.mark.parametrize(
    ("status", "error"), [(401, "http_client_error"), (404, "http_client_error"), (500, "http_service_error")]
)
async def test_other_statuses_fail(slack: SlackSimulator, server: Server, status: int, error: str) -> None:
    """Only 200 is an ack; the user is told otherwise."""
    server.status = status
    done = await slack.command("/pulser", "status")
    assert (done.outcome, done.error) == ("error", error)
    assert done.failure == f"/pulser failed with the error “{error}”"


async def test_late_answer_is_a_timeout(slack: SlackSimulator, server: Server) -> None:
    """No answer in time is operation_timeout."""
    slack.sockets.settings.ack_seconds = 0.1
    server.held = asyncio.Event()
    assert (await slack.command("/pulser", "status")).error == "operation_timeout"


async def test_stop_ends_what_waits_for_an_answer(slack: SlackSimulator, server: Server) -> None:
    """Who waits for an outcome while the simulator stops is told that there is none."""
    server.held = asyncio.Event()
    command = asyncio.create_task(slack.command("/pulser", "status"))
    await until(lambda: len(server.requests) == 2)
    await slack.stop()
    assert (await command).error == "dispatch_failed"


async def test_nobody_listens(simulator_unlimited: SlackSimulator) -> None:
    """A server that is not there is dispatch_failed."""
    await simulator_unlimited.use_http(RequestUrls(commands="http://127.0.0.1:1/"))
    assert (await simulator_unlimited.command("/pulser", "status")).error == "dispatch_failed"


async def test_no_url_for_it(simulator_unlimited: SlackSimulator) -> None:
    """Without a URL for its kind nothing is sent."""
    await simulator_unlimited.use_http(RequestUrls())
    assert (await simulator_unlimited.command("/pulser", "status")).error == "no_request_url"


async def test_events_are_retried(turned: App, turn: Turn, server: Server) -> None:
    """An event that fails comes again, with its number and reason in headers."""
    await turned.simulator.use_http(server.urls())
    server.status = 500
    await turned.simulator.mention("ops-ci", "hello")
    attempts = turned.simulator.story.interactions[0].attempts
    for number, wait in enumerate((0, 60, 300), start=2):
        turn(wait)
        await until(lambda number=number: len(attempts) == number)  # type: ignore[misc]
    told = [
        (one.headers.get("X-Slack-Retry-Num"), one.headers.get("X-Slack-Retry-Reason")) for one, _ in server.requests
    ]
    assert told[1:] == [(None, None), ("1", "http_error"), ("2", "http_error"), ("3", "http_error")]


async def test_no_retry_when_asked(turned: App, turn: Turn, server: Server) -> None:
    """With x-slack-no-retry an event is not sent again."""
    await turned.simulator.use_http(server.urls())
    server.status, server.headers = 500, {"X-Slack-No-Retry": "1"}
    await turned.simulator.mention("ops-ci", "hello")
    turn(3600)
    assert len(server.requests) == 2


async def test_sockets_are_told_link_disabled(app: App, server: Server) -> None:
    """Switching to HTTP ends the sockets."""
    socket = await app.connect()
    await app.simulator.use_http(server.urls())
    assert await socket.reasons() == ["link_disabled"]


async def test_back_to_sockets(app: App, server: Server) -> None:
    """Switching back, sockets serve again."""
    await app.simulator.use_http(server.urls())
    app.simulator.use_sockets()
    socket = await app.connect()
    command = asyncio.create_task(app.simulator.command("/pulser"))
    await socket.ack(await socket.message())
    assert (await command).outcome == "acked"


async def test_switch_by_control(call: Caller, server: Server) -> None:
    """Another process switches the transport, and is told when a URL is not verified."""
    order = {"transport": "http", "events": server.url + "/events", "commands": server.url + "/commands"}
    assert (await call.send("PUT", "/sim/transport", json=order)).body["transport"] == "http"
    server.verifies = False
    assert (await call.send("PUT", "/sim/transport", json=order)).status == 409
    assert (await call.send("PUT", "/sim/transport", json={"transport": "socket"})).body["transport"] == "socket"
    assert (await call.send("GET", "/sim/transport")).body["transport"] == "socket"
