"""An app that has subscribed to metadata is told of its own posts; and one that is connected may be deaf."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from tests.unit.slack_simulator.app import App
from tests.unit.slack_simulator.caller import Caller

METADATA = {"event_type": "pulser_canary", "event_payload": {"canary_id": "7"}}


async def post(call: Caller, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401  Slack's arguments
    return await call("chat.postMessage", channel="#ops-ci", text="hello", **arguments)


async def test_the_app_is_told_of_its_own_post(app: App, call: Caller) -> None:
    """As docs.slack.dev/reference/events/message_metadata_posted has it."""
    app.simulator.sockets.settings.metadata_events = ("pulser_canary",)
    socket = await app.connect()
    posted = await post(call, metadata=METADATA)
    envelope = await socket.message()
    event = envelope["payload"]["event"]
    assert (envelope["type"], event["type"], event["metadata"]) == ("events_api", "message_metadata_posted", METADATA)
    assert (event["channel_id"], event["message_ts"]) == (posted["channel"], posted["ts"])
    assert (event["app_id"], envelope["payload"]["api_app_id"]) == (app.simulator.app_id,) * 2
    await socket.ack(envelope)


async def test_of_nothing_else_it_is_told(app: App, call: Caller) -> None:
    """Neither of another event type, nor of a message without metadata, nor without the subscription."""
    await app.connect()
    await post(call, metadata=METADATA)
    app.simulator.sockets.settings.metadata_events = ("another",)
    await post(call, metadata=METADATA)
    await post(call)
    assert list(app.simulator.sockets.log.sent) == []


async def test_a_deaf_app_is_connected_and_gets_nothing(turned: App, turn: Callable[[float], None]) -> None:
    """Slack sends, nobody receives, Slack sends again; when the app hears again the retry arrives."""
    socket = await turned.connect()
    turned.simulator.sockets.settings.deaf = True
    mention = asyncio.create_task(turned.simulator.mention("ops-ci", "hello"))
    await asyncio.sleep(0)
    assert [it.socket_id for it in turned.simulator.sockets.log.sent] == ["ghost"]
    turn(3)
    assert (await mention).outcome == "timeout"
    turned.simulator.sockets.settings.deaf = False
    turn(0)
    assert (await socket.message())["retry_attempt"] == 1
