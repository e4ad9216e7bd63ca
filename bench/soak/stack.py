"""What is soaked: Postgres, a line to it, a simulated Slack, `pulser dev` and `pulser relay` as a user runs them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from bench.soak.hook import Deployer
from pulser.database import DirectDatabase
from pulser_local.deploy_hook import SECRET_NAME
from pulser_local.postgres import PostgresServer
from pulser_local.services import demo_services
from pulser_local.slack import SlackSimulator
from tests.acceptance.line import Line
from tests.acceptance.people import Workplace
from tests.acceptance.relays import a_relay_of_its_own
from tests.acceptance.stack import running

PEOPLE = 12


@dataclass(frozen=True, slots=True)
class Stack:
    """All of it, up. `database_url` and `ledger` lead straight to the database: no fault is between."""

    place: Workplace
    line: Line
    deployer: Deployer
    relays: list[asyncio.subprocess.Process]
    database_url: str
    ledger: DirectDatabase

    @property
    def simulator(self) -> SlackSimulator:
        """The workspace."""
        return self.place.simulator

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
        """One of our own, which also writes where the database is read-only by default."""
        opened = await asyncpg.connect(self.database_url)
        try:
            yield opened
        finally:
            await opened.close()

    async def rows(self, query: str, *arguments: object) -> list[dict[str, Any]]:
        """What a query gives."""
        async with self.connection() as connection:
            return [dict(row) for row in await connection.fetch(query, *arguments)]


@asynccontextmanager
async def stack(folder: Path) -> AsyncIterator[Stack]:
    """Start all of it; what its processes say goes into the folder."""
    async with AsyncExitStack() as parts:
        server = await PostgresServer.start(folder / "postgres")
        parts.push_async_callback(server.stop)
        line = Line(server.url)
        await line.mend()
        parts.push_async_callback(line.cut)
        simulator = SlackSimulator()
        await simulator.start()
        parts.push_async_callback(simulator.stop)
        for number in range(PEOPLE):
            simulator.interactivity.people.add(f"person{number}")
        tokens = {
            "SLACK_BOT_TOKEN": simulator.bot_token,
            "SLACK_APP_TOKEN": simulator.app_token,
            "SLACK_SIGNING_SECRET": simulator.signing_secret,
        }
        urls = ("--database-url", line.url, "--slack-api-url", simulator.api_url)
        place = Workplace(simulator, await parts.enter_async_context(running(folder, *urls, **tokens)))
        direct = f"{server.url}?default_transaction_read_only=off"
        ledger = DirectDatabase(direct)
        parts.push_async_callback(ledger.close)
        deployer = await _deployer(parts, ledger)
        relays = await parts.enter_async_context(a_relay_of_its_own(place, folder))
        await asyncio.wait_for(simulator.sockets.until(2), timeout=60)
        yield Stack(place, line, deployer, relays, direct, ledger)


async def _deployer(parts: AsyncExitStack, ledger: DirectDatabase) -> Deployer:
    secret = secrets.token_hex(24)
    deployer = Deployer(ledger, secret)
    await deployer.start()
    parts.push_async_callback(deployer.stop)
    await ledger.call("store_secret_v1", {"name": SECRET_NAME, "value": secret})
    await ledger.call("apply_services_v1", {"services": demo_services(deployer.url)})
    return deployer
