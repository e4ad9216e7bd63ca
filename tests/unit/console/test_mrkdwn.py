"""How the page draws Slack's mrkdwn, asked of its own module in a browser."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

from pulser_local.console import Console
from tests.unit.console.browser import needs_browser, open_page

pytestmark = [needs_browser, pytest.mark.asyncio(loop_scope="module")]

# mrkdwn → what stands in the page, as markup the browser wrote.
DRAWN = {
    "*bold* _italic_ ~gone~": "<strong>bold</strong> <em>italic</em> <s>gone</s>",
    "snake_case_name 2*3*4": "snake_case_name 2*3*4",
    "*bold _both_*": "<strong>bold <em>both</em></strong>",
    "`*code*`": "<code>*code*</code>",
    "```\n*pre*\n  kept\n```": "<pre>*pre*\n  kept</pre>",
    "&gt; one\n&gt; two\nafter": "<blockquote>one\ntwo</blockquote>after",
    "a &lt;b&gt; &amp;amp;": "a &lt;b&gt; &amp;amp;",
    "<https://a.example/?x=1&amp;y=2|see *this*>": (
        '<a href="https://a.example/?x=1&amp;y=2" target="_blank" rel="noopener noreferrer">see *this*</a>'
    ),
    "at https://a.example.": (
        'at <a href="https://a.example/" target="_blank" rel="noopener noreferrer">https://a.example</a>.'
    ),
    "<javascript:alert(1)|press me>": "<span>press me</span>",
    "<@U123> <!here> <!subteam^S1|@oncall>": (
        '<span class="mention mention-user">@U123</span> <span class="mention mention-group">@here</span> '
        '<span class="mention mention-user">@oncall</span>'
    ),
    "<#C1> <#C2|other>": (
        '<a class="mention mention-channel" href="/archives/C1">#ops-ci</a> '
        '<span class="mention mention-channel">#other</span>'
    ),
    "<!date^junk^{date}|the day>": "<span>the day</span>",
    ":no_such_emoji: 12:30:45": ":no_such_emoji: 12:30:45",
}

DRAW = """async (texts) => {
    const { mrkdwn } = await import("/console/static/mrkdwn.js");
    const channels = new Map([["C1", "ops-ci"]]);
    return texts.map((text) => {
        const place = document.createElement("div");
        place.append(...mrkdwn(text, { channels }));
        return place.innerHTML;
    });
}"""


async def test_mrkdwn_is_drawn_as_slack_does(browser: Browser) -> None:
    """Formatting, links, mentions, quotes and code become what Slack shows; the rest stays text."""
    console = Console(simulator=None, ledger=None)
    await console.start(0)
    async with open_page(browser, console.url) as page:
        drawn = await page.evaluate(DRAW, list(DRAWN))
    await console.stop()
    assert dict(zip(DRAWN, drawn, strict=True)) == DRAWN


@pytest.mark.parametrize(
    ("pattern", "shown"),
    [
        ("{date_num} {time}", "2026-03-01 03:14"),
        ("{date_short}", "1 Mar 2026"),
        ("{date_long} at {time_secs}", "Sunday, 1 March 2026 at 03:14:07"),
        ("{no_such_token}", "fallback"),
    ],
)
async def test_dates_are_in_the_readers_zone(browser: Browser, pattern: str, shown: str) -> None:
    """A <!date> is written in the zone and language of the browser, its fallback when Slack would use it."""
    console = Console(simulator=None, ledger=None)
    await console.start(0)
    async with open_page(browser, console.url, timezone_id="Europe/Berlin") as page:
        [drawn] = await page.evaluate(DRAW, [f"<!date^1772331247^{pattern}|fallback>"])
    await console.stop()
    assert f">{shown}</time>" in drawn
