"""`GET /console/stream`: Server-Sent Events of what changes in the workspace and in the ledger."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Sequence

from aiohttp import web

from pulser_local.console.messages import channel_json, message_json
from pulser_local.console.watch import Events, Watch
from pulser_local.slack.workspace import Workspace, WorkspaceChange

PING_SECONDS = 5.0  # the page takes a stream that is silent for three of these for dead
END = ("end", None)


class StreamRoute:
    """One stream per page: `hello` first, then `message`, `update`, `delete`, `channel`, what the watches tell, `ping`.

    `hello` is sent after subscribing: a page that fetches the workspace on hello misses nothing.
    """

    def __init__(self, workspace: Workspace | None, watches: Sequence[Watch]) -> None:
        self._workspace = workspace
        self._watches = watches
        self._open: set[Events] = set()

    def routes(self) -> list[web.RouteDef]:
        """The route of the stream."""
        return [web.get("/console/stream", self._stream)]

    async def close(self, _app: web.Application) -> None:
        """End all streams, so that stopping the server does not wait for them."""
        for queue in self._open:
            queue.put_nowait(END)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        response.headers["Cache-Control"] = "no-store"
        await response.prepare(request)
        queue = Events()
        self._open.add(queue)
        try:
            async with contextlib.AsyncExitStack() as stack:
                await self._subscribe(stack, queue)
                await _write(response, "hello", {})
                await _forward(queue, response)
        except ConnectionError:
            pass  # the page went away between two events
        finally:
            self._open.discard(queue)
        return response

    async def _subscribe(self, stack: contextlib.AsyncExitStack, queue: Events) -> None:
        if self._workspace is not None:
            changes = await stack.enter_async_context(self._workspace.subscribe())
            pump = asyncio.create_task(self._pump(changes, queue))
            stack.push_async_callback(_cancel, pump)
        for watch in self._watches:
            await stack.enter_async_context(watch.subscribe(queue))

    async def _pump(self, changes: asyncio.Queue[WorkspaceChange], queue: Events) -> None:
        while True:
            change = await changes.get()
            if change.message is not None:
                queue.put_nowait((change.kind, message_json(change.message)))
            elif self._workspace is not None and change.channel_id in self._workspace.channels:
                queue.put_nowait(("channel", channel_json(self._workspace.channels[change.channel_id])))


async def _forward(queue: Events, response: web.StreamResponse) -> None:
    while True:
        try:
            kind, data = await asyncio.wait_for(queue.get(), PING_SECONDS)
        except TimeoutError:
            kind, data = "ping", {}
        if (kind, data) == END:
            return
        await _write(response, kind, data)


async def _write(response: web.StreamResponse, kind: str, data: object) -> None:
    await response.write(f"event: {kind}\ndata: {json.dumps(data)}\n\n".encode())


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
