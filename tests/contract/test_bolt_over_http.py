"""The Bolt app behind its request URL: it checks the simulator's signatures as it checks Slack's."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from pulser_local.slack import RequestUrls, SlackSimulator
from tests.contract.test_bolt_app import bolt_app, texts
from tests.unit.slack_simulator.app import button, card, modal, until


@pytest.fixture
async def slack(simulator_unlimited: SlackSimulator) -> AsyncIterator[SlackSimulator]:
    """The workspace, with Socket Mode switched off and the app's request URL in its place."""
    runner = web.AppRunner(bolt_app(simulator_unlimited).web_app())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    await simulator_unlimited.use_http(RequestUrls(url, url, url))
    yield simulator_unlimited
    await runner.cleanup()


async def test_command_is_answered(slack: SlackSimulator) -> None:
    """What the command answers is shown to its user."""
    done = await slack.command("/status", "api")
    assert [one["text"] for one in done.ephemerals] == ["api is well"]


async def test_modal_shows_errors(slack: SlackSimulator) -> None:
    """A submission may be answered with errors under its fields."""
    view = slack.interactivity.views.open("U0ALICE", modal(callback_id="deploy"))
    await slack.submit_view(view["id"], {"reason": "x"})
    assert slack.modals("U0ALICE")[0]["errors"] == {"reason": "Say more."}


async def test_button_is_answered_in_private(slack: SlackSimulator) -> None:
    """respond() reaches the one who pressed."""
    done = await slack.press(*card(slack, button("approve")), "approve", user_id="U0BOB")
    await until(done.answered.is_set)
    assert [one["text"] for one in done.ephemerals] == ["approved by <@U0BOB>"]


async def test_mention_is_answered(slack: SlackSimulator) -> None:
    """say() posts in the channel of the mention."""
    await slack.mention("general", "hi", "U0BOB")
    assert await texts(slack, "general", 2) == ["<@U0PULSER> hi", "hello <@U0BOB>"]


async def test_wrong_secret_is_refused(slack: SlackSimulator) -> None:
    """Signed with another secret nothing is taken."""
    slack.http.signing_secret = "another"
    done = await slack.command("/status", "api")
    assert (done.outcome, done.error) == ("error", "http_client_error")
