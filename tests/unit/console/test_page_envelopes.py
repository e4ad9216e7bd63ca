"""What people did, as the page tells it: the list of envelopes and the story of one."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.unit.console.browser import PHONE, needs_browser, open_page
from tests.unit.console.scene import Scene

pytestmark = [needs_browser, pytest.mark.asyncio(loop_scope="module")]


async def test_envelopes_are_listed_and_filtered(browser: Browser, scene: Scene) -> None:
    """The list says who did what and how it ended; a filter keeps those of one status."""
    scene.ledger.add_envelope(user_name="alice")
    scene.ledger.add_envelope(
        what="/pulser deploy", user_name="bob", status="failed", last_error="expired: it was recorded too late"
    )
    async with open_page(browser, f"{scene.console.url}/envelopes") as page:
        await expect(page.locator("tbody tr")).to_have_count(2)
        await page.get_by_role("button", name="Failed").click()
        row = page.locator("tbody tr")
        await expect(row).to_contain_text("/pulser deploy")
        await expect(row).to_contain_text("bob")
        await expect(row).to_contain_text("Slack had already given up on it")
        await expect(page).to_have_url(f"{scene.console.url}/envelopes?status=failed")


async def test_envelope_appears_live(browser: Browser, scene: Scene) -> None:
    """A new envelope stands in the list without a reload, and changes there."""
    async with open_page(browser, f"{scene.console.url}/envelopes") as page:
        envelope_id = scene.ledger.add_envelope(status="pending", latency_ms=None)
        await expect(page.locator("tbody tr .badge")).to_have_text("Waiting")
        scene.ledger.change_envelope(envelope_id, status="completed", latency_ms=63)
        await expect(page.locator("tbody tr .badge")).to_have_text("Done · 63 ms")


async def test_story_tells_all_of_an_envelope(browser: Browser, scene: Scene) -> None:
    """Who, when Slack had its ack, how often it came and ran, the event written, what was sent, the duplicates."""
    event = {"event_id": "e1", "event_type": "alert.acknowledged", "status": "ok", "payload": {"service": "api"}}
    sent = {"delivery_id": scene.ledger.add(), "kind": "update", "channel": "#ops-alerts", "status": "sent"}
    parts = {
        "events": [event],
        "card": {"service": "api", "phase": "acknowledged", "version": 2},
        "deliveries": [sent],
        "duplicates": [{"envelope_id": "the-same-again"}],
    }
    scene.ledger.add_envelope(envelope_id="envelope-1", duplicates=1, attempts=2, parts=parts)
    async with open_page(browser, f"{scene.console.url}/envelopes/T1/envelope-1") as page:
        story = page.get_by_role("complementary", name="Story of the envelope")
        for words in (
            "alice: Acknowledge button",
            "Slack had its ack after 42 ms",
            "Slack sent it 2 times",
            "Taken 2 times",
            "The card of api is now acknowledged (version 2)",
            "alert.acknowledged",
            "the-same-again",
        ):
            await expect(story).to_contain_text(words)
        await story.get_by_role("button", name="Update of the card in #ops-alerts").click()
        await expect(page.get_by_role("complementary", name="Story of the delivery")).to_be_visible()


async def test_story_of_a_message_leads_to_who_pressed(browser: Browser, scene: Scene) -> None:
    """The story of a message lists what people did on it, each leading to its own story."""
    delivery_id = scene.ledger.add(slack_channel_id=scene.id("ops-deploy"))
    ts = scene.post("x", delivery=delivery_id)
    scene.ledger.change(delivery_id, slack_ts=ts)
    scene.ledger.add_envelope(channel_id=scene.id("ops-deploy"), message_ts=ts, user_name="carol")
    scene.ledger.add_envelope(channel_id=scene.id("ops-deploy"), message_ts="1.0", what="on another message")
    async with open_page(browser, scene.url()) as page:
        await page.locator(".message .badge").click()
        story = page.get_by_role("complementary")
        await expect(story).to_contain_text("What people did on it")
        await expect(story).not_to_contain_text("on another message")
        await story.get_by_role("button", name="carol: Acknowledge button").press("Enter")
        await expect(story).to_contain_text("Handled, with all its effects.")


async def test_hostile_envelope_is_inert(browser: Browser, scene: Scene) -> None:
    """Markup in names and payloads is shown as text."""
    markup = "<img src=x onerror='window.pwned=1'>"
    event = {"event_id": "e", "event_type": markup, "error_detail": markup, "payload": markup}
    scene.ledger.add_envelope(
        envelope_id="e",
        user_name=markup,
        what=markup,
        last_error=markup,
        payload={"a": markup},
        parts={"events": [event]},
    )
    async with open_page(browser, f"{scene.console.url}/envelopes/T1/e") as page:
        await expect(page.locator(".timeline")).to_contain_text("onerror")
        found = await page.evaluate("[window.pwned, document.querySelectorAll('img').length]")
    assert found == [None, 0]


async def test_unknown_envelope_says_so(browser: Browser, scene: Scene) -> None:
    """The address of an envelope that the ledger does not have says that."""
    async with open_page(browser, f"{scene.console.url}/envelopes/T1/nothing") as page:
        await expect(page.get_by_role("complementary")).to_contain_text("The ledger does not know this envelope")


@pytest.mark.parametrize("size", [PHONE, {"width": 1280, "height": 800}])
async def test_envelopes_have_no_horizontal_scroll(browser: Browser, scene: Scene, size: dict[str, int]) -> None:
    """Nothing of the list or of a story is wider than its place, on a phone and on a small desktop."""
    long = "x" * 200
    scene.ledger.add_envelope(
        envelope_id="e", user_name=long, what=long, last_error=long, status="failed", payload={long: long}
    )
    async with open_page(browser, f"{scene.console.url}/envelopes/T1/e", size=size) as page:
        await expect(page.locator(".timeline")).to_be_visible()
        wide = [
            await page.locator(place).evaluate("each => each.scrollWidth - each.clientWidth")
            for place in ("html", ".scroller", ".story-body")
        ]
    assert wide == [0, 0, 0]
