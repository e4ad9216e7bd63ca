from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from pulser_local.slack import Interaction
from tests.unit.slack_simulator.app import App, Socket

Turn = Callable[[float], None]
Json = dict[str, Any]


@pytest.fixture
async def socket(turned: App) -> Socket:
    return await turned.connect()


async def first(turned: App, socket: Socket, turn: Turn) -> tuple[asyncio.Task[Interaction], Json]:
    """A mention whose first delivery was not acked, and its envelope."""
    mention = asyncio.create_task(turned.simulator.mention("ops-ci", "hello"))
    envelope = await socket.message()
    turn(3)
    await mention
    return mention, envelope


async def test_first_delivery_is_attempt_zero(turned: App, socket: Socket) -> None:
    """The first delivery of an event has retry_attempt 0 and no reason."""
    mention = asyncio.create_task(turned.simulator.mention("ops-ci", "hello"))
    envelope = await socket.message()
    assert (envelope["retry_attempt"], envelope["retry_reason"]) == (0, "")
    assert envelope["accepts_response_payload"] is False
    await socket.ack(envelope)
    assert (await mention).outcome == "acked"


async def test_first_retry_comes_at_once(turned: App, socket: Socket, turn: Turn) -> None:
    """An event that is not acked comes again at once, as attempt 1 for a timeout, under the same ID."""
    _, envelope = await first(turned, socket, turn)
    turn(0)
    again = await socket.message()
    assert (again["retry_attempt"], again["retry_reason"]) == (1, "timeout")
    assert (again["envelope_id"], again["payload"]) == (envelope["envelope_id"], envelope["payload"])


async def test_retry_may_have_a_new_id(turned: App, socket: Socket, turn: Turn) -> None:
    """By a switch a retry has an ID of its own; the event_id stays."""
    turned.simulator.sockets.settings.retry_keeps_id = False
    _, envelope = await first(turned, socket, turn)
    turn(0)
    again = await socket.message()
    assert again["envelope_id"] != envelope["envelope_id"]
    assert again["payload"]["event_id"] == envelope["payload"]["event_id"]


async def test_retry_may_not_be_counted(turned: App, socket: Socket, turn: Turn) -> None:
    """By a switch a retry looks like a first delivery."""
    turned.simulator.sockets.settings.retry_is_counted = False
    _, envelope = await first(turned, socket, turn)
    turn(0)
    assert await socket.message() == envelope


async def test_retries_come_after_a_minute_and_five(turned: App, socket: Socket, turn: Turn) -> None:
    """Attempts 2 and 3 come a minute and five minutes after the one before timed out; then no more."""
    mention, _ = await first(turned, socket, turn)
    attempts = []
    for wait in (0, 60, 300):
        turn(wait)
        attempts.append((await socket.message())["retry_attempt"])
        turn(3)
        await asyncio.sleep(0)
    turn(3600)
    assert attempts == [1, 2, 3]
    assert [one.outcome for one in mention.result().attempts] == ["timeout"] * 4


async def test_no_retry_before_its_time(turned: App, socket: Socket, turn: Turn) -> None:
    """The second retry does not come before its minute is over."""
    await first(turned, socket, turn)
    turn(0)
    await socket.message()
    turn(3)
    await asyncio.sleep(0)
    turn(59)
    assert len(turned.simulator.sockets.log.sent) == 2


async def test_acked_retry_ends_them(turned: App, socket: Socket, turn: Turn) -> None:
    """After an acked retry no more come, and the interaction is acked."""
    mention, _ = await first(turned, socket, turn)
    turn(0)
    await socket.ack(await socket.message())
    async with asyncio.timeout(10):
        while mention.result().outcome != "acked":  # noqa: ASYNC110 - the interaction changes by itself
            await asyncio.sleep(0.002)
    turn(3600)
    assert len(turned.simulator.sockets.log.sent) == 2


async def test_event_waits_for_a_socket(turned: App, turn: Turn) -> None:
    """An event for which nobody is there is retried too."""
    mention = await turned.simulator.mention("ops-ci", "hello")
    assert mention.outcome == "error"
    turn(0)
    await asyncio.sleep(0)
    socket = await turned.connect()
    turn(60)
    envelope = await socket.message()
    assert (envelope["retry_attempt"], envelope["retry_reason"]) == (2, "no_socket")
