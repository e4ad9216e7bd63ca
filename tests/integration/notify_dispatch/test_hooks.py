"""A deploy hook goes through the outbox: GitHub is called once at most, a webhook until it is sure."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.integration.notify_dispatch.conftest import Bench
from tests.unit.notify_dispatch.hook_server import Fault, HookServer, hook_server

SECRET = "sentinel-hook-secret"
ALICE = {"user": "U0ALICE001", "name": "alice", "at": "2026-11-24T07:40:00Z"}
PLACE = {"service": "api", "environment": "production"}
FAULTS: list[Fault] = ["reset_before", "reset_after", "mute", "garbage", "closed"]


@pytest.fixture
async def deployer(bench: Bench) -> AsyncIterator[HookServer]:
    """GitHub and a webhook at once, and the secret for both; deploys are told in #ops-deploy."""
    async with hook_server() as served:
        bench.github_api_url = served.url
        await bench.ledger.call("store_secret_v1", {"name": "pulser_hook_api", "value": SECRET})
        await bench.route({"event_pattern": "deploy.*", "channel": "#ops-deploy"})
        yield served


async def approved(bench: Bench, deployer: HookServer, kind: str) -> str:
    """A deploy that was asked for and approved, with its hook in the outbox; the card's id."""
    hooks: dict[str, dict[str, Any]] = {
        "github": {"type": "github_workflow", "repository": "acme/shop", "workflow": "deploy.yml", "ref": "main"},
        "dispatch": {"type": "github_dispatch", "repository": "acme/shop", "event_type": "pulser-deploy"},
        "webhook": {"type": "webhook", "url": f"{deployer.url}/hook"},
    }
    hook = {**hooks[kind], "secret": "pulser_hook_api"}
    service = {"service": "api", "environments": ["production"], "deploy": hook, "rollback": hook}
    await bench.ledger.call("apply_services_v1", {"services": [service]})
    state = {
        "requested": {**ALICE, "reason": "hotfix", "version": "1.2.3"},
        "approval": {"decision": "not_needed"},
        "hook": {"status": "queued", "action": "deploy"},
    }
    card = {"event": "main", **PLACE, "release": "1.2.3", "phase": "approved", "state": state}
    inputs = {"version": "1.2.3", "environment": "production", "reason": "hotfix", "requested_by": "U0ALICE001"}
    call = {"card": "new_card", "service": "api", "action": "deploy", "inputs": inputs}
    payload = {**PLACE, "version": "1.2.3"}
    answer = await bench.act("deploy.requested", payload, new_card=card, hooks=[call])
    return str(answer["card"]["card_id"])


def told(bench: Bench) -> str:
    """All that stands in #ops-deploy."""
    return json.dumps([message.blocks for message in bench.messages("ops-deploy")], ensure_ascii=False)


@pytest.mark.parametrize("kind", ["github", "dispatch", "webhook"])
async def test_a_hook_is_called_once(bench: Bench, deployer: HookServer, kind: str) -> None:
    """One request, with the card's id, and the card says that it was accepted."""
    card_id = await approved(bench, deployer, kind)
    await bench.drain()
    await bench.drain()
    (taken,) = deployer.taken
    assert card_id in json.dumps(taken.body)
    assert (await bench.delivery_of("hook"))["status"] == "sent"
    assert "Deploy hook accepted" in told(bench)


async def test_the_run_that_github_names_stands_on_the_card(bench: Bench, deployer: HookServer) -> None:
    """One click leads to it."""
    deployer.script = [(200, {}, json.dumps({"html_url": "https://github.com/acme/shop/actions/runs/7"}))]
    await approved(bench, deployer, "github")
    await bench.drain()
    assert "<https://github.com/acme/shop/actions/runs/7|see the run>" in told(bench)


async def test_a_hook_that_fails_changes_the_card_and_posts_nothing_beside_it(
    bench: Bench, deployer: HookServer
) -> None:
    """Its event is the audit; people see it where they asked for the deploy."""
    deployer.script = [(404, {}, "")]
    card_id = await approved(bench, deployer, "github")
    await bench.drain()
    await bench.drain()
    attached = "select card_id::text from ops.event_dispatches where card_id is not null"
    assert [it["card_id"] for it in await bench.sql.fetch(attached)] == [card_id]
    assert len(bench.messages("ops-deploy")) == 1
    assert "Deploy failed" in told(bench)


@pytest.mark.parametrize("fault", FAULTS)
async def test_github_in_doubt_is_told_and_not_repeated(bench: Bench, deployer: HookServer, fault: Fault) -> None:
    """A person has to look: the card says so, and no second call is made, however long one waits."""
    deployer.script = [fault]
    await approved(bench, deployer, "github")
    await bench.drain()
    await bench.pass_time(60)
    await bench.drain()
    hook = await bench.delivery_of("hook")
    assert (hook["status"], hook["reason"], hook["attempts"]) == ("dead", "in_doubt", 1)
    assert "🔴 Deploy failed" in told(bench)
    assert "nobody knows whether GitHub took the call" in told(bench)


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_webhook_in_doubt_is_called_with_the_same_key(bench: Bench, deployer: HookServer, fault: Fault) -> None:
    """Until it answers; the key lets the other side do it once."""
    deployer.script = [fault]
    await approved(bench, deployer, "webhook")
    await bench.drain()
    await bench.pass_time(60)
    await bench.drain()
    hook = await bench.delivery_of("hook")
    assert (hook["status"], hook["attempts"]) == ("sent", 2)
    assert {it.headers["idempotency-key"] for it in deployer.taken} == {str(hook["delivery_id"])}


@pytest.mark.parametrize("kind", ["github", "webhook"])
@pytest.mark.parametrize(
    "answer", [(429, {"Retry-After": "20"}, ""), (503, {"Retry-After": "20"}, "")], ids=["429", "503"]
)
async def test_who_asks_to_wait_is_called_later(
    bench: Bench, deployer: HookServer, kind: str, answer: tuple[int, dict[str, str], str]
) -> None:
    """Nothing was done: the call is made again, and meanwhile the card says that it is being made."""
    deployer.script = [answer]
    await approved(bench, deployer, kind)
    await bench.drain()
    waiting = (await bench.delivery_of("hook"))["status"], "Deploy hook is being called" in told(bench)
    await bench.pass_time(60)
    await bench.drain()
    assert (waiting, (await bench.delivery_of("hook"))["status"]) == (("failed", True), "sent")


@pytest.mark.parametrize("kind", ["github", "webhook"])
async def test_a_refused_connection_is_tried_again(bench: Bench, deployer: HookServer, kind: str) -> None:
    """Nothing was sent, so nothing is in doubt."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        deployer.port = free.getsockname()[1]  # nobody listens there
        bench.github_api_url = deployer.url
        await approved(bench, deployer, kind)
        await bench.drain(drain_seconds=1.0)
    hook = await bench.delivery_of("hook")
    assert (hook["status"], hook["reason"]) == ("failed", "not_connected")


@pytest.mark.parametrize("kind", ["github", "webhook"])
async def test_a_refusal_stands_on_the_card(bench: Bench, deployer: HookServer, kind: str) -> None:
    """What the server said is read by who waits for the deploy, and holds no markup and no secret."""
    deployer.script = [(404, {}, json.dumps({"message": f"<!channel> no such workflow for {SECRET}"}))]
    await approved(bench, deployer, kind)
    await bench.drain()
    assert (await bench.delivery_of("hook"))["reason"] == "http_404"
    assert "&lt;!channel&gt; no such workflow" in told(bench)
    assert SECRET not in told(bench)


async def test_a_failed_hook_lets_the_next_deploy_go(bench: Bench, deployer: HookServer) -> None:
    """The service is not locked by a deploy that never began."""
    deployer.script = [(404, {}, "")]
    await approved(bench, deployer, "webhook")
    await bench.drain()
    await approved(bench, deployer, "webhook")
    await bench.drain()
    assert (await bench.delivery_of("hook"))["status"] == "sent"


@pytest.mark.parametrize(("kind", "status", "calls"), [("github", "dead", 0), ("webhook", "sent", 1)])
async def test_a_worker_that_vanishes_before_its_call(
    bench: Bench, deployer: HookServer, kind: str, status: str, calls: int
) -> None:
    """Nobody knows whether it called: GitHub is not called again, a webhook is."""
    await approved(bench, deployer, kind)
    async with bench.dispatcher() as dispatcher:
        await dispatcher._claim_deliveries()
    await bench.pass_time(21)
    await bench.drain()
    assert ((await bench.delivery_of("hook"))["status"], len(deployer.taken)) == (status, calls)


async def test_several_workers_call_a_hook_once(bench: Bench, deployer: HookServer) -> None:
    """The claim keeps them apart."""
    await approved(bench, deployer, "webhook")
    async with bench.dispatcher() as one, bench.dispatcher() as two:
        await asyncio.gather(one.drain(), two.drain())
    assert len(deployer.taken) == 1


async def test_no_row_of_the_ledger_holds_the_secret(bench: Bench, deployer: HookServer) -> None:
    """Neither the deliveries nor the cards, after a call that was answered with it."""
    deployer.script = [(500, {}, SECRET), (400, {}, SECRET)]
    await approved(bench, deployer, "webhook")
    await bench.drain()
    await bench.pass_time(60)
    await bench.drain()
    for every_row in (
        "select string_agg(t::text, '') from ops.deliveries t",
        "select string_agg(t::text, '') from ops.delivery_attempts t",
        "select string_agg(t::text, '') from ops.cards t",
    ):
        assert SECRET not in await bench.sql.fetchval(every_row)
