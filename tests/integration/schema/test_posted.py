"""list_posts_v1, find_posts_v1, posted_channels_v1: what `pulser ledger verify` asks the ledger."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.schema.helpers import CHANNEL, SENT, Session

NOBODY = "00000000-0000-4000-8000-000000000000"
KEYS = {
    "delivery_id", "event_type", "channel", "status", "attempts", "reason", "adopted", "slack_channel_id", "slack_ts",
    "thread_ts", "digest_id",
}  # fmt: skip


async def listed(db: Session, **arguments: Any) -> list[str]:  # noqa: ANN401  # any JSON value
    """The ids of the first page."""
    return [post["delivery_id"] for post in (await db.call("list_posts_v1", **arguments))["posts"]]


async def many(db: Session, count: int) -> list[str]:
    """So many posts that wait, the newest first."""
    await db.run("insert into ops.platform_events (event_type) select 'ci.failed' from generate_series(1, $1)", count)
    claim = await db.claim_events(max_events=count)
    await db.record(claim["claim_token"], [(event["event_id"], ["#a"]) for event in claim["events"]])
    return await db.column("select delivery_id::text from ops.deliveries order by position desc")


async def test_an_empty_outbox_is_one_empty_page(db: Session) -> None:
    """Not null."""
    answer = await db.call("list_posts_v1")
    assert (answer["posts"], answer["before"]) == ([], None)


@pytest.mark.parametrize("status", ["queued", "sending", "sent", "in_doubt", "failed", "dead"])
async def test_a_post_is_listed_in_every_status(db: Session, status: str) -> None:
    """With the keys of the contract, and no other."""
    delivery = await db.bring(status)
    [post] = (await db.call("list_posts_v1"))["posts"]
    assert (post["delivery_id"], post["status"], post["channel"], post["event_type"]) == (
        delivery,
        status,
        CHANNEL,
        "ci.failed",
    )
    assert set(post) == KEYS


async def test_a_sent_post_says_where_it_stands(db: Session) -> None:
    """The channel's ID and the message's ts, and whether it was adopted."""
    await db.queue()
    await db.settle(await db.claim_one(), "adopted")
    [post] = (await db.call("list_posts_v1"))["posts"]
    assert post["adopted"]
    assert {name: post[name] for name in SENT} == SENT


async def test_the_newest_come_first(db: Session) -> None:
    """Page by page backwards in time."""
    deliveries = await db.queue(3)
    assert await listed(db) == deliveries[::-1]


async def test_only_posts_are_listed(db: Session) -> None:
    """Hooks have no message, and an update none of its own."""
    post = await db.bring("sent")
    await db.run("set session_replication_role = replica")  # the card that it names is not there
    await db.run(
        "insert into ops.deliveries (kind, event_id, route, channel, card_id, target_delivery_id) "
        "select 'update', event_id, 'test', channel, gen_random_uuid(), delivery_id from ops.deliveries"
    )
    await db.run("set session_replication_role = origin")
    update = await db.value("select delivery_id::text from ops.deliveries where kind = 'update'")
    assert await listed(db) == [post]
    assert [found["delivery_id"] for found in await db.call("find_posts_v1", delivery_ids=[post, update])] == [post]


async def test_the_pages_have_each_post_once(db: Session) -> None:
    """1,001 posts are three pages."""
    expected = await many(db, 1001)
    found, sizes, before = [], [], None
    while True:
        page = await db.call("list_posts_v1", before=before)
        found += [post["delivery_id"] for post in page["posts"]]
        sizes.append(len(page["posts"]))
        before = page["before"]
        if before is None:
            break
    assert (found, sizes) == (expected, [500, 500, 1])


async def test_only_what_was_made_since_is_listed(db: Session) -> None:
    """Up to the microsecond."""
    old, new = await db.queue(2)
    moment = await db.value("select created_at from ops.deliveries where delivery_id = $1", new)
    await db.run("update ops.deliveries set created_at = $2 where delivery_id = $1", old, moment - timedelta(days=1))
    assert await listed(db, since=moment) == [new]
    assert await listed(db, since=moment + timedelta(microseconds=1)) == []


async def test_the_pages_end_where_the_time_asked_for_begins(db: Session) -> None:
    """A year's outbox is not read for the last hour."""
    await many(db, 501)
    await db.run("update ops.deliveries set created_at = created_at - '1 day'::interval")
    page = await db.call("list_posts_v1", since=datetime.now(UTC) - timedelta(hours=1))
    assert (page["posts"], page["before"]) == ([], None)


async def test_the_pages_go_on_a_minute_longer(db: Session) -> None:
    """Positions and times may cross where transactions ran side by side."""
    newest_first = await many(db, 501)
    since = datetime.now(UTC) - timedelta(hours=1)
    await db.run("update ops.deliveries set created_at = $1", since - timedelta(seconds=30))
    await db.run("update ops.deliveries set created_at = $2 where delivery_id = $1", newest_first[-1], since)
    first = await db.call("list_posts_v1", since=since)
    second = await db.call("list_posts_v1", since=since, before=first["before"])
    assert (first["posts"], [post["delivery_id"] for post in second["posts"]]) == ([], newest_first[-1:])


async def test_posts_are_found_by_their_ids(db: Session) -> None:
    """The unknown ones are left out."""
    one, _, three = await db.queue(3)
    found = await db.call("find_posts_v1", delivery_ids=[one, three, NOBODY])
    assert [post["delivery_id"] for post in found] == [three, one]


async def test_no_ids_find_nothing(db: Session) -> None:
    """An empty list, not null."""
    assert await db.call("find_posts_v1", delivery_ids=[]) == []


async def test_a_post_whose_event_has_vanished_is_found(db: Session) -> None:
    """It has no type then."""
    await db.queue()
    await db.run("delete from ops.platform_events")
    [post] = (await db.call("list_posts_v1"))["posts"]
    assert post["event_type"] is None


async def test_the_channels_are_told_with_their_ids(db: Session) -> None:
    """Where one was posted to; else null."""
    await db.bring("sent", "#b")
    await db.queue(1, "#a")
    assert await db.call("posted_channels_v1") == [
        {"channel": "#a", "slack_channel_id": None},
        {"channel": "#b", "slack_channel_id": SENT["slack_channel_id"]},
    ]


async def test_the_page_tells_from_when_on_posts_are_kept(db: Session) -> None:
    """In seconds since 1970, as Slack names messages: older ones may be pruned."""
    days = (time.time() - (await db.call("list_posts_v1"))["kept_since"]) / 86_400
    assert days == pytest.approx(90, abs=0.01)
