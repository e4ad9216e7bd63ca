"""expire_delivery_leases_v1: what a vanished worker leaves behind."""

from __future__ import annotations

from tests.integration.schema.helpers import Session


async def test_a_post_of_a_vanished_worker_is_in_doubt(db: Session) -> None:
    """It may be in Slack or not; the delivery says who vanished."""
    [delivery] = await db.queue()
    await db.claim_one("w1")
    await db.end_leases()
    assert await db.call("expire_delivery_leases_v1") == 1
    row = await db.delivery(delivery)
    assert (row["status"], row["reason"], row["error"]) == (
        "in_doubt",
        "lease_expired",
        "worker w1 vanished while it sent it",
    )


async def test_a_post_under_its_lease_is_left_alone(db: Session) -> None:
    """A worker that is still at it keeps its claim."""
    [delivery] = await db.queue()
    await db.claim_one()
    assert await db.call("expire_delivery_leases_v1") == 0
    assert await db.status(delivery) == "sending"


async def test_the_attempt_of_a_vanished_worker_is_ended(db: Session) -> None:
    """The log says that its lease ran out."""
    await db.queue()
    await db.claim_one()
    await db.end_leases()
    await db.call("expire_delivery_leases_v1")
    assert await db.value("select outcome from ops.delivery_attempts where ended_at is not null") == "lease_expired"


async def test_a_vanished_prober_leaves_the_doubt_as_it_was(db: Session) -> None:
    """The delivery keeps its reason and is free for the next look; the probe is ended in the log."""
    delivery = await db.bring("in_doubt")
    await db.claim_one("prober")
    await db.end_leases()
    await db.call("expire_delivery_leases_v1")
    row = await db.delivery(delivery)
    assert (row["status"], row["reason"], row["claim_token"]) == ("in_doubt", "reason_of_in_doubt", None)
    assert await db.value("select outcome from ops.delivery_attempts where purpose = 'probe'") == "lease_expired"


async def test_a_doubt_begins_when_the_post_began(db: Session) -> None:
    """The search in the history begins where the lost post was claimed."""
    [delivery] = await db.queue()
    await db.claim_one()
    began = (await db.delivery(delivery))["doubtful_since"]
    await db.end_leases()
    await db.call("expire_delivery_leases_v1")
    assert (await db.delivery(delivery))["doubtful_since"] == began
