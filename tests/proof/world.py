"""All of pulser in this process, on a real Postgres, with a simulated Slack and a deployer; workers can be stopped."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import uuid4

import asyncpg

from pulser.database import DirectDatabase
from pulser.slack import REQUEST_TIMEOUT
from pulser_local.slack import SlackSimulator
from pulser_local.slack.interactions.story import Interaction
from pulser_local.slack.workspace import Message
from tests.fixtures.postgres import Connection
from tests.integration.socket_relay.conftest import eventually
from tests.proof.faults import Faults
from tests.proof.invariants import Judge
from tests.proof.seams import Point, Script
from tests.proof.serving import served
from tests.proof.shown import messages_of
from tests.proof.workers import (
    ACK,
    KINDS,
    DispatcherWorker,
    HandlerWorker,
    RelayWorker,
    Surroundings,
    Ways,
    Worker,
    start,
)
from tests.unit.notify_dispatch.hook_server import HookServer, hook_server

KEY = "function-key-sentinel-0815"
TIRED = 30  # rounds of sweeps after which something is left for ever
BURIED = """
update ops.deliveries set lease_until = clock_timestamp() where claimed_by = $1;
update ops.event_dispatches set lease_until = clock_timestamp() where claimed_by = $1;
update ops.slack_envelopes set lease_until = clock_timestamp() where claimed_by = $1;
update ops.relay_sessions set lease_until = clock_timestamp() where worker = $1 and state <> 'ended';
"""
AGED = """
update ops.deliveries set may_land_until = may_land_until - interval '30 seconds' where may_land_until is not null;
update ops.deliveries set next_attempt_at = next_attempt_at - interval '30 seconds'
    where status in ('queued', 'in_doubt', 'failed');
update ops.slack_channels set next_post_at = next_post_at - interval '30 seconds' where next_post_at > now();
update ops.slack_holds set held_until = held_until - interval '30 seconds' where held_until > now();
update ops.slack_envelopes set next_attempt_at = next_attempt_at - interval '30 seconds' where status = 'pending';
update ops.slack_envelopes set reply_due_at = reply_due_at - interval '30 seconds' where reply_status = 'due';
update ops.relay_control set dials_paid_until = '-infinity';
"""
# Nobody is at work, so whoever holds these does not know it: the answer to its claim was lost.
ORPHANED = """
update ops.deliveries set lease_until = clock_timestamp() where claim_token is not null;
update ops.event_dispatches set lease_until = clock_timestamp() where claim_token is not null;
update ops.slack_envelopes set lease_until = clock_timestamp() where claim_token is not null;
"""
OPEN = """
select (select count(*) from ops.deliveries where status not in ('sent', 'dead') or claim_token is not null)
     + (select count(*) from ops.event_dispatches where status = 'pending')
     + (select count(*) from ops.slack_envelopes where handler is not null
        and (status in ('pending', 'processing') or claim_token is not null or reply_status = 'due'))
"""


@dataclass(slots=True)
class World:
    """What a story plays in. `workers`: the one of each kind that is at work, or lies dead."""

    url: str
    sql: Connection
    slack: SlackSimulator
    ledger: DirectDatabase
    deployer: HookServer
    judge: Judge
    patience: float = REQUEST_TIMEOUT  # seconds that a call of a worker may take
    script: Script = field(default_factory=Script)
    faults: Faults = field(default_factory=Faults)
    workers: dict[str, Worker] = field(default_factory=dict)
    ahead: Counter[str] = field(default_factory=Counter)  # seconds by which a kind of worker's clock is
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def dispatcher(self) -> DispatcherWorker:
        """The one that is at work, or lies dead."""
        found = self.workers["dispatcher"]
        assert isinstance(found, DispatcherWorker)
        return found

    @property
    def relay(self) -> RelayWorker:
        """The one that is at work, or lies dead."""
        found = self.workers["relay"]
        assert isinstance(found, RelayWorker)
        return found

    @property
    def handlers(self) -> list[HandlerWorker]:
        """Those that are at work, or lie dead."""
        return [it for it in self.workers.values() if isinstance(it, HandlerWorker)]

    def begin(self, stop_at: Point | None = None) -> None:
        """A story begins, in which a worker may be stopped."""
        self.script.begin(stop_at)
        self.faults.begin()
        self.slack.faults.clear()
        self.judge.begin()

    async def renew(self, *kinds: str) -> None:
        """Other workers of these kinds take the places of those that are there: they remember nothing."""
        for kind in kinds:
            if (former := self.workers.get(kind)) is not None:
                former.gate.stop()
                await self.bury(former)
            await self.let_time_pass()
            self.workers[kind] = start(kind, self.new_name(kind), Ways.of(kind, self.script, self.surroundings()))
        if "relay" in kinds:
            await self.connected()

    def new_name(self, kind: str) -> str:
        """For a worker."""
        return f"{kind}@here:{next(self.numbers)}"

    def surroundings(self) -> Surroundings:
        """Of the workers."""
        at = (self.url, self.slack.api_url, self.deployer.url)
        return Surroundings(*at, self.faults, self.patience, lambda kind: time.monotonic() + self.ahead[kind])

    async def bury(self, dead: Worker) -> None:
        """End what is left of a dead worker in this process, and let its leases end."""
        await dead.end()
        await self.let_leases_end(dead)

    async def let_leases_end(self, dead: Worker) -> None:
        """As if their time had passed. Those of others hold on."""
        for statement in filter(str.strip, BURIED.split(";")):
            await self.sql.execute(statement, dead.name)

    async def let_time_pass(self) -> None:
        """As if what waits had waited: for a next attempt, a channel's turn, the end of a hold, a dial's turn."""
        await self.sql.execute(AGED)

    async def revive(self) -> None:
        """Start another worker for each that is dead."""
        while dead := [kind for kind, it in self.workers.items() if it.gate.stopped.is_set()]:
            await self.renew(*dead)

    async def connected(self) -> None:
        """Wait until the relay has both connections, or is dead."""
        await self.let_time_pass()
        relay = self.relay
        await eventually(lambda: relay.live >= 2 or relay.gate.stopped.is_set(), what="two connections")

    async def dispatch(self) -> None:
        """Ring notify-dispatch, and wait until it rests, or is dead."""
        await self.revive()
        await self.let_time_pass()
        await asyncio.wait({self.dispatcher.wake()})

    async def sweep(self) -> None:
        """Ring all who may have work, as cron does."""
        await self.dispatch()
        await asyncio.wait({it.wake() for it in self.handlers})

    async def quiet(self) -> None:
        """Wait until nobody who lives is at work."""
        while busy := [
            task
            for it in (*self.handlers, self.relay)
            if not it.gate.stopped.is_set()
            for task in (it.in_hand if isinstance(it, RelayWorker) else it.tasks())
            if not task.done()
        ]:
            dying = [asyncio.create_task(it.gate.stopped.wait()) for it in self.workers.values()]
            await asyncio.wait([*busy, *dying], return_when=asyncio.FIRST_COMPLETED)
            for task in dying:
                task.cancel()

    async def settled(self) -> None:
        """Sweep, and let time pass, until nothing is left to do. AssertionError when something is left for ever."""
        for _ in range(TIRED):
            await self.revive()
            await self.quiet()
            await self.sweep()
            await self.quiet()
            if any(it.gate.stopped.is_set() for it in self.workers.values()):
                continue
            if not await self.sql.fetchval(OPEN):
                return
            for statement in filter(str.strip, ORPHANED.split(";")):
                await self.sql.execute(statement)
        raise AssertionError(f"left for ever: {await self.judge.broken()}")

    async def check(self) -> None:
        """All invariants hold, and Slack and the ledger agree."""
        assert await self.judge.broken() == []

    async def emit(self, event_type: str, **payload: Any) -> str:  # noqa: ANN401  JSON
        """An event in production; its id. It has a fingerprint of its own: none is the repeat of another."""
        told = {"environment": "production", "fingerprint": str(uuid4()), **payload}
        return str(await self.ledger.call("append_event_v1", {"event_type": event_type, "payload": told}))

    async def message(self, event_id: str) -> Message:
        """The message of an event, once it stands."""
        await self.dispatch()
        await self.settled()
        (found,) = self.messages(event_id)
        return found

    def messages(self, event_id: str) -> list[Message]:
        """The messages of an event, as they stand."""
        return messages_of(self.slack, event_id)

    async def insist(self, deed: Callable[[], Awaitable[Interaction]]) -> Interaction:
        """Who is not acknowledged does it again: that is another envelope."""
        for _ in range(5):
            await self.revive()
            done = await deed()
            if done.outcome == "acked":
                return done
            await self.connected()
        raise AssertionError(f"it is never acknowledged: {done.what} {done.error}")

    async def close(self) -> None:
        """End all workers."""
        for worker in self.workers.values():
            worker.gate.stop()
            await worker.end()


Made = TypeVar("Made", bound=World)


@asynccontextmanager
async def world(url: str, kind: type[Made]) -> AsyncIterator[Made]:
    """A world of a kind: everything up, with two connections of the relay."""
    async with AsyncExitStack() as parts:
        slack = SlackSimulator(rate_limit=False)
        slack.sockets.settings.ack_seconds = ACK
        slack.sockets.settings.retry_after = (0.1, 1.0, 2.0)
        await slack.start()
        parts.push_async_callback(slack.stop)
        sql = await asyncpg.connect(url)
        parts.push_async_callback(sql.close)
        ledger = DirectDatabase(url)
        parts.push_async_callback(ledger.close)
        deployer = await parts.enter_async_context(hook_server())
        made = kind(url, sql, slack, ledger, deployer, Judge(sql, ledger, slack, deployer))
        parts.push_async_callback(made.close)
        await _prepare(made, await parts.enter_async_context(served(made.workers, made.faults)))
        await made.renew(*KINDS)
        yield made


async def _prepare(made: World, functions_url: str) -> None:
    secrets = {
        "slack_bot_token": made.slack.bot_token,
        "slack_app_token": made.slack.app_token,
        "pulser_function_key": KEY,
        "pulser_functions_url": functions_url,
        "pulser_hook_x": "hook-sentinel",
    }
    for name, value in secrets.items():
        await made.ledger.call("store_secret_v1", {"name": name, "value": value})
    await route(made)


async def route(made: World, tasks: str = "ops-tasks") -> None:
    """What is told where; `tasks` names the channel of what is told of tasks."""
    channels = {"ci.*": "ops-ci", "deploy.*": "ops-deploy", "task.*": tasks}
    routes = [
        {"name": pattern, "position": at, "event_pattern": pattern, "channel": f"#{channel}"}
        for at, (pattern, channel) in enumerate(channels.items())
    ]
    default = {"name": "default", "position": 9, "channel": "#general", "is_default": True}
    await made.ledger.call("apply_routes_v1", {"routes": [*routes, {**default, "minimum_severity": "critical"}]})
