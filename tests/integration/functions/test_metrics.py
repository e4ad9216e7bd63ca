"""GET ?action=metrics of notify-dispatch as it is deployed: who may ask, and what Prometheus's own parser reads."""

from __future__ import annotations

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from notify_dispatch.exposition import CATALOGUE
from pulser.http import VERSION
from pulser_local.functions import FunctionSource
from pulser_local.slack import SlackSimulator
from tests.fixtures.postgres import Call, Connection
from tests.integration.functions.conftest import FUNCTIONS, KEY, Deployed


@pytest.fixture(params=[it for it in FUNCTIONS if it.name == "notify-dispatch"], ids=lambda it: it.name)
def source(request: pytest.FixtureRequest) -> FunctionSource:
    """This function alone: it is the one that tells of the whole ledger."""
    found = request.param
    assert isinstance(found, FunctionSource)
    return found


async def scrape(function: Deployed, headers: dict[str, str] | None = None) -> httpx.Response:
    """As Prometheus does; without headers, with the right key."""
    return await function.http.get("/", params={"action": "metrics"}, headers=headers or {"apikey": KEY})


async def value(function: Deployed, name: str, **labels: str) -> float:
    """One number of a scrape."""
    families = text_string_to_metric_families((await scrape(function)).text)
    [found] = [it.value for family in families for it in family.samples if (it.name, it.labels) == (name, labels)]
    return float(found)


@pytest.mark.parametrize(("header", "scheme"), [("apikey", ""), ("Authorization", "Bearer ")])
async def test_who_has_the_key_gets_the_metrics(function: Deployed, header: str, scheme: str) -> None:
    """200 in the format 0.0.4, with the key in either header: Prometheus sends it as a bearer token."""
    answer = await scrape(function, {header: f"{scheme}{KEY}"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert {family.name for family in text_string_to_metric_families(answer.text)} == set(CATALOGUE)


@pytest.mark.parametrize("headers", [{"x-none": "1"}, {"apikey": "wrong"}, {"Authorization": f"Basic {KEY}"}])
async def test_without_the_key_there_are_no_metrics(function: Deployed, headers: dict[str, str]) -> None:
    """401 as for any other call: channel names and Slack's words are nobody else's."""
    answer = await scrape(function, headers)
    assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized")


async def test_without_its_database_there_are_no_metrics(cut_off: Deployed) -> None:
    """503 in the usual form."""
    answer = await scrape(cut_off)
    assert (answer.status_code, answer.json()["ok"], answer.json()["error"]) == (503, False, "unavailable")


async def test_a_ledger_without_metrics_is_told_to_who_has_the_key(function: Deployed, connection: Connection) -> None:
    """A database that is older than the function: 503, and the rest of the function works."""
    await connection.execute("drop view ops.metrics; drop function ops.metrics_v1()")
    answer = await scrape(function)
    assert (answer.status_code, answer.json()["error"]) == (503, "unavailable")
    assert (await function.ring(wait=True)).status_code == 200


async def test_a_scrape_tells_what_waits(function: Deployed, call: Call) -> None:
    """The ledger of now, at each scrape anew."""
    assert await value(function, "pulser_pending_events") == 0
    await call("append_event_v1", event_type="deploy.failed")
    assert await value(function, "pulser_pending_events") == 1


async def test_a_scrape_tells_what_was_sent(
    function: Deployed, call: Call, simulator_unlimited: SlackSimulator
) -> None:
    """After a ring the event stands in Slack: one message, one attempt, a latency."""
    await call("append_event_v1", event_type="deploy.failed")
    await function.ring(wait=True)
    assert len(simulator_unlimited.calls) == 1
    assert await value(function, "pulser_recent_messages") == 1
    assert await value(function, "pulser_recent_attempts", purpose="post", outcome="sent", reason="") == 1
    assert await value(function, "pulser_recent_event_to_slack_seconds", percentile="50") > 0


async def test_a_scrape_names_the_version(function: Deployed) -> None:
    """So that a graph shows when a new one came."""
    assert await value(function, "pulser_build_info", version=VERSION) == 1


async def test_hostile_words_in_the_ledger_break_no_scrape(function: Deployed, call: Call) -> None:
    """An alarm's reason may be anybody's words."""
    reason = 'x"} 1\npulser_pending_events 666\\'
    await call("raise_relay_alarm_v1", reason=reason, detail="x", worker="w")
    assert await value(function, "pulser_relay_alarm_timestamp_seconds", reason=reason) > 0
    assert await value(function, "pulser_pending_events") == 1  # the alarm is an event


async def test_to_ask_for_metrics_rings_nobody(
    function: Deployed, call: Call, simulator_unlimited: SlackSimulator
) -> None:
    """A scrape only reads."""
    await call("append_event_v1", event_type="deploy.failed")
    await scrape(function)
    assert len(simulator_unlimited.calls) == 0
    assert await value(function, "pulser_pending_events") == 1
