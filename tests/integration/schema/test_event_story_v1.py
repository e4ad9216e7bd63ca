"""event_story_v1 and delivery_story_v1: what became of an event, to the last attempt."""

from __future__ import annotations

import uuid

import pytest

from tests.integration.schema.digests import standing
from tests.integration.schema.helpers import Session


@pytest.mark.parametrize(
    ("function", "argument"), [("event_story_v1", "event_id"), ("delivery_story_v1", "delivery_id")]
)
async def test_an_unknown_id_has_no_story(db: Session, function: str, argument: str) -> None:
    """It is null."""
    assert await db.call(function, **{argument: str(uuid.uuid4())}) is None


async def test_a_new_event_is_pending(db: Session) -> None:
    """Its story begins: recorded, not routed, no deliveries."""
    [event] = await db.emit()
    story = await db.call("event_story_v1", event_id=event)
    assert (story["dispatch"]["status"], story["dispatch"]["routed_at"], story["deliveries"]) == ("pending", None, [])


async def test_the_event_stands_in_its_story(db: Session) -> None:
    """With the keys of an event, and when it was recorded."""
    [event] = await db.emit()
    story = await db.call("event_story_v1", event_id=event)
    assert set(story["event"]) == {
        "event_id", "event_type", "actor", "target", "payload", "status", "error_detail", "created_at", "recorded_at",
    }  # fmt: skip
    assert story["event"]["recorded_at"] == story["dispatch"]["recorded_at"]


async def test_an_event_without_a_route_says_so(db: Session) -> None:
    """unrouted, and when that was found."""
    [event] = await db.emit()
    await db.record((await db.claim_events())["claim_token"], [(event, [])])
    dispatch = (await db.call("event_story_v1", event_id=event))["dispatch"]
    assert dispatch["status"] == "unrouted"
    assert dispatch["routed_at"]


async def test_each_delivery_stands_in_the_story(db: Session) -> None:
    """In their order, with their state."""
    deliveries = await db.queue(1, "#a", "#b")
    event = (await db.delivery(deliveries[0]))["event_id"]
    story = await db.call("event_story_v1", event_id=event)
    assert [(it["delivery_id"], it["status"]) for it in story["deliveries"]] == [(it, "queued") for it in deliveries]


async def test_each_attempt_stands_in_the_story(db: Session) -> None:
    """A lost post, a probe that found nothing, and a post that went through."""
    [delivery] = await db.queue()
    await db.claim_one("w1")
    await db.end_leases()
    await db.settle(await db.claim_one("w2"), "absent")
    await db.settle(await db.claim_one("w3"), "sent")
    [told] = (await db.call("delivery_story_v1", delivery_id=delivery))["deliveries"]
    assert [(it["attempt"], it["purpose"], it["worker"], it["outcome"]) for it in told["attempts_log"]] == [
        (1, "post", "w1", "lease_expired"),
        (1, "probe", "w2", "absent"),
        (2, "post", "w3", "sent"),
    ]


async def test_the_story_of_a_delivery_is_that_of_its_event(db: Session) -> None:
    """Both ids lead to the same."""
    [delivery] = await db.queue()
    event = (await db.delivery(delivery))["event_id"]
    assert await db.call("delivery_story_v1", delivery_id=delivery) == await db.call("event_story_v1", event_id=event)


async def test_an_unrecorded_event_says_so(db: Session) -> None:
    """An event that the trigger missed is found by its id."""
    [event] = await db.emit()
    await db.run("delete from ops.event_dispatches")
    assert (await db.call("event_story_v1", event_id=event))["dispatch"]["status"] == "unrecorded"


async def test_a_vanished_event_keeps_its_story(db: Session) -> None:
    """What was sent is told, though the event's row is gone."""
    delivery = await db.bring("sent")
    await db.run("delete from ops.platform_events")
    story = await db.call("delivery_story_v1", delivery_id=delivery)
    assert [it["status"] for it in story["deliveries"]] == ["sent"]


async def test_a_digest_says_of_how_many_events_it_tells(db: Session) -> None:
    """What is told in it does not."""
    _, deliveries = await standing(db, 6)
    told = []
    for delivery in deliveries[:2]:
        [one] = (await db.call("delivery_story_v1", delivery_id=delivery))["deliveries"]
        told.append(one["digest_events"])
    assert told == [6, None]
