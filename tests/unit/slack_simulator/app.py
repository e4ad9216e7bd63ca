"""An app on the other side of the simulator's sockets, as small as possible; and one that handles bytes."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from pulser_local.slack import Content, SlackSimulator

Json = dict[str, Any]
PATIENCE = 10.0  # seconds


@dataclass(slots=True)
class Socket:
    """One connection of the app."""

    raw: aiohttp.ClientWebSocketResponse

    async def message(self) -> Json:
        """The next JSON text frame."""
        return dict(json.loads(await self.text()))

    async def text(self) -> str:
        """The next text frame."""
        return str((await self._receive(aiohttp.WSMsgType.TEXT)).data)

    async def binary(self) -> bytes:
        """The next frame, a binary one."""
        return bytes((await self._receive(aiohttp.WSMsgType.BINARY)).data)

    async def ack(self, envelope: Json, payload: Json | None = None) -> None:
        """Ack an envelope."""
        answer = {"envelope_id": envelope["envelope_id"]}
        await self.raw.send_json(answer if payload is None else {**answer, "payload": payload})

    async def ends(self) -> int | None:
        """Read until the connection ends; the close code, None or 1006 when there was no close frame."""
        async with asyncio.timeout(PATIENCE):
            while not self.raw.closed:
                await self.raw.receive()
        return self.raw.close_code

    async def reasons(self) -> list[str]:
        """Read until the connection ends; the reasons of all disconnect messages."""
        async with asyncio.timeout(PATIENCE):
            texts = [message.json() async for message in self.raw if message.type is aiohttp.WSMsgType.TEXT]
        return [message["reason"] for message in texts if message["type"] == "disconnect"]

    async def _receive(self, kind: aiohttp.WSMsgType) -> aiohttp.WSMessage:
        async with asyncio.timeout(PATIENCE):
            message = await self.raw.receive()
        assert message.type is kind, message
        return message


@dataclass(slots=True)
class App:
    """The app that is installed in the simulated workspace."""

    simulator: SlackSimulator
    http: aiohttp.ClientSession
    sockets: list[Socket] = field(default_factory=list)

    async def opened(self, token: str | None = None) -> Json:
        """The answer of apps.connections.open."""
        headers = {"Authorization": f"Bearer {self.simulator.app_token if token is None else token}"}
        async with self.http.post(self.simulator.api_url + "apps.connections.open", headers=headers) as answer:
            return dict(await answer.json())

    async def dial(self, url: str | None = None, *, autoping: bool = True) -> Socket:
        """A WebSocket before its hello."""
        address = url or (await self.opened())["url"]
        socket = Socket(await self.http.ws_connect(address, autoping=autoping, autoclose=False, max_msg_size=0))
        self.sockets.append(socket)
        return socket

    async def connect(self) -> Socket:
        """A WebSocket past its hello."""
        socket = await self.dial()
        hello = await socket.message()
        assert hello["type"] == "hello", hello
        return socket

    async def bytes(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A WebSocket as its bytes, after the handshake."""
        address = urlsplit((await self.opened())["url"])
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        key = base64.b64encode(os.urandom(16)).decode()
        writer.write(
            f"GET {address.path}?{address.query} HTTP/1.1\r\nHost: {address.netloc}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
        return reader, writer

    async def close(self) -> None:
        """Hang up."""
        for socket in self.sockets:
            socket.raw._response.close()


@dataclass(slots=True)
class Acking:
    """An app that acks everything: what it got, and what it answers."""

    app: App
    envelopes: list[Json] = field(default_factory=list)
    answer: Callable[[Json], Json | None] = lambda _payload: None

    @property
    def simulator(self) -> SlackSimulator:
        """Where it is installed."""
        return self.app.simulator

    @property
    def payload(self) -> Json:
        """What it was told last."""
        return dict(self.envelopes[-1]["payload"])

    async def serve(self, socket: Socket) -> None:
        """Ack what comes on a socket."""
        async for message in socket.raw:
            envelope = message.json()
            self.envelopes.append(envelope)
            await socket.ack(envelope, self.answer(envelope["payload"]))

    async def open_modal(self, view: Json | None = None, **arguments: object) -> Json:
        """Have alice type a command, and open a modal by its trigger; the view."""
        await self.simulator.command("/pulser", "deploy")
        answer = await self.call("views.open", trigger_id=self.payload["trigger_id"], view=view or modal(), **arguments)
        assert answer["ok"], answer
        return dict(answer["view"])

    async def call(self, method: str, **arguments: object) -> Json:
        """Call a method of the Web API."""
        headers = {"Authorization": f"Bearer {self.simulator.bot_token}"}
        url = self.simulator.api_url + method
        async with self.app.http.post(url, json=arguments, headers=headers) as answer:
            return dict(await answer.json())

    async def respond(self, url: str, **body: object) -> tuple[int, Json]:
        """Answer by a response_url; status and body."""
        async with self.app.http.post(url, json=body) as answer:
            return answer.status, dict(await answer.json())


@contextlib.asynccontextmanager
async def acking_of(app: App) -> AsyncIterator[Acking]:
    """The app, acking all that comes."""
    acking = Acking(app)
    serving = asyncio.create_task(acking.serve(await app.connect()))
    yield acking
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving


async def until(condition: Callable[[], bool]) -> None:
    """Wait until it holds; TimeoutError when it does not within the patience."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - what is looked at has no event
            await asyncio.sleep(0.002)


@contextlib.asynccontextmanager
async def app_of(simulator: SlackSimulator) -> AsyncIterator[App]:
    """The app of a started simulator."""
    async with aiohttp.ClientSession() as http:
        app = App(simulator, http)
        yield app
        await app.close()


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def button(action_id: str = "go", value: str = "v") -> Json:
    return {"type": "button", "action_id": action_id, "text": plain("Go"), "value": value}


def card(simulator: SlackSimulator, *elements: Json, channel: str = "ops-ci") -> tuple[str, str]:
    """A message of the app with a button; its channel and ts."""
    found = simulator.workspace.find(channel)
    assert found is not None
    blocks = [{"type": "actions", "block_id": "b1", "elements": list(elements or [button()])}]
    return found.id, simulator.workspace.post(found.id, Content("A card", blocks=blocks)).ts


def modal(*blocks: Json, **more: object) -> Json:
    """A modal with one text field unless told otherwise."""
    return {
        "type": "modal",
        "title": plain("Deploy"),
        "submit": plain("Go"),
        "blocks": list(blocks or [field_()]),
    } | more


def field_(block_id: str = "reason", **more: object) -> Json:
    element = {"type": "plain_text_input", "action_id": f"{block_id}_input"}
    return {"type": "input", "block_id": block_id, "label": plain("Reason"), "element": element} | more
