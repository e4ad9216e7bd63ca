"""All functions as processes of their own, some of which die by kill -9 where a test orders it; a simulated Slack."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import aiohttp
import asyncpg

from pulser.database import DirectDatabase
from pulser_local.functions import FunctionProcess, FunctionSource, function_environment
from pulser_local.gateway import Gateway
from pulser_local.ports import free_port
from pulser_local.slack import SlackSimulator
from pulser_local.slack.interactions.story import Interaction
from pulser_local.slack.workspace import Message
from tests.fixtures.postgres import Connection
from tests.proof.shown import messages_of
from tests.unit.notify_dispatch.hook_server import HookServer, hook_server

KEY = "function-key-sentinel-0815"
DYING = Path(__file__).with_name("dying") / "main.py"
REAL = Path(__file__).parents[2] / "functions" / "command-handler" / "main.py"
MORTAL = ("notify-dispatch", "socket-relay", "action-handler")
LIMIT = 30.0  # seconds for what other processes do: no measure of speed
BURIED = """
update ops.deliveries set lease_until = clock_timestamp() where claimed_by like $1;
update ops.event_dispatches set lease_until = clock_timestamp() where claimed_by like $1;
update ops.slack_envelopes set lease_until = clock_timestamp() where claimed_by like $1;
update ops.relay_sessions set lease_until = clock_timestamp() where worker like $1 and state <> 'ended';
update ops.relay_control set dials_paid_until = '-infinity' where $1 <> '';
"""
AGED = """
update ops.deliveries set may_land_until = may_land_until - interval '30 seconds' where may_land_until is not null;
update ops.deliveries set next_attempt_at = next_attempt_at - interval '30 seconds'
    where status in ('queued', 'in_doubt', 'failed');
update ops.slack_channels set next_post_at = next_post_at - interval '30 seconds';
update ops.slack_holds set held_until = held_until - interval '30 seconds';
update ops.slack_envelopes set next_attempt_at = next_attempt_at - interval '30 seconds' where status = 'pending';
update ops.slack_envelopes set reply_due_at = reply_due_at - interval '30 seconds' where reply_status = 'due';
"""
OPEN = """
select coalesce(string_agg(it.what, ', ' order by it.what), '') from (
    select format('delivery %s %s %s', d.position, d.status, d.claim_token) as what from ops.deliveries d
        where d.status not in ('sent', 'dead') or d.claim_token is not null
    union all select format('event %s %s', s.position, s.claim_token) from ops.event_dispatches s
        where s.status = 'pending'
    union all select format('envelope %s %s %s %s', e.id, e.status, e.claim_token, e.reply_attempts)
        from ops.slack_envelopes e where e.handler is not null
        and (e.status in ('pending', 'processing') or e.claim_token is not null or e.reply_status = 'due')
) it
"""
QUIET = 0.5  # seconds in which nothing changes: what is left then waits for its time


@dataclass(frozen=True, slots=True)
class Death:
    """Where a function dies: before or after the next call of `call` whose arguments or result hold `has`."""

    function: Literal["notify-dispatch", "socket-relay", "action-handler"]
    when: Literal["before", "after"]
    call: str
    has: str = ""

    def __str__(self) -> str:
        return f"{self.function} {self.when} {self.call}{f' of {self.has}' if self.has else ''}"


@dataclass(slots=True)
class Site:
    """What a test holds in its hands."""

    url: str
    sql: Connection
    slack: SlackSimulator
    ledger: DirectDatabase
    deployer: HookServer
    folder: Path
    processes: dict[str, FunctionProcess] = field(default_factory=dict)

    def order(self, death: Death) -> None:
        """Have a function die there, once."""
        path = self.folder / f"{death.function}.json"
        path.with_suffix(".new").write_text(json.dumps({"function": death.call, "when": death.when, "has": death.has}))
        path.with_suffix(".new").rename(path)

    async def death_of(self, function: str) -> int:
        """Wait until the ordered death has come, and its process is gone; which it was."""
        found: list[Path] = []

        async def is_carried_out() -> bool:
            found[:] = self.folder.glob(f"{function}.json.*")
            return bool(found)

        await until(is_carried_out, what=f"{function} dies")
        (done,) = found
        pid = int(done.suffix[1:])
        done.unlink()

        async def is_gone() -> bool:
            return str(pid) not in os.listdir("/proc")

        await until(is_gone, what=f"process {pid} is gone")
        for statement in filter(str.strip, BURIED.split(";")):
            await self.sql.execute(statement, f"{function}@%:{pid}%")
        return pid

    async def ring(self, function: str, *, wait: bool = False) -> int | None:
        """POST as the database does; the status, or None when the process dies of it."""
        url = self.processes[function].url
        with suppress(aiohttp.ClientError):
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as http,
                http.post(f"{url}/{'?wait=1' if wait else ''}", data=b"", headers={"apikey": KEY}) as answer,
            ):
                return answer.status
        return None

    async def emit(self, event_type: str, **payload: Any) -> str:  # noqa: ANN401  JSON
        """An event of api in production; its id."""
        told = {"service": "api", "environment": "production", "fingerprint": str(uuid4()), **payload}
        return str(await self.ledger.call("append_event_v1", {"event_type": event_type, "payload": told}))

    async def card(self, event_type: str = "ci.failed", **payload: Any) -> str:  # noqa: ANN401  JSON
        """An event whose message stands in Slack."""
        event_id = await self.emit(event_type, **payload)
        await self.settle()
        assert len(self.messages(event_id)) == 1
        return event_id

    def messages(self, event_id: str) -> list[Message]:
        """The messages of an event, as they stand."""
        return messages_of(self.slack, event_id)

    async def press(self, event_id: str, verb: str, user: str = "U0BOB") -> Interaction:
        """Press a button of an event's message as it is; returns when Slack knows what became of it."""
        (shown,) = self.messages(event_id)
        return await self.press_seen(shown.channel_id, shown.to_json(), verb, user)

    async def press_seen(self, channel_id: str, shown: dict[str, Any], verb: str, user: str) -> Interaction:
        """The same on the message as it was."""
        return await self.slack.press_seen(channel_id, shown, f"pulser_{verb}", user_id=user)

    async def slack_knows(self, interaction: Interaction) -> None:
        """Wait until an event is acknowledged: Slack sends it again by itself."""

        async def is_acked() -> bool:
            return interaction.outcome == "acked"

        await until(is_acked, what=f"{interaction.envelope_id} is acknowledged")

    async def settled_envelope(self, interaction: Interaction) -> None:
        """Wait until the handler that was rung by the relay has done it."""
        done = "select status = 'completed' from ops.slack_envelopes where envelope_id = $1"

        async def is_completed() -> bool:
            return bool(await self.sql.fetchval(done, interaction.envelope_id))

        await until(is_completed, what=f"{interaction.envelope_id} is completed")

    async def relay_up(self) -> None:
        """Ring the relay until two connections are up."""
        if len(self.slack.sockets.live) < 2:
            assert await self.ring("socket-relay", wait=True) == 200
            await asyncio.wait_for(self.slack.sockets.until(2), LIMIT)

    async def settle(self) -> None:
        """Ring who may have work, as cron does, and let time pass, until nothing is left to do."""
        await self.relay_up()
        async with asyncio.timeout(LIMIT):
            while left := await self.sql.fetchval(OPEN):
                for name in ("notify-dispatch", "action-handler", "command-handler"):
                    await self.ring(name)
                await asyncio.sleep(QUIET)
                if await self.sql.fetchval(OPEN) == left:
                    await self.sql.execute(AGED)


async def until(holds: Callable[[], Awaitable[bool]], *, what: str) -> None:
    """Wait until something in another process is so."""
    try:
        async with asyncio.timeout(LIMIT):
            while not await holds():  # noqa: ASYNC110  another process sets no event of ours
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"it never came true: {what}") from None


@asynccontextmanager
async def site(url: str, folder: Path) -> AsyncIterator[Site]:
    """Everything up: routes, a service with a hook, two connections of the relay."""
    async with AsyncExitStack() as parts:
        slack = SlackSimulator(rate_limit=False)
        await slack.start()
        parts.push_async_callback(slack.stop)
        sql = await asyncpg.connect(url)
        parts.push_async_callback(sql.close)
        ledger = DirectDatabase(url)
        parts.push_async_callback(ledger.close)
        made = Site(url, sql, slack, ledger, await parts.enter_async_context(hook_server()), folder)
        gateway = Gateway(url, key="unused", functions={name: it.url for name, it in _functions(made).items()})
        await gateway.start()
        parts.push_async_callback(gateway.stop)
        await _prepare(made, f"{gateway.url}/functions/v1")
        parts.push_async_callback(_stop, made)
        await asyncio.gather(*(process.start() for process in made.processes.values()))
        await made.relay_up()
        yield made


def _functions(made: Site) -> dict[str, FunctionProcess]:
    for name in (*MORTAL, "command-handler"):
        settings = {
            "SUPABASE_DB_URL": made.url,
            "SLACK_API_URL": made.slack.api_url,
            "GITHUB_API_URL": made.deployer.url,
            "PULSER_TEST_ORDER": str(made.folder / f"{name}.json"),
            "PULSER_STOP_SECONDS": "0",
        }
        made.processes[name] = FunctionProcess(
            FunctionSource(name, DYING if name in MORTAL else REAL),
            port=free_port(),
            environment=function_environment(os.environ, settings),
            on_line=lambda _line: None,
        )
    return made.processes


async def _stop(made: Site) -> None:
    await asyncio.gather(*(process.stop() for process in made.processes.values()))


async def _prepare(made: Site, functions_url: str) -> None:
    secrets = {
        "slack_bot_token": made.slack.bot_token,
        "slack_app_token": made.slack.app_token,
        "slack_signing_secret": made.slack.signing_secret,
        "pulser_function_key": KEY,
        "pulser_functions_url": functions_url,
        "pulser_hook_x": "hook-sentinel",
    }
    for name, value in secrets.items():
        await made.ledger.call("store_secret_v1", {"name": name, "value": value})
    route = {"name": "all", "position": 1, "event_pattern": "*", "channel": "#ops-alerts"}
    default = {"name": "default", "position": 9, "channel": "#general", "is_default": True}
    await made.ledger.call("apply_routes_v1", {"routes": [route, default]})
    webhook = {"type": "webhook", "url": f"{made.deployer.url}/hook", "secret": "pulser_hook_x"}
    github = {"type": "github_dispatch", "repository": "acme/shop", "event_type": "x", "secret": "pulser_hook_x"}
    services = [
        {"service": name, "environments": ["production"], "rollback_by": ["U0BOB"], "deploy": hook, "rollback": hook}
        for name, hook in (("api", webhook), ("shop", github))
    ]
    await made.ledger.call("apply_services_v1", {"services": services})
