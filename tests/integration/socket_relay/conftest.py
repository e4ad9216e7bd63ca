"""Relays, their ledger, a simulated Slack and stub handlers, in one process. Times are a tenth and less of the real."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from pulser.database import Database, DirectDatabase
from pulser.vault import Vault
from pulser_local.slack import SlackSimulator
from pulser_local.slack.interactions.story import Interaction
from pulser_local.slack.socket_mode.envelope import Delivered, Envelope
from pulser_local.slack.workspace import Content
from socket_relay.pace import Pace
from socket_relay.relay import Parts, Relay, Times
from socket_relay.session import Timing
from tests.fixtures.postgres import Connection
from tests.integration.socket_relay.handlers import StubHandlers

KEY = "function-key-sentinel-0815"
PACE = Pace(
    heartbeat=0.1,
    ask_again=0.05,
    ask_at_most=0.2,
    dial_limit=1.0,
    close_limit=0.3,
    probe=1.0,
    record_again=0.02,
    retire_before=3.0,
    stop_limit=3.0,
    finish_limit=1.0,
)
TIMING = Timing(hello=1.0, ping=0.2, suspect=0.8, dead=1.2, drain=1.0, close=0.3, stable=5.0, late=0.5)
# As deployed, but that a drained connection goes after a second. For what must not be lost: a tenth of these times
# runs out where this machine stands still for a moment.
DEPLOYED_PACE = replace(PACE, dial_limit=Pace().dial_limit, close_limit=Pace().close_limit)
DEPLOYED = replace(Timing(), drain=TIMING.drain)
DEADLINE = 20.0  # seconds for what a test waits for: no measure of speed


async def eventually(holds: Callable[[], bool | Awaitable[bool]], *, what: str = "") -> None:
    """Wait until it holds; AssertionError after a time that says nothing of speed."""
    try:
        async with asyncio.timeout(DEADLINE):
            while not (await held if isinstance(held := holds(), Awaitable) else held):  # noqa: ASYNC110  it polls
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"it never came true: {what or holds}") from None


@dataclass(slots=True)
class Bench:
    """What a test of the relay holds in its hands."""

    url: str
    sql: Connection
    slack: SlackSimulator
    ledger: Database
    handlers: StubHandlers
    _relays: int = 0

    @asynccontextmanager
    async def relay(
        self,
        *,
        pace: Pace = PACE,
        timing: Timing = TIMING,
        live: int = 2,
        seconds: float = float("inf"),
        database: Callable[[Database], Database] = lambda it: it,
        handover: bool = False,
    ) -> AsyncIterator[Relay]:
        """A relay that runs, with so many connections live when the block begins. It ends with the block.

        handover: it stops as by SIGTERM, otherwise at once.
        """
        self._relays += 1
        ledger = database(DirectDatabase(self.url))
        vault = Vault(ledger)
        parts = Parts.of(ledger, vault, self.slack.api_url, pace, self.handlers.url)
        times = Times(pace, timing, jitter=lambda: 0.05)
        relay = Relay(parts, f"relay-{self._relays}", times, seconds=seconds)
        running = asyncio.create_task(relay.run())
        try:
            await eventually(lambda: len(relay.roster.alive()) >= live, what=f"{live} connections live")
            yield relay
        finally:
            if handover:
                relay.stop()
            else:
                running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await parts.close()
            assert running.cancelled() or running.exception() is None, running.exception()

    async def rows(self, what: str = "true") -> list[dict[str, Any]]:
        """The rows of ops.relay_sessions, oldest first."""
        found = await self.sql.fetch(f"select * from ops.relay_sessions where {what} order by claimed_at")  # noqa: S608
        return [dict(it) for it in found]

    async def envelopes(self) -> list[dict[str, Any]]:
        """The rows of ops.slack_envelopes, oldest first."""
        return [dict(it) for it in await self.sql.fetch("select * from ops.slack_envelopes order by id")]

    async def reply(self) -> tuple[Any, str]:
        """The private answer of the one envelope, and what became of it; its ack is no answer any more."""
        (row,) = await self.envelopes()
        assert row["ack"] is None
        return json.loads(row["reply"]), row["reply_status"]

    async def alarms(self) -> list[str]:
        """The reasons of the alarms that were raised, oldest first."""
        found = await self.sql.fetch(
            "select payload->>'reason' as reason from ops.platform_events"
            " where event_type = 'relay.alarm' order by created_at"
        )
        return [str(it["reason"]) for it in found]

    async def free_dials(self) -> None:
        """Fill the dial budget anew."""
        await self.sql.execute("update ops.relay_control set dials_paid_until = '-infinity'")

    def acked(self, envelope_id: str) -> list[str]:
        """The sockets on which an envelope was acked."""
        return [it.socket_id for it in self.slack.sockets.log.acks if it.envelope_id == envelope_id]

    async def command(self, text: str = "status") -> Interaction:
        """A slash command; returns when Slack knows."""
        return await self.slack.command("/pulser", text)

    async def click(self) -> Interaction:
        """A press of a button of a message of its own; returns when Slack knows."""
        channel = self.slack.workspace.find("general")
        assert channel is not None
        button = {"type": "button", "action_id": "pulser_open", "text": {"type": "plain_text", "text": "Open"}}
        content = Content("alert", blocks=[{"type": "actions", "block_id": "b", "elements": [button]}])
        message = self.slack.workspace.post(channel.id, content)
        return await self.slack.press(channel.id, message.ts, "pulser_open")

    async def submission(self) -> Delivered:
        """A modal that somebody submits; returns when Slack knows."""
        team = {"team": {"id": self.slack.team_id}, "api_app_id": self.slack.app_id, "user": {"id": "U1"}}
        payload = {**team, "type": "view_submission", "trigger_id": "1.1", "view": {"callback_id": "pulser_deploy"}}
        return await self.slack.sockets.deliver(Envelope("interactive", payload, accepts_response_payload=True))

    async def mention(self) -> Interaction:
        """An event; returns after the first attempt, Slack sends it again when that failed."""
        return await self.slack.mention("general", "hello")

    async def settled(self, count: int) -> None:
        """Wait until so many envelopes are completed."""
        await eventually(lambda: sum(self.handlers.effects.values()) >= count, what=f"{count} effects")


@pytest.fixture
async def bench(database_url: str, connection: Connection, simulator_unlimited: SlackSimulator) -> AsyncIterator[Bench]:
    """A fresh ledger with the secrets in Vault, a fresh workspace, handlers that work."""
    ledger = DirectDatabase(database_url)
    secrets = {
        "slack_bot_token": simulator_unlimited.bot_token,
        "slack_app_token": simulator_unlimited.app_token,
        "pulser_function_key": KEY,
    }
    for name, value in secrets.items():
        await ledger.call("store_secret_v1", {"name": name, "value": value})
    handlers = StubHandlers(ledger, KEY)
    await handlers.start()
    yield Bench(database_url, connection, simulator_unlimited, ledger, handlers)
    await handlers.stop()
    await ledger.close()
