"""A server that answers as no Slack would, and counts what it was asked; and one that reads and falls silent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Odd:
    """A server with one answer for everything."""

    url: str = ""
    requests: list[web.Request] = field(default_factory=list)


@asynccontextmanager
async def answering(answer: Answer) -> AsyncIterator[Odd]:
    """Serve `answer` on a free port of 127.0.0.1 for the while of the block."""
    odd = Odd()

    async def handle(request: web.Request) -> web.StreamResponse:
        odd.requests.append(request)
        return await answer(request)

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        odd.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
        yield odd
    finally:
        await runner.cleanup()


def fixed(body: bytes, content_type: str, *, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    """An answer that is always the same."""

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, status=status, headers={"Content-Type": content_type, **(headers or {})})

    return answer


def cut_short(content_type: str = "application/json") -> Answer:
    """An answer that promises more than it sends, and then breaks the connection."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": content_type, "Content-Length": "100"})
        await response.prepare(request)
        await response.write(b'{"ok": true, ')
        assert request.transport is not None
        request.transport.abort()
        return response

    return answer
