"""The handlers of one world as HTTP functions, on a way that can fail."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tests.fixtures.serving import serving
from tests.proof.faults import Faults
from tests.proof.workers import HandlerWorker, Worker


@asynccontextmanager
async def served(workers: Mapping[str, Worker], faults: Faults) -> AsyncIterator[str]:
    """The handlers under /functions/v1/<name>, on a way that can fail."""

    async def rung(request: Request) -> Response:
        name = request.path_params["name"]
        fault = faults.meet("forward", "relay", name) if await _is_forward(request) else None
        if fault is not None and fault.kind == "http_503":
            return JSONResponse({}, status_code=503)
        if fault is not None and fault.kind == "slow":
            await asyncio.sleep(0.3)
        answer = await _answered(workers[name], request)
        match fault and fault.kind:
            case "http_500_after":
                return JSONResponse({}, status_code=500)
            case "garbage":
                return PlainTextResponse("<html>")
            case "cut_after":
                return _Cut()
        return answer

    routes = [Route("/functions/v1/{name}", rung, methods=["GET", "POST"])]
    async with serving(Starlette(routes=routes), log_level="critical") as url:
        yield f"{url}/functions/v1"


async def _answered(handler: Worker, request: Request) -> Response:
    """Who asks a handler that is dead, or dies of it, hears from the gateway."""
    assert isinstance(handler, HandlerWorker)
    answering = asyncio.ensure_future(handler.service.answer(request))
    dying = asyncio.create_task(handler.gate.stopped.wait())
    await asyncio.wait({answering, dying}, return_when=asyncio.FIRST_COMPLETED)
    dead = handler.gate.stopped.is_set()
    for task in (answering, dying):
        task.cancel()
    return JSONResponse({}, status_code=502) if dead else answering.result()


async def _is_forward(request: Request) -> bool:
    """Whether the relay calls, not the sweep. Starlette keeps the body for who reads it next."""
    body = await request.body()
    return b'"envelope_id"' in body and isinstance(json.loads(body), dict)


class _Cut(Response):
    """An answer whose connection breaks before its body is through."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As Response: the server closes a connection on which less came than was announced."""
        del scope, receive
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": False})
