"""command-handler behind Slack's HTTP transport: a real ledger, a simulated Slack, and people who type."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from command_handler.handle import CommandHandler
from pulser.database import DirectDatabase
from pulser.handling import HandlerService
from pulser.handling_health import handler_checks
from pulser.slack import SlackApi
from pulser.vault import Vault
from pulser_local.slack import SlackSimulator
from pulser_local.slack.http_carrier import RequestUrls
from pulser_local.slack.interactions.story import Interaction
from tests.fixtures.postgres import Call, Connection
from tests.fixtures.serving import serving

HOOK = {"type": "webhook", "url": "https://deployer.example/hook", "secret": "pulser_hook_x"}
AUDITS = """
select event_type, status, payload from ops.platform_events where event_type like 'slack.%' order by created_at
"""
OTHERS = ("notify-dispatch", "socket-relay", "action-handler")


@dataclass(slots=True)
class Stand:
    """What a test holds in its hands. `silent`: functions that say nothing when they are asked how they are."""

    slack: SlackSimulator
    call: Call
    sql: Connection
    silent: set[str]

    async def type(self, text: str, user: str = "U0BOB") -> Interaction:
        """`/pulser <text>` in #general."""
        return await self.slack.command("/pulser", text, user, "general")

    async def services(self, *services: dict[str, Any]) -> None:
        """Make these the services."""
        usual = {"environments": ["production"], "deploy": HOOK, "approvers": ["S0APPROVERS"]}
        described: Any = [{**usual, **it} for it in services]
        await self.call("apply_services_v1", services=described)

    async def audits(self) -> list[dict[str, Any]]:
        """What stands in platform_events of commands and events, oldest first: type, status and payload in one."""
        rows = await self.sql.fetch(AUDITS)
        return [{"type": it["event_type"], "status": it["status"], **json.loads(it["payload"])} for it in rows]

    async def running(self, service: str, version: str) -> None:
        """A deploy that carol asked for and nobody has approved yet."""
        envelope: dict[str, Any] = {
            "envelope_id": f"e-{service}",
            "team_id": self.slack.team_id,
            "type": "interactive",
            "payload": {"type": "view_submission", "user": {"id": "U0CAROL", "username": "carol"}},
            "logical_key": f"k-{service}",
            "handler": "action-handler",
            "transport": "socket",
        }
        await self.call("record_envelopes_v1", envelopes=[{**envelope, "received_at": time.time()}], worker="t")
        named = {"team_id": self.slack.team_id, "envelope_id": f"e-{service}"}
        claim = await self.call("claim_envelope_v1", **named, worker="t", lease_seconds=30)
        asked = {"user": "U0CAROL", "name": "carol", "at": "2026-11-24T12:00:00Z"}
        event: dict[str, Any] = {
            "key": "main",
            "event_type": "deploy.requested",
            "target": service,
            "payload": {"service": service},
        }
        card = {"event": "main", "service": service, "environment": "production", "release": version}
        new: Any = {**card, "kind": "deploy", "phase": "requested", "state": {"requested": asked}}
        settled = await self.call(
            "settle_envelope_v1", claim_token=claim["claim_token"], outcome={"events": [event], "new_card": new}
        )
        assert settled["settled"]


def text_of(said: dict[str, Any] | None) -> str:
    """All texts of an answer, line by line."""
    blocks = (said or {}).get("blocks", [])
    texts = [it["text"]["text"] if "text" in it else it["elements"][0]["text"] for it in blocks]
    return "\n".join(texts)


@pytest.fixture
async def stand(
    database_url: str, call: Call, connection: Connection, simulator_unlimited: SlackSimulator
) -> AsyncIterator[Stand]:
    """A handler that Slack reaches by its request URLs."""
    slack = simulator_unlimited
    ledger = DirectDatabase(database_url)
    vault = Vault(ledger)
    handler = CommandHandler(ledger, vault, api := SlackApi(vault, slack.api_url))
    service = HandlerService("command-handler", ledger, vault, api, handler, lambda: handler_checks(ledger, vault))
    made = Stand(slack, call, connection, set())
    async with _served(service, made) as url:
        secrets = {
            "slack_bot_token": slack.bot_token,
            "slack_signing_secret": slack.signing_secret,
            "pulser_function_key": "function-key-sentinel",
            "pulser_functions_url": url,
        }
        for name, value in secrets.items():
            await call("store_secret_v1", name=name, value=value)
        await slack.use_http(RequestUrls(*[f"{url}/command-handler"] * 3))
        yield made
    await handler.close()
    await service.close()


@contextlib.asynccontextmanager
async def _served(service: HandlerService, made: Stand) -> AsyncIterator[str]:
    """The handler under its URL, with three neighbours that are well; yields .../functions/v1."""

    async def own(request: Request) -> Response:
        return await service.answer(request)

    async def other(request: Request) -> Response:
        if request.path_params["name"] in made.silent:
            await asyncio.Event().wait()
        return JSONResponse({"ok": True, "function": request.path_params["name"], "version": "1", "checks": {}})

    app = Starlette(
        routes=[
            Route("/functions/v1/command-handler", own, methods=["GET", "POST"]),
            Route("/functions/v1/{name}", other),
        ]
    )
    async with serving(app) as url:
        yield f"{url}/functions/v1"
