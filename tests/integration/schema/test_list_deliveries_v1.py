"""list_deliveries_v1: the outbox as its readers see it, newest first, filtered."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from tests.integration.schema.digests import standing, storm
from tests.integration.schema.helpers import CHANNEL, SENT, Session

KEYS = {
    "delivery_id", "position", "event_id", "event_type", "route", "channel", "status", "attempts", "reason", "error",
    "created_at", "next_attempt_at", "sent_at", "adopted", "slack_channel_id", "slack_ts", "latency_ms",
    "kind", "action", "why", "thread_delivery_id",
    "thread_part",
    "digest_id",
    "service", "title", "branch",
}  # fmt: skip


async def listed(db: Session, **filters: Any) -> list[str]:  # noqa: ANN401  # any JSON value
    """The ids that the filter lets through."""
    return [summary["delivery_id"] for summary in await db.call("list_deliveries_v1", filter=filters)]


async def test_the_newest_comes_first(db: Session) -> None:
    """The list reads backwards in time."""
    deliveries = await db.queue(3)
    assert await listed(db) == deliveries[::-1]


async def test_an_empty_outbox_is_an_empty_list(db: Session) -> None:
    """Not null."""
    assert await listed(db) == []


async def test_a_summary_has_the_keys_of_the_contract(db: Session) -> None:
    """All of them, and no other."""
    await db.queue()
    [summary] = await db.call("list_deliveries_v1", filter={})
    assert set(summary) == KEYS


async def test_a_sent_delivery_tells_its_latency(db: Session) -> None:
    """From the event's record to Slack's ok, in milliseconds."""
    await db.queue()
    await db.run("update ops.event_dispatches set recorded_at = recorded_at - '7 s'::interval")
    await db.settle(await db.claim_one(), "sent")
    [summary] = await db.call("list_deliveries_v1", filter={})
    assert 7000 <= summary["latency_ms"] < 9000


async def test_a_delivery_that_has_ended_has_no_next_attempt(db: Session) -> None:
    """next_attempt_at is for those that wait."""
    await db.bring("sent")
    [summary] = await db.call("list_deliveries_v1", filter={})
    assert summary["next_attempt_at"] is None


async def test_a_vanished_event_has_no_type(db: Session) -> None:
    """Its deliveries are listed all the same."""
    await db.queue()
    await db.run("delete from ops.platform_events")
    [summary] = await db.call("list_deliveries_v1", filter={})
    assert summary["event_type"] is None


async def test_filter_by_status(db: Session) -> None:
    """Only those in this status."""
    sent = await db.bring("sent")
    await db.queue(1, "#b")
    assert await listed(db, status="sent") == [sent]


async def test_filter_by_the_name_of_the_channel(db: Session) -> None:
    """As the route names it."""
    one, _ = await db.queue(1, "#a", "#b")
    assert await listed(db, channel="#a") == [one]


async def test_filter_by_the_id_of_the_channel(db: Session) -> None:
    """As Slack names it, for what has been sent there."""
    sent = await db.bring("sent")
    await db.queue(1, "#b")
    assert await listed(db, channel=SENT["slack_channel_id"]) == [sent]


async def test_filter_by_event_type(db: Session) -> None:
    """Only deliveries of such events."""
    await db.queue()
    [event] = await db.emit(1, "deploy.failed")
    await db.record((await db.claim_events())["claim_token"], [(event, [CHANNEL])])
    [summary] = await db.call("list_deliveries_v1", filter={"event_type": "deploy.failed"})
    assert summary["event_id"] == event


async def test_filter_by_time(db: Session) -> None:
    """Only those made since then."""
    old, new = await db.queue(2)
    await db.run("update ops.deliveries set created_at = '2020-01-01T00:00:00Z' where delivery_id = $1", old)
    assert await listed(db, since="2020-01-01T00:00:01Z") == [new]


async def test_filters_add_up(db: Session) -> None:
    """Each one narrows the list."""
    await db.queue(1, "#a", "#b")
    assert await listed(db, status="sent", channel="#a") == []


async def test_the_limit_takes_the_newest(db: Session) -> None:
    """So many, and these."""
    deliveries = await db.queue(3)
    assert await listed(db, limit=2) == [deliveries[2], deliveries[1]]


async def test_without_a_limit_fifty_come(db: Session) -> None:
    """A terminal is not flooded."""
    await db.queue(51)
    assert len(await listed(db)) == 50


async def test_more_than_a_thousand_never_come(db: Session) -> None:
    """The limit has a limit."""
    await db.run("insert into ops.platform_events (event_type) select 'ci.failed' from generate_series(1, 1001)")
    claim = await db.claim_events(max_events=1001)
    await db.record(claim["claim_token"], [(event["event_id"], ["#a"]) for event in claim["events"]])
    assert len(await listed(db, limit=5000)) == 1000


async def test_a_time_that_is_none_is_refused(db: Session) -> None:
    """A wrong filter is an error, not an empty list."""
    await db.queue()
    with pytest.raises(asyncpg.DataError):
        await listed(db, since="yesterday-ish")


@pytest.mark.parametrize("digits", [8, 13, 36], ids="{} characters of the id".format)
async def test_filter_by_digest(db: Session, digits: int) -> None:
    """What its message tells of, itself too; not the change that took more in."""
    claimed, deliveries = await standing(db)
    more = await storm(db, 5)
    await db.settle(await db.claim_one(), "sent")
    await db.queue()
    assert await listed(db, digest=claimed["delivery_id"][:digits]) == [*deliveries, *more][::-1]


async def test_filters_of_a_digest_add_up(db: Session) -> None:
    """The other keys narrow it too."""
    claimed, deliveries = await standing(db)
    digest = claimed["delivery_id"]
    assert await listed(db, digest=digest, limit=2) == deliveries[:3:-1]
    assert await listed(db, digest=digest, status="dead") == []
    assert await listed(db, digest=digest, event_type="ci.passed") == []
    assert await listed(db, digest="0" * 8) == []


@pytest.mark.parametrize("index", ["on", "off"])
async def test_a_digest_that_is_none_is_refused(db: Session, index: str) -> None:
    """A wrong filter is an error, not an empty list, whichever way the planner takes to no row."""
    await db.run(f"set enable_indexscan = {index}; set enable_bitmapscan = {index}")
    with pytest.raises(asyncpg.DataError):
        await listed(db, digest="the-first")


async def test_a_summary_says_what_the_event_is_about(db: Session) -> None:
    """Its service, its title and its branch, where it names them."""
    payload = {"service": "api", "title": "Build", "branch": "main"}
    for given in (payload, ["odd"]):
        event = await db.call("append_event_v1", event_type="ci.failed", payload=given)
        await db.record((await db.claim_events())["claim_token"], [(event, [CHANNEL])])
    told = [[it[key] for key in payload] for it in await db.call("list_deliveries_v1", filter={})]
    assert told == [[None, None, None], ["api", "Build", "main"]]
