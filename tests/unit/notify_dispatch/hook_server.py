"""A deployer on the loopback that takes calls of hooks, and fails as servers and networks do."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal

Fault = Literal["reset_before", "reset_after", "mute", "garbage", "closed", "cut"]


@dataclass(frozen=True, slots=True)
class Taken:
    """A request that was read to its end."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass(slots=True)
class HookServer:
    """Answers each request with the next of `script`: (status, headers, body), or a fault. Then with 202."""

    port: int = 0
    script: list[Fault | tuple[int, dict[str, str], str]] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, request after request."""
        self.connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                answer = self.script.pop(0) if self.script else (202, {}, "")
                if answer == "reset_before":
                    _reset(writer)
                    return
                headers = {
                    name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)
                }
                body = await reader.readexactly(int(headers["content-length"]))
                self.taken.append(Taken(head[0].split()[1], headers, json.loads(body)))
                if not await _answer(answer, reader, writer):
                    return
        writer.close()


async def _answer(
    answer: Fault | tuple[int, dict[str, str], str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> bool:
    """Whether the connection goes on."""
    match answer:
        case "mute":
            await reader.read()  # until the other side gives up
        case "garbage":
            writer.write(b"\x00\xff not HTTP at all\r\n\r\n")
        case "cut":
            writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 1000\r\n\r\n{")
        case (int() as status, dict() as headers, str() as text):
            told = {"Content-Length": str(len(text.encode())), **headers}
            lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
            writer.write(f"HTTP/1.1 {status} So\r\n{lines}\r\n{text}".encode())
            await writer.drain()
            return True
        case "reset_after":
            _reset(writer)
            return False
    writer.close()
    return False


def _reset(writer: asyncio.StreamWriter) -> None:
    """End the connection by RST."""
    connected: socket.socket = writer.get_extra_info("socket")
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@asynccontextmanager
async def hook_server() -> AsyncIterator[HookServer]:
    """A server on a free port, with all its connections ended afterwards."""
    served, tasks = HookServer(), set[asyncio.Task[None]]()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await served.serve(reader, writer)
        finally:
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
