"""The deploy hook of this laptop: takes the signed webhook of a deploy and reports as a real deployer does."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections import defaultdict
from typing import Any

from aiohttp import web

from pulser.database import Database
from pulser.errors import PulserError
from pulser_local.ports import HOST

PATH = "/deploy"
SECRET_NAME = "pulser_hook_local"  # noqa: S105  # a name in Vault
TOLERANCE = 300.0  # seconds a signature stays good
DURATION = 1.5  # seconds a deploy takes here


class DeployHook:
    """A server on 127.0.0.1 that answers POST /deploy with 202, and appends deploy.started, then deploy.completed.

    The same webhook-id is carried out once. A version that contains "broken" fails.
    """

    def __init__(self, ledger: Database, secret: str, *, duration: float = DURATION) -> None:
        self._ledger = ledger
        self._secret = secret
        self._duration = duration
        self._taken: set[str] = set()
        self._deployed: defaultdict[tuple[str, str], list[str]] = defaultdict(list)  # what ran where, the newest last
        self._running: set[asyncio.Task[None]] = set()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Where it listens. RuntimeError before the start."""
        if self._runner is None:
            raise RuntimeError("the deploy hook is not started")
        return f"http://{HOST}:{self._runner.addresses[0][1]}{PATH}"

    async def start(self, port: int = 0) -> None:
        """Listen; port 0 is any free one. OSError when the port is taken."""
        app = web.Application(client_max_size=64 * 1024)
        app.add_routes([web.post(PATH, self._take)])
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner

    async def stop(self) -> None:
        """Stop listening; deploys under way end without a report. Harmless when it does not run."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        key = request.headers.get("webhook-id", "")
        if not self._is_signed(request, key, body):
            return web.json_response({"message": "the signature is missing or wrong"}, status=401)
        try:
            call = json.loads(body)
        except ValueError:
            call = None
        if not isinstance(call, dict) or not call.get("service"):
            return web.json_response({"message": "a JSON object with a service is expected"}, status=422)
        if key not in self._taken:
            self._taken.add(key)
            task = asyncio.create_task(self._deploy(call))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return web.json_response({"accepted": key}, status=202)

    def _is_signed(self, request: web.Request, key: str, body: bytes) -> bool:
        sent_at = request.headers.get("webhook-timestamp", "")
        if not key or not sent_at.isdecimal() or abs(time.time() - int(sent_at)) > TOLERANCE:
            return False
        signed = hmac.new(self._secret.encode(), f"{key}.{sent_at}.".encode() + body, hashlib.sha256).digest()
        expected = f"v1,{base64.b64encode(signed).decode()}"
        return hmac.compare_digest(expected.encode(), request.headers.get("webhook-signature", "").encode())

    async def _deploy(self, call: dict[str, Any]) -> None:
        call = self._with_version(call)
        await self._report("deploy.started", call)
        began = time.monotonic()
        await asyncio.sleep(self._duration)
        failed = "broken" in str(call.get("version", ""))
        took = {"duration_s": round(time.monotonic() - began, 1)}
        if not failed and call.get("version"):
            self._deployed[_place(call)].append(call["version"])
        await self._report("deploy.failed" if failed else "deploy.completed", call, **took)

    def _with_version(self, call: dict[str, Any]) -> dict[str, Any]:
        """A rollback goes to what ran before, where this hook has deployed that."""
        if call.get("action") != "rollback":
            return call
        before = [it for it in self._deployed[_place(call)] if it != call.get("version")]
        return {**call, "version": before[-1] if before else None}

    async def _report(self, event_type: str, call: dict[str, Any], **more: object) -> None:
        told = {
            "service": "service",
            "environment": "environment",
            "version": "version",
            "pulser_deploy_id": "deploy_id",
        }
        payload = {name: call[key] for key, name in told.items() if call.get(key)}
        arguments = {
            "event_type": event_type,
            "actor": "local-deployer",
            "target": str(call["service"]),
            "payload": payload | more,
        }
        try:
            await self._ledger.call("append_event_v1", arguments)
        except PulserError:
            return  # the database is being stopped, or away: a deployer's report is then lost here as elsewhere


def _place(call: dict[str, Any]) -> tuple[str, str]:
    return str(call["service"]), str(call.get("environment", ""))
