"""What the tests of `pulser doctor` share: an installation in which all is right, and what was found in it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web
from typer.testing import Result

from pulser.http import VERSION
from pulser_local.net_worker import NetWorker
from pulser_local.slack import SlackSimulator
from pulser_local.slack.workspace import Channel
from tests.integration.cli.conftest import Pulser
from tests.integration.notify_dispatch.conftest import Bench

SCOPES = {
    *("app_mentions:read", "channels:history", "channels:read", "chat:write", "commands"),
    *("usergroups:read", "users:read"),
}
SECRETS = {
    "slack_app_token": "xapp-sentinel-app-token",
    "slack_signing_secret": "sentinel-signing-secret",
    "pulser_function_key": "sentinel-function-key",
    "pulser_hook_api": "sentinel-hook-key",
}
RUNS = """
insert into cron.job_run_details (jobid, runid, status, start_time, end_time)
select j.jobid, row_number() over (), 'succeeded', now(), now() from cron.job j
"""
LIVE = """
insert into ops.relay_sessions
    (session_id, worker, state, lease_until, hello_at, alive_until, app_id, approximate_connection_s, num_connections)
select gen_random_uuid(), 'test', 'live', until, now(), until, 'A0PULSER', 3600, 2
from (select now() + interval '1 hour' as until) hour, generate_series(1, 2)
"""
SERVICE: dict[str, Any] = {
    "service": "api",
    "environments": ["production"],
    "approval_required": True,
    "approvers": ["S0APPROVERS"],
    "deployers": [],
    "rollback_by": [],
    "runbook_url": None,
    "deploy": {"type": "webhook", "url": "https://deploy.invalid/", "secret": "pulser_hook_api"},
    "rollback": None,
}


class Functions:
    """All four functions behind one address; each answers its health, unless it is `stopped` or `says` otherwise."""

    def __init__(self) -> None:
        self.url = ""
        self.stopped: set[str] = set()
        self.says: dict[str, web.Response] = {}

    async def answer(self, request: web.Request) -> web.Response:
        """The health of one."""
        name = request.match_info["name"]
        if name in self.stopped:
            return web.Response(status=503, text="function does not listen")
        whole = {"ok": True, "function": name, "version": VERSION, "checks": {}}
        return self.says.get(name) or web.json_response(whole)


@dataclass(slots=True)
class Installation:
    """All of it, and the doctor."""

    bench: Bench
    functions: Functions
    pulser: Pulser

    @property
    def slack(self) -> SlackSimulator:
        """Its workspace."""
        return self.bench.slack

    async def run(self, statement: str, *arguments: object) -> None:
        """As the owner of the database."""
        await self.bench.sql.execute(statement, *arguments)

    async def up_seconds(self) -> float:
        """For how long the doctor takes the server to be up."""
        return float((await self.bench.ledger.call("doctor_server_v1"))["up_seconds"])

    async def store(self, **secrets: str) -> None:
        """Into Vault."""
        for name, value in secrets.items():
            await self.run("select ops.store_secret_v1($1, $2)", name, value)

    def channel(self, name: str) -> Channel:
        """A channel of the workspace."""
        found = self.slack.workspace.find(name)
        assert found is not None
        return found

    async def doctor(self, *options: str, **environment: str) -> Result:
        """The command, as it prints and exits."""
        given = {"SLACK_API_URL": self.slack.api_url, "SLACK_BOT_TOKEN": "", **environment}
        return await self.pulser("doctor", *options, columns=80, **given)

    async def found(self, **environment: str) -> list[dict[str, str]]:
        """What it finds that is not right, but for what an old pg_cron cannot do."""
        result = await self.doctor("--json", **environment)
        findings: list[dict[str, str]] = json.loads(result.stdout)["findings"]
        return [it for it in findings if it["level"] != "ok" and not is_of_an_old_cron(it["what"])]

    async def only(self) -> tuple[str, str]:
        """The one thing that it finds: check and level. What it says must name a remedy."""
        (finding,) = await self.found()
        assert finding["remedy"]
        return finding["check"], finding["level"]


@asynccontextmanager
async def _served(functions: Functions) -> AsyncIterator[None]:
    app = web.Application()
    app.router.add_get("/functions/v1/{name}", functions.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    functions.url = f"http://127.0.0.1:{runner.addresses[0][1]}/functions/v1"
    try:
        yield
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _net(url: str) -> AsyncIterator[None]:
    worker = asyncio.create_task(NetWorker(url, pause_s=0.02).run())
    try:
        yield
    finally:
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker


@pytest.fixture
async def installed(bench: Bench, pulser: Pulser) -> AsyncIterator[Installation]:
    """All is right, but no message was posted yet, and pg_net's worker does not run."""
    functions = Functions()
    async with _served(functions):
        made = Installation(bench, functions, pulser)
        bench.slack.tokens.scopes = frozenset(SCOPES)
        await made.store(**SECRETS, pulser_functions_url=functions.url)
        await bench.ledger.call("apply_services_v1", {"services": [SERVICE]})
        for statement in (RUNS, LIVE):
            await made.run(statement)
        yield made


@pytest.fixture
async def healthy(installed: Installation) -> AsyncIterator[Installation]:
    """An installation that works, in which all is right."""
    await installed.bench.emit()
    await installed.bench.drain()
    async with _net(installed.bench.url):
        yield installed


def is_of_an_old_cron(what: str) -> bool:
    """Whether a finding says that jobs run each minute because pg_cron takes no seconds."""
    return what.endswith(": each minute, so a lost wake-up is found late")


def texts(found: Iterable[dict[str, str]], check: str) -> list[str]:
    """What is said under a check."""
    return [it["what"] for it in found if it["check"] == check]
