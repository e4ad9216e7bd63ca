"""notify-dispatch as it is deployed: a ring makes messages, and its health tells when it cannot keep up."""

from __future__ import annotations

import asyncio
import json

import pytest
from pydantic import JsonValue

from pulser_local.functions import FunctionSource
from pulser_local.slack import SlackSimulator
from pulser_local.slack.faults import Fault
from tests.fixtures.postgres import Call, Connection
from tests.integration.functions.conftest import FUNCTIONS, KEY, Deployed


@pytest.fixture(params=[it for it in FUNCTIONS if it.name == "notify-dispatch"], ids=lambda it: it.name)
def source(request: pytest.FixtureRequest) -> FunctionSource:
    """This function alone."""
    found = request.param
    assert isinstance(found, FunctionSource)
    return found


@pytest.fixture
async def event(call: Call) -> str:
    """An event that the default route takes; its id."""
    payload: dict[str, JsonValue] = {"service": "api", "title": "It failed"}
    return str(await call("append_event_v1", event_type="deploy.failed", payload=payload))


def deliveries_in(simulator: SlackSimulator, channel: str = "ops-alerts") -> list[str]:
    """The ids of the events whose messages stand in a channel."""
    found = simulator.workspace.find(channel)
    assert found is not None
    messages = simulator.workspace.history(found.id)
    return [it.metadata["event_payload"]["event_id"] for it in messages if it.metadata is not None]


async def test_a_ring_is_accepted_and_the_message_follows(
    function: Deployed, event: str, simulator_unlimited: SlackSimulator
) -> None:
    """POST is answered 202 at once, and soon the event stands in Slack."""
    async with simulator_unlimited.workspace.subscribe() as changes:
        answer = await function.ring()
        assert (answer.status_code, answer.json()) == (202, {"ok": True, "accepted": True})
        async with asyncio.timeout(30):
            await changes.get()
    assert deliveries_in(simulator_unlimited) == [event]
    await function.ring(wait=True)


@pytest.mark.parametrize(("header", "scheme"), [("apikey", ""), ("Authorization", "Bearer ")])
async def test_a_ring_that_waits_is_answered_when_the_message_stands(
    function: Deployed, event: str, simulator_unlimited: SlackSimulator, header: str, scheme: str
) -> None:
    """POST ?wait=1, with the key in either header, is answered 200 once the event stands in Slack."""
    answer = await function.ring(wait=True, headers={header: f"{scheme}{KEY}"})
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    assert deliveries_in(simulator_unlimited) == [event]


async def test_twenty_rings_at_once_make_one_message(
    function: Deployed, event: str, simulator_unlimited: SlackSimulator
) -> None:
    """However often it is rung for, an event is posted once."""
    answers = await asyncio.gather(*(function.ring() for _ in range(20)))
    await function.ring(wait=True)
    assert {it.status_code for it in answers} == {202}
    assert deliveries_in(simulator_unlimited) == [event]


async def test_a_ring_without_work_is_no_error(function: Deployed, simulator_unlimited: SlackSimulator) -> None:
    """Rung for nothing, it posts nothing and says ok."""
    assert (await function.ring(wait=True)).status_code == 200
    assert len(simulator_unlimited.calls) == 0


async def test_a_ring_posts_the_canary_that_waits(
    function: Deployed, simulator_unlimited: SlackSimulator, call: Call, connection: Connection
) -> None:
    """Once, to its private channel, whatever else there is to do."""
    simulator_unlimited.workspace.create_channel("pulser-canary", is_private=True)
    await call("apply_canary_v1", channel="#pulser-canary", every_s=300, actor="ada")
    await connection.execute("select ops.tend_canary_v1()")
    await asyncio.gather(*(function.ring(wait=True) for _ in range(3)))
    found = simulator_unlimited.workspace.find("pulser-canary")
    assert found is not None
    [message] = simulator_unlimited.workspace.history(found.id)
    assert message.metadata is not None
    assert message.metadata["event_type"] == "pulser_canary"


async def test_the_log_of_a_delivery_has_its_ids_and_no_secret(
    function: Deployed, event: str, simulator_unlimited: SlackSimulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line of a delivery names event and delivery; no line holds the token or the key."""
    await function.ring(wait=True)
    captured = capsys.readouterr()
    (line,) = [it for it in map(json.loads, captured.out.splitlines()) if it["event"] == "delivered"]
    assert (line["event_id"], line["channel"], "delivery_id" in line) == (event, "#ops-alerts", True)
    for secret in (KEY, simulator_unlimited.bot_token):
        assert secret not in captured.out + captured.err


async def test_work_that_nobody_took_makes_it_unwell(function: Deployed, event: str, connection: Connection) -> None:
    """An event that waits for 20 s makes the health 503, and says how long."""
    await connection.execute(
        "update ops.event_dispatches set recorded_at = recorded_at - interval '20 s' where event_id = $1::text::uuid",
        event,
    )
    answer = await function.health()
    backlog = answer.json()["checks"]["backlog"]
    assert (answer.status_code, answer.json()["ok"]) == (503, False)
    assert (backlog["ok"], backlog["pending_events"]) == (False, 1)
    assert backlog["message"].startswith("work has been due for 2")


async def test_fresh_work_is_no_trouble(function: Deployed, event: str) -> None:
    """An event that has just been recorded leaves the health as it was."""
    assert event
    answer = await function.health()
    assert (answer.status_code, answer.json()["checks"]["backlog"]["pending_events"]) == (200, 1)


async def test_a_delivery_that_nobody_took_makes_it_unwell(
    function: Deployed, event: str, simulator_unlimited: SlackSimulator, connection: Connection
) -> None:
    """A delivery that failed and has been due for 20 s makes the health 503."""
    assert event
    simulator_unlimited.faults.add(Fault(kind="rate_limited", retry_after="3600"))
    await function.ring(wait=True)
    assert (await function.health()).status_code == 200
    await connection.execute("update ops.slack_holds set held_until = now() - interval '20 s'")
    await connection.execute("update ops.deliveries set next_attempt_at = now() - interval '20 s'")
    await connection.execute("update ops.slack_channels set next_post_at = now() - interval '20 s'")
    answer = await function.health()
    assert (answer.status_code, answer.json()["checks"]["backlog"]["ok"]) == (503, False)


async def test_a_refused_token_makes_it_unwell(
    function: Deployed, event: str, simulator_unlimited: SlackSimulator
) -> None:
    """While Slack refuses the token the health is 503 and says with which word."""
    assert event
    simulator_unlimited.tokens.set(simulator_unlimited.bot_token, "revoked")
    await function.ring(wait=True)
    answer = await function.health()
    slack = answer.json()["checks"]["slack"]
    assert (answer.status_code, answer.json()["ok"]) == (503, False)
    assert (slack["ok"], slack["message"]) == (False, "Slack refuses the bot token: token_revoked")


async def test_a_rate_limit_is_shown_and_no_illness(
    function: Deployed, event: str, simulator_unlimited: SlackSimulator
) -> None:
    """A hold of one method stands in the health, which stays 200."""
    assert event
    simulator_unlimited.faults.add(Fault(kind="rate_limited", retry_after="3600"))
    await function.ring(wait=True)
    answer = await function.health()
    (hold,) = answer.json()["checks"]["slack"]["holds"]
    assert (answer.status_code, hold["method"], hold["reason"]) == (200, "chat.postMessage", "ratelimited")
