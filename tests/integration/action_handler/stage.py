"""action-handler behind Slack's HTTP transport and the relay's door, with a real ledger and a simulated Slack."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from action_handler.handle import service_of
from notify_dispatch.deliver import Deliverer
from notify_dispatch.dispatch import Dispatcher
from notify_dispatch.hook import HookCaller
from pulser.button_value import ButtonValue, sign
from pulser.database import DirectDatabase
from pulser.envelope import Envelope
from pulser.handling import HandlerService
from pulser.slack import SlackApi
from pulser.vault import Vault
from pulser_local.slack import SlackSimulator
from pulser_local.slack.http_carrier import RequestUrls
from pulser_local.slack.interactions.story import Interaction
from pulser_local.slack.workspace import Message
from tests.fixtures.postgres import Call, Connection
from tests.fixtures.serving import serving

KEY = "function-key-sentinel"
HOOK = {"type": "webhook", "url": "https://deployer.example/hook", "secret": "pulser_hook_x"}
SERVICE: dict[str, Any] = {
    "service": "api",
    "environments": ["production", "staging"],
    "approvers": ["S0APPROVERS"],
    "rollback_by": ["U0BOB"],
    "deploy": HOOK,
    "rollback": HOOK,
}
FORM = {"service": "api", "version": "1.2.4", "environment": "production", "reason": "a fix"}
AUDITS = """
select event_type, status, actor, target, payload from ops.platform_events where payload ? 'envelope_id'
order by created_at, event_id
"""
PATIENCE = 20.0  # seconds for what happens in the background


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Look until it holds. TimeoutError when it does not."""
    ends_at = time.monotonic() + PATIENCE
    while not await holds():
        if time.monotonic() > ends_at:
            raise TimeoutError
        await asyncio.sleep(0.02)


class Deployer(httpx.AsyncBaseTransport):
    """What the hooks lead to: it takes every call. `called`: what it was told, oldest first."""

    def __init__(self) -> None:
        self.called: list[dict[str, Any]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Taken."""
        self.called.append(json.loads(await request.aread()))
        return httpx.Response(200, stream=_Nothing())


class _Nothing(httpx.AsyncByteStream):
    """An empty body."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b""


@dataclass(slots=True)
class Stage:
    """What a test holds in its hands."""

    url: str
    slack: SlackSimulator
    sql: Connection
    call: Call
    service: HandlerService
    http: httpx.AsyncClient
    deployer: Deployer = field(default_factory=Deployer)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    async def dispatch(self) -> None:
        """One run of notify-dispatch: what is due is posted, updated and called."""
        ledger = DirectDatabase(self.url)
        vault = Vault(ledger)
        slack = SlackApi(vault, self.slack.api_url)
        hooks = HookCaller(vault, "https://api.github.invalid", transport=self.deployer)
        try:
            await Dispatcher(ledger, Deliverer(ledger, vault, slack, hooks), "test", 20.0, linger=0.01).drain()
        finally:
            await slack.close()
            await hooks.close()
            await ledger.close()

    async def emit(self, event_type: str, **payload: Any) -> str:  # noqa: ANN401  JSON
        """An event of api in production whose message stands in Slack; its id."""
        # A fingerprint of its own: none is the repeat of another.
        told = {"service": "api", "environment": "production", "fingerprint": str(uuid4()), **payload}
        event_id = str(await self.call("append_event_v1", event_type=event_type, payload=told))
        await self.dispatch()
        return event_id

    def message(self) -> Message:
        """The newest message in #ops."""
        return self.slack.workspace.history(self.channel)[-1]

    @property
    def channel(self) -> str:
        """The id of the channel that all goes to."""
        found = self.slack.workspace.find("ops-alerts")
        assert found is not None
        return found.id

    async def press(self, verb: str, user: str = "U0BOB") -> Interaction:
        """Press a button of the newest message that has it, over HTTP; it returns when Slack has its ack.

        What asks people to decide stands before what came with it: the newest of all may have no buttons.
        """
        history = self.slack.workspace.history(self.channel)
        having = [it for it in history if f"'pulser_{verb}'" in str(it.blocks)]
        return await self.slack.press(self.channel, (having or history)[-1].ts, f"pulser_{verb}", user_id=user)

    async def click(self, verb: str, user: str = "U0BOB") -> list[str]:
        """The same, and once it is settled the private notes that its user sees."""
        pressed = await self.press(verb, user)
        await self.settled(pressed.envelope_id)
        return self.notes(user)

    def notes(self, user: str) -> list[str]:
        """What this person alone sees, oldest first."""
        return [str(it["text"]) for it in self.slack.ephemerals(None, user)]

    async def settled(self, _envelope_id: str = "") -> None:
        """Until nothing is left to be handled or to be answered."""
        left = (
            "select count(*) from ops.slack_envelopes where status in ('pending', 'processing') or reply_status = 'due'"
        )

        async def is_done() -> bool:
            return not await self.sql.fetchval(left)

        await eventually(is_done)

    async def record(self, payload: dict[str, Any], envelope_id: str | None = None, **more: Any) -> str:  # noqa: ANN401
        """An interaction that the relay has recorded; its envelope_id."""
        number = next(self._numbers)
        told = {"team": {"id": self.slack.team_id}, "trigger_id": f"trigger-{number}", **payload}
        envelope = Envelope.from_interaction(told, envelope_id or f"envelope-{number}")
        record = envelope.to_record(transport="socket", received_at=time.time()) | more
        await self.call("record_envelopes_v1", envelopes=[record], worker="test")
        return envelope.envelope_id

    async def forward(self, envelope_id: str, within: float = 10.0) -> httpx.Response:
        """The relay's call for a recorded envelope."""
        body = {"team_id": self.slack.team_id, "envelope_id": envelope_id, "answer_within_s": within}
        return await self.http.post("/", json=body, headers={"apikey": KEY})

    async def submit(self, user: str = "U0ALICE", **changed: str) -> dict[str, Any] | None:
        """Submit the deploy modal by the relay's way; the ack's payload."""
        values = FORM | changed
        typed = {name: {name: {"type": "plain_text_input", "value": it}} for name, it in values.items()}
        payload = {
            "type": "view_submission",
            "user": {"id": user, "username": user.removeprefix("U0").lower()},
            "view": {
                "id": "V1",
                "callback_id": "pulser_deploy",
                "state": {"values": typed},
                "private_metadata": json.dumps({"channel": self.channel}),
            },
        }
        told = await self.forward(await self.record(payload))
        assert told.status_code == 200, told.text
        ack: dict[str, Any] | None = told.json()["ack"]
        return ack

    async def drain(self) -> None:
        """The sweep's ring."""
        await self.http.post("/", json={"drain": True}, params={"wait": "1"}, headers={"apikey": KEY})

    async def audits(self) -> list[dict[str, Any]]:
        """What platform_events says of envelopes, oldest first: the columns and the payload in one."""
        rows = await self.sql.fetch(AUDITS)
        return [{"type": it["event_type"], "actor": it["actor"], **json.loads(it["payload"])} for it in rows]

    async def card(self, event_id: str) -> dict[str, Any]:
        """A card, as handlers see it."""
        found: dict[str, Any] = await self.call("card_for_event_v1", event_id=event_id)
        return found

    async def hooks(self) -> list[dict[str, Any]]:
        """The calls of hooks that are queued, oldest first."""
        rows = await self.sql.fetch("select hook from ops.deliveries where kind = 'hook' order by position")
        return [json.loads(it["hook"]) for it in rows]


async def acknowledgement(stage: Stage, event_id: str, user: str = "U0BOB") -> dict[str, Any]:
    """The payload of an Acknowledge click, as a relay gets it, with our signature."""
    key = await stage.call("read_secret_v1", name="pulser_button_key")
    value = sign(ButtonValue(event_id, "d"), key, "pulser_acknowledge")
    return {
        "type": "block_actions",
        "team": {"id": stage.slack.team_id},
        "user": {"id": user, "username": user.removeprefix("U0").lower()},
        "channel": {"id": stage.channel},
        "actions": [{"action_id": "pulser_acknowledge", "value": value}],
    }


@contextlib.asynccontextmanager
async def staged(database_url: str, sql: Connection, call: Call, slack: SlackSimulator) -> AsyncIterator[Stage]:
    """A handler that Slack reaches by its request URL, and the relay with its key."""
    ledger = DirectDatabase(database_url)
    service = service_of(ledger, slack.api_url)
    async with served(service) as url, httpx.AsyncClient(base_url=url, timeout=30) as http:
        secrets = {
            "slack_bot_token": slack.bot_token,
            "slack_signing_secret": slack.signing_secret,
            "pulser_function_key": KEY,
            "pulser_hook_x": "hook-sentinel",
        }
        for name, value in secrets.items():
            await call("store_secret_v1", name=name, value=value)
        route: Any = {"name": "all", "position": 1, "event_pattern": "*", "channel": "#ops-alerts"}
        default: Any = {"name": "default", "position": 9, "channel": "#general", "is_default": True}
        services: Any = [SERVICE]
        await call("apply_routes_v1", routes=[route, default])
        await call("apply_services_v1", services=services)
        await slack.use_http(RequestUrls(interactions=f"{url}/"))
        yield Stage(database_url, slack, sql, call, service, http)
    await service.close()


@contextlib.asynccontextmanager
async def served(service: HandlerService) -> AsyncIterator[str]:
    """A handler under a URL of its own."""

    async def own(request: Request) -> Response:
        return await service.answer(request)

    app = Starlette(routes=[Route("/", own, methods=["GET", "POST"])])
    async with serving(app) as url:
        yield url
