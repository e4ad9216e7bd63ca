"""A person uses the simulated workspace in a browser, and an app answers over a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from pulser_local.console import Console
from pulser_local.slack import SlackSimulator
from tests.unit.console.browser import needs_browser, open_page
from tests.unit.slack_simulator.app import Acking, acking_of, app_of, button, card, field_, modal, until

pytestmark = [needs_browser, pytest.mark.asyncio(loop_scope="module")]


@dataclass(frozen=True, slots=True)
class Place:
    """A workspace with its page."""

    slack: SlackSimulator
    url: str

    def post(self) -> str:
        """A card with a button in #ops-ci; its ts."""
        return card(self.slack, button("pulser_acknowledge"))[1]


@pytest_asyncio.fixture(loop_scope="module")
async def place() -> AsyncIterator[Place]:
    slack = SlackSimulator(rate_limit=False)
    await slack.start()
    console = Console(simulator=slack, ledger=None)
    await console.start(0)
    channel = slack.workspace.find("ops-ci")
    assert channel
    yield Place(slack, f"{console.url}/archives/{channel.id}")
    await console.stop()
    await slack.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def acking(place: Place) -> AsyncIterator[Acking]:
    """The app, which acks all that comes."""
    async with app_of(place.slack) as app, acking_of(app) as made:
        yield made


async def test_press_reaches_the_app_and_the_message_changes(browser: Browser, place: Place, acking: Acking) -> None:
    """A press comes to the app as the chosen person's; what it makes of the message is seen at once."""
    ts = place.post()
    async with open_page(browser, place.url) as page:
        await page.get_by_role("button", name="You are Alice").click()
        await page.get_by_role("menuitemradio", name="Bob").click()
        async with page.expect_response("**/console/press") as answer:
            await page.get_by_role("button", name="Go").click()
        told = await (await answer.value).json()
        await acking.call("chat.update", channel=acking.payload["channel"]["id"], ts=ts, text="Acknowledged by Bob")
        await expect(page.locator(".message-body")).to_have_text(["Acknowledged by Bob"])
    action = acking.payload["actions"][0]["action_id"]
    assert (told["outcome"], acking.payload["user"]["id"], action) == ("acked", "U0BOB", "pulser_acknowledge")


async def test_private_answer_is_seen_by_one(browser: Browser, place: Place, acking: Acking) -> None:
    """What the app answers by response_url stands under the channel for who pressed, until he dismisses it."""
    place.post()
    async with open_page(browser, place.url) as page:
        async with page.expect_response("**/console/press"):
            await page.get_by_role("button", name="Go").click()
        await acking.respond(acking.payload["response_url"], text="Carol was faster", replace_original=False)
        await expect(page.locator(".is-private")).to_contain_text("Carol was faster")
        await page.get_by_role("button", name="Dismiss message").click()
        await expect(page.locator(".is-private")).to_have_count(0)
    assert place.slack.ephemerals(None, "U0ALICE") == []


async def test_command_is_answered_privately(browser: Browser, place: Place, acking: Acking) -> None:
    """The answer in the ack of a command is shown to who typed it."""
    acking.answer = lambda payload: {"text": f"Answer to {payload['text']}"}
    async with open_page(browser, place.url) as page:
        await page.get_by_role("combobox").fill("/pulser status api")
        await page.keyboard.press("Enter")
        await expect(page.locator(".is-private .message-body")).to_have_text(["Answer to status api"])


async def test_unknown_command_is_said(browser: Browser, place: Place, acking: Acking) -> None:
    """A command that no app has goes nowhere."""
    async with open_page(browser, place.url) as page:
        await page.get_by_role("combobox").fill("/deploy api")
        await page.keyboard.press("Enter")
        await expect(page.locator(".composer-status")).to_contain_text("/deploy is not a command of this workspace")
    assert acking.envelopes == []


async def test_modal_is_refused_by_field_and_then_taken(browser: Browser, place: Place, acking: Acking) -> None:
    """A modal that a command opened is filled in; the ack refuses a field, then takes it, and the modal goes."""
    async with open_page(browser, place.url) as page:
        await page.get_by_role("combobox").fill("/pulser deploy")
        async with page.expect_response("**/console/say"):
            await page.keyboard.press("Enter")
        await acking.call("views.open", trigger_id=acking.payload["trigger_id"], view=modal(field_("reason")))
        acking.answer = lambda _payload: {"response_action": "errors", "errors": {"reason": "Say more."}}
        field = page.get_by_label("Reason")
        await field.fill("because")
        await page.keyboard.press("Enter")
        await expect(field).to_have_accessible_description("Say more.")
        await expect(field).to_have_value("because")
        acking.answer = lambda _payload: None
        await field.fill("because of the bug")
        await page.get_by_role("dialog").get_by_role("button", name="Go").click()
        await expect(page.get_by_role("dialog")).to_have_count(0)
    state = acking.payload["view"]["state"]["values"]
    assert state["reason"]["reason_input"] == {"type": "plain_text_input", "value": "because of the bug"}


async def test_closed_modal_is_told(browser: Browser, place: Place, acking: Acking) -> None:
    """Closing a modal that wants to be told sends view_closed."""
    async with open_page(browser, place.url) as page:
        await acking.open_modal(modal(notify_on_close=True))
        await expect(page.get_by_role("dialog")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await until(lambda: acking.payload["type"] == "view_closed")


async def test_mention_reaches_the_app(browser: Browser, place: Place, acking: Acking) -> None:
    """@pulser in a message is a mention; other markup a person types is text."""
    async with open_page(browser, place.url) as page:
        await page.get_by_role("combobox").fill("@pulser status <!channel>")
        await page.keyboard.press("Enter")
        await expect(page.locator(".message")).to_contain_text("@pulser status <!channel>")
        await until(lambda: bool(acking.envelopes))
    assert acking.payload["event"]["text"] == "<@U0PULSER> status &lt;!channel&gt;"


async def test_button_without_an_ack_fails(browser: Browser, place: Place) -> None:
    """An app that is connected and says nothing leaves Slack's triangle."""
    place.slack.sockets.settings.ack_seconds = 0.2
    place.post()
    async with app_of(place.slack) as app, open_page(browser, place.url) as page:
        await app.connect()
        await page.get_by_role("button", name="Go").click()
        await expect(page.get_by_role("alert")).to_have_text(
            "Operation timed out. Apps need to respond within 3 seconds."
        )


async def test_line_is_seen(browser: Browser, place: Place) -> None:
    """The header counts the app's live sockets; without one, a press says that nobody listens."""
    place.post()
    async with open_page(browser, place.url) as page:
        line = page.locator("#line .not-phone")
        async with app_of(place.slack) as app:
            await app.connect()
            await app.connect()
            await expect(line).to_have_text("pulser connected, 2 sockets")
        await expect(line).to_have_text("pulser not connected")
        await page.get_by_role("button", name="Go").click()
        await expect(page.get_by_role("alert")).to_have_text("pulser is not listening: no Socket Mode connection")
