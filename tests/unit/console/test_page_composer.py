"""The text field of a channel: messages, commands and their completion, and what one person alone sees."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Browser, Page, Route, expect

from pulser_local.console.hands import Deed, Line
from tests.unit.console.browser import needs_browser, open_page
from tests.unit.console.fake_hands import ALICE, BOB
from tests.unit.console.scene import Scene, button

pytestmark = [needs_browser, pytest.mark.asyncio(loop_scope="module")]


async def options(page: Page) -> list[str]:
    await expect(page.get_by_role("option").first).to_be_visible()
    return await page.locator("[role=option] strong").all_inner_texts()


async def test_command_completes_by_keyboard(browser: Browser, scene: Scene) -> None:
    """The slash offers /pulser, then its subcommands, then the known services; Enter completes, then sends."""
    scene.ledger.services = [{"service": name, "can_deploy": True} for name in ("api", "web", "worker")]
    async with open_page(browser, scene.url()) as page:
        await page.keyboard.press("/")
        assert await options(page) == ["/pulser"]
        await page.keyboard.press("Enter")
        assert await options(page) == ["status [service]", "deploy <service> [version]", "health", "help"]
        await page.keyboard.type("d")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("option")).to_have_count(3)
        await page.keyboard.type("w")
        await expect(page.get_by_role("option")).to_have_count(2)
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        await page.keyboard.type("v1.4.2")
        async with page.expect_response("**/console/say"):
            await page.keyboard.press("Enter")
        await expect(page.get_by_role("combobox")).to_have_value("")
    assert scene.hands.done == [("command", "/pulser deploy worker v1.4.2", ALICE.id)]


async def test_whole_command_is_sent_at_once(browser: Browser, scene: Scene) -> None:
    """Enter behind a whole command sends it, although it could still be completed."""
    async with open_page(browser, scene.url()) as page:
        await page.get_by_role("combobox").click()
        await page.keyboard.type("/pulser status")
        async with page.expect_response("**/console/say"):
            await page.keyboard.press("Enter")
    assert scene.hands.done == [("command", "/pulser status", ALICE.id)]


async def test_service_of_status_can_be_left_out(browser: Browser, scene: Scene) -> None:
    """Behind a whole command services are offered, but Enter sends what is there; arrows choose one."""
    scene.ledger.services = [{"service": "api", "can_deploy": False}]
    async with open_page(browser, scene.url()) as page:
        await page.get_by_role("combobox").fill("/pulser status ")
        await expect(page.get_by_role("option")).to_have_text(["apiservice"])
        async with page.expect_response("**/console/say"):
            await page.keyboard.press("Enter")
        await page.get_by_role("combobox").fill("/pulser status ")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        async with page.expect_response("**/console/say"):
            await page.keyboard.press("Enter")
    assert [deed[1] for deed in scene.hands.done] == ["/pulser status", "/pulser status api"]


async def test_people_and_groups_are_named(browser: Browser, scene: Scene) -> None:
    """A mention shows the name of the person, the group or the app."""
    scene.post("<@U0BOB> <!subteam^S0OPS> <@U0PULSER>")
    async with open_page(browser, scene.url()) as page:
        await expect(page.locator(".message-body")).to_have_text(["@bob @ops @pulser"])


async def test_option_is_told_to_screen_readers(browser: Browser, scene: Scene) -> None:
    """The field is a combobox whose active option moves with the arrows, and closes with Escape."""
    async with open_page(browser, scene.url()) as page:
        field = page.get_by_role("combobox")
        await field.fill("/pulser ")
        await expect(field).to_have_attribute("aria-expanded", "true")
        await page.keyboard.press("ArrowUp")
        active = await field.get_attribute("aria-activedescendant")
        await expect(page.locator(f"#{active}")).to_contain_text("help")
        await expect(page.locator(f"#{active}")).to_have_attribute("aria-selected", "true")
        await page.keyboard.press("Escape")
        await expect(field).to_have_attribute("aria-expanded", "false")


async def test_option_stays_chosen_when_the_services_come(browser: Browser, scene: Scene) -> None:
    """What completes a command is asked for when somebody types; its answer does not move the choice."""
    async with open_page(browser, scene.url()) as page:
        asked, answered = asyncio.Event(), asyncio.Event()

        async def hold(route: Route) -> None:
            asked.set()
            await answered.wait()
            await route.continue_()

        await page.route("**/console/services", hold)
        field = page.get_by_role("combobox")
        await field.fill("/pulser ")
        await asked.wait()
        await page.keyboard.press("ArrowUp")
        active = await field.get_attribute("aria-activedescendant")
        async with page.expect_response("**/console/services") as come:
            answered.set()
        await (await come.value).finished()
        await page.evaluate("new Promise((done) => setTimeout(done))")
        await expect(page.locator(f"#{active}")).to_have_attribute("aria-selected", "true")


@pytest.mark.parametrize(
    ("line", "deed", "words"),
    [
        (Line("socket", 2), Deed("timeout"), "/pulser failed because the app did not respond."),
        (Line("socket", 0), Deed("error"), "pulser is not listening: no Socket Mode connection"),
    ],
)
async def test_unanswered_command_says_so(browser: Browser, scene: Scene, line: Line, deed: Deed, words: str) -> None:
    """A command that nobody acks fails in Slack's words."""
    scene.hands.now, scene.hands.deed = line, deed
    async with open_page(browser, scene.url()) as page:
        await page.get_by_role("combobox").fill("/pulser health")
        await page.keyboard.press("Enter")
        await expect(page.locator(".composer-status")).to_contain_text(words)


async def test_command_says_that_it_waits(browser: Browser, scene: Scene) -> None:
    """Between sending and the ack the page says that it waits."""
    scene.hands.hold.clear()
    async with open_page(browser, scene.url()) as page:
        await page.get_by_role("combobox").fill("/pulser health")
        await page.keyboard.press("Enter")
        await expect(page.locator(".composer-status")).to_have_text("/pulser health – waiting for pulser")
        scene.hands.hold.set()
        await expect(page.locator(".composer-status")).to_have_text("")


async def test_text_is_a_message(browser: Browser, scene: Scene) -> None:
    """Any other text is said in the channel; Shift and Enter begins a new line."""
    async with open_page(browser, scene.url()) as page:
        await page.get_by_role("combobox").click()
        await page.keyboard.type("one")
        await page.keyboard.press("Shift+Enter")
        await page.keyboard.type("two")
        async with page.expect_response("**/console/say"):
            await page.get_by_role("button", name="Send").click()
    assert scene.hands.done == [("say", "one\ntwo", ALICE.id)]


async def test_draft_stays_in_its_channel(browser: Browser, scene: Scene) -> None:
    """What was begun in a channel is there again when one comes back."""
    async with open_page(browser, scene.url()) as page:
        await page.get_by_role("combobox").fill("half a")
        await page.get_by_role("link", name="ops-ci").click()
        await expect(page.get_by_role("combobox")).to_have_value("")
        await page.get_by_role("link", name="ops-deploy").click()
        await expect(page.get_by_role("combobox")).to_have_value("half a")


async def test_private_message_appears_and_is_dismissed(browser: Browser, scene: Scene) -> None:
    """An ephemeral message says that I alone see it, is read out, and is gone when dismissed, also after a reload."""
    scene.post("for all")
    async with open_page(browser, scene.url()) as page:
        scene.hands.whisper(ALICE.id, scene.id("ops-deploy"), "Bob was faster")
        row = page.locator(".is-private")
        await expect(row).to_contain_text("Only visible to you")
        await expect(page.locator("#announcer")).to_have_text("Only visible to you: Bob was faster")
        await row.get_by_role("button", name="Dismiss message").click()
        await expect(row).to_have_count(0)
        await page.reload()
        await expect(page.locator(".message")).to_have_count(1)


async def test_private_message_changes_in_place(browser: Browser, scene: Scene) -> None:
    """An ephemeral message that the app replaces changes where it stands."""
    async with open_page(browser, scene.url()) as page:
        scene.hands.whisper(ALICE.id, scene.id("ops-deploy"), "working")
        await expect(page.locator(".is-private")).to_contain_text("working")
        [told] = scene.hands.ephemerals[ALICE.id]
        scene.hands.ephemerals[ALICE.id] = [{**told, "text": "done"}]
        await expect(page.locator(".is-private .message-body")).to_have_text(["done"])


async def test_button_of_a_private_message_is_pressed(browser: Browser, scene: Scene) -> None:
    """A button that I alone see works as any other."""
    actions = {"type": "actions", "elements": [button("Retry", action_id="retry")]}
    async with open_page(browser, scene.url()) as page:
        scene.hands.whisper(ALICE.id, scene.id("ops-deploy"), "x", blocks=[actions])
        async with page.expect_response("**/console/press"):
            await page.get_by_role("button", name="Retry").click()
    assert scene.hands.done == [("press", "retry", ALICE.id)]


async def test_one_acts_as_who_one_is(browser: Browser, scene: Scene) -> None:
    """Another person sees his own ephemeral messages and acts as himself, also after a reload."""
    scene.hands.whisper(ALICE.id, scene.id("ops-deploy"), "for alice")
    scene.hands.whisper(BOB.id, scene.id("ops-deploy"), "for bob")
    async with open_page(browser, scene.url()) as page:
        await expect(page.locator(".is-private .message-body")).to_have_text(["for alice"])
        await page.get_by_role("button", name="You are Alice").press("Enter")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="You are Bob")).to_be_focused()
        await expect(page.locator(".is-private .message-body")).to_have_text(["for bob"])
        await page.reload()
        await page.get_by_role("combobox").fill("/pulser help")
        async with page.expect_response("**/console/say"):
            await page.keyboard.press("Enter")
    assert scene.hands.done == [("command", "/pulser help", BOB.id)]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (Line("socket", 2), "pulser connected, 2 sockets"),
        (Line("socket", 0), "pulser not connected"),
        (Line("http"), "pulser connected by HTTP"),
    ],
)
async def test_header_says_whether_pulser_listens(browser: Browser, scene: Scene, line: Line, words: str) -> None:
    """The header tells over how many sockets pulser listens, and follows it live."""
    scene.hands.now = Line("socket", 1)
    async with open_page(browser, scene.url()) as page:
        await expect(page.locator("#line .not-phone")).to_have_text("pulser connected, 1 socket")
        scene.hands.now = line
        await expect(page.locator("#line .not-phone")).to_have_text(words)


async def test_first_message_has_its_day(browser: Browser, scene: Scene) -> None:
    """The day stands above the first message of a channel, also when a private one came before it."""
    async with open_page(browser, scene.url()) as page:
        scene.hands.whisper(ALICE.id, scene.id("ops-deploy"), "first")
        await expect(page.locator(".is-private")).to_be_visible()
        scene.post("second")
        await expect(page.locator(".day")).to_have_text(["Today"])
