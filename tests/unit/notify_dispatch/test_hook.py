"""The call of a hook over a real connection: refused, slow, reset before and after acting, garbage, repeated."""

from __future__ import annotations

import json
import math
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from notify_dispatch.hook import HookCaller
from notify_dispatch.outcome import Outcome
from pulser.errors import DatabaseUnavailable
from pulser.vault import Vault
from tests.unit.notify_dispatch.events import DELIVERY_ID, EVENT_ID
from tests.unit.notify_dispatch.hook_server import Fault, HookServer, hook_server
from tests.unit.notify_dispatch.hooks import DISPATCH, SECRET, WEBHOOK, WORKFLOW, delivery_of, described
from tests.unit.shared.fake_database import FakeDatabase

NAME = "pulser_hook_shop"


@pytest.fixture
async def server() -> AsyncIterator[HookServer]:
    """A deployer, or a GitHub, on the loopback."""
    async with hook_server() as served:
        yield served


@asynccontextmanager
async def caller_of(
    url: str,
    database: FakeDatabase | None = None,
    *,
    patience: float = 5.0,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[HookCaller]:
    caller = HookCaller(Vault(database or FakeDatabase({NAME: SECRET})), url, timeout=patience, transport=transport)
    try:
        yield caller
    finally:
        await caller.close()


async def called(
    server: HookServer,
    kind: str,
    *,
    patience: float = 5.0,
    attempt: int = 1,
    last_reason: str | None = None,
    database: FakeDatabase | None = None,
    start_by: float = math.inf,
) -> Outcome:
    hook = {"github": WORKFLOW, "dispatch": DISPATCH, "webhook": {**WEBHOOK, "url": f"{server.url}/hook"}}[kind]
    async with caller_of(server.url, database, patience=patience) as caller:
        delivery = delivery_of(described(hook), attempt=attempt, last_reason=last_reason)
        return await caller.call(delivery, start_by=start_by)


def _patience(fault: object) -> float:
    """Only who hears nothing must be given up by the clock."""
    return 1.0 if fault == "mute" else 5.0


@pytest.mark.parametrize("kind", ["github", "dispatch", "webhook"])
async def test_a_call_that_is_taken_is_accepted(server: HookServer, kind: str) -> None:
    """One request, and its outcome says that the hook was accepted."""
    outcome = await called(server, kind)
    assert (outcome.result, outcome.hook_status, len(server.taken)) == ("sent", "accepted", 1)


async def test_a_call_whose_time_is_over_is_not_made(server: HookServer) -> None:
    """A deploy that was approved in the morning does not begin in the afternoon."""
    async with caller_of(server.url) as caller:
        outcome = await caller.call(delivery_of(described(WORKFLOW), given_up=True), start_by=math.inf)
    assert (outcome.result, outcome.reason, outcome.hook_status, server.taken) == ("dead", "given_up", "failed", [])


async def test_the_deploy_id_goes_along(server: HookServer) -> None:
    """By it the deployer's events find the card."""
    for kind in ("github", "dispatch", "webhook"):
        await called(server, kind)
    told = [it.body.get("inputs") or it.body.get("client_payload") or it.body for it in server.taken]
    assert [it["pulser_deploy_id"] for it in told] == [EVENT_ID] * 3


async def test_the_run_that_github_names_is_kept(server: HookServer) -> None:
    """The card links to it."""
    server.script = [(200, {}, json.dumps({"workflow_run_id": 1, "html_url": "https://github.com/acme/shop/runs/1"}))]
    assert (await called(server, "github")).hook_url == "https://github.com/acme/shop/runs/1"


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "mute", "garbage", "closed"])
async def test_github_in_doubt_is_dead(server: HookServer, fault: Fault) -> None:
    """The request went out and no answer came: GitHub may have taken it, and would take it twice."""
    server.script = [fault]
    outcome = await called(server, "github", patience=_patience(fault))
    assert (outcome.result, outcome.reason, outcome.hook_status) == ("dead", "in_doubt", "failed")


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "mute", "garbage", "closed"])
async def test_a_webhook_in_doubt_is_called_again_with_its_key(server: HookServer, fault: Fault) -> None:
    """The other side knows the key: the second call has no second effect."""
    server.script = [fault]
    first = await called(server, "webhook", patience=_patience(fault))
    second = await called(server, "webhook", attempt=2, last_reason=first.reason)
    assert (first.result, second.result) == ("failed", "sent")
    assert {it.headers["idempotency-key"] for it in server.taken} == {DELIVERY_ID}


@pytest.mark.parametrize("kind", ["github", "webhook"])
async def test_an_answer_that_breaks_off_counts(server: HookServer, kind: str) -> None:
    """The status came: it is accepted, whatever happens to the rest."""
    server.script = ["cut"]
    assert (await called(server, kind)).hook_status == "accepted"


@pytest.mark.parametrize("kind", ["github", "webhook"])
async def test_who_cannot_be_reached_is_called_again(kind: str) -> None:
    """The connection was refused: nothing was sent, so nothing is in doubt."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = HookServer(port=free.getsockname()[1])
        outcome = await called(nobody, kind)
    assert (outcome.result, outcome.reason) == ("failed", "not_connected")
    assert outcome.retry_in_s > 0


@pytest.mark.parametrize("kind", ["github", "webhook"])
async def test_a_redirect_is_not_followed(server: HookServer, kind: str) -> None:
    """Where it leads to was named by nobody, and would get our secret."""
    server.script = [(307, {"Location": f"{server.url}/elsewhere"}, "")]
    outcome = await called(server, kind)
    assert (outcome.result, outcome.reason, len(server.taken)) == ("dead", "http_307", 1)


async def test_a_flood_is_not_read_to_its_end(server: HookServer) -> None:
    """An answer of any length is an acceptance; its words are not kept."""
    server.script = [(202, {}, "x" * 5_000_000)]
    assert await called(server, "webhook") == Outcome("sent", hook_status="accepted")


async def test_a_late_worker_calls_nobody(server: HookServer) -> None:
    """Held up beyond its lease: another worker may have the delivery by now."""
    outcome = await called(server, "webhook", start_by=time.monotonic() - 1)
    assert (outcome.result, outcome.reason, server.connections) == ("failed", "started_late", 0)


async def test_a_missing_secret_is_final_and_named(server: HookServer) -> None:
    """A deploy that begins hours later, when somebody has stored the secret, would be a surprise."""
    outcome = await called(server, "webhook", database=FakeDatabase())
    assert (outcome.result, outcome.reason, server.connections) == ("dead", "secret_missing", 0)
    assert NAME in (outcome.hook_text or "")


async def test_a_vault_that_is_away_is_asked_again(server: HookServer) -> None:
    """Nothing was sent."""
    database = FakeDatabase(trouble=DatabaseUnavailable("away"))
    outcome = await called(server, "webhook", database=database)
    assert (outcome.result, outcome.reason, server.connections) == ("failed", "vault_unavailable", 0)


async def test_a_token_changed_in_vault_is_used_at_once(server: HookServer) -> None:
    """GitHub refuses the remembered token; the new one is read and used, without a wait."""
    database = FakeDatabase({NAME: "old"})
    async with caller_of(server.url, database) as caller:
        await caller.call(delivery_of(described(WORKFLOW)), start_by=math.inf)
        database.secrets[NAME] = "new"
        server.script = [(401, {}, '{"message": "Bad credentials"}')]
        outcome = await caller.call(delivery_of(described(WORKFLOW)), start_by=math.inf)
    assert outcome.result == "sent"
    assert [it.headers["authorization"] for it in server.taken] == ["Bearer old", "Bearer old", "Bearer new"]


async def test_a_token_that_stays_refused_is_asked_once(server: HookServer) -> None:
    """The same token would be refused again."""
    server.script = [(401, {}, '{"message": "Bad credentials"}')]
    outcome = await called(server, "github")
    assert (outcome.reason, len(server.taken)) == ("http_401", 1)


async def test_an_older_github_is_called_without_the_wish_for_the_run(server: HookServer) -> None:
    """It refused the wish; the next try does without."""
    server.script = [(422, {}, '{"message": "return_run_details is not a permitted key"}')]
    first = await called(server, "github")
    second = await called(server, "github", attempt=2, last_reason=first.reason)
    assert [("return_run_details" in it.body) for it in server.taken] == [True, False]
    assert second.result == "sent"


async def test_connections_are_pooled(server: HookServer) -> None:
    """Two calls, one connection."""
    async with caller_of(server.url) as caller:
        for _ in range(2):
            await caller.call(delivery_of(described(DISPATCH)), start_by=math.inf)
    assert (len(server.taken), server.connections) == (2, 1)


@pytest.mark.parametrize("call", [None, {}, described({**WEBHOOK, "url": "http://deployer.example"})])
async def test_a_hook_that_is_none_is_final(call: dict[str, object]) -> None:
    """What cannot be called is told on the card."""
    async with caller_of("https://api.github.invalid") as caller:
        outcome = await caller.call(delivery_of(call), start_by=math.inf)
    assert (outcome.result, outcome.reason, outcome.hook_status) == ("dead", "hook_unusable", "failed")


def _raising(error: Callable[[str], Exception]) -> httpx.MockTransport:
    def handle(_: httpx.Request) -> httpx.Response:
        raise error("planned")

    return httpx.MockTransport(handle)


@pytest.mark.parametrize(
    ("error", "github", "webhook"),
    [
        (httpx.ConnectError, "not_connected", "not_connected"),
        (httpx.ConnectTimeout, "not_connected", "not_connected"),
        (httpx.PoolTimeout, "not_connected", "not_connected"),
        (httpx.ReadTimeout, "in_doubt", "timeout"),
        (httpx.WriteTimeout, "in_doubt", "timeout"),
        (httpx.ReadError, "in_doubt", "connection_lost"),
        (httpx.WriteError, "in_doubt", "connection_lost"),
        (httpx.RemoteProtocolError, "in_doubt", "connection_lost"),
        (httpx.ProxyError, "in_doubt", "connection_lost"),
        (OSError, "in_doubt", "connection_lost"),
        (httpx.LocalProtocolError, "hook_unusable", "hook_unusable"),
        (httpx.UnsupportedProtocol, "hook_unusable", "hook_unusable"),
    ],
)
async def test_each_way_a_request_can_break_has_its_reason(
    error: Callable[[str], Exception], github: str, webhook: str
) -> None:
    """What surely was not sent is sent again; what may have been is in doubt."""
    reasons = []
    for hook in (WORKFLOW, WEBHOOK):
        async with caller_of("https://api.github.com", transport=_raising(error)) as caller:
            reasons.append((await caller.call(delivery_of(described(hook)), start_by=math.inf)).reason)
    assert reasons == [github, webhook]


@pytest.mark.parametrize("fault", ["reset_after", "mute", "garbage", (500, {}, SECRET), (404, {}, SECRET)])
@pytest.mark.parametrize("kind", ["github", "webhook"])
async def test_no_outcome_tells_the_secret(
    server: HookServer, kind: str, fault: Fault | tuple[int, dict[str, str], str]
) -> None:
    """Whatever happens, what goes into the ledger holds no secret (invariant 9)."""
    server.script = [fault]
    assert SECRET not in json.dumps((await called(server, kind, patience=_patience(fault))).to_json())
