"""Modals: filled in, submitted, refused by field, closed."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from pulser_local.console.hands import Deed
from tests.unit.console.browser import PHONE, needs_browser, open_page
from tests.unit.console.fake_hands import ALICE, BOB
from tests.unit.console.scene import Scene, plain, section

pytestmark = [needs_browser, pytest.mark.asyncio(loop_scope="module")]


def option(name: str) -> dict[str, object]:
    return {"text": plain(name), "value": name}


def field(name: str, element: dict[str, object], **more: object) -> dict[str, object]:
    return {
        "type": "input",
        "block_id": name,
        "label": plain(name.title()),
        "element": {"action_id": name, **element},
        **more,
    }


TEXT: dict[str, object] = {"type": "plain_text_input"}
GROUPS = [{"label": plain("Of api"), "options": [option("production")]}]
VIEW: dict[str, Any] = {
    "title": plain("Deploy"),
    "submit": plain("Request deploy"),
    "close": plain("Cancel"),
    "blocks": [
        section("*bob* deploys already"),
        {"type": "context", "elements": [plain("a note")]},
        field("service", {"type": "static_select", "options": [option("api"), option("web")]}),
        field("environment", {"type": "static_select", "option_groups": GROUPS}),
        field("version", TEXT, hint=plain("A tag")),
        field("reason", {**TEXT, "multiline": True, "initial_value": "because"}, optional=True),
    ],
}


async def fill(page: Page) -> None:
    await page.get_by_label("Service").select_option("web")
    await page.get_by_label("Environment").select_option("production")
    await page.get_by_label("Version").fill("1.4.2")


async def test_modal_is_filled_in_and_submitted(browser: Browser, scene: Scene) -> None:
    """A modal opens by itself; what is filled in is sent as Slack's state, and the ack closes it."""
    async with open_page(browser, scene.url()) as page:
        scene.hands.open(ALICE.id, VIEW)
        await expect(page.get_by_role("dialog", name="Deploy")).to_contain_text("bob deploys already")
        await fill(page)
        await page.get_by_role("button", name="Request deploy").click()
        await expect(page.get_by_role("dialog")).to_have_count(0)
    [(_, _, values, user)] = scene.hands.done
    assert user == ALICE.id
    assert values == {
        "service": {"service": {"type": "static_select", "selected_option": option("web")}},
        "environment": {"environment": {"type": "static_select", "selected_option": option("production")}},
        "version": {"version": {**TEXT, "value": "1.4.2"}},
        "reason": {"reason": {**TEXT, "value": "because"}},
    }


async def test_empty_field_is_not_sent(browser: Browser, scene: Scene) -> None:
    """A required field that is empty is refused by Slack itself, under the field, and the keyboard goes there."""
    async with open_page(browser, scene.url()) as page:
        scene.hands.open(ALICE.id, VIEW)
        await page.get_by_label("Service").select_option("web")
        await page.get_by_label("Version").press("Enter")
        environment = page.get_by_label("Environment")
        await expect(environment).to_be_focused()
        await expect(environment).to_have_accessible_description("Please complete this required field.")
        await expect(page.locator("[aria-invalid=true]")).to_have_count(2)
    assert scene.hands.done == []


@pytest.mark.parametrize("is_kept_in_view", [False, True])
async def test_refused_field_says_why(browser: Browser, scene: Scene, *, is_kept_in_view: bool) -> None:
    """The errors of the ack stand under their fields; what was typed stays."""
    errors = {"version": "There is no such version."}
    scene.hands.deed = Deed("acked", ack_payload={"response_action": "errors", "errors": errors})
    async with open_page(browser, scene.url()) as page:
        scene.hands.open(ALICE.id, VIEW)
        await fill(page)
        if is_kept_in_view:  # as the simulator does
            scene.hands.modals[ALICE.id] = [{**scene.hands.modals[ALICE.id][0], "errors": errors}]
        await page.get_by_role("button", name="Request deploy").click()
        version = page.get_by_label("Version")
        await expect(version).to_have_accessible_description("A tag There is no such version.")
        await expect(version).to_be_focused()
        await expect(version).to_have_value("1.4.2")
        await expect(page.get_by_label("Service")).to_have_value("1")


async def test_unanswered_modal_stays(browser: Browser, scene: Scene) -> None:
    """A modal that is not acked in time stays as it is and says Slack's words; while it waits it is busy."""
    scene.hands.hold.clear()
    scene.hands.deed = Deed("timeout")
    async with open_page(browser, scene.url()) as page:
        scene.hands.open(ALICE.id, VIEW)
        await fill(page)
        await page.get_by_role("button", name="Request deploy").click()
        await expect(page.locator("dialog form")).to_have_attribute("aria-busy", "true")
        scene.hands.hold.set()
        await expect(page.get_by_role("alert")).to_have_text("We had some trouble connecting. Try again?")
        await expect(page.get_by_label("Version")).to_have_value("1.4.2")


@pytest.mark.parametrize("way", ["Cancel", "Close", "Escape"])
async def test_modal_is_closed(browser: Browser, scene: Scene, way: str) -> None:
    """Cancel, the cross and Escape close the modal, and the workspace hears of it."""
    async with open_page(browser, scene.url()) as page:
        scene.hands.open(ALICE.id, VIEW)
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_be_visible()
        if way == "Escape":
            await page.keyboard.press("Escape")
        else:
            await dialog.get_by_role("button", name=way, exact=True).click()
        await expect(dialog).to_have_count(0)
    assert scene.hands.done == [("close", "V1", ALICE.id)]


async def test_updated_modal_keeps_what_was_typed(browser: Browser, scene: Scene) -> None:
    """When the app changes the open modal, the fields that are still there keep what was typed."""
    async with open_page(browser, scene.url()) as page:
        scene.hands.open(ALICE.id, VIEW)
        await page.get_by_label("Version").fill("1.4.2")
        view = scene.hands.modals[ALICE.id][0]
        scene.hands.modals[ALICE.id] = [{**view, "blocks": [section("now different"), *VIEW["blocks"][2:]]}]
        await expect(page.get_by_role("dialog")).to_contain_text("now different")
        await expect(page.get_by_label("Version")).to_have_value("1.4.2")
        await expect(page.get_by_label("Version")).to_be_focused()


async def test_modal_holds_the_focus(browser: Browser, scene: Scene) -> None:
    """Tab never leaves an open modal for the page behind it."""
    async with open_page(browser, scene.url()) as page:
        scene.hands.open(ALICE.id, VIEW)
        await expect(page.get_by_role("dialog")).to_be_visible()
        outside = 0
        for _ in range(12):
            await page.keyboard.press("Tab")
            outside += await page.evaluate(
                "document.activeElement !== document.body && !document.activeElement.closest('dialog')"
            )
    assert outside == 0


async def test_modal_is_only_for_whom_it_was_opened(browser: Browser, scene: Scene) -> None:
    """Bob's modal is not shown to Alice."""
    scene.post("x")
    async with open_page(browser, scene.url()) as page:
        scene.hands.open(BOB.id, VIEW)
        scene.hands.whisper(ALICE.id, scene.id("ops-deploy"), "later than the modal")
        await expect(page.locator(".is-private")).to_be_visible()
        await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_modal_fits_a_phone(browser: Browser, scene: Scene) -> None:
    """At 390 px the modal is inside the screen, scrolls inside, and its buttons are in view."""
    long = {**VIEW, "blocks": [section("x" * 300), *VIEW["blocks"], *[section("more") for _ in range(20)]]}
    async with open_page(browser, scene.url(), size=PHONE) as page:
        scene.hands.open(ALICE.id, long)
        await expect(page.get_by_role("button", name="Request deploy")).to_be_in_viewport(ratio=1)
        box = await page.get_by_role("dialog").bounding_box()
        wide = await page.locator(".modal-body").evaluate("each => each.scrollWidth - each.clientWidth")
    assert box
    assert (box["x"] >= 0, box["x"] + box["width"] <= PHONE["width"], wide) == (True, True, 0)


async def test_hostile_modal_is_inert(browser: Browser, scene: Scene) -> None:
    """Markup in a modal's texts is shown as text."""
    markup = "<img src=x onerror='window.pwned=1'>"
    select = field("service", {"type": "static_select", "options": [option(markup)]}, hint=plain(markup))
    async with open_page(browser, scene.url()) as page:
        scene.hands.open(ALICE.id, {**VIEW, "title": plain(markup[:24]), "blocks": [section(markup), select]})
        await expect(page.get_by_role("dialog")).to_contain_text("onerror")
        found = await page.evaluate("[window.pwned, document.querySelectorAll('dialog img').length]")
    assert found == [None, 0]
