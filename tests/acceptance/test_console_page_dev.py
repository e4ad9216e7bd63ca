"""The whole of pulser used from its page: `pulser dev`, a browser, and two people."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import aiohttp
import asyncpg
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from tests.acceptance.stack import Dev, running
from tests.unit.console.browser import needs_browser, open_page

pytestmark = [needs_browser, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

PATIENCE = 20_000  # ms in which what was done is seen
ALERT = {"service": "api", "environment": "production", "severity": "error", "error_rate": 0.12, "threshold": 0.05}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def dev(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Dev]:
    """One `pulser dev` for all of it."""
    async with running(tmp_path_factory.mktemp("dev")) as started:
        yield started


async def channel(dev: Dev, name: str) -> str:
    """The address of a channel's page."""
    url = dev.ready["console_url"]
    async with aiohttp.ClientSession() as http, http.get(f"{url}/console/workspace") as answer:
        channels = (await answer.json())["channels"]
    return next(f"{url}/archives/{each['id']}" for each in channels if each["name"] == name)


async def listening(page: Page) -> None:
    """Wait until both sockets of the relay are up."""
    await expect(page.locator("#line .not-phone")).to_have_text("pulser connected, 2 sockets", timeout=PATIENCE)


async def become(page: Page, name: str) -> None:
    await page.get_by_role("button", name="Act as somebody else").click()
    await page.get_by_role("menuitemradio", name=name).click()


async def approve(card: Locator, page: Page) -> None:
    await card.get_by_role("button", name="Approve").click()
    await page.get_by_role("dialog").get_by_role("button").last.click()


async def test_alert_is_acknowledged(browser: Browser, dev: Dev) -> None:
    """Acknowledge changes the message in place, and the envelope's story tells who, the ack and the event."""
    async with open_page(browser, await channel(dev, "ops-alerts")) as page:
        await listening(page)
        database = await asyncpg.connect(dev.ready["database_url"])
        append = "select ops.append_event_v1('error_rate.exceeded', 'monitor', 'api', $1::jsonb, 'error', null)"
        await database.execute(append, json.dumps(ALERT))
        await database.close()
        message = page.locator(".message", has_text="api in production")
        await message.get_by_role("button", name="Acknowledge").click(timeout=PATIENCE)
        await expect(message).to_contain_text("Acknowledged by @alice", timeout=PATIENCE)
        await message.locator(".badge").click()
        story = page.get_by_role("complementary")
        await story.get_by_role("button", name="alice: button acknowledge").click()
        await expect(story).to_contain_text("alert.acknowledged")
        await expect(story).to_contain_text("Slack had its ack after")


@pytest.mark.parametrize(("command", "answer"), [("status", "api"), ("health", "socket-relay"), ("help", "/pulser")])
async def test_command_is_answered(browser: Browser, dev: Dev, command: str, answer: str) -> None:
    """Each command is answered to who typed it alone."""
    async with open_page(browser, await channel(dev, "ops-tasks")) as page:
        await listening(page)
        await page.get_by_role("combobox").fill(f"/pulser {command}")
        await page.keyboard.press("Enter")
        await expect(page.locator(".is-private").last).to_contain_text(answer, timeout=PATIENCE)


async def test_deploy_through_modal_and_approval(browser: Browser, dev: Dev) -> None:
    """A deploy is asked for in the modal, refused to its own requester, approved by another, and completed."""
    async with open_page(browser, await channel(dev, "ops-deploy")) as page:
        await listening(page)
        await page.get_by_role("combobox").fill("/pulser deploy api v2.15.0")
        await page.keyboard.press("Enter")
        await page.get_by_label("Environment").select_option("production", timeout=PATIENCE)
        await page.get_by_label("Version").fill("not a version")
        await page.get_by_label("Reason").fill("The fix for the checkout")
        submit = page.get_by_role("button", name="Request deploy")
        await submit.click()
        await expect(page.get_by_text("A version is made of letters")).to_be_visible(timeout=PATIENCE)
        await page.get_by_label("Version").fill("v2.15.0")
        await submit.click()
        card = page.locator(".message:not(.is-private)", has_text="v2.15.0")
        await expect(card).to_contain_text("Requested by @alice", timeout=PATIENCE)
        await approve(card, page)
        await expect(page.locator(".is-private").last).to_contain_text("somebody else must approve", timeout=PATIENCE)
        await become(page, "Bob")
        await approve(card, page)
        await expect(card).to_contain_text("Deploy completed", timeout=PATIENCE)
        await expect(card).to_have_count(1)
