"""The console in a real browser: the system's Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
PATIENCE = 15_000  # ms for anything to appear

needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")


@asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    """A headless Chromium. One serves a whole module: it is the pages that are fresh for each test."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@asynccontextmanager
async def open_page(
    browser: Browser, url: str, *, size: dict[str, int] = DESKTOP, asked: list[str] | None = None, **context: object
) -> AsyncIterator[Page]:
    """The console at `url` in a profile of its own, connected to its stream; `asked` collects what it requests.

    `context` are options of Playwright's Browser.new_context. Fails when the page throws, or was
    refused something by its own Content-Security-Policy.
    """
    troubles: list[str] = []
    options: Any = {"viewport": size, "reduced_motion": "reduce", "locale": "en-GB", **context}
    profile = await browser.new_context(**options)
    profile.set_default_timeout(PATIENCE)
    page = await profile.new_page()
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda said: troubles.append(said.text) if "Content Security" in said.text else None)
    page.on("request", lambda request: asked.append(request.url) if asked is not None else None)
    await page.goto(url)
    await page.wait_for_selector("#connection[data-state=open]")
    await page.wait_for_selector("#view h1")
    yield page
    await profile.close()
    assert troubles == []
