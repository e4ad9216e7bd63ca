"""The buttons of messages: asked about, pressed, and what Slack says when nobody answers."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from pulser_local.console.hands import Deed, Line
from pulser_local.slack import Content
from tests.unit.console.browser import PHONE, needs_browser, open_page
from tests.unit.console.fake_hands import ALICE
from tests.unit.console.scene import Scene, button, plain

pytestmark = [needs_browser, pytest.mark.asyncio(loop_scope="module")]

ACKNOWLEDGE = {"type": "actions", "elements": [button("Acknowledge", action_id="pulser_acknowledge")]}
NOT_LISTENING = "pulser is not listening: no Socket Mode connection"


async def test_button_says_nobody_listens(browser: Browser, scene: Scene) -> None:
    """Pressing a button while pulser has no connection shows Slack's triangle, and says why."""
    scene.post("x", blocks=[ACKNOWLEDGE])
    scene.hands.now, scene.hands.deed = Line("socket", 0), Deed("error")
    async with open_page(browser, scene.url()) as page:
        await page.get_by_role("button", name="Acknowledge").click()
        await expect(page.get_by_role("alert")).to_have_text(NOT_LISTENING)


async def test_button_is_busy_until_slack_knows(browser: Browser, scene: Scene) -> None:
    """A pressed button is busy, does not take a second press, and is as before once it is acked."""
    scene.post("x", blocks=[ACKNOWLEDGE])
    scene.hands.hold.clear()
    async with open_page(browser, scene.url()) as page:
        pressed = page.get_by_role("button", name="Acknowledge")
        await pressed.click()
        await expect(pressed).to_have_attribute("aria-busy", "true")
        await pressed.click()
        scene.hands.hold.set()
        await expect(pressed).not_to_have_attribute("aria-busy", "true")
        await expect(page.get_by_role("alert")).to_have_count(0)
    assert scene.hands.done == [("press", "pulser_acknowledge", ALICE.id)]


async def test_button_fails_in_slacks_words(browser: Browser, scene: Scene) -> None:
    """A press that is not acked in time shows Slack's triangle until it is pressed again."""
    scene.post("x", blocks=[ACKNOWLEDGE])
    scene.hands.deed = Deed("timeout")
    async with open_page(browser, scene.url()) as page:
        await page.get_by_role("button", name="Acknowledge").click()
        await expect(page.get_by_role("alert")).to_contain_text("Apps need to respond within 3 seconds")
        scene.hands.deed = Deed("acked")
        await page.get_by_role("button", name="Acknowledge").click()
        await expect(page.get_by_role("alert")).to_have_count(0)


async def test_busy_button_outlives_a_change_of_its_message(browser: Browser, scene: Scene) -> None:
    """A message that changes while its button is pressed shows the button busy, and then its failure."""
    ts = scene.post("x", blocks=[ACKNOWLEDGE])
    scene.hands.hold.clear()
    scene.hands.deed = Deed("timeout")
    async with open_page(browser, scene.url()) as page:
        await page.get_by_role("button", name="Acknowledge").click()
        changed = Content("y", blocks=[{"type": "divider"}, ACKNOWLEDGE])
        scene.slack.workspace.update(scene.id("ops-deploy"), ts, changed)
        await expect(page.locator(".block-divider")).to_have_count(1)
        await expect(page.get_by_role("button", name="Acknowledge")).to_have_attribute("aria-busy", "true")
        scene.hands.hold.set()
        await expect(page.get_by_role("alert")).to_have_count(1)


async def test_a_press_whose_button_is_gone_says_that_it_did_not_work(browser: Browser, scene: Scene) -> None:
    """The message changed while its button asked for a confirmation: the sentence stands above the channel."""
    asked = {"title": plain("Sure?"), "text": plain("It goes"), "confirm": plain("Yes"), "deny": plain("No")}
    approve = button("Approve", confirm=asked, action_id="pulser_approve")
    ts = scene.post("x", blocks=[{"type": "actions", "elements": [approve]}])
    scene.hands.refusal = "The message has no such button."
    async with open_page(browser, scene.url()) as page:
        await page.get_by_role("button", name="Approve").click()
        scene.slack.workspace.update(scene.id("ops-deploy"), ts, Content("y", blocks=[{"type": "divider"}]))
        await expect(page.locator(".block-divider")).to_have_count(1)
        await page.get_by_role("button", name="Yes").click()
        said = "That did not work. The message has no such button."
        await expect(page.locator("#notice")).to_have_text(said)


@pytest.mark.parametrize(("answer", "pressed"), [("Cancel", []), ("Roll back", ["pulser_rollback"])])
async def test_confirm_is_asked_first(browser: Browser, scene: Scene, answer: str, pressed: list[str]) -> None:
    """A button with a confirm dialog does nothing until it is confirmed."""
    question = {
        "title": plain("Sure?"),
        "text": {"type": "mrkdwn", "text": "It *goes*"},
        "confirm": plain("Roll back"),
        "deny": plain("Cancel"),
    }
    rollback = button("Rollback", style="danger", confirm=question, action_id="pulser_rollback")
    scene.post("x", blocks=[{"type": "actions", "elements": [rollback]}, ACKNOWLEDGE])
    async with open_page(browser, scene.url()) as page:
        await page.get_by_role("button", name="Rollback").click()
        dialog = page.get_by_role("dialog", name="Sure?")
        await expect(dialog.locator("strong")).to_have_text("goes")
        await dialog.get_by_role("button", name=answer).click()
        await expect(page.get_by_role("dialog")).to_have_count(0)
        async with page.expect_response(lambda told: "acknowledge" in (told.request.post_data or "")):
            await page.get_by_role("button", name="Acknowledge").click()
    assert [deed[1] for deed in scene.hands.done] == [*pressed, "pulser_acknowledge"]


async def test_confirm_denies_by_escape(browser: Browser, scene: Scene) -> None:
    """Escape leaves the confirm dialog undone, with the keyboard back on the button."""
    question = {"title": plain("Sure?"), "text": plain("It goes"), "confirm": plain("Yes"), "deny": plain("No")}
    scene.post("x", blocks=[{"type": "actions", "elements": [button("Rollback", confirm=question, action_id="r")]}])
    async with open_page(browser, scene.url()) as page:
        await page.get_by_role("button", name="Rollback").press("Enter")
        await expect(page.get_by_role("dialog")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await expect(page.get_by_role("button", name="Rollback")).to_be_focused()
    assert scene.hands.done == []


async def test_link_button_is_a_link_and_a_press(browser: Browser, scene: Scene) -> None:
    """A button with an address opens it, and the app hears of the press, as in Slack."""
    link = button("Run", url=f"{scene.console.url}/console/static/favicon.svg", action_id="pulser_open")
    scene.post("x", blocks=[{"type": "actions", "elements": [link]}])
    async with open_page(browser, scene.url()) as page:
        async with page.expect_response("**/console/press"), page.expect_popup() as opened:
            await page.get_by_role("link", name="Run").click()
        assert (await opened.value).url.endswith("favicon.svg")
    assert scene.hands.done == [("press", "pulser_open", ALICE.id)]


async def test_button_is_pressed_by_keyboard(browser: Browser, scene: Scene) -> None:
    """From a message Tab leads to its buttons, and Enter presses."""
    scene.post("x", blocks=[ACKNOWLEDGE])
    async with open_page(browser, scene.url()) as page:
        await page.keyboard.press("j")
        while await page.evaluate("document.activeElement.textContent") != "Acknowledge":
            await page.keyboard.press("Tab")
        async with page.expect_response("**/console/press"):
            await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="Acknowledge")).to_be_focused()
    assert scene.hands.done == [("press", "pulser_acknowledge", ALICE.id)]


OPTIONS = [{"text": plain(words), "value": value} for words, value in (("Snooze for 2 h", "2h"), ("Snooze", "9am"))]
MENUS = {
    "overflow": ({"type": "overflow", "action_id": "pulser_snooze", "options": OPTIONS}, "More actions"),
    "static_select": (
        {"type": "static_select", "action_id": "pulser_snooze", "placeholder": plain("Pick"), "options": OPTIONS},
        "Pick",
    ),
}


@pytest.mark.parametrize("kind", MENUS)
async def test_menu_is_chosen_from_with_the_keyboard(browser: Browser, scene: Scene, kind: str) -> None:
    """It opens with Enter, arrows move in it, Escape closes it and chooses nothing; a choice carries its option."""
    menu, label = MENUS[kind]
    scene.post("x", blocks=[{"type": "actions", "elements": [menu]}])
    async with open_page(browser, scene.url()) as page:
        opener = page.get_by_role("button", name=label)
        await opener.press("Enter")
        await expect(page.get_by_role("menuitem", name="Snooze for 2 h")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(opener).to_be_focused()
        await expect(page.get_by_role("menuitem")).to_have_count(0)
        await opener.press("Enter")
        await page.keyboard.press("ArrowDown")
        async with page.expect_request(lambda it: "pulser_snooze" in (it.post_data or "")) as asked:
            await page.keyboard.press("Enter")
        assert '"value":"9am"' in ((await asked.value).post_data or "").replace(" ", "")
        await expect(opener).to_be_focused()


async def test_menu_is_whole_on_a_phone(browser: Browser, scene: Scene) -> None:
    """After two buttons it stands at the edge, and opens to the other side."""
    menu, label = MENUS["overflow"]
    buttons = [button(it, action_id=f"pulser_{it.lower()}") for it in ("Acknowledge", "Investigate")]
    scene.post("x", blocks=[{"type": "actions", "elements": [*buttons, menu]}])
    async with open_page(browser, scene.url(), size=PHONE) as page:
        await page.get_by_role("button", name=label).click()
        box = await page.get_by_role("menu", name=label).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
