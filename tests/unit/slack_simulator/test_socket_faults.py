from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Callable

import aiohttp
import pytest

from pulser_local.slack.socket_mode import frames, odd
from tests.unit.slack_simulator.app import PATIENCE, App, until

Turn = Callable[[float], None]


async def test_hello_may_never_come(turned: App, turn: Turn) -> None:
    """Without hello the socket is open, answers pings, and gets no envelopes."""
    turned.simulator.sockets.settings.hello = False
    socket = await turned.dial(autoping=False)
    turn(60)
    while (await socket.raw.receive()).type is not aiohttp.WSMsgType.PING:
        pass
    assert turned.simulator.sockets.live == []


async def test_hello_may_be_late(turned: App, turn: Turn) -> None:
    """A late hello comes when it is told to."""
    turned.simulator.sockets.settings.hello_delay = 5
    socket = await turned.dial()
    assert turned.simulator.sockets.live == []
    turn(5)
    assert (await socket.message())["type"] == "hello"


async def test_who_hangs_up_before_the_handshake_is_answered_is_no_error(
    app: App, caplog: pytest.LogCaptureFixture
) -> None:
    """A client that lost patience is noted, and nothing is logged."""
    app.simulator.sockets.settings.dial_delay = 600  # the client hangs up first, however slow the machine is
    dialling = asyncio.create_task(app.dial())
    await until(lambda: app.simulator.sockets.tickets.used > 0)
    dialling.cancel()
    await until(lambda: "hung_up" in {event.what for event in app.simulator.sockets.log.events})
    assert caplog.records == []


async def test_ping_before_hello(app: App) -> None:
    """A ping may come before hello."""
    app.simulator.sockets.settings.ping_before_hello = True
    socket = await app.dial(autoping=False)
    assert (await socket.raw.receive()).type is aiohttp.WSMsgType.PING
    assert (await socket.message())["type"] == "hello"


async def test_mute_says_and_hears_nothing(app: App) -> None:
    """A muted connection stays open, sends nothing, and does not hear pings or acks."""
    reader, writer = await app.bytes()
    await until(lambda: bool(app.simulator.sockets.live))
    await reader.read(4096)
    connection = app.simulator.sockets.live[0]
    connection.mute()
    connection.send({"type": "anything"})
    writer.write(_masked(frames.PING, b"x") + _masked(frames.TEXT, b'{"envelope_id": "e"}'))
    await writer.drain()
    connection.unmute()
    connection.ping(b"again")
    assert await asyncio.wait_for(reader.readexactly(7), PATIENCE) == frames.frame(frames.PING, b"again")
    writer.close()
    await writer.wait_closed()


async def test_mute_after_a_while(turned: App, turn: Turn) -> None:
    """A new connection may fall silent after its time, without a FIN."""
    turned.simulator.sockets.settings.mute_after = 12
    await turned.connect()
    (connection,) = turned.simulator.sockets.live
    turn(11)
    assert not connection.muted
    turn(1)
    assert (connection.muted, connection.is_open) == (True, True)


async def test_mute_from_the_start(app: App) -> None:
    """A connection may be mute before its hello."""
    app.simulator.sockets.settings.mute_after = 0
    reader, writer = await app.bytes()
    await until(lambda: len(app.simulator.sockets) == 1)
    (connection,) = app.simulator.sockets
    connection.unmute()
    connection.ping()
    assert await asyncio.wait_for(reader.read(4096), PATIENCE) == frames.frame(frames.PING)
    writer.close()


async def test_muted_connection_still_gets_envelopes(app: App) -> None:
    """Slack does not know that a connection is half-open: what is routed there is lost."""
    await app.connect()
    app.simulator.sockets.settings.ack_seconds = 0.05
    app.simulator.sockets.live[0].mute()
    assert (await app.simulator.command("/pulser")).outcome == "timeout"


async def test_muted_connection_stays_as_a_ghost(app: App) -> None:
    """When told so, a muted connection that the app gives up is still counted."""
    app.simulator.sockets.settings.muted_stay = True
    socket = await app.connect()
    app.simulator.sockets.live[0].mute()
    socket.raw._response.close()
    await until(lambda: not app.simulator.sockets.live)
    await until(lambda: app.simulator.sockets.settings.ghosts == 1)
    assert (await (await app.dial()).message())["num_connections"] == 2


async def test_pongs_may_be_late(turned: App, turn: Turn) -> None:
    """A pong comes as late as it is told to."""
    turned.simulator.sockets.settings.pong_delay = 6
    socket = await turned.dial(autoping=False)
    await socket.message()
    await socket.raw.ping(b"x")
    await until(lambda: turned.simulator.sockets.live[0].pings_received == 1)
    turn(6)
    assert (await socket.raw.receive()).type is aiohttp.WSMsgType.PONG


async def test_pongs_may_fail(app: App) -> None:
    """No pong comes when it is told not to."""
    app.simulator.sockets.settings.pong = False
    socket = await app.dial(autoping=False)
    await socket.message()
    await socket.raw.ping(b"x")
    await until(lambda: app.simulator.sockets.live[0].pings_received == 1)
    app.simulator.sockets.live[0].send_text("after")
    assert await socket.text() == "after"


async def test_reset(app: App) -> None:
    """A reset is seen as one."""
    reader, writer = await app.bytes()
    await until(lambda: bool(app.simulator.sockets.live))
    app.simulator.sockets.live[0].reset()
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(reader.read(), PATIENCE)
    writer.close()


async def test_fin(app: App) -> None:
    """An end without a close frame is a FIN."""
    reader, writer = await app.bytes()
    await until(lambda: bool(app.simulator.sockets.live))
    hello = await reader.read(4096)
    app.simulator.sockets.live[0].end()
    assert (hello[0], await asyncio.wait_for(reader.read(), PATIENCE)) == (0x81, b"")
    writer.close()


@pytest.mark.parametrize("code", [1000, 1001, 1011, 1012, 4000])
async def test_close_codes(app: App, code: int) -> None:
    """A socket is closed with any code."""
    socket = await app.connect()
    app.simulator.sockets.live[0].close(code)
    assert await socket.ends() == code


async def test_close_may_go_unanswered(app: App) -> None:
    """A close frame of the app may stay without an answer, and the connection open."""
    app.simulator.sockets.settings.answer_close = False
    reader, writer = await app.bytes()
    await until(lambda: bool(app.simulator.sockets.live))
    await reader.read(4096)
    writer.write(_masked(frames.CLOSE, struct.pack("!H", 1000)))
    await until(lambda: app.simulator.sockets.log.events[-1].what == "close_not_answered")
    assert len(app.simulator.sockets) == 1
    writer.close()
    await until(lambda: not len(app.simulator.sockets))


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "link_disabled", "too_many_websockets", "odd"])
async def test_disconnect_for_any_reason(app: App, reason: str) -> None:
    """Any disconnect message can be sent; the connection stays open."""
    socket = await app.connect()
    app.simulator.sockets.live[0].disconnect(reason)
    message = await socket.message()
    assert (message["type"], message["reason"], "host" in message["debug_info"]) == ("disconnect", reason, True)
    assert len(app.simulator.sockets.live) == 1


async def test_disconnect_without_debug_info(app: App) -> None:
    """A disconnect may lack debug_info."""
    socket = await app.connect()
    app.simulator.sockets.live[0].disconnect("warning", debug_info=False)
    assert await socket.message() == {"type": "disconnect", "reason": "warning"}


async def test_text_that_is_no_json(app: App) -> None:
    """A text frame may be anything."""
    socket = await app.connect()
    app.simulator.sockets.live[0].send_text(odd.CACHE_ERROR)
    assert await socket.text() == "UNAUTHENTICATED: cache_error"


async def test_binary_frame(app: App) -> None:
    """A frame may be binary."""
    socket = await app.connect()
    app.simulator.sockets.live[0].send_binary(b"\xff\x00")
    assert await socket.binary() == b"\xff\x00"


async def test_fragments(app: App) -> None:
    """A message may come in fragments, cut in the middle of a character."""
    socket = await app.connect()
    app.simulator.sockets.live[0].send_fragments("äöü" * 100, pieces=7)
    assert await socket.text() == "äöü" * 100


async def test_megabyte(app: App) -> None:
    """A frame may have a megabyte."""
    socket = await app.connect()
    app.simulator.sockets.inject(odd.huge(1_000_000))
    assert len(await socket.text()) > 1_000_000


@pytest.mark.parametrize("name", sorted(odd.ODD.keys() - {"without_id"}))
async def test_odd_envelopes_can_be_acked(app: App, name: str) -> None:
    """Envelopes that no document describes are sent, and acks of them are known."""
    socket = await app.connect()
    future = app.simulator.sockets.inject(odd.ODD[name]())
    text = await socket.text()
    envelope_id = text.partition('"envelope_id": "')[2].partition('"')[0]
    await socket.raw.send_json({"envelope_id": envelope_id})
    assert (await future).outcome == "acked"


async def test_envelope_without_id(app: App) -> None:
    """An envelope may have no ID at all."""
    socket = await app.connect()
    app.simulator.sockets.inject(odd.without_id())
    assert "envelope_id" not in await socket.message()


async def test_deep_nesting(app: App) -> None:
    """A payload may be nested deeper than Python's parser goes."""
    socket = await app.connect()
    app.simulator.sockets.inject(odd.nested())
    with pytest.raises(RecursionError):
        json.loads(await socket.text())


async def test_rate_limited_has_no_event(app: App) -> None:
    """app_rate_limited is an events_api payload without an event."""
    socket = await app.connect()
    app.simulator.acting.rate_limited()
    envelope = await socket.message()
    assert (envelope["type"], envelope["payload"]["type"]) == ("events_api", "app_rate_limited")
    assert "event" not in envelope["payload"]


async def test_foreign_hello(app: App) -> None:
    """hello may tell another app."""
    app.simulator.sockets.settings.hello_app_id = "A0OTHER"
    assert (await (await app.dial()).message())["connection_info"]["app_id"] == "A0OTHER"


def _masked(opcode: int, payload: bytes) -> bytes:
    """A frame as a client sends it; a mask of zeros changes nothing."""
    return bytes([0x80 | opcode, 0x80 | len(payload)]) + b"\0\0\0\0" + payload
