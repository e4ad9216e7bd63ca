"""The deploy hook of the laptop: it believes what notify-dispatch signs, and reports as a deployer does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import pytest

from notify_dispatch.hook_request import HookCall, HookRequest, build
from pulser.errors import DatabaseUnavailable
from pulser_local.deploy_hook import SECRET_NAME, DeployHook

SECRET = "hook-secret-sentinel"


class Reports:
    """A ledger that keeps the events appended to it."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
        self.is_away = False

    async def call(self, _function: str, arguments: Mapping[str, Any] | None = None) -> None:
        """See Database.call."""
        if self.is_away:
            raise DatabaseUnavailable("away")
        assert arguments is not None
        self.events.put_nowait((arguments["event_type"], arguments["payload"]))

    async def close(self) -> None:
        """See Database.close."""

    async def next(self) -> tuple[str, dict[str, Any]]:
        return await asyncio.wait_for(self.events.get(), timeout=10)


@pytest.fixture
def reports() -> Reports:
    """What the hook tells the platform."""
    return Reports()


@pytest.fixture
async def hook(reports: Reports) -> AsyncIterator[DeployHook]:
    """A hook whose deploys take no time."""
    made = DeployHook(reports, SECRET, duration=0)
    await made.start()
    yield made
    await made.stop()


def request(hook: DeployHook, key: str = "key-1", action: str = "deploy", version: str = "v1") -> HookRequest:
    """The call as notify-dispatch makes it."""
    inputs = {"version": version, "environment": "production", "deploy_id": "d-1"}
    described = {"type": "webhook", "url": hook.url, "secret": SECRET_NAME}
    call = HookCall.from_json(
        {"hook": described, "service": "api", "action": action, "inputs": inputs, "idempotency_key": key}
    )
    return build(call, SECRET, github_api_url="https://api.github.com", now=int(time.time()))


async def send(made: HookRequest, *, body: bytes | None = None) -> int:
    """The status of the answer."""
    async with (
        aiohttp.ClientSession() as http,
        http.post(made.url, data=made.body if body is None else body, headers=made.headers) as answer,
    ):
        return answer.status


async def test_a_signed_call_is_deployed_and_reported(hook: DeployHook, reports: Reports) -> None:
    """Started, then completed, each with the id by which its card is found."""
    assert await send(request(hook)) == 202
    told = [await reports.next(), await reports.next()]
    assert [event_type for event_type, _ in told] == ["deploy.started", "deploy.completed"]
    assert {payload["deploy_id"] for _, payload in told} == {"d-1"}


async def test_a_call_with_another_body_is_refused(hook: DeployHook, reports: Reports) -> None:
    """The signature is over the body."""
    assert await send(request(hook), body=b'{"service": "billing"}') == 401
    assert reports.events.empty()


async def test_the_same_call_again_is_deployed_once(hook: DeployHook, reports: Reports) -> None:
    """Its key is known."""
    assert [await send(request(hook)), await send(request(hook))] == [202, 202]
    await send(request(hook, key="key-2", version="v2"))
    versions = [(await reports.next())[1]["version"] for _ in range(4)]
    assert sorted(versions) == ["v1", "v1", "v2", "v2"]


async def test_a_broken_version_fails(hook: DeployHook, reports: Reports) -> None:
    """So that a developer sees what a failure looks like."""
    await send(request(hook, version="v2-broken"))
    assert [(await reports.next())[0] for _ in range(2)] == ["deploy.started", "deploy.failed"]


async def test_a_rollback_says_what_runs_then(hook: DeployHook, reports: Reports) -> None:
    """The version that ran before, not the one that was rolled back."""
    for number in (1, 2):
        await send(request(hook, key=f"key-{number}", version=f"v{number}"))
        for _ in range(2):
            await reports.next()
    await send(request(hook, key="key-3", action="rollback", version="v2"))
    assert [(await reports.next())[1]["version"] for _ in range(2)] == ["v1", "v1"]


async def test_a_rollback_to_what_it_never_deployed_names_no_version(hook: DeployHook, reports: Reports) -> None:
    """It does not make one up."""
    await send(request(hook, action="rollback"))
    assert "version" not in (await reports.next())[1]


async def test_a_database_that_is_away_costs_the_report_alone(hook: DeployHook, reports: Reports) -> None:
    """The next deploy is taken as always."""
    reports.is_away = True
    assert await send(request(hook)) == 202
    reports.is_away = False
    assert await send(request(hook, key="key-2")) == 202
