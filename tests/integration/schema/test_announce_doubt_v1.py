"""announce_doubt_v1: a post that is in doubt for longer than its time is news, once; it stays in doubt."""

from __future__ import annotations

import pytest

from tests.integration.schema.helpers import CHANNEL, Session

NEWS = "select count(*) from ops.platform_events where event_type = 'delivery.in_doubt'"
REASON = "probe_missing_scope"


async def doubt(db: Session, channel: str = CHANNEL, event_type: str = "ci.failed") -> str:
    """A post in doubt, a day old; its id."""
    [event] = await db.emit(1, event_type)
    claim = await db.claim_events()
    await db.record(
        claim["claim_token"], [(it["event_id"], [channel] if it["event_id"] == event else []) for it in claim["events"]]
    )
    claimed = await db.claim_one()
    assert claimed["purpose"] == "post"
    await db.settle(claimed, "in_doubt", retry_in_s=600)
    delivery: str = claimed["delivery_id"]
    await db.run(
        "update ops.deliveries set retry_until = now() - interval '1 hour', doubtful_since = now() - interval '1 day' "
        "where delivery_id = $1",
        delivery,
    )
    return delivery


async def probe(db: Session, delivery: str, reason: str = REASON) -> None:
    """A look into the history that tells nothing."""
    await db.run("update ops.deliveries set next_attempt_at = clock_timestamp() where delivery_id = $1", delivery)
    claimed = await db.claim_one()
    assert (claimed["purpose"], claimed["delivery_id"]) == ("probe", delivery)
    await db.settle(claimed, "unknown", reason=reason, error="Slack's history could not be read")


async def test_a_doubt_that_outlives_its_time_appends_an_event(db: Session) -> None:
    """It says of which message nothing is known, where, and why; the delivery stays in doubt."""
    delivery = await doubt(db)
    await probe(db, delivery)
    event = await db.row(
        "select actor, target, status, error_detail, payload from ops.platform_events "
        "where event_type = 'delivery.in_doubt'"
    )
    assert event == {
        "actor": "notify-dispatch",
        "target": CHANNEL,
        "status": "error",
        "error_detail": "Slack's history could not be read",
        "payload": {
            "severity": "error",
            "service": "pulser",
            "title": f"Nobody knows whether a message stands in {CHANNEL}",
            "summary": f"{REASON}: Slack's history could not be read",
            "event_type": "ci.failed",
            "event_id": (await db.delivery(delivery))["event_id"],
            "delivery_id": delivery,
        },
    }
    assert await db.status(delivery) == "in_doubt"


async def test_a_doubt_is_told_once(db: Session) -> None:
    """However often the history is looked into, and whatever it says then."""
    delivery = await doubt(db)
    for reason in (REASON, REASON, "probe_not_in_channel"):
        await probe(db, delivery, reason)
        await db.run("update ops.told_doubts set told_at = told_at - interval '11 minutes'")
    assert await db.value(NEWS) == 1


async def test_a_doubt_within_its_time_is_no_news(db: Session) -> None:
    """The next look may find it."""
    delivery = await doubt(db)
    await db.run("update ops.deliveries set retry_until = now() + interval '1 minute'")
    await probe(db, delivery)
    assert await db.value(NEWS) == 0


@pytest.mark.parametrize("result", ["adopted", "absent"])
async def test_a_doubt_that_ends_is_no_news(db: Session, result: str) -> None:
    """It is known where the message is."""
    delivery = await doubt(db)
    await db.run("update ops.deliveries set next_attempt_at = clock_timestamp() where delivery_id = $1", delivery)
    await db.settle(await db.claim_one(), result)
    assert await db.value(NEWS) == 0


async def test_one_channels_doubts_are_told_once(db: Session) -> None:
    """An outage leaves many of them: in ten minutes they are one news, and who was silent stays so."""
    first, second = await doubt(db), await doubt(db)
    await probe(db, first)
    await db.run("update ops.told_doubts set told_at = told_at + interval '10 minutes'")  # whenever the clock's end
    await probe(db, second)
    await db.run("update ops.told_doubts set told_at = told_at - interval '20 minutes'")
    await probe(db, second)
    assert (first != second, await db.value(NEWS)) == (True, 1)


async def test_another_channels_doubt_is_told(db: Session) -> None:
    """Another channel is other news."""
    for delivery in (await doubt(db), await doubt(db, "#b")):
        await probe(db, delivery)
    assert await db.value(NEWS) == 2


async def test_after_ten_minutes_another_doubt_is_told(db: Session) -> None:
    """What still goes wrong is news again."""
    first, second = await doubt(db), await doubt(db)
    await probe(db, first)
    await db.run("update ops.told_doubts set told_at = told_at - interval '11 minutes'")
    await probe(db, second)
    assert await db.value(NEWS) == 2


@pytest.mark.parametrize("event_type", ["delivery.dead", "delivery.in_doubt"])
async def test_the_doubt_of_such_news_is_not_told(db: Session, event_type: str) -> None:
    """When the default channel itself is broken, the announcement must not breed."""
    await probe(db, await doubt(db, event_type=event_type))
    assert await db.value("select count(*) from ops.platform_events") == 1


async def test_news_that_the_table_refuses_does_not_keep_the_settle(own: Session) -> None:
    """The platform's table may have rules of its own: the look is settled all the same, and a later one tells."""
    await own.run("alter table ops.platform_events add constraint no_news check (event_type <> 'delivery.in_doubt')")
    delivery = await doubt(own)
    await probe(own, delivery)
    assert (await own.delivery(delivery))["reason"] == REASON
    await own.run("alter table ops.platform_events drop constraint no_news")
    await probe(own, delivery)
    assert await own.value(NEWS) == 1


async def test_the_news_is_work_for_the_dispatcher(db: Session) -> None:
    """It is recorded like any other event."""
    await probe(db, await doubt(db))
    [event] = (await db.claim_events())["events"]
    assert event["event_type"] == "delivery.in_doubt"
