"""The handlers as the relay meets them: an HTTP server that claims and settles, and notes who rang."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from pulser.database import Database

Body = dict[str, Any]
Answer = Callable[[str, Body], Awaitable[web.Response]]


@dataclass(slots=True)
class StubHandlers:
    """`effects` counts settled envelopes by envelope id: the one effect that each shall have."""

    ledger: Database
    key: str
    answer: Answer | None = None  # instead of claiming and settling
    ack: Body | None = field(default_factory=lambda: {"response_type": "ephemeral", "text": "done"})
    late: Body | None = None  # what is told when the ack went without that
    delay: float = 0.0
    effects: Counter[str] = field(default_factory=Counter)
    rings: list[tuple[str, Body]] = field(default_factory=list)
    rung: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""
    _runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen on a free port."""
        app = web.Application()
        app.router.add_post("/functions/v1/{handler}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        port = int(self.url.rpartition(":")[2].split("/")[0]) if self.url else 0
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/functions/v1"

    async def stop(self) -> None:
        """Stop listening."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _serve(self, request: web.Request) -> web.Response:
        if request.headers.get("apikey") != self.key:
            return web.json_response({"ok": False}, status=401)
        handler, body = request.match_info["handler"], await request.json()
        self.rings.append((handler, body))
        self.rung.set()
        if self.answer is not None:
            return await self.answer(handler, body)
        if "envelopes" in body:
            await asyncio.gather(*(self.settle(handler, it) for it in body["envelopes"]))
            return web.json_response({"ok": True, "state": "working"}, status=202)
        return await self.settle(handler, body)

    async def settle(self, _handler: str, body: Body) -> web.Response:
        """Claim, take `delay` seconds, settle with `ack`: as a handler does it."""
        claim = await self.ledger.call(
            "claim_envelope_v1",
            {"team_id": body["team_id"], "envelope_id": body["envelope_id"], "worker": "stub", "lease_seconds": 30},
        )
        if claim["state"] != "claimed":
            return web.json_response({"ok": True, "state": claim["state"], "ack": claim.get("ack")})
        await asyncio.sleep(self.delay)
        event = {"key": "main", "event_type": "slack.command", "target": "t", "payload": {}, "status": "ok"}
        outcome = {"ack": self.ack, "events": [event | {"error_detail": None}]}
        settled = await self.ledger.call(
            "settle_envelope_v1", {"claim_token": claim["claim_token"], "outcome": outcome}
        )
        assert settled["settled"], settled
        self.effects[body["envelope_id"]] += 1
        return web.json_response({"ok": True, "state": "settled", "ack": self.ack, "late": self.late})
