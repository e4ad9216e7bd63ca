"""A canary goes out through the Web API and comes back through a real relay and handler; or that is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from command_handler.handle import CommandHandler
from notify_dispatch.canary import Canary
from pulser.canary import METADATA_TYPE
from pulser.handling import HandlerService
from pulser.handling_health import handler_checks
from pulser.slack import SlackApi
from pulser.vault import Vault
from pulser_local.slack.faults import Fault
from tests.fixtures.serving import serving
from tests.integration.socket_relay.conftest import Bench, eventually

PASSED = """
update ops.canaries set asked_at = asked_at - i, claimed_at = claimed_at - i, posted_at = posted_at - i,
    came_back_at = came_back_at - i
from (select interval '400 seconds' as i) t
"""
SINCE_YESTERDAY = """
update ops.canary_control set changed_at = changed_at - interval '1 day';
update ops.relay_control set changed_at = changed_at - interval '1 day';
update ops.relay_sessions set hello_at = hello_at - interval '1 day' where hello_at is not null;
"""


@asynccontextmanager
async def handling(bench: Bench) -> AsyncIterator[None]:
    """command-handler itself, where the relay finds it."""
    vault = Vault(bench.ledger)
    slack = SlackApi(vault, bench.slack.api_url)
    handler = CommandHandler(bench.ledger, vault, slack)
    service = HandlerService(
        "command-handler", bench.ledger, vault, slack, handler, lambda: handler_checks(bench.ledger, vault)
    )

    async def answer(request: Request) -> Response:
        return await service.answer(request)

    async with serving(Starlette(routes=[Route("/functions/v1/command-handler", answer, methods=["POST"])])) as url:
        await bench.handlers.stop()
        bench.handlers.url = f"{url}/functions/v1"
        yield
    await handler.close()


@pytest.fixture
async def canary(bench: Bench) -> AsyncIterator[Canary]:
    """Switched on, with its channel and its event in Slack."""
    channel = bench.slack.workspace.create_channel("pulser-canary", is_private=True)
    bench.slack.sockets.settings.metadata_events = (METADATA_TYPE,)
    await bench.ledger.call("apply_canary_v1", {"channel": channel.id, "every_s": 300, "actor": "ada"})
    slack = SlackApi(Vault(bench.ledger), bench.slack.api_url, timeout=2.0)
    yield Canary(bench.ledger, slack, "dispatcher")
    await slack.close()


async def go(bench: Bench, canary: Canary) -> None:
    """The cron job's turn, and the dispatcher that it rings."""
    await bench.sql.execute("select ops.tend_canary_v1()")
    await canary.wake()


async def status(bench: Bench) -> dict[str, Any]:
    found: dict[str, Any] = await bench.ledger.call("canary_status_v1")
    return found


async def heard(bench: Bench) -> dict[str, Any]:
    """Wait until the newest is back; how it came."""

    async def is_back() -> bool:
        last = (await status(bench))["last"]
        return last is not None and last["status"] == "back"

    await eventually(is_back, what="the canary is back")
    found: dict[str, Any] = (await status(bench))["heard"]
    return found


async def is_live(bench: Bench) -> bool:
    """Whether two connections are up, as the ledger has it."""
    return bool((await bench.ledger.call("relay_status_v1"))["live"] == 2)


async def news(bench: Bench) -> list[str]:
    rows = await bench.sql.fetch(
        "select event_type from ops.platform_events where event_type ~ '^relay.(deaf|hearing)' order by created_at"
    )
    return [str(it["event_type"]) for it in rows]


async def test_it_goes_out_and_comes_back(bench: Bench, canary: Canary) -> None:
    """Recorded, acknowledged, settled and audited as any envelope, and measured."""
    async with handling(bench), bench.relay():
        await go(bench, canary)
        found = await heard(bench)
        [envelope] = await bench.envelopes()
        await eventually(lambda: bool(bench.acked(envelope["envelope_id"])))
    assert (found["transport"], found["envelope_id"]) == ("socket", envelope["envelope_id"])
    assert 0 <= found["back_s"] <= found["whole_s"]
    assert envelope["status"] == "completed"
    audit = await bench.sql.fetchrow(
        "select payload ->> 'outcome' as outcome from ops.platform_events where event_type = 'slack.event'"
    )
    assert audit is not None
    assert audit["outcome"] == "heard"


async def test_a_relay_that_is_connected_but_deaf_is_told(bench: Bench, canary: Canary) -> None:
    """Once; and once that it hears again. Its connections look well all the time."""
    async with handling(bench), bench.relay():
        await eventually(lambda: is_live(bench), what="the ledger knows of both connections")
        await bench.sql.execute(SINCE_YESTERDAY)
        bench.slack.sockets.settings.deaf = True
        await go(bench, canary)
        for _ in range(2):
            await bench.sql.execute(PASSED)
            await go(bench, canary)
        assert await news(bench) == ["relay.deaf"]
        assert await is_live(bench)
        bench.slack.sockets.settings.deaf = False
        await bench.sql.execute(PASSED)
        await go(bench, canary)
        await heard(bench)
    assert await news(bench) == ["relay.deaf", "relay.hearing"]
    channel = bench.slack.workspace.find("pulser-canary")
    assert channel is not None
    assert len(bench.slack.workspace.history(channel.id)) == 1


async def test_one_whose_answer_was_lost_comes_back_all_the_same(bench: Bench, canary: Canary) -> None:
    """Slack was asked once, and what came back is what counts."""
    bench.slack.faults.add(Fault(method="chat.postMessage", kind="reset_after", times=1))
    async with handling(bench), bench.relay():
        await go(bench, canary)
        await heard(bench)
    assert len(bench.slack.calls.of("chat.postMessage")) == 1


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault(method="chat.postMessage", kind="slack_error", error="not_in_channel"), "not_in_channel"),
        (Fault(method="chat.postMessage", kind="reset_before"), "connection_lost"),
        (Fault(method="chat.postMessage", kind="garbage"), "unreadable_answer"),
        (Fault(method="chat.postMessage", kind="stall", seconds=5), "timeout"),
    ],
    ids=lambda it: it if isinstance(it, str) else "",
)
async def test_one_that_slack_does_not_take_says_why(bench: Bench, canary: Canary, fault: Fault, reason: str) -> None:
    """It is not tried again, and is no alarm."""
    bench.slack.faults.add(fault)
    await go(bench, canary)
    last = (await status(bench))["last"]
    assert (last["status"], last["reason"]) == ("failed", reason)
    assert len(bench.slack.calls.of("chat.postMessage")) == 1
