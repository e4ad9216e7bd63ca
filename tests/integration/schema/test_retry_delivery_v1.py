"""retry_delivery_v1: a person asks for another try."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.integration.schema.helpers import CHANNEL, Session

AUDIT = "select actor, target, payload from ops.platform_events where event_type = 'delivery.retried'"


async def retry(db: Session, delivery_id: str) -> Any:  # noqa: ANN401  # the answer's JSON
    return await db.call("retry_delivery_v1", delivery_id=delivery_id, actor="ada")


@pytest.mark.parametrize(("before", "after"), [("dead", "queued"), ("failed", "failed"), ("in_doubt", "in_doubt")])
async def test_what_is_in_trouble_is_tried_at_once(db: Session, before: str, after: str) -> None:
    """A dead one is queued again; the others lose their wait."""
    delivery = await db.bring(before)
    await db.run("update ops.deliveries set next_attempt_at = 'infinity'")
    assert await retry(db, delivery) == {"retried": True, "status": after, "reason": None}
    assert (await db.claim_one())["delivery_id"] == delivery


async def test_a_delivery_in_doubt_is_looked_for_not_posted(db: Session) -> None:
    """What may be in Slack is never posted again blindly."""
    delivery = await db.bring("in_doubt")
    await retry(db, delivery)
    assert (await db.claim_one())["purpose"] == "probe"


@pytest.mark.parametrize(
    ("status", "reason"),
    [("sent", "it is in Slack"), ("queued", "it is waiting for its turn"), ("sending", "a worker has it just now")],
)
async def test_the_others_are_left_alone(db: Session, status: str, reason: str) -> None:
    """It says why."""
    delivery = await db.bring(status)
    assert await retry(db, delivery) == {"retried": False, "status": status, "reason": reason}


async def test_a_probe_under_way_is_left_alone(db: Session) -> None:
    """A worker looks for it just now."""
    delivery = await db.bring("in_doubt")
    await db.claim_one()
    assert await retry(db, delivery) == {"retried": False, "status": "in_doubt", "reason": "a worker has it just now"}


async def test_an_unknown_delivery_is_no_error(db: Session) -> None:
    """It is told."""
    assert await retry(db, str(uuid.uuid4())) == {
        "retried": False,
        "status": None,
        "reason": "there is no such delivery, or no longer",
    }


async def test_a_retry_is_audited(db: Session) -> None:
    """Who asked for which delivery stands in platform_events."""
    delivery = await db.bring("failed")
    await retry(db, delivery)
    event = (await db.delivery(delivery))["event_id"]
    assert await db.row(AUDIT) == {
        "actor": "ada",
        "target": CHANNEL,
        "payload": {"delivery_id": delivery, "event_id": event},
    }


async def test_a_refused_retry_is_not_audited(db: Session) -> None:
    """Nothing happened."""
    await retry(db, await db.bring("sent"))
    assert await db.column(AUDIT) == []


async def test_a_retry_has_a_day_again(db: Session) -> None:
    """A delivery that was given up is not given up at its next failure."""
    delivery = await db.bring("dead")
    await db.run("update ops.deliveries set retry_until = '-infinity'")
    await retry(db, delivery)
    assert (await db.settle(await db.claim_one(), "failed"))["status"] == "failed"


async def test_a_retry_rings(db: Session) -> None:
    """Nobody waits for the sweep."""
    delivery = await db.bring("failed")
    await db.equip_doorbell()
    await db.doorbell_is_quiet_for(-1)
    await retry(db, delivery)
    assert await db.rings() == 1


async def test_a_bad_url_does_not_refuse_a_retry(db: Session) -> None:
    """The sweep, or a dispatcher that is awake, will find it."""
    delivery = await db.bring("failed")
    await db.equip_doorbell("not a url")
    await db.doorbell_is_quiet_for(-1)
    assert (await retry(db, delivery))["retried"]


async def test_a_retry_of_a_dead_delivery_forgets_its_death(db: Session) -> None:
    """It is not counted among the dead any more."""
    delivery = await db.bring("dead")
    await retry(db, delivery)
    assert (await db.delivery(delivery))["dead_at"] is None
