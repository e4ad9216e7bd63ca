"""The world of a peer: a Postgres that survives a power cut, a simulated Slack, handlers, and the peer as a process."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from bench.peers.handlers import handlers
from pulser.database import DirectDatabase
from pulser_local.migrations import migrate
from pulser_local.postgres import PostgresServer
from pulser_local.slack import SlackSimulator
from pulser_local.standins import install_standins
from tests.acceptance.stack import PULSER, environment

PEERS = ("pulser", "sdk-aiohttp", "bolt-aiohttp", "bolt-websockets")
SOCKETS = {"pulser": 2}  # how many connections it holds; the others one
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "shared_buffers": "128MB"}
START_LIMIT = 60.0  # seconds
EMPTY = "truncate ops.slack_envelopes, ops.relay_sessions cascade"
FREE_DIALS = "update ops.relay_control set dials_paid_until = '-infinity'"


@dataclass(frozen=True, slots=True)
class Store:
    """The one Postgres that all of them use."""

    url: str
    pid: int
    version: str

    async def run(self, *statements: str) -> None:
        """As its superuser."""
        connection = await asyncpg.connect(self.url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()


@dataclass(frozen=True, slots=True)
class Peer:
    """One that runs, with the workspace that it serves. `rings` counts what its handlers were asked."""

    name: str
    slack: SlackSimulator
    process: asyncio.subprocess.Process
    rings: list[int]


@asynccontextmanager
async def store(folder: Path) -> AsyncIterator[Store]:
    """Started, with pulser's schema in it."""
    async with await PostgresServer.start(folder, settings=DURABLE) as server:
        await install_standins(server.url)
        await migrate(server.url)
        connection = await asyncpg.connect(server.url)
        version = str(await connection.fetchval("show server_version"))
        await connection.close()
        ledger = DirectDatabase(server.url)
        await ledger.call("store_secret_v1", {"name": "pulser_function_key", "value": secrets.token_hex(16)})
        await ledger.close()
        yield Store(server.url, server.pid, version)


@asynccontextmanager
async def peer(name: str, kept: Store, log: Path) -> AsyncIterator[Peer]:
    """A fresh process of this peer, connected; nothing of another one is in the ledger."""
    async with AsyncExitStack() as parts:
        if name == "pulser":
            await kept.run(EMPTY, FREE_DIALS)
        slack = SlackSimulator(rate_limit=False)
        await slack.start()
        parts.push_async_callback(slack.stop)
        url, rings = await parts.enter_async_context(handlers())
        process = await parts.enter_async_context(_process(_command(name, kept, slack, url), _told(kept, slack), log))
        async with asyncio.timeout(START_LIMIT):
            await slack.sockets.until(SOCKETS.get(name, 1))
        yield Peer(name, slack, process, rings)


def _command(name: str, kept: Store, slack: SlackSimulator, handlers_url: str) -> list[str]:
    if name != "pulser":
        return [sys.executable, "-m", "bench.peers.app", name]
    urls = ("--database-url", kept.url, "--slack-api-url", slack.api_url, "--functions-url", handlers_url)
    return [str(PULSER), "relay", *urls]


def _told(kept: Store, slack: SlackSimulator) -> dict[str, str]:
    return environment(
        DATABASE_URL=kept.url,
        SLACK_API_URL=slack.api_url,
        SLACK_BOT_TOKEN=slack.bot_token,
        SLACK_APP_TOKEN=slack.app_token,
        SLACK_SIGNING_SECRET=slack.signing_secret,
    )


@asynccontextmanager
async def _process(command: list[str], told: Mapping[str, str], log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(*command, env=told, stdout=output, stderr=output)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
