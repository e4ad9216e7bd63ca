"""The console's page as a person meets it, in a real browser against a real simulator."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from pulser_local.console import Console
from pulser_local.slack import Content, SlackSimulator
from tests.unit.console.browser import PHONE, needs_browser, open_page
from tests.unit.console.fake_ledger import FakeLedger, after, attempt
from tests.unit.console.scene import Scene, button, plain, section

pytestmark = [needs_browser, pytest.mark.asyncio(loop_scope="module")]

HOSTILE = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>'


# --- messages


async def test_message_appears_live(browser: Browser, scene: Scene) -> None:
    """A message stands in the open channel without a reload, and is read out."""
    async with open_page(browser, scene.url()) as page:
        scene.post("*Deploy* of api started")
        await expect(page.locator(".message")).to_contain_text("Deploy of api started")
        await expect(page.locator("#announcer")).to_have_text("New message in #ops-deploy: Deploy of api started")


async def test_update_replaces_in_place(browser: Browser, scene: Scene) -> None:
    """A changed message changes where it stands."""
    ts = scene.post("running")
    async with open_page(browser, scene.url()) as page:
        scene.slack.workspace.update(scene.id("ops-deploy"), ts, Content("done"))
        await expect(page.locator(".message-body")).to_have_text(["done"])
        await expect(page.locator(".edited")).to_have_text("(edited)")


async def test_deleted_message_goes(browser: Browser, scene: Scene) -> None:
    """A deleted message leaves the page."""
    ts = scene.post("mistake")
    async with open_page(browser, scene.url()) as page:
        scene.slack.workspace.delete(scene.id("ops-deploy"), ts)
        await expect(page.locator(".message")).to_have_count(0)


async def test_replies_stand_under_their_message(browser: Browser, scene: Scene) -> None:
    """Each under the message that began its thread, which says how many there are; also those that come live."""
    first, second = scene.post("first"), scene.post("second")
    scene.slack.workspace.post(scene.id("ops-deploy"), Content("to the first"), thread_ts=first)
    async with open_page(browser, scene.url()) as page:
        await expect(page.locator(".message-body")).to_have_text(["first", "to the first", "second"])
        scene.slack.workspace.post(scene.id("ops-deploy"), Content("again to the first"), thread_ts=first)
        scene.slack.workspace.post(scene.id("ops-deploy"), Content("to the second"), thread_ts=second)
        expected = ["first", "to the first", "again to the first", "second", "to the second"]
        await expect(page.locator(".message-body")).to_have_text(expected)
        await expect(page.locator(".reply-count")).to_have_text(["2 replies", "1 reply"])
        await expect(page.locator(".message.is-reply .reply-mark")).to_have_text(["replied in a thread"] * 3)


async def test_a_reply_without_its_message_stands_where_its_time_puts_it(browser: Browser, scene: Scene) -> None:
    """Somebody has deleted what it was a reply to."""
    root = scene.post("root")
    scene.post("between")
    scene.slack.workspace.post(scene.id("ops-deploy"), Content("left alone"), thread_ts=root)
    scene.slack.workspace.delete(scene.id("ops-deploy"), root)
    async with open_page(browser, scene.url()) as page:
        await expect(page.locator(".message-body")).to_have_text(["between", "left alone"])


async def test_blocks_are_drawn(browser: Browser, scene: Scene) -> None:
    """Header, fields in two columns, context, image and attachments look as in Slack; an unknown block is JSON."""
    field = {"type": "mrkdwn", "text": "*Service*\napi"}
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": plain(":rocket: Deploy")},
        {"type": "section", "fields": [field, field]},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "from `ci`"}]},
        {"type": "image", "image_url": "https://a.example/x.png", "alt_text": "the graph"},
        {"type": "video", "title": "unheard of"},
    ]
    content = Content("fallback", blocks=blocks, attachments=[{"color": "danger", "text": "attached"}])
    scene.slack.workspace.post(scene.id("ops-deploy"), content)
    async with open_page(browser, scene.url()) as page:
        await expect(page.get_by_role("heading", name=":rocket: Deploy")).to_be_visible()
        left, right = [await each.bounding_box() for each in await page.locator(".fields > *").all()]
        await expect(page.locator(".block-context code")).to_have_text("ci")
        await expect(page.get_by_role("img", name="the graph")).to_be_visible()
        await expect(page.locator(".block-unknown pre")).to_contain_text('"title": "unheard of"')
        await expect(page.locator(".attachment-body")).to_have_text("attached")
    assert left
    assert right
    assert (left["y"], left["x"] < right["x"]) == (right["y"], True)


async def test_nothing_is_fetched_from_outside(browser: Browser, scene: Scene) -> None:
    """The page asks its own server only, whatever pictures messages name."""
    scene.post("x", blocks=[{"type": "image", "image_url": "https://a.example/x.png", "alt_text": "graph"}])
    asked: list[str] = []
    async with open_page(browser, scene.url(), asked=asked) as page:
        await expect(page.locator(".image-placeholder")).to_be_visible()
    assert [url for url in asked if not url.startswith(scene.console.url)] == []


async def test_hostile_content_is_inert(browser: Browser, scene: Scene) -> None:
    """Markup in texts, names, payloads and addresses is shown as text and never runs."""
    delivery_id = scene.ledger.add(event_type=HOSTILE, route=HOSTILE, payload={"title": HOSTILE, "url": "javascript:x"})
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": plain(HOSTILE)},
        section(f"{HOSTILE} <javascript:window.pwned=1|link>"),
        {"type": "actions", "elements": [button("Go", url="javascript:window.pwned=1")]},
        {"type": HOSTILE},
    ]
    scene.post(HOSTILE, delivery=delivery_id, blocks=blocks)
    async with open_page(browser, scene.url()) as page:
        await page.locator(".message .badge").click()
        await expect(page.locator(".event-title")).to_have_text(HOSTILE)
        await page.get_by_role("button", name="Go").click()
        found = await page.evaluate("[window.pwned, document.querySelectorAll('img, [href^=javascript]').length]")
    assert found == [None, 0]


async def test_permalink_marks_its_message(browser: Browser, scene: Scene) -> None:
    """The address of a message opens its channel there and marks it, even far back in the history."""
    target = scene.post("the one")
    for number in range(450):
        scene.post(f"later {number}")
    async with open_page(browser, scene.url(ts=target)) as page:
        await expect(page.locator(".is-target")).to_contain_text("the one")
        await expect(page.locator(".is-target")).to_be_in_viewport()


async def test_permalink_to_nothing_says_so(browser: Browser, scene: Scene) -> None:
    """The address of a message that is gone opens the channel and says what is wrong."""
    async with open_page(browser, scene.url(ts="1700000000.000100")) as page:
        await expect(page.get_by_role("status")).to_contain_text(["This message is not in the workspace"])


async def test_unread_channel_becomes_read(browser: Browser, scene: Scene) -> None:
    """A channel with news is marked until it is opened, and stays read after a reload."""
    scene.post("news", channel="ops-ci")
    async with open_page(browser, scene.url()) as page:
        await page.get_by_role("link", name="ops-ci, 1 unread").click()
        await expect(page.locator(".message")).to_contain_text("news")
        async with page.expect_response("**/console/workspace"):
            await page.reload()
        await expect(page.get_by_role("link", name="channel, ops-ci", exact=True)).to_be_visible()


async def test_empty_channel_tells_what_to_do(browser: Browser, scene: Scene) -> None:
    """An empty channel names the command that fills it."""
    async with open_page(browser, scene.url("ops-audit")) as page:
        await expect(page.locator("#view")).to_contain_text("pulser emit ci.failed")


# --- stories


async def test_story_by_keyboard(browser: Browser, scene: Scene) -> None:
    """k and j move through messages, Enter opens the story, Escape closes it and gives the focus back."""
    scene.deliver("first", event_type="ci.failed")
    scene.deliver("second")
    async with open_page(browser, scene.url()) as page:
        await page.keyboard.press("j")
        await page.keyboard.press("k")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("complementary")).to_contain_text("ci.failed")
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("complementary")).to_be_hidden()
        await expect(page.locator(".message:focus")).to_contain_text("first")


async def test_story_tells_attempts_and_delay(browser: Browser, scene: Scene) -> None:
    """The story names the route, each attempt's outcome, whose delay it was and the latency."""
    log = [
        attempt(1, 90, 100, "failed", reason="ratelimited", error="Slack answered ratelimited"),
        attempt(2, 30190, 200, "sent"),
    ]
    scene.deliver("x", latency_ms=30390, attempts=2, log=log, payload={"service": "api", "severity": "error"})
    async with open_page(browser, scene.url()) as page:
        await page.locator(".message .badge").click()
        story = page.get_by_role("complementary")
        await expect(story).to_contain_text("Routed by deploys")
        await expect(story).to_contain_text("Delayed 30 s by Slack's rate limit")
        await expect(story.locator(".latency")).to_contain_text("30 s")
        await expect(story.locator(".step-title")).to_contain_text(["Attempt 1", "Delayed", "Attempt 2", "In Slack"])


async def test_badge_follows_the_ledger(browser: Browser, scene: Scene) -> None:
    """The badge of a message and its open story change with the delivery, without a reload."""
    delivery_id = scene.deliver("x", status="sending", latency_ms=None)
    async with open_page(browser, scene.url()) as page:
        await expect(page.locator(".message .badge")).to_have_text("Sending")
        await page.locator(".message .badge").click()
        scene.ledger.change(delivery_id, status="sent", latency_ms=873, adopted=True)
        await expect(page.locator(".message .badge")).to_have_text("873 ms · adopted")
        await expect(page.locator(".standing")).to_contain_text("adopted it instead of posting twice")


async def test_hook_is_told_as_a_hook(browser: Browser, scene: Scene) -> None:
    """A deploy hook in the list and in its story is a call, timed from when it was asked for."""
    log = [attempt(1, 7030, 100, "sent")]
    scene.ledger.add(
        kind="hook", action="deploy", created_at=after(7000), sent_at=after(7130), latency_ms=7130, log=log
    )
    async with open_page(browser, f"{scene.console.url}/deliveries") as page:
        row = page.locator("tbody tr")
        await expect(row).to_contain_text("calls the deploy hook")
        await expect(row).to_contain_text("130 ms")
        await row.get_by_role("link").click()
        await expect(page.locator(".standing")).to_contain_text("The hook has taken it.")
        await expect(page.locator(".step-title").last).to_have_text("Taken by the hook")


async def test_deliveries_say_what_is_not_in_slack(browser: Browser, scene: Scene) -> None:
    """The list shows what never reached Slack, why in plain words, and how to send it again."""
    scene.ledger.add()
    dead = scene.ledger.add(status="dead", reason="not_in_channel", latency_ms=None, event_type="task.failed")
    async with open_page(browser, f"{scene.console.url}/deliveries") as page:
        await page.get_by_role("button", name="Not in Slack").click()
        row = page.locator("tbody tr")
        await expect(row).to_contain_text("pulser is not in the channel: invite it with /invite @pulser")
        await row.get_by_role("link", name="task.failed").press("Enter")
        await expect(page.get_by_role("complementary")).to_contain_text(f"pulser ledger retry {dead}")


async def test_filter_finds_old_deliveries(browser: Browser, scene: Scene) -> None:
    """A status brings its deliveries from the ledger, also those behind the newest two hundred."""
    scene.ledger.add(status="dead", reason="is_archived", event_type="old.one")
    for _ in range(200):
        scene.ledger.add()
    async with open_page(browser, f"{scene.console.url}/deliveries") as page:
        await page.get_by_role("button", name=re.compile("^Dead")).click()
        await expect(page.locator("tbody tr")).to_contain_text("old.one")


async def test_ledger_trouble_is_said_and_taken_back(browser: Browser, scene: Scene) -> None:
    """A database that is away is said on the page; when it is back, the notice goes."""
    async with open_page(browser, scene.url()) as page:
        scene.ledger.down = True
        await expect(page.locator("#notice")).to_contain_text("The ledger does not answer")
        scene.ledger.down = False
        await expect(page.locator("#notice")).to_be_hidden()


async def test_foreign_slack_shows_the_ledger(browser: Browser) -> None:
    """Without a simulator the page lists deliveries and says where the messages are."""
    ledger = FakeLedger()
    ledger.add(event_type="ci.passed")
    console = Console(simulator=None, ledger=ledger)
    await console.start(0)
    async with open_page(browser, console.url) as page:
        await expect(page.locator("tbody tr")).to_contain_text("ci.passed")
        await expect(page.locator("main")).to_contain_text("The messages are in the real Slack workspace")
    await console.stop()


async def test_without_a_ledger_messages_remain(browser: Browser) -> None:
    """Without a ledger the page shows messages, and no badges."""
    slack = SlackSimulator(rate_limit=False)
    console = Console(simulator=slack, ledger=None)
    await console.start(0)
    [channel, *_] = slack.workspace.channels
    metadata = {"event_type": "pulser_delivery", "event_payload": {"delivery_id": "x"}}
    slack.workspace.post(channel, Content("alone", metadata=metadata))
    async with open_page(browser, f"{console.url}/archives/{channel}") as page:
        await expect(page.locator(".message")).to_contain_text("alone")
        await expect(page.locator(".badge")).to_have_count(0)
    await console.stop()


# --- the page itself


async def test_page_reconnects(browser: Browser, scene: Scene) -> None:
    """When the server goes, the page says so; when it is back, what was missed appears and the notice goes."""
    async with open_page(browser, scene.url()) as page:
        port = scene.port
        await scene.console.stop()
        await expect(page.locator("#notice")).to_contain_text("The console's server went away")
        scene.post("posted meanwhile")
        scene.console = Console(simulator=scene.slack, ledger=scene.ledger)
        await scene.console.start(port)
        await expect(page.locator(".message")).to_contain_text("posted meanwhile")
        await expect(page.locator("#notice")).to_be_hidden()


OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


async def test_phone_has_no_horizontal_scroll(browser: Browser, scene: Scene) -> None:
    """At 390 px nothing is wider than the screen: not a message, its story, nor the deliveries."""
    long = "x" * 400
    actions = {"type": "actions", "elements": [button("y" * 75), button("z" * 75)]}
    delivery_id = scene.ledger.add(event_type="t" * 120, channel="#" + "c" * 80, payload={"title": long}, error=long)
    scene.post(
        long, delivery=delivery_id, blocks=[{"type": "header", "text": plain("h" * 150)}, section(long), actions]
    )
    async with open_page(browser, scene.url(), size=PHONE) as page:
        widths = [await page.evaluate(OVERFLOW), await inner_overflow(page, ".scroller")]
        await page.locator(".message .badge").click()
        await expect(page.locator(".event-title")).to_be_visible()
        widths.append(await inner_overflow(page, ".story-body"))
        await page.goto(f"{scene.console.url}/deliveries")
        await expect(page.locator("tbody tr")).to_be_visible()
        widths += [await page.evaluate(OVERFLOW), await inner_overflow(page, ".scroller")]
    assert widths == [0] * 5


async def inner_overflow(page: Page, selector: str) -> int:
    width: int = await page.locator(selector).evaluate("element => element.scrollWidth - element.clientWidth")
    return width


async def test_phone_has_channels_in_a_drawer(browser: Browser, scene: Scene) -> None:
    """At 390 px the channels hide behind a button; choosing one closes them."""
    async with open_page(browser, scene.url(), size=PHONE) as page:
        await expect(page.get_by_role("link", name="ops-ci")).to_be_hidden()
        await page.get_by_role("button", name="Channels").click()
        await page.get_by_role("link", name="ops-ci").click()
        await expect(page.get_by_role("heading", name="ops-ci", exact=True)).to_be_visible()
        await expect(page.get_by_role("link", name="ops-ci")).to_be_hidden()


BACKGROUND = "getComputedStyle(document.querySelector('main')).backgroundColor"


async def test_dark_follows_the_system_and_the_choice(browser: Browser, scene: Scene) -> None:
    """The theme is the system's until the reader picks one, which outlives a reload."""
    async with open_page(browser, scene.url(), color_scheme="dark") as page:
        system = await page.evaluate(BACKGROUND)
        await page.get_by_role("button", name="Theme").click()
        await page.reload()
        await expect(page.get_by_role("button", name="Theme: light")).to_be_visible()
        chosen = await page.evaluate(BACKGROUND)
    assert (system, chosen) == ("rgb(26, 29, 33)", "rgb(255, 255, 255)")
