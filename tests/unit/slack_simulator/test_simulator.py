from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from pulser_local.slack import SlackSimulator
from tests.unit.slack_simulator.app import App
from tests.unit.slack_simulator.caller import Caller


def test_address_needs_a_start() -> None:
    """A simulator that does not run has no address."""
    with pytest.raises(RuntimeError, match="not started"):
        _ = SlackSimulator().api_url


async def test_second_start_is_refused(call: Caller) -> None:
    """A running simulator is not started again."""
    with pytest.raises(RuntimeError, match="already"):
        await call.simulator.start()


async def test_taken_port_is_told(call: Caller) -> None:
    """A port that is taken raises, and the simulator can be started on another."""
    other = SlackSimulator()
    with pytest.raises(OSError, match="address"):
        await other.start(int(call.simulator.url.rpartition(":")[2]))
    await other.start()
    assert other.url != call.simulator.url
    await other.stop()


async def test_stop_is_harmless_twice() -> None:
    """Stopping a stopped simulator does nothing."""
    simulator = SlackSimulator()
    await simulator.start()
    await simulator.stop()
    await simulator.stop()
    with pytest.raises(RuntimeError):
        _ = simulator.url


async def test_state_survives_a_restart(call: Caller) -> None:
    """Stopping the server leaves the workspace as it is."""
    await call("chat.postMessage", channel="ops-ci", text="x")
    await call.simulator.stop()
    await call.simulator.start()
    messages = (await call.send("GET", "/sim/messages")).body["messages"]
    assert [message["text"] for message in messages] == ["x"]


async def test_routes_stand_in_another_server() -> None:
    """The routes can be mounted in an application of someone else's, beside its own."""
    app = web.Application()
    SlackSimulator().add_routes(app)
    paths = {resource.canonical for resource in app.router.resources()}
    assert {"/api/{method}", "/sim/faults", "/sim/messages", "/sim/calls"} <= paths


async def test_stop_ends_the_sockets(app: App) -> None:
    """Stopping the server ends its sockets, muted ones too."""
    sockets = [await app.connect() for _ in range(2)]
    app.simulator.sockets.live[0].mute()
    await app.simulator.stop()
    assert [await socket.ends() for socket in sockets] == [1006, 1006]


async def test_stop_ends_what_waits_for_an_ack(app: App) -> None:
    """Who waits for an outcome while the server stops is told that there is none."""
    socket = await app.connect()
    command = asyncio.create_task(app.simulator.command("/pulser"))
    await socket.message()
    await app.simulator.stop()
    assert (await command).error == "dispatch_failed"
