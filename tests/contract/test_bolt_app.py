"""A Bolt app, as its documents teach it, against the simulator: a command, a modal, buttons, a mention."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.async_app import AsyncAck, AsyncRespond, AsyncSay
from slack_sdk.web.async_client import AsyncWebClient

from pulser_local.slack import SlackSimulator
from tests.unit.slack_simulator.app import button, card, modal, plain

Json = dict[str, Any]
PATIENCE = 20.0  # seconds


def bolt_app(simulator: SlackSimulator) -> AsyncApp:
    """An app that deploys: /deploy opens a modal, whose submission posts a card, whose button is answered."""
    client = AsyncWebClient(token=simulator.bot_token, base_url=simulator.api_url, timeout=10)
    app = AsyncApp(client=client, signing_secret=simulator.signing_secret)

    @app.command("/status")
    async def status(ack: AsyncAck, command: Json) -> None:
        await ack(f"{command['text']} is well")

    @app.command("/deploy")
    async def deploy(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=modal(callback_id="deploy"))

    @app.view("deploy")
    async def submitted(ack: AsyncAck, view: Json, client: AsyncWebClient) -> None:
        reason = view["state"]["values"]["reason"]["reason_input"]["value"]
        if len(reason) < 3:
            await ack(response_action="errors", errors={"reason": "Say more."})
            return
        await ack()
        blocks = [{"type": "actions", "elements": [button("approve", "r1")]}]
        await client.chat_postMessage(channel="#ops-deploy", text=reason, blocks=blocks)

    @app.action("approve")
    async def approve(ack: AsyncAck, body: Json, respond: AsyncRespond) -> None:
        await ack()
        await respond(f"approved by <@{body['user']['id']}>")

    @app.action("rewrite")
    async def rewrite(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        await respond("rewritten", replace_original=True)

    @app.event("app_mention")
    async def mentioned(event: Json, say: AsyncSay) -> None:
        await say(f"hello <@{event['user']}>")

    return app


@pytest.fixture
async def slack(simulator_unlimited: SlackSimulator) -> AsyncIterator[SlackSimulator]:
    """The workspace in which the app runs."""
    handler = AsyncSocketModeHandler(bolt_app(simulator_unlimited), simulator_unlimited.app_token)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    async with asyncio.timeout(PATIENCE):
        await simulator_unlimited.sockets.until(1)
    yield simulator_unlimited
    await handler.close_async()  # type: ignore[no-untyped-call]


async def texts(slack: SlackSimulator, channel: str, count: int) -> list[str]:
    """The texts of a channel's messages, once there are so many."""
    found = slack.workspace.find(channel)
    assert found is not None
    async with asyncio.timeout(PATIENCE):
        while len(slack.workspace.history(found.id)) < count:  # noqa: ASYNC110 - the poll is the deadline's
            await asyncio.sleep(0.005)
    return [message.text for message in slack.workspace.history(found.id)]


async def test_command_is_answered(slack: SlackSimulator) -> None:
    """What the command acks is shown to its user."""
    done = await slack.command("/status", "api")
    assert [one["text"] for one in done.ephemerals] == ["api is well"]


async def test_command_opens_a_modal(slack: SlackSimulator) -> None:
    """A modal is opened by the trigger of the command."""
    done = await slack.command("/deploy", "")
    async with asyncio.timeout(PATIENCE):
        await done.answered.wait()
    assert [view["callback_id"] for view in slack.modals("U0ALICE")] == ["deploy"]


async def test_modal_shows_errors(slack: SlackSimulator) -> None:
    """A submission may be answered with errors under its fields."""
    view = slack.interactivity.views.open("U0ALICE", modal(callback_id="deploy"))
    await slack.submit_view(view["id"], {"reason": "x"})
    assert slack.modals("U0ALICE")[0]["errors"] == {"reason": "Say more."}


async def test_modal_is_submitted(slack: SlackSimulator) -> None:
    """A good submission closes the modal, and the app posts."""
    view = slack.interactivity.views.open("U0ALICE", modal(callback_id="deploy"))
    await slack.submit_view(view["id"], {"reason": "a fix"})
    assert slack.modals("U0ALICE") == []
    assert await texts(slack, "ops-deploy", 1) == ["a fix"]


async def test_button_is_answered_in_private(slack: SlackSimulator) -> None:
    """respond() reaches the one who pressed, by response_url."""
    done = await slack.press(*card(slack, button("approve")), "approve", user_id="U0BOB")
    async with asyncio.timeout(PATIENCE):
        await done.answered.wait()
    assert [one["text"] for one in slack.ephemerals(done.channel_id, "U0BOB")] == ["approved by <@U0BOB>"]


async def test_button_rewrites_its_message(slack: SlackSimulator) -> None:
    """respond(replace_original=True) changes the message that was pressed."""
    done = await slack.press(*card(slack, button("rewrite")), "rewrite")
    async with asyncio.timeout(PATIENCE):
        await done.answered.wait()
    assert await texts(slack, "ops-ci", 1) == ["rewritten"]


async def test_mention_is_answered(slack: SlackSimulator) -> None:
    """say() posts in the channel of the mention."""
    await slack.mention("general", "hi", "U0BOB")
    assert await texts(slack, "general", 2) == ["<@U0PULSER> hi", "hello <@U0BOB>"]


async def test_unhandled_action_times_out(slack: SlackSimulator) -> None:
    """What Bolt has no listener for is not acked, and the user is told."""
    slack.sockets.settings.ack_seconds = 0.3
    done = await slack.press(*card(slack, {**button("odd"), "text": plain("?")}), "odd")
    assert (done.outcome, done.failure) == ("timeout", "This button did not work. Try again?")
