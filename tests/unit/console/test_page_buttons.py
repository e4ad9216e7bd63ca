"""The buttons of messages, which nobody listens to yet."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.unit.console.browser import needs_browser, open_page
from tests.unit.console.scene import Scene, button, plain

pytestmark = [needs_browser, pytest.mark.asyncio(loop_scope="module")]


async def test_button_says_nobody_listens(browser: Browser, scene: Scene) -> None:
    """Pressing a button shows what Slack shows when no app is connected."""
    scene.post("x", blocks=[{"type": "actions", "elements": [button("Acknowledge")]}])
    async with open_page(browser, scene.url()) as page:
        await page.get_by_role("button", name="Acknowledge").click()
        await expect(page.get_by_role("alert")).to_have_text("pulser is not listening: no Socket Mode connection")


@pytest.mark.parametrize(("answer", "warnings"), [("Cancel", 0), ("Roll back", 1)])
async def test_confirm_is_asked_first(browser: Browser, scene: Scene, answer: str, warnings: int) -> None:
    """A button with a confirm dialog does nothing until it is confirmed."""
    question = {
        "title": plain("Sure?"),
        "text": plain("It goes"),
        "confirm": plain("Roll back"),
        "deny": plain("Cancel"),
    }
    scene.post("x", blocks=[{"type": "actions", "elements": [button("Rollback", style="danger", confirm=question)]}])
    async with open_page(browser, scene.url()) as page:
        await page.get_by_role("button", name="Rollback").click()
        await page.get_by_role("dialog", name="Sure?").get_by_role("button", name=answer).click()
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await expect(page.get_by_role("alert")).to_have_count(warnings)


async def test_link_button_is_a_link(browser: Browser, scene: Scene) -> None:
    """A button with an address opens it."""
    scene.post("x", blocks=[{"type": "actions", "elements": [button("Run", url="https://ci.example/1")]}])
    async with open_page(browser, scene.url()) as page:
        await expect(page.get_by_role("link", name="Run")).to_have_attribute("href", "https://ci.example/1")
