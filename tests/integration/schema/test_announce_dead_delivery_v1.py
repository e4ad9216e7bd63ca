"""announce_dead_delivery_v1: a message that could not be delivered is news itself, but not a flood of it."""

from __future__ import annotations

from tests.integration.schema.acting import WORKFLOW, acknowledged, act, sent_alert, service
from tests.integration.schema.helpers import CHANNEL, Session

DEAD_EVENTS = "select count(*) from ops.platform_events where event_type = 'delivery.dead'"


async def die(
    db: Session, channel: str = CHANNEL, reason: str = "channel_not_found", event_type: str = "ci.failed"
) -> str:
    """A delivery that died of this reason; its id."""
    [event] = await db.emit(1, event_type)
    claim = await db.claim_events()
    await db.record(
        claim["claim_token"], [(it["event_id"], [channel] if it["event_id"] == event else []) for it in claim["events"]]
    )
    claimed = await db.claim_one()
    await db.settle(claimed, "dead", reason=reason, error="Slack knows no such channel")
    delivery: str = claimed["delivery_id"]
    return delivery


async def test_a_dead_delivery_appends_an_event(db: Session) -> None:
    """It says which message could not be delivered where, and why."""
    delivery = await die(db)
    event = await db.row(
        "select actor, target, status, error_detail, payload from ops.platform_events "
        "where event_type = 'delivery.dead'"
    )
    payload = event.pop("payload")
    assert event == {
        "actor": "notify-dispatch",
        "target": CHANNEL,
        "status": "error",
        "error_detail": "Slack knows no such channel",
    }
    assert payload == {
        "severity": "error",
        "service": "pulser",
        "title": f"A message to {CHANNEL} could not be delivered",
        "summary": "channel_not_found: Slack knows no such channel",
        "event_type": "ci.failed",
        "event_id": (await db.delivery(delivery))["event_id"],
        "delivery_id": delivery,
    }


async def test_the_event_is_work_for_the_dispatcher(db: Session) -> None:
    """It is recorded like any other event."""
    await die(db)
    [event] = (await db.claim_events())["events"]
    assert event["event_type"] == "delivery.dead"


async def test_the_same_channel_and_reason_is_told_once(db: Session) -> None:
    """Within ten minutes a second death of the same kind is silent."""
    await die(db)
    await die(db)
    assert await db.value(DEAD_EVENTS) == 1


async def test_another_reason_is_told(db: Session) -> None:
    """Another reason is other news."""
    await die(db)
    await die(db, reason="is_archived")
    assert await db.value(DEAD_EVENTS) == 2


async def test_another_channel_is_told(db: Session) -> None:
    """Another channel is other news."""
    await die(db)
    await die(db, channel="#b")
    assert await db.value(DEAD_EVENTS) == 2


async def test_after_ten_minutes_it_is_told_again(db: Session) -> None:
    """What still goes wrong is news again."""
    await die(db)
    await db.run("update ops.deliveries set dead_at = dead_at - '11 minutes'::interval where status = 'dead'")
    await die(db)
    assert await db.value(DEAD_EVENTS) == 2


async def test_a_trouble_that_never_pauses_is_told_again(db: Session) -> None:
    """Deaths that follow each other closer than ten minutes do not silence each other for ever."""
    await die(db)
    await db.run("update ops.deliveries set dead_at = date_bin('10 minutes', dead_at, 'epoch') - interval '1 second'")
    await die(db)
    assert await db.value(DEAD_EVENTS) == 2


async def test_news_that_the_table_refuses_does_not_keep_the_settle(own: Session) -> None:
    """The platform's table may have rules of its own: the delivery is dead all the same."""
    await own.run("alter table ops.platform_events add constraint no_such_news check (event_type <> 'delivery.dead')")
    delivery = await die(own)
    assert await own.status(delivery) == "dead"


async def test_a_backlog_that_gives_up_at_once_is_told_once(db: Session) -> None:
    """The ten minutes count from the death, not from the birth: old deliveries that die together are one news."""
    await db.queue(3)
    await db.run("update ops.deliveries set created_at = now() - '25 hours'::interval, retry_until = '-infinity'")
    for _ in range(3):
        await db.settle(await db.claim_one(), "failed", reason="invalid_auth")
    assert await db.value(DEAD_EVENTS) == 1


async def test_the_death_of_such_news_is_not_told(db: Session) -> None:
    """When the default channel itself is broken, the announcement must not breed."""
    await die(db, event_type="delivery.dead")
    assert await db.value("select count(*) from ops.platform_events") == 1


async def test_the_death_of_a_vanished_event_is_told(db: Session) -> None:
    """The event's row may be gone; the news names the delivery all the same."""
    await db.queue()
    await db.run("delete from ops.platform_events")
    await db.settle(await db.claim_one(), "dead")
    assert await db.value(DEAD_EVENTS) == 1


async def test_of_two_that_die_at_once_of_the_same_one_is_told(db: Session) -> None:
    """Two calls that GitHub may have taken, of one worker that vanished."""
    await service(db, deploy=WORKFLOW)
    hook = {"card": "card", "service": "api", "action": "deploy"}
    await act(db, card=acknowledged(await sent_alert(db)), hooks=[hook, hook])
    await db.claim()
    await db.end_leases()
    await db.claim()
    assert await db.column("select reason from ops.deliveries where status = 'dead'") == ["lease_expired"] * 2
    assert await db.value(DEAD_EVENTS) == 1
