"""The deployer of the soak: takes signed webhooks, reports as a real one does, and can fail. It keeps count."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import defaultdict
from typing import Literal

import aiohttp
from aiohttp import web

from pulser.database import Database
from pulser_local.deploy_hook import DeployHook
from pulser_local.slack.workspace import Json

Fault = Literal["refuses", "resets", "resets after", "is slow"]

_RESET_AT_CLOSE = struct.pack("ii", 1, 0)
_SLOW = 4.0  # seconds


class Deployer:
    """Stands before the hook of `pulser dev`: what it lets through is carried out once for each webhook-id.

    `taken` tells which webhook-ids were carried out for which deploy and action; `calls` how many came altogether.
    """

    def __init__(self, ledger: Database, secret: str) -> None:
        self.fault: Fault | None = None
        self.struck = 0
        self.calls = 0
        self.taken: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self._hook = DeployHook(ledger, secret)
        self._http: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Where webhooks go. RuntimeError before the start."""
        if self._runner is None:
            raise RuntimeError("the deployer is not started")
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}/deploy"

    async def start(self) -> None:
        """Listen on any free port."""
        await self._hook.start()
        self._http = aiohttp.ClientSession()
        app = web.Application()
        app.add_routes([web.post("/deploy", self._take)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()

    async def stop(self) -> None:
        """Stop listening. Harmless when it does not run."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
        await self._hook.stop()
        if self._http is not None:
            await self._http.close()

    async def _take(self, request: web.Request) -> web.StreamResponse:
        self.calls += 1
        fault, body = self.fault, await request.read()
        self.struck += fault is not None
        if fault == "refuses":
            return web.json_response({"message": "busy"}, status=503)
        if fault == "resets":
            return _reset(request)
        response = await self._hand_on(request, body)
        if fault == "resets after":
            return _reset(request)
        if fault == "is slow":
            await asyncio.sleep(_SLOW)
        return response

    async def _hand_on(self, request: web.Request, body: bytes) -> web.Response:
        if self._http is None:
            raise RuntimeError("the deployer is not started")
        headers = {name: value for name, value in request.headers.items() if name.lower().startswith("webhook-")}
        async with self._http.post(self._hook.url, data=body, headers=headers) as answer:
            said: Json = await answer.json()
            if answer.status == 202:
                call = await request.json()
                key = str(call.get("pulser_deploy_id")), str(call.get("action"))
                self.taken[key].add(request.headers["webhook-id"])
            return web.json_response(said, status=answer.status)


def _reset(request: web.Request) -> web.Response:
    if request.transport is not None:
        connection = request.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
        request.transport.abort()
    return web.Response()
