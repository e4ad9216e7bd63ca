"""A dispatcher, its ledger and a simulated Slack, in one process."""

from __future__ import annotations

import itertools
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from notify_dispatch.deliver import Deliverer
from notify_dispatch.dispatch import Dispatcher
from notify_dispatch.hook import HookCaller
from pulser.database import Database, DirectDatabase
from pulser.slack import SlackApi
from pulser.vault import Vault
from pulser_local.slack import SlackSimulator
from pulser_local.slack.workspace import Message

_clicks = itertools.count(1)
_branches = itertools.count(1)
BUTTON_KEY = "sentinel-button-key"
MOVED = """
update ops.deliveries set next_attempt_at = next_attempt_at - $1::interval, lease_until = lease_until - $1::interval,
    may_land_until = may_land_until - $1::interval,
    doubtful_since = doubtful_since - $1::interval, retry_until = retry_until - $1::interval
    where status in ('queued', 'sending', 'in_doubt', 'failed');
update ops.event_dispatches set lease_until = lease_until - $1::interval where lease_until is not null;
update ops.slack_channels set next_post_at = next_post_at - $1::interval;
update ops.slack_holds set held_until = held_until - $1::interval;
update ops.slack_paces set used_until = used_until - $1::interval;
"""


@dataclass(slots=True)
class Bench:
    """What a test of the dispatcher holds in its hands."""

    url: str
    sql: asyncpg.Connection[asyncpg.Record]
    slack: SlackSimulator
    ledger: Database
    github_api_url: str = "https://api.github.invalid"

    @asynccontextmanager
    async def dispatcher(
        self, *, ledger: Database | None = None, drain_seconds: float = 20.0
    ) -> AsyncIterator[Dispatcher]:
        """A worker with its own connections, that does not linger."""
        own = DirectDatabase(self.url)
        vault = Vault(own)
        slack = SlackApi(vault, self.slack.api_url, timeout=1.0)
        hooks = HookCaller(vault, self.github_api_url, timeout=1.0)
        deliverer = Deliverer(ledger or own, vault, slack, hooks)
        try:
            yield Dispatcher(ledger or own, deliverer, f"worker-{id(own)}", drain_seconds, linger=0.01)
        finally:
            await slack.close()
            await hooks.close()
            await own.close()

    async def drain(self, **options: Any) -> None:  # noqa: ANN401  passed on to dispatcher()
        """One run of one worker."""
        async with self.dispatcher(**options) as dispatcher:
            await dispatcher.drain()

    async def emit(self, event_type: str = "ci.failed", payload: object = None, **columns: str) -> str:
        """Append an event; its id. Without a payload each is of another branch: none repeats the one before."""
        own = {"service": "api", "branch": f"branch-{next(_branches)}"}
        arguments = {"event_type": event_type, "payload": own if payload is None else payload, **columns}
        return str(await self.ledger.call("append_event_v1", arguments))

    async def route(self, *routes: dict[str, Any]) -> None:
        """These routes and a default one to #general."""
        default = {
            "name": "default",
            "position": 9,
            "minimum_severity": "error",
            "channel": "#general",
            "is_default": True,
        }
        given = [{"name": f"r{at}", "position": at, **route} for at, route in enumerate(routes)]
        await self.ledger.call("apply_routes_v1", {"routes": [*given, default]})

    async def pass_time(self, seconds: float) -> None:
        """Move every due time and lease back, as if so many seconds had passed."""
        for statement in filter(str.strip, MOVED.split(";")):
            await self.sql.execute(statement.replace("$1::interval", f"interval '{seconds} seconds'"))

    async def deliveries(self) -> list[dict[str, Any]]:
        """All deliveries, oldest first."""
        return list(reversed(await self.ledger.call("list_deliveries_v1", {"filter": {"limit": 1000}})))

    async def delivery(self) -> dict[str, Any]:
        """The only delivery."""
        (only,) = await self.deliveries()
        return only

    async def delivery_of(self, kind: str) -> dict[str, Any]:
        """The newest delivery of a kind, as it stands in the table."""
        newest = "select * from ops.deliveries where kind = $1 order by position desc limit 1"
        found = await self.sql.fetchrow(newest, kind)
        assert found is not None
        return dict(found)

    async def act(self, event_type: str, payload: object = None, **effects: Any) -> dict[str, Any]:  # noqa: ANN401  JSON
        """A click of alice's, from its record to its settle with these effects."""
        number = next(_clicks)
        envelope = {
            "envelope_id": f"envelope-{number}",
            "team_id": "T0TEST",
            "type": "interactive",
            "handler": "action-handler",
            "transport": "socket",
            "logical_key": f"trigger:{number}",
            "payload": {"type": "block_actions", "user": {"id": "U0ALICE001"}},
            "received_at": time.time(),
        }
        await self.ledger.call("record_envelopes_v1", {"envelopes": [envelope], "worker": "test"})
        asked = {"team_id": "T0TEST", "envelope_id": envelope["envelope_id"], "worker": "test", "lease_seconds": 30}
        claimed = await self.ledger.call("claim_envelope_v1", asked)
        audit = {"key": "main", "event_type": event_type, "payload": payload or {}}
        outcome = {"events": [audit], **effects}
        settle = {"claim_token": claimed["claim_token"], "outcome": outcome}
        settled: dict[str, Any] = await self.ledger.call("settle_envelope_v1", settle)
        assert settled["settled"], settled
        return settled

    async def card(self, card_id: str) -> dict[str, Any]:
        """A card, as handlers see it."""
        found: dict[str, Any] = await self.ledger.call("card_for_event_v1", {"event_id": card_id})
        return found

    def messages(self, channel: str = "ops-ci") -> Sequence[Message]:
        """What stands in a channel, oldest first."""
        found = self.slack.workspace.find(channel)
        assert found is not None
        return self.slack.workspace.history(found.id)

    def posts(self) -> int:
        """How often chat.postMessage was called."""
        return sum(call.method == "chat.postMessage" for call in self.slack.calls)


@pytest.fixture
async def bench(
    database_url: str, connection: asyncpg.Connection[asyncpg.Record], simulator_unlimited: SlackSimulator
) -> AsyncIterator[Bench]:
    """A fresh ledger with a route for ci.* and a Slack without limits."""
    ledger = DirectDatabase(database_url)
    await ledger.call("store_secret_v1", {"name": "slack_bot_token", "value": simulator_unlimited.bot_token})
    await ledger.call("store_secret_v1", {"name": "pulser_button_key", "value": BUTTON_KEY})
    made = Bench(database_url, connection, simulator_unlimited, ledger)
    await made.route({"event_pattern": "ci.*", "channel": "#ops-ci"})
    yield made
    await ledger.close()
