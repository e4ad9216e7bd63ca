"""An HTTP server that keeps what it gets, and answers as the path asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Received:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


class Receiver:
    """/answer/<status> answers so, /hold answers when `release` is set, /reset cuts the connection."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.release = asyncio.Event()
        self.url = ""
        self._news = asyncio.Condition()
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{tail:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.release.set()
        assert self._runner is not None
        await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        async with self._news:
            self.received.append(
                Received(request.method, request.path, dict(request.query), dict(request.headers), body)
            )
            self._news.notify_all()
        match request.path.split("/")[1:]:
            case ["hold"]:
                await self.release.wait()
            case ["reset"]:
                assert request.transport is not None
                request.transport.abort()
            case ["answer", status]:
                return web.json_response({"path": request.path}, status=int(status), headers={"X-Own": "yes"})
        return web.json_response({"path": request.path})

    async def wait_for(self, count: int, *, limit_s: float = 20) -> list[Received]:
        """Wait until so many requests have come."""
        async with asyncio.timeout(limit_s), self._news:
            await self._news.wait_for(lambda: len(self.received) >= count)
        return self.received


async def until(condition: Callable[[], Awaitable[bool]], *, limit_s: float = 20) -> None:
    """Ask again and again until the answer is yes; TimeoutError when it never is."""
    async with asyncio.timeout(limit_s):
        while not await condition():  # noqa: ASYNC110  # a database cannot set an Event of ours
            await asyncio.sleep(0.02)


@asynccontextmanager
async def serving(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """A server with one handler for everything; yields its URL."""
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
