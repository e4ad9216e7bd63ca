"""Whether every text of the page can be read, in both themes."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from pulser_local.console.hands import Deed
from tests.unit.console.browser import needs_browser, open_page
from tests.unit.console.fake_hands import ALICE
from tests.unit.console.fake_ledger import attempt
from tests.unit.console.scene import Scene, button, section
from tests.unit.console.test_page_modals import VIEW

pytestmark = [needs_browser, pytest.mark.asyncio(loop_scope="module")]

# The texts on the page whose contrast is under WCAG AA: 4.5, or 3 for large ones.
LOW_CONTRAST = """() => {
    const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    function rgba(colour) {
        context.clearRect(0, 0, 1, 1);
        context.fillStyle = colour;
        context.fillRect(0, 0, 1, 1);
        return [...context.getImageData(0, 0, 1, 1).data];
    }
    function background(element) {
        const layers = [];
        for (let at = element; at; at = at.parentElement) layers.push(rgba(getComputedStyle(at).backgroundColor));
        const over = (under, [r, g, b, a]) => [r, g, b].map((v, i) => (v * a + under[i] * (255 - a)) / 255);
        return layers.reverse().reduce(over, [255, 255, 255]);
    }
    const linear = (v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
    const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        const text = walker.currentNode.data.trim();
        if (!text || element.closest("noscript, :disabled")) continue;
        if (!element.checkVisibility({ visibilityProperty: true })) continue;
        const style = getComputedStyle(element);
        const [light, dark] = [luminance(rgba(style.color)), luminance(background(element))].sort((a, b) => b - a);
        const size = parseFloat(style.fontSize);
        const least = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
        const ratio = (light + 0.05) / (dark + 0.05);
        if (ratio < least) found.push(`${text.slice(0, 30)}: ${ratio.toFixed(2)}`);
    }
    return found;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_texts_have_contrast(browser: Browser, scene: Scene, scheme: str) -> None:
    """In both themes every text holds the contrast of WCAG AA: messages, the story, deliveries of each status."""
    for status in ("queued", "sending", "in_doubt", "failed", "dead"):
        scene.ledger.add(status=status, reason="timeout")
    delivery_id = scene.ledger.add(payload={"severity": "error"}, log=[attempt(1, 9, 9, "failed", error="why")])
    everything = "<!here> <@U1> <https://a.example|link> `code` *b*\n&gt; quote"
    context = {"type": "context", "elements": [{"type": "mrkdwn", "text": everything}]}
    buttons = [button("A"), button("B", style="primary"), button("C", style="danger")]
    actions = {"type": "actions", "elements": buttons}
    scene.post("x", channel="ops-ci")
    scene.post("x", delivery=delivery_id, blocks=[section(everything), context, actions])
    async with open_page(browser, scene.url(), color_scheme=scheme) as page:
        await page.get_by_role("button", name="A", exact=True).click()
        await page.locator(".message .badge").click()
        await expect(page.locator(".timeline")).to_be_visible()
        low = await page.evaluate(LOW_CONTRAST)
        await page.get_by_role("link", name="Deliveries").click()
        await expect(page.locator("tbody tr")).to_have_count(6)
        low += await page.evaluate(LOW_CONTRAST)
    assert low == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_acting_has_contrast(browser: Browser, scene: Scene, scheme: str) -> None:
    """In both themes so do failed presses, completion, private messages, the menu of people, modals and envelopes."""
    scene.hands.deed = Deed("timeout")
    scene.hands.whisper(ALICE.id, scene.id("ops-deploy"), "`code` *b*")
    scene.post("x", blocks=[{"type": "actions", "elements": [button("A", action_id="a")]}])
    envelope_id = scene.ledger.add_envelope(status="failed", last_error="why", duplicates=1)
    async with open_page(browser, scene.url(), color_scheme=scheme) as page:
        await page.get_by_role("button", name="A", exact=True).click()
        await page.get_by_role("combobox").fill("/pulser help")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("failed because the app did not respond")).to_be_visible()
        await page.get_by_role("combobox").fill("/pulser ")
        low = await page.evaluate(LOW_CONTRAST)
        await page.get_by_role("button", name="You are Alice").click()
        low += await page.evaluate(LOW_CONTRAST)
        scene.hands.open(ALICE.id, VIEW)
        await page.get_by_role("button", name="Request deploy").click()
        await expect(page.locator("[aria-invalid=true]")).to_have_count(3)
        low += await page.evaluate(LOW_CONTRAST)
        scene.hands.modals.clear()
        await page.goto(f"{scene.console.url}/envelopes/T1/{envelope_id}")
        await expect(page.locator(".timeline")).to_be_visible()
        low += await page.evaluate(LOW_CONTRAST)
    assert low == []
