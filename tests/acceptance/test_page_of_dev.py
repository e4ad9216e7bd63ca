"""The page of a `pulser dev`, with the real ledger behind it."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import expect

from tests.acceptance.stack import emit, running
from tests.unit.console.browser import launched, needs_browser, open_page

pytestmark = needs_browser


@pytest.mark.timeout(180)
async def test_message_and_its_story_appear_without_a_reload(tmp_path: Path) -> None:
    """An event that comes while the page is open stands there with its latency; its story names route and attempt."""
    async with running(tmp_path) as dev, launched() as browser:
        console = dev.ready["console_url"]
        async with aiohttp.ClientSession() as http:
            fault = {"kind": "reset_after", "method": "chat.postMessage", "times": 1}
            async with http.post(f"{console}/sim/faults", json=fault) as answer:
                assert answer.status < 300
        async with open_page(browser, f"{console}/archives/{await channel_id(console, 'ops-ci')}") as page:
            await emit(dev.ready["database_url"])
            await expect(page.locator(".message")).to_contain_text("CI failed")
            await page.locator(".message .badge").click()
            story = page.get_by_role("complementary", name="Story")
            await expect(story).to_contain_text("Attempt 1")
            # The answer was lost: adopted after the next sweep, which comes each minute on pg_cron 1.4.
            await expect(story).to_contain_text("adopted it instead of posting twice", timeout=90_000)
            await expect(page.locator(".message")).to_have_count(1)


async def channel_id(console: str, name: str) -> str:
    """The ID of a channel of the simulated workspace."""
    async with aiohttp.ClientSession() as http, http.get(f"{console}/console/workspace") as answer:
        channels = (await answer.json())["channels"]
    return next(str(channel["id"]) for channel in channels if channel["name"] == name)
