"""Runs that begin and end: rows 29 and 33 of `slack-platform.md` section 4, and the bounded function."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from pydantic import HttpUrl, SecretStr
from starlette.requests import Request
from starlette.responses import Response

from pulser.database import DirectDatabase
from pulser_local.functions import FunctionProcess, find_functions
from pulser_local.ports import free_port
from pulser_local.slack.faults import Fault
from pulser_local.stack_options import ROOT
from socket_relay.relay import Times
from socket_relay.serve import Service
from socket_relay.settings import RelaySettings
from tests.integration.socket_relay.conftest import KEY, PACE, TIMING, Bench, eventually

OPEN = "apps.connections.open"


async def ask(service: Service, method: str, query: bytes = b"", key: str = KEY) -> Response:
    """A request to the function."""
    headers = [(b"apikey", key.encode())]
    scope = {"type": "http", "method": method, "path": "/", "query_string": query, "headers": headers}
    return await service.answer(Request(scope))


@pytest.fixture
async def service(bench: Bench) -> AsyncIterator[Service]:
    """The function's process, whose runs last 4 s and hand over in the last 3."""
    await bench.ledger.call("store_secret_v1", {"name": "pulser_functions_url", "value": bench.handlers.url})
    settings = RelaySettings.model_construct(
        supabase_db_url=SecretStr(bench.url), slack_api_url=HttpUrl(bench.slack.api_url), pulser_relay_seconds=4.0
    )
    made = Service(settings, DirectDatabase(bench.url), Times(PACE, TIMING, jitter=lambda: 0.05))
    yield made
    await made.close()


async def test_health_answers_while_the_relay_connects(bench: Bench, service: Service) -> None:
    """Row 29: Slack is slow to give a ticket; the health is there and says "connecting"."""
    bench.slack.faults.add(Fault(method=OPEN, kind="slow", seconds=40.0))
    assert (await ask(service, "POST")).status_code == 202
    await eventually(lambda: service.runs.present is not None)
    answer = await ask(service, "GET", b"action=health")
    assert (answer.status_code, b'"connecting"' in answer.body) == (200, True)
    bench.slack.faults.clear()


async def test_a_ring_starts_one_run(bench: Bench, service: Service) -> None:
    """Many rings start one run in a process; with ?wait=1 the answer comes when a connection is up."""
    answers = await asyncio.gather(*(ask(service, "POST", b"wait=1") for _ in range(5)))
    assert {it.status_code for it in answers} == {200}
    await eventually(lambda: len(bench.slack.sockets.live) == 2)
    assert bench.slack.sockets.tickets.issued == 2
    assert (await ask(service, "GET", b"action=health")).status_code == 200


async def test_a_wrong_key_starts_nothing(bench: Bench, service: Service) -> None:
    """Who does not show the function key is answered 401, and no connection is opened."""
    assert (await ask(service, "POST", key="wrong")).status_code == 401
    assert (service.runs.present, bench.slack.sockets.tickets.issued) == (None, 0)


async def test_a_run_hands_over_to_the_next(bench: Bench, service: Service) -> None:
    """Near its end a run retires; the next ring starts its successor in the same process, and never is nobody up."""
    await ask(service, "POST", b"wait=1")
    first = service.runs.present
    assert first is not None
    await eventually(lambda: len(bench.slack.sockets.live) == 2)
    await eventually(lambda: first.retiring)
    await ask(service, "POST")
    fewest = 4
    while first.roster.alive():
        fewest = min(fewest, len(bench.slack.sockets.live))
        await asyncio.sleep(0.01)
    assert service.runs.present is not first
    assert fewest >= 2
    await ask(service, "POST", b"wait=1")  # as cron does: on a slow machine the successor's four seconds may be over
    assert (await bench.command()).outcome == "acked"
    states = [it["state"] for it in await bench.rows(f"worker = '{first.worker}'")]
    assert set(states) == {"ended"}


async def test_a_run_rings_its_successor_itself(bench: Bench, service: Service) -> None:
    """At its retirement a run asks the ledger to ring the function: cron's next look may be ten seconds away."""
    await ask(service, "POST", b"wait=1")
    await eventually(lambda: service.runs.present is not None and service.runs.present.retiring)
    await eventually(lambda: _is_rung(bench))


async def test_sigterm_hands_over_without_a_loss(bench: Bench) -> None:
    """Row 33: five commands are in flight when a relay is stopped and another starts: none is lost, 10 s at most."""
    bench.handlers.delay = 0.5
    async with bench.relay(handover=True, pace=replace(PACE, stop_limit=8.0)) as leaving:
        commands = [asyncio.create_task(bench.command()) for _ in range(5)]
        await bench.handlers.rung.wait()
        stopped_at = time.monotonic()
        leaving.stop()
        async with bench.relay():  # its two are granted, since the others retire
            done = await asyncio.gather(*commands)
            await eventually(lambda: not list(leaving.roster.connections()))
            assert time.monotonic() - stopped_at <= 10.0
        assert {it.outcome for it in done} == {"acked"}
        assert {str(it.ack_payload) for it in done} == {str(bench.handlers.ack)}
    assert sum(bench.handlers.effects.values()) == 5
    assert len(await bench.rows("state <> 'ended'")) == 0


async def test_two_relays_hold_two_connections_together(bench: Bench) -> None:
    """Leases: the first one gives the second one of its two, and that one takes over the other when the first ends."""
    async with bench.relay() as first, bench.relay(live=0) as second:
        await eventually(lambda: [len(it.roster.alive()) for it in (first, second)] == [1, 1])
        await eventually(lambda: len(bench.slack.sockets) == 2)
        first.stop()
        await eventually(lambda: len(second.roster.alive()) == 2)
        await eventually(lambda: len(bench.slack.sockets) == 2)
    assert {it["end_reason"] for it in await bench.rows()} <= {"relay_ended", "drained", "replaced", "shared"}


async def _is_rung(bench: Bench) -> bool:
    rung = await bench.sql.fetchval("select count(*) from net.http_request_queue where url like '%/socket-relay'")
    return int(rung) >= 1


async def _are_live(bench: Bench, count: int) -> bool:
    return len(await bench.rows("state = 'live'")) == count


async def test_the_functions_process_ends_its_leases(bench: Bench, tmp_path: Path) -> None:
    """SIGTERM to the deployed function: its connections are closed and their leases ended within ten seconds."""
    (source,) = [it for it in find_functions(ROOT / "functions") if it.name == "socket-relay"]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "SUPABASE_DB_URL": bench.url,
        "SLACK_API_URL": bench.slack.api_url,
        "PULSER_STOP_SECONDS": "0.5",
    }
    process = FunctionProcess(source, port=free_port(), environment=environment, on_line=lambda _: None)
    await process.start()
    try:
        async with aiohttp.ClientSession() as http, http.post(process.url, headers={"apikey": KEY}) as answer:
            assert answer.status == 202
        await eventually(lambda: _are_live(bench, 2))  # Slack sees a connection before its relay has read the hello
        stopped_at = time.monotonic()
    finally:
        await process.stop()
    assert time.monotonic() - stopped_at <= 10.0
    assert {(it["state"], it["end_reason"]) for it in await bench.rows()} == {("ended", "relay_ended")}
