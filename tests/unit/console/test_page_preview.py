"""The preview: what an event would become, drawn while it is typed; nothing is written."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, expect

from pulser_local.console import Console
from pulser_local.slack import SlackSimulator
from tests.unit.console.browser import DESKTOP, PHONE, needs_browser, open_page
from tests.unit.console.scene import Scene
from tests.unit.console.test_page_contrast import LOW_CONTRAST

pytestmark = [needs_browser, pytest.mark.asyncio(loop_scope="module")]

CRITICAL = {"minimum_severity": "critical", "channel": "#ops-alerts", "mention": "here", "continue": True}
ROUTES: list[dict[str, Any]] = [
    {"name": "critical", "position": 1, **CRITICAL},
    {"name": "ci", "position": 2, "event_pattern": "ci.*", "channel": "#ops-ci"},
    {"name": "default", "position": 9, "channel": "#general", "is_default": True},
]


@pytest.fixture
def url(scene: Scene) -> str:
    scene.ledger.routes = ROUTES
    return f"{scene.console.url}/preview"


async def typed(page: Page, event_type: str, payload: str) -> None:
    await page.get_by_label("Event type").fill(event_type)
    await page.get_by_label("Payload", exact=True).fill(payload)


async def test_the_preview_is_reached_from_anywhere(browser: Browser, scene: Scene, url: str) -> None:
    """A link in the rail; its address can be kept, and it begins with an event that shows something."""
    async with open_page(browser, scene.url()) as page:
        await page.get_by_role("link", name="Preview").click()
        await expect(page.locator(".preview-card .block-header")).to_contain_text("CI failed: api in production")
        assert page.url == url
        await expect(page.get_by_role("link", name="Preview")).to_have_attribute("aria-current", "page")


async def test_what_is_typed_is_drawn_with_its_channels(browser: Browser, url: str) -> None:
    """A message for each mention, each under its channel and route, by the page's own renderer."""
    async with open_page(browser, url) as page:
        await typed(page, "ci.failed", '{"severity": "critical", "summary": "<!channel> *down*"}')
        await expect(page.locator(".preview-place")).to_have_text(["ops-alertsroute critical", "ops-ciroute ci"])
        first, second = await page.locator(".preview-card .message-body").all_inner_texts()
        await expect(page.locator(".preview-card .mention")).to_have_text(["@here"])
    assert "<!channel>" in second
    assert "@here" in first


async def test_what_goes_nowhere_says_so(browser: Browser, url: str) -> None:
    """And is drawn all the same."""
    async with open_page(browser, url) as page:
        await typed(page, "door.opened", "")
        await expect(page.locator(".preview-place")).to_have_text("Nowhere: no route takes it")
        await expect(page.locator(".preview-card .block-header")).to_contain_text("Door opened")


async def test_what_is_no_json_yet_is_said_and_the_last_message_stays(browser: Browser, url: str) -> None:
    """Faded, with the field marked; it comes back when the payload is whole."""
    async with open_page(browser, url) as page:
        await expect(page.locator(".preview-card .message")).to_be_visible()
        await page.get_by_label("Payload", exact=True).fill('{"service": ')
        await expect(page.locator(".preview-error")).to_contain_text("not JSON yet")
        await expect(page.get_by_label("Payload", exact=True)).to_have_attribute("aria-invalid", "true")
        await expect(page.locator(".preview-shown.is-old .message")).to_be_visible()
        await page.get_by_label("Payload", exact=True).fill('{"service": "web"}')
        await expect(page.locator(".preview-card .block-header")).to_contain_text("web")
        await expect(page.locator(".preview-error")).to_be_empty()


async def test_nothing_is_written_and_no_button_acts(browser: Browser, scene: Scene, url: str) -> None:
    """The ledger is asked for its routes alone; the buttons are there to be seen."""
    async with open_page(browser, url) as page:
        await expect(page.get_by_role("button", name="Acknowledge: ")).to_be_disabled()
    assert set(scene.ledger.calls) <= {"routes_v1", "list_deliveries_v1", "list_envelopes_v1"}
    assert (scene.hands.done, scene.slack.workspace.history(scene.id("ops-ci"))) == ([], [])


async def test_the_command_that_would_send_it_fits_a_shell(browser: Browser, url: str) -> None:
    """Quoted, whatever is in it."""
    async with open_page(browser, url) as page:
        await typed(page, "ci.failed", """{"title": "it's $HOME"}""")
        command = page.locator(".preview-emit code")
        await expect(command).to_have_text("""pulser emit ci.failed --payload '{"title":"it'\\''s $HOME"}'""")
        await typed(page, "-x y", "")
        await expect(command).to_have_text("pulser emit '-x y'")


async def test_a_ledger_that_is_away_is_said(browser: Browser, scene: Scene, url: str) -> None:
    """In a sentence, under what was typed."""
    async with open_page(browser, url) as page:
        await expect(page.locator(".preview-card .message")).to_be_visible()
        scene.ledger.down = True
        await page.get_by_label("Event type").fill("ci.passed")
        await expect(page.locator(".preview-error")).to_contain_text("does not answer")


async def test_without_a_ledger_there_is_no_preview(browser: Browser) -> None:
    """It has the routes."""
    console = Console(simulator=SlackSimulator(rate_limit=False), ledger=None)
    await console.start(0)
    async with open_page(browser, f"{console.url}/preview") as page:
        await expect(page.get_by_role("heading", name="No ledger")).to_be_visible()
    await console.stop()


@pytest.mark.parametrize("size", [DESKTOP, {"width": 900, "height": 1000}, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_fits_and_can_be_read(browser: Browser, url: str, size: dict[str, int], scheme: str) -> None:
    """No sideways scrolling at any width, and the contrast of WCAG AA, also with words that have no end."""
    async with open_page(browser, url, size=size, color_scheme=scheme) as page:
        await typed(page, "ci.failed", '{"title": "' + "x" * 200 + '", "severity": "critical"}')
        await expect(page.locator(".preview-card")).to_have_count(2)
        wide = await page.locator(".preview").evaluate("element => element.scrollWidth - element.clientWidth")
        page_wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        low = await page.evaluate(LOW_CONTRAST)
    assert (wide, page_wide, low) == (0, 0, [])


async def test_an_older_answer_does_not_cover_a_newer_one(browser: Browser, url: str) -> None:
    """Answers may overtake each other; what is shown is of what stands in the fields."""
    held = asyncio.Event()

    async def hold(route: Route) -> None:
        if "slow.one" in (route.request.post_data or ""):
            await held.wait()
        await route.continue_()

    async with open_page(browser, url) as page:
        await page.route("**/console/preview", hold)
        header = page.locator(".preview-card .block-header")
        async with page.expect_request("**/console/preview"):
            await page.get_by_label("Event type").fill("slow.one")
        await page.get_by_label("Event type").fill("fast.one")
        await expect(header).to_contain_text("Fast one")
        async with page.expect_response(lambda it: "slow.one" in (it.request.post_data or "")) as late:
            held.set()
        await (await late.value).finished()
        await expect(header).to_contain_text("Fast one")
