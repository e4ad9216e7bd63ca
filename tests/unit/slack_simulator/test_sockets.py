from __future__ import annotations

from collections.abc import Callable

import aiohttp

from tests.unit.slack_simulator.app import App, until

Turn = Callable[[float], None]


async def test_hello_tells_who_and_how_many(app: App) -> None:
    """hello has num_connections, the app's ID, the host and how long the connection lives."""
    hello = await (await app.dial()).message()
    assert (hello["type"], hello["num_connections"], hello["connection_info"]["app_id"]) == ("hello", 1, "A0PULSER")
    assert {"host", "started", "build_number"} < hello["debug_info"].keys()
    assert hello["debug_info"]["approximate_connection_time"] == 3600


async def test_second_hello_counts_both(app: App) -> None:
    """num_connections counts all sockets of the app."""
    await app.connect()
    assert (await (await app.dial()).message())["num_connections"] == 2


async def test_debug_reconnects_shortens_life(app: App) -> None:
    """With debug_reconnects=true the connection lives six minutes."""
    url = (await app.opened())["url"] + "&debug_reconnects=true"
    hello = await (await app.dial(url)).message()
    assert hello["debug_info"]["approximate_connection_time"] == 360


async def test_warning_comes_before_the_cut(turned: App, turn: Turn) -> None:
    """Ten seconds before its time is over a connection is warned; then it is told why, and closed."""
    socket = await turned.connect()
    turn(3590)
    assert (await socket.message())["reason"] == "warning"
    turn(10)
    assert (await socket.message())["reason"] == "refresh_requested"
    assert await socket.ends() == 1000


async def test_warned_connection_still_serves(turned: App, turn: Turn) -> None:
    """Until it is cut a warned connection gets envelopes."""
    await turned.connect()
    turn(3590)
    assert len(turned.simulator.sockets.live) == 1
    assert turned.simulator.sockets.live[0].takes


async def test_pings_of_the_app_are_answered(app: App) -> None:
    """A WebSocket ping comes back with its bytes."""
    socket = await app.dial(autoping=False)
    await socket.message()
    await socket.raw.ping(b"are you there")
    assert (await socket.raw.receive()).data == b"are you there"


async def test_server_pings(turned: App, turn: Turn) -> None:
    """Slack pings too, every ten seconds."""
    socket = await turned.dial(autoping=False)
    await socket.message()
    for _ in range(2):
        turn(10)
        assert (await socket.raw.receive()).type is aiohttp.WSMsgType.PING


async def test_pongs_of_the_app_are_counted(app: App) -> None:
    """Pongs of the app are counted for each socket."""
    socket = await app.dial(autoping=False)
    await socket.message()
    await socket.raw.pong(b"here")
    connection = app.simulator.sockets.live[0]
    await until(lambda: connection.pongs_received == 1)


async def test_eleventh_socket_is_refused(app: App) -> None:
    """Beyond ten connections the newest is told too_many_websockets and closed; it is not counted."""
    for _ in range(10):
        await app.connect()
    late = await app.dial()
    assert (await late.message())["reason"] == "too_many_websockets"
    assert await late.ends() == 1000
    assert app.simulator.sockets.num_connections == 10


async def test_refused_socket_may_end_without_a_close_frame(app: App) -> None:
    """Instead of a close frame the refused socket may just end."""
    settings = app.simulator.sockets.settings
    settings.max_connections, settings.refused_close_code = 0, None
    refused = await app.dial()
    assert (await refused.message())["reason"] == "too_many_websockets"
    assert await refused.ends() == 1006


async def test_ghosts_fill_the_cap(app: App) -> None:
    """Ghosts are counted: with ten of them nobody gets in."""
    app.simulator.sockets.settings.ghosts = 10
    assert (await (await app.dial()).message())["reason"] == "too_many_websockets"


async def test_ghosts_are_told_in_hello(app: App) -> None:
    """hello counts ghosts as connections."""
    app.simulator.sockets.settings.ghosts = 3
    assert (await (await app.dial()).message())["num_connections"] == 4


async def test_disabled_socket_mode_tells_each_socket(app: App) -> None:
    """Switching Socket Mode off tells every socket link_disabled, and closes it."""
    sockets = [await app.connect() for _ in range(2)]
    app.simulator.sockets.disable()
    assert [await socket.reasons() for socket in sockets] == [["link_disabled"]] * 2


async def test_disabled_socket_mode_refuses_new_sockets(app: App) -> None:
    """While it is off, a dial gets link_disabled instead of hello."""
    app.simulator.sockets.disable()
    assert (await (await app.dial()).message())["reason"] == "link_disabled"


async def test_closing_is_answered(app: App) -> None:
    """A close frame of the app is answered, and the socket is gone."""
    socket = await app.connect()
    await socket.raw.close(code=1000)
    assert socket.raw.close_code == 1000
    await until(lambda: not len(app.simulator.sockets))


async def test_events_of_a_socket_are_logged(app: App) -> None:
    """What happens to a socket is in the log, with its ID."""
    socket = await app.connect()
    await socket.raw.close()
    await until(lambda: not len(app.simulator.sockets))
    happened = [(one.socket_id, one.what) for one in app.simulator.sockets.log.events]
    assert happened == [("s1", "opened"), ("s1", "hello"), ("s1", "closed")]
