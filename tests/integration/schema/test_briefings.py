"""Briefings: who investigates has one post in the thread of the alert's message, and it goes as every post does."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.schema.acting import acknowledged, act, claimed_click, deliveries, sent_alert, settle
from tests.integration.schema.helpers import CHANNEL, SENT, Session

HERE = {"channel": SENT["slack_channel_id"]}


def investigating(card_id: str, version: int = 0, **changes: Any) -> dict[str, Any]:  # noqa: ANN401  # any JSON value
    """The change of an alert's card that Investigate makes."""
    state = {"investigating": {"user": "U1", "name": "ada", "at": "2026-11-24T12:00:00Z"}}
    return {**acknowledged(card_id, version), "phase": "investigating", "state": state, **changes}


async def investigate(db: Session, card_id: str, channel: str = HERE["channel"], **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """Somebody presses Investigate."""
    return await act(db, card=investigating(card_id, **changes), briefing={"channel": channel})


async def briefings(db: Session) -> list[dict[str, Any]]:
    return [it for it in await deliveries(db, "post") if it["thread_delivery_id"]]


async def due_posts(db: Session) -> list[dict[str, Any]]:
    """What can be posted now, of whatever the pace."""
    return [it for it in await db.claim() if it["purpose"] == "post"]


async def in_doubt_for_long(db: Session) -> str:
    """An alert whose message has been in doubt for so long that its channel goes on without it; its event."""
    delivery = await db.bring("in_doubt")
    await db.age_doubts(100)
    event: str = await db.value("select event_id from ops.deliveries where delivery_id = $1", delivery)
    return event


async def test_it_is_queued_with_the_settle(db: Session) -> None:
    """In the thread of the message, of the same event and card."""
    event = await sent_alert(db)
    await investigate(db, event)
    [post, _] = await deliveries(db, "post")
    [briefing] = await briefings(db)
    assert (briefing["thread_delivery_id"], briefing["event_id"], briefing["card_id"], briefing["channel"]) == (
        post["delivery_id"], event, event, CHANNEL,
    )  # fmt: skip


async def test_a_click_that_came_late_queues_none(db: Session) -> None:
    """Nothing is written when settled is false."""
    event = await sent_alert(db)
    await investigate(db, event)
    late = await investigate(db, event)
    assert (late["settled"], len(await briefings(db))) == (False, 1)


async def test_a_message_has_one(db: Session) -> None:
    """However often one is asked for."""
    event = await sent_alert(db)
    await investigate(db, event)
    again = await investigate(db, event, version=1)
    assert (again["settled"], len(await briefings(db))) == (True, 1)


async def test_of_two_clicks_at_once_one_queues_it(db: Session, other: Session) -> None:
    """The second waits for the card, and finds it changed."""
    event = await sent_alert(db)
    mine, theirs = await claimed_click(db), await claimed_click(db)
    outcome = {"card": investigating(event), "briefing": HERE}
    settled = await asyncio.gather(settle(db, mine, **outcome), settle(other, theirs, **outcome))
    assert sorted(it["settled"] for it in settled) == [False, True]
    assert len(await briefings(db)) == 1


async def test_it_stands_where_the_click_was(db: Session) -> None:
    """An alert in two channels has its thread where somebody began to investigate."""
    await db.queue(1, "#a", "#b")
    for claimed in await db.claim():
        await db.settle(claimed, "sent", slack_channel_id=f"C-{claimed['channel']}")
    event = await db.value("select event_id from ops.deliveries limit 1")
    await investigate(db, event, "C-#b")
    assert [it["channel"] for it in await briefings(db)] == ["#b"]


async def test_a_dead_message_has_no_thread(db: Session) -> None:
    """There is nothing to reply to, and the click counts all the same."""
    delivery = await db.bring("dead")
    event = await db.value("select event_id from ops.deliveries where delivery_id = $1", delivery)
    assert ((await investigate(db, event))["settled"], await briefings(db)) == (True, [])


async def test_it_is_claimed_with_its_thread_and_what_is_known(db: Session) -> None:
    """As a post, in the channel's ID, to the ts of the message."""
    await investigate(db, await sent_alert(db))
    [claimed] = await due_posts(db)
    assert (claimed["thread_ts"], claimed["slack_channel_id"]) == (SENT["slack_ts"], SENT["slack_channel_id"])
    assert claimed["card"]["state"]["investigating"]["user"] == "U1"
    assert claimed["known"] == {"alerts": [], "alerts_total": 0, "ci": None, "deploys": [], "runbook_url": None}


async def test_it_keeps_the_pace_of_its_channel(db: Session) -> None:
    """One message a second, in a thread or not."""
    await investigate(db, await sent_alert(db))
    await db.run("update ops.slack_channels set next_post_at = clock_timestamp() + interval '1 minute'")
    assert [it for it in (await db.claim_work())["deliveries"] if it["purpose"] == "post"] == []


async def test_it_waits_for_its_message_and_holds_up_nobody(db: Session) -> None:
    """A message in doubt may turn out not to stand: what comes after it goes first."""
    event = await in_doubt_for_long(db)
    await investigate(db, event)
    audits = await db.claim_events()
    await db.record(audits["claim_token"], [(it["event_id"], []) for it in audits["events"]])
    [later] = await db.queue()
    assert [it["delivery_id"] for it in await due_posts(db)] == [later]


async def test_it_goes_when_its_message_was_found(db: Session) -> None:
    """Adopted is as good as sent."""
    event = await in_doubt_for_long(db)
    await investigate(db, event)
    [probe] = [it for it in await db.claim() if it["purpose"] == "probe"]
    await db.settle(probe, "adopted")
    [claimed] = await due_posts(db)
    assert claimed["thread_ts"] == SENT["slack_ts"]


async def test_it_has_no_thread_when_its_message_died(db: Session) -> None:
    """It is claimed without one, to be given up."""
    event = await in_doubt_for_long(db)
    await investigate(db, event)
    [probe] = [it for it in await db.claim() if it["purpose"] == "probe"]
    await db.settle(probe, "absent")
    [post] = await due_posts(db)
    await db.settle(post, "dead")
    [claimed] = await due_posts(db)
    assert (claimed["thread_delivery_id"], claimed["thread_ts"]) == (post["delivery_id"], None)


async def test_a_settle_of_its_message_does_not_wait_for_the_click(db: Session, other: Session) -> None:
    """Who settles the message asks for the card, which the click holds: neither may hold up the other for good."""
    event = await in_doubt_for_long(db)
    token = await claimed_click(db)
    [probe] = [it for it in await db.claim() if it["purpose"] == "probe"]
    transaction = other.connection.transaction()
    await transaction.start()
    # The half of settle_delivery_v1 that comes before the card.
    await other.value(
        "select delivery_id from ops.deliveries where delivery_id = $1 for no key update", probe["delivery_id"]
    )
    settled = await asyncio.wait_for(settle(db, token, card=investigating(event), briefing=HERE), 5)
    await other.settle(probe, "adopted")
    await transaction.commit()
    assert (settled["settled"], await db.status(probe["delivery_id"]), len(await briefings(db))) == (True, "sent", 1)


@pytest.mark.parametrize(("held", "purposes"), [("conversations.history", ["probe"]), ("conversations.replies", [])])
async def test_a_doubt_is_looked_for_in_the_thread(db: Session, held: str, purposes: list[str]) -> None:
    """What Slack holds back for the history holds back no look into a thread, and the other way round."""
    await investigate(db, await sent_alert(db))
    [claimed] = await due_posts(db)
    await db.settle(claimed, "in_doubt")
    await db.call("hold_slack_v1", method=held, seconds=30, reason="ratelimited")
    found = [it for it in await db.claim() if it["kind"] == "post"]
    assert [(it["purpose"], it["thread_ts"]) for it in found] == [(it, SENT["slack_ts"]) for it in purposes]
    assert ((await db.claim_work())["next_due_in_s"] > 0) is True


async def test_it_is_no_message_of_the_card(db: Session) -> None:
    """A later change changes the message, not what was known then; the card's address stays the message's."""
    event = await sent_alert(db)
    await investigate(db, event)
    for claimed in await db.claim():
        await db.settle(claimed, "sent", slack_ts="1800000000.000100" if claimed["thread_ts"] else SENT["slack_ts"])
    changed = await act(db, card=investigating(event, 1))
    targets = {it["target_delivery_id"] for it in await deliveries(db, "update")}
    [briefing] = await briefings(db)
    assert briefing["status"] == "sent"
    assert (briefing["delivery_id"] in targets, changed["card"]["ts"]) == (False, SENT["slack_ts"])


async def test_its_latency_counts_from_the_click(db: Session) -> None:
    """Not from the alert, which may be hours old."""
    event = await sent_alert(db)
    await db.run("update ops.event_dispatches set recorded_at = recorded_at - '1 hour'::interval")
    await investigate(db, event)
    for claimed in await db.claim():
        await db.settle(claimed, "sent")
    summaries = {it["thread_delivery_id"] is not None: it for it in await db.call("list_deliveries_v1", filter={})}
    assert summaries[True]["latency_ms"] < 60_000
    assert summaries[False]["latency_ms"] is not None


async def test_the_envelopes_story_has_it(db: Session) -> None:
    """It is what the click caused."""
    event = await sent_alert(db)
    token = await claimed_click(db, envelope_id="the-click")
    told = [{"key": "main", "event_type": "alert.investigating", "payload": {"card_id": event}}]
    await settle(db, token, card=investigating(event), briefing=HERE, events=told)
    story = await db.call("envelope_story_v1", team_id="T0TEST", envelope_id="the-click")
    assert [it["thread_delivery_id"] is not None for it in story["deliveries"] if it["kind"] == "post"] == [False, True]


async def test_a_replay_takes_it_for_no_post_of_its_event(db: Session) -> None:
    """No route intended it."""
    event = await sent_alert(db)
    await investigate(db, event)
    page = await db.call("replay_events_v1", since=datetime.now(UTC) - timedelta(hours=1))
    assert [len(it["posts"]) for it in page["events"] if it["event"]["event_id"] == event] == [1]


async def test_it_can_be_retried(db: Session) -> None:
    """As every post that died."""
    await investigate(db, await sent_alert(db))
    [claimed] = await due_posts(db)
    await db.settle(claimed, "dead")
    assert (await db.call("retry_delivery_v1", delivery_id=claimed["delivery_id"], actor="ada"))["retried"]
    assert [it["delivery_id"] for it in await due_posts(db)] == [claimed["delivery_id"]]
