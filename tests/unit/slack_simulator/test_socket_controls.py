from __future__ import annotations

import pytest

from tests.unit.slack_simulator.app import App, until
from tests.unit.slack_simulator.caller import Caller

Json = dict[str, object]


async def order(call: Caller, do: str, socket: str = "s1", **how: object) -> Json:
    """Tell a socket to do something; the answer."""
    return dict((await call.send("POST", f"/sim/sockets/{socket}", json={"do": do, **how})).body)


async def test_open_sockets_are_listed(call: Caller, app: App) -> None:
    """The open sockets are given with their state, and how many connections Slack counts."""
    await app.connect()
    body = (await call.send("GET", "/sim/sockets")).body
    assert (body["num_connections"], body["tickets"], body["enabled"]) == (1, 1, True)
    (socket,) = body["sockets"]
    assert (socket["id"], socket["hello"], socket["muted"]) == ("s1", True, False)


async def test_settings_are_changed(call: Caller, app: App) -> None:
    """The settings that are named change, and the others stay."""
    await call.send("PATCH", "/sim/sockets/settings", json={"ghosts": 2})
    await call.send("PATCH", "/sim/sockets/settings", json={"hello_app_id": "A0OTHER"})
    settings = app.simulator.sockets.settings
    assert (settings.ghosts, settings.hello_app_id) == (2, "A0OTHER")


async def test_settings_are_as_at_the_start(call: Caller, app: App) -> None:
    """All settings can be taken back."""
    await call.send("PATCH", "/sim/sockets/settings", json={"ghosts": 2, "mute_after": 3})
    await call.send("DELETE", "/sim/sockets/settings")
    settings = app.simulator.sockets.settings
    assert (settings.ghosts, settings.mute_after) == (0, None)


async def test_mute(call: Caller, app: App) -> None:
    """A socket is muted and unmuted."""
    await app.connect()
    await order(call, "mute")
    assert app.simulator.sockets.get("s1").muted
    await order(call, "unmute")
    assert not app.simulator.sockets.get("s1").muted


async def test_close_with_a_code(call: Caller, app: App) -> None:
    """A socket is closed with a code."""
    socket = await app.connect()
    await order(call, "close", code=1011)
    assert await socket.ends() == 1011


@pytest.mark.parametrize("do", ["end", "reset"])
async def test_broken_connections(call: Caller, app: App, do: str) -> None:
    """A socket is ended without a close frame, or reset."""
    await app.connect()
    await order(call, do)
    await until(lambda: not len(app.simulator.sockets))


async def test_disconnect_and_close(call: Caller, app: App) -> None:
    """A socket is told why, and closed."""
    socket = await app.connect()
    await order(call, "disconnect", reason="warning", then_close=True)
    assert await socket.reasons() == ["warning"]


async def test_all_sockets(call: Caller, app: App) -> None:
    """An order to all reaches each socket."""
    sockets = [await app.connect() for _ in range(2)]
    assert (await order(call, "text", "all", text="hi"))["sockets"] == ["s1", "s2"]
    assert [await socket.text() for socket in sockets] == ["hi", "hi"]


async def test_strange_frames(call: Caller, app: App) -> None:
    """Fragments and binary frames are sent."""
    socket = await app.connect()
    await order(call, "fragments", text="abc", pieces=3)
    await order(call, "binary", text="xyz")
    assert (await socket.text(), await socket.binary()) == ("abc", b"xyz")


async def test_one_socket_changes(call: Caller, app: App) -> None:
    """What concerns one socket only is changed there."""
    await app.connect()
    await order(call, "change", takes=False, pong=False, pong_delay=6, answer_close=False)
    connection = app.simulator.sockets.get("s1")
    settings = connection.settings
    assert (connection.takes, settings.pong, settings.pong_delay, settings.answer_close) == (False, False, 6, False)


async def test_envelopes_are_injected(call: Caller, app: App) -> None:
    """Any envelope is sent, to a socket of one's choice."""
    await app.connect()
    second = await app.connect()
    envelope = {"envelope_id": "e1", "type": "x"}
    await call.send("POST", "/sim/envelopes", json={"envelope": envelope, "socket": "s2"})
    assert await second.message() == envelope


async def test_odd_envelopes_by_name(call: Caller, app: App) -> None:
    """An odd envelope is sent by its name."""
    socket = await app.connect()
    await call.send("POST", "/sim/envelopes", json={"odd": "without_payload"})
    assert "payload" not in await socket.message()


async def test_rate_limited_by_name(call: Caller, app: App) -> None:
    """app_rate_limited is sent by its name."""
    socket = await app.connect()
    await call.send("POST", "/sim/envelopes", json={"odd": "app_rate_limited"})
    assert (await socket.message())["payload"]["type"] == "app_rate_limited"


async def test_acks_and_envelopes_are_listed(call: Caller, app: App) -> None:
    """What was sent and acked is given, until it is forgotten."""
    socket = await app.connect()
    await call.send("POST", "/sim/envelopes", json={"envelope": {"envelope_id": "e1", "type": "x"}})
    await socket.ack(await socket.message())
    await until(lambda: bool(app.simulator.sockets.acks))
    (ack,) = (await call.send("GET", "/sim/acks")).body["acks"]
    (sent,) = (await call.send("GET", "/sim/envelopes")).body["envelopes"]
    assert (ack["socket_id"], ack["envelope_id"], sent["socket_id"]) == ("s1", "e1", "s1")
    await call.send("DELETE", "/sim/sockets/log")
    assert (await call.send("GET", "/sim/acks?since=0")).body["acks"] == []


async def test_events_are_listed(call: Caller, app: App) -> None:
    """What happened to the sockets is given."""
    await app.connect()
    events = (await call.send("GET", "/sim/sockets/events")).body["events"]
    assert [event["what"] for event in events] == ["opened", "hello"]


@pytest.mark.parametrize(
    ("verb", "path", "body", "status", "words"),
    [
        ("POST", "/sim/sockets/s9", {"do": "mute"}, 404, "no socket s9"),
        ("POST", "/sim/sockets/all", {"do": "dance"}, 400, "do"),
        ("PATCH", "/sim/sockets/settings", {"ghosts": -1}, 400, "ghosts"),
        ("PATCH", "/sim/sockets/settings", {"nothing": 1}, 400, "nothing"),
        ("POST", "/sim/envelopes", {}, 400, "either"),
        ("POST", "/sim/envelopes", {"odd": "x"}, 400, "odd"),
        ("POST", "/sim/envelopes", {"odd": "huge", "socket": "s9"}, 404, "no socket s9"),
        ("GET", "/sim/acks?since=x", None, 400, "since"),
    ],
)
async def test_bad_orders(call: Caller, *, verb: str, path: str, body: object, status: int, words: str) -> None:
    """An order that cannot be obeyed says why."""
    answer = await call.send(verb, path, json=body)
    assert (answer.status, words in answer.body["error"]) == (status, True)
