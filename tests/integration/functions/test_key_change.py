"""The functions' key is changed while a ring of the database is under way: the ring is lost, the event is not."""

from __future__ import annotations

import json

import pytest

from pulser_local.functions import FunctionSource
from pulser_local.slack import SlackSimulator
from tests.fixtures.postgres import Call, Connection
from tests.integration.functions.conftest import FUNCTIONS, KEY, Deployed
from tests.integration.functions.test_notify_dispatch import deliveries_in

NEW = "function-key-sentinel-new"


@pytest.fixture(params=[it for it in FUNCTIONS if it.name == "notify-dispatch"], ids=lambda it: it.name)
def source(request: pytest.FixtureRequest) -> FunctionSource:
    """The function that the database rings for events."""
    found = request.param
    assert isinstance(found, FunctionSource)
    return found


async def rung_with(connection: Connection) -> str:
    """The key in the ring that was queued last."""
    headers = await connection.fetchval("select headers from net.http_request_queue order by id desc limit 1")
    return str(json.loads(headers)["apikey"])


async def test_a_ring_with_the_former_key_is_lost_and_the_event_is_not(
    function: Deployed, call: Call, connection: Connection, simulator_unlimited: SlackSimulator
) -> None:
    """It was queued before the change and comes when the new key was seen: 401. The sweep rings with the new key."""
    await call("store_secret_v1", name="pulser_functions_url", value="http://functions.example")
    event = await call("append_event_v1", event_type="deploy.failed", payload={"service": "api"})
    late = await rung_with(connection)
    await call("store_secret_v1", name="pulser_function_key", value=NEW)
    assert (await function.http.get("/", params={"action": "metrics"}, headers={"apikey": NEW})).status_code == 200
    assert late == KEY
    assert (await function.ring(wait=True, headers={"apikey": late})).status_code == 401
    assert deliveries_in(simulator_unlimited) == []
    await connection.execute("select setval('ops.doorbell', 1)")  # a second has passed
    assert await connection.fetchval("select ops.sweep_v1()")
    again = await rung_with(connection)
    assert (await function.ring(wait=True, headers={"apikey": again})).status_code == 200
    assert deliveries_in(simulator_unlimited) == [event]


async def test_a_ring_with_the_former_key_is_taken_until_the_new_one_is_seen(
    function: Deployed, call: Call, simulator_unlimited: SlackSimulator
) -> None:
    """So most rings that are under way just then are not even late."""
    await function.ring(wait=True)
    event = await call("append_event_v1", event_type="deploy.failed", payload={"service": "api"})
    await call("store_secret_v1", name="pulser_function_key", value=NEW)
    assert (await function.ring(wait=True)).status_code == 200
    assert deliveries_in(simulator_unlimited) == [event]
