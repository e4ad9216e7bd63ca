"""What is measured: a whole `pulser dev` with a simulated Slack of many channels; beside it the empty function."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from pulser.database import DirectDatabase
from pulser_local.functions import FunctionProcess, FunctionSource, function_environment
from pulser_local.ports import free_port
from pulser_local.slack import SlackSimulator
from tests.acceptance.stack import running

CHANNELS = (
    160  # so that a message a second and channel, Slack's limit that pulser keeps, holds nothing up at 100 a second
)
FLOOR = """
create table public.floor_events (event_id uuid primary key, channel text not null);
create function public.floor_ring() returns trigger language plpgsql as $$
begin
    perform net.http_post(url := '{url}', body := jsonb_build_object('event_id', new.event_id, 'channel', new.channel));
    return null;
end;
$$;
create trigger floor_ring after insert on public.floor_events for each row execute function public.floor_ring();
"""
INSERT_FLOOR = "insert into public.floor_events (event_id, channel) values ($1, $2)"
APPEND = "select ops.append_event_v1(event_type => 'ci.passed', payload => $1::jsonb)"


@dataclass(frozen=True, slots=True)
class World:
    """All of it, up. Two connections commit events."""

    slack: SlackSimulator
    database_url: str
    sql: asyncpg.Connection[asyncpg.Record]

    async def append(self, number: int) -> str:
        """An event of pulser's, committed when this returns; its id."""
        payload = {"service": f"service-{number % CHANNELS}", "version": f"1.4.{number}", "duration_s": 212}
        return str(await self.sql.fetchval(APPEND, json.dumps(payload)))

    async def append_floor(self, number: int) -> str:
        """The same for the empty function."""
        event_id = str(uuid.uuid4())
        await self.sql.execute(INSERT_FLOOR, event_id, f"#bench-{number % CHANNELS}")
        return event_id

    def posted(self) -> dict[str, float]:
        """When Slack stored each event's message, as its ts says."""
        workspace = self.slack.workspace
        found: dict[str, float] = {}
        for channel in workspace.channels.values():
            for message in workspace.history(channel.id):
                event_id = (message.metadata or {}).get("event_payload", {}).get("event_id")
                if event_id:
                    found[str(event_id)] = float(message.ts)
        return found


@asynccontextmanager
async def world(folder: Path) -> AsyncIterator[World]:
    """Started; a service for each channel, and a route for each service."""
    async with AsyncExitStack() as parts:
        names = [f"bench-{number}" for number in range(CHANNELS)]
        slack = SlackSimulator(rate_limit=False, channels=["ops-alerts", *names])
        await slack.start()
        parts.push_async_callback(slack.stop)
        tokens = {
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
        }
        dev = await parts.enter_async_context(running(folder, "--slack-api-url", slack.api_url, **tokens))
        url = str(dev.ready["database_url"])
        ledger = DirectDatabase(url)
        await ledger.call("apply_routes_v1", {"routes": _routes()})
        await ledger.close()
        floor_url = await parts.enter_async_context(_empty_function(slack))
        sql = await asyncpg.connect(url)
        parts.push_async_callback(sql.close)
        await sql.execute(FLOOR.format(url=floor_url))
        yield World(slack, url, sql)


def _routes() -> list[dict[str, Any]]:
    named = [
        {"name": f"r{number}", "position": number, "service": f"service-{number}", "channel": f"#bench-{number}"}
        for number in range(CHANNELS)
    ]
    default = {"name": "default", "position": 1_000_000, "minimum_severity": "error", "channel": "#ops-alerts"}
    return [*named, default | {"is_default": True}]


@asynccontextmanager
async def _empty_function(slack: SlackSimulator) -> AsyncIterator[str]:
    settings = {"SLACK_API_URL": slack.api_url, "SLACK_BOT_TOKEN": slack.bot_token}
    function = FunctionProcess(
        FunctionSource("empty", Path(__file__).with_name("empty.py")),
        port=free_port(),
        environment=function_environment(os.environ, settings),
        on_line=lambda _: None,
    )
    await function.start()
    try:
        yield function.url
    finally:
        await function.stop()
