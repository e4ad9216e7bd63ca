"""Two workers at once: claim, settle, expire and retry of deliveries on two connections."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.schema.helpers import Session, is_waiting, until


async def test_a_claim_that_is_not_committed_yet_keeps_its_delivery(db: Session, other: Session) -> None:
    """The second worker gets the other channel's, and does not wait."""
    await db.queue(1, "#a", "#b")
    async with db.connection.transaction():
        [mine] = await db.claim(max_deliveries=1)
        async with asyncio.timeout(5):
            work = await other.claim_work("second")
        [theirs] = work["deliveries"]
    assert mine["delivery_id"] != theirs["delivery_id"]


async def test_two_workers_never_post_to_one_channel_at_once(db: Session, other: Session) -> None:
    """Both ask at the same moment: one gets the head, the other nothing."""
    await db.queue(10)
    await db.forget_pace()
    for _ in range(10):
        claims = await asyncio.gather(*(each.claim_work() for each in (db, other)))
        [claimed] = [delivery for claim in claims for delivery in claim["deliveries"]]
        await db.settle(claimed, "sent")
        await db.forget_pace()


async def test_a_probe_that_is_not_committed_yet_keeps_its_doubt(db: Session, other: Session) -> None:
    """The second worker gets no work, and does not wait."""
    await db.bring("in_doubt")
    async with db.connection.transaction():
        await db.claim_one()
        async with asyncio.timeout(5):
            assert (await other.claim_work("second"))["deliveries"] == []


async def test_a_claim_does_not_wait_for_a_settle(db: Session, other: Session) -> None:
    """While one worker settles, another claims in the other channels."""
    await db.queue(2, "#a", "#b")
    one, _ = await db.claim()
    async with db.connection.transaction():
        await db.settle(one, "sent")
        async with asyncio.timeout(5):
            assert (await other.claim_work("second"))["deliveries"] == []


@pytest.mark.parametrize("result", ["sent", "failed", "dead", "in_doubt"])
async def test_two_settles_of_one_token_count_once(db: Session, other: Session, result: str) -> None:
    """The second waits for the first and finds the token gone."""
    await db.queue()
    claimed = await db.claim_one()
    answers = await asyncio.gather(*(each.settle(claimed, result) for each in (db, other)))
    assert sorted(answer["settled"] for answer in answers) == [False, True]


async def test_the_second_of_two_different_settles_changes_nothing(db: Session, other: Session) -> None:
    """Whoever commits first has said how it ended."""
    [delivery] = await db.queue()
    claimed = await db.claim_one()
    async with asyncio.TaskGroup() as tasks, db.connection.transaction():
        await db.settle(claimed, "sent")
        late = tasks.create_task(other.settle(claimed, "failed"))
        await until(lambda: is_waiting(db, other))
    assert late.result() == {"settled": False}
    assert await db.status(delivery) == "sent"


async def test_a_late_settle_during_a_takeover_changes_nothing(db: Session, other: Session) -> None:
    """The old owner waits for the takeover to commit, and finds its token gone."""
    [delivery] = await db.queue()
    old = await db.claim_one("old")
    await db.end_leases()
    async with asyncio.TaskGroup() as tasks, db.connection.transaction():
        await db.claim_one("second")
        late = tasks.create_task(other.settle(old, "sent"))
        await until(lambda: is_waiting(db, other))
    assert late.result() == {"settled": False}
    assert await db.status(delivery) == "in_doubt"


async def test_a_settle_at_the_end_of_its_lease_wins_over_the_sweep(db: Session, other: Session) -> None:
    """The sweep passes over a delivery that is being settled, and does not wait."""
    [delivery] = await db.queue()
    claimed = await db.claim_one()
    await db.end_leases()
    async with db.connection.transaction():
        await db.settle(claimed, "sent")
        async with asyncio.timeout(5):
            assert await other.call("expire_delivery_leases_v1") == 0
    assert await db.status(delivery) == "sent"


async def test_two_sweeps_expire_a_lease_once(db: Session, other: Session) -> None:
    """The second passes over what the first has in hand."""
    await db.queue()
    await db.claim_one()
    await db.end_leases()
    async with db.connection.transaction():
        assert await db.call("expire_delivery_leases_v1") == 1
        async with asyncio.timeout(5):
            assert await other.call("expire_delivery_leases_v1") == 0


async def test_a_retry_during_a_settle_sees_how_it_ended(db: Session, other: Session) -> None:
    """A person who asks while the worker settles is told that it is in Slack."""
    delivery = await db.bring("in_doubt")
    claimed = await db.claim_one()
    async with asyncio.TaskGroup() as tasks, db.connection.transaction():
        await db.settle(claimed, "adopted")
        late = tasks.create_task(other.call("retry_delivery_v1", delivery_id=delivery, actor="ada"))
        await until(lambda: is_waiting(db, other))
    assert late.result() == {"retried": False, "status": "sent", "reason": "it is in Slack"}


async def test_two_retries_at_once_queue_one_post(db: Session, other: Session) -> None:
    """The second person is told that it waits for its turn."""
    delivery = await db.bring("dead")
    answers = await asyncio.gather(
        *(each.call("retry_delivery_v1", delivery_id=delivery, actor="ada") for each in (db, other))
    )
    assert sorted(answer["retried"] for answer in answers) == [False, True]


async def test_a_claim_during_a_retry_takes_the_delivery_once(db: Session, other: Session) -> None:
    """A failed head that a person retries is claimed after the retry has committed, and posted once."""
    delivery = await db.bring("failed")
    await db.forget_pace()
    async with asyncio.TaskGroup() as tasks, db.connection.transaction():
        await db.call("retry_delivery_v1", delivery_id=delivery, actor="ada")
        claim = tasks.create_task(other.claim_work("second"))
        await until(lambda: is_waiting(db, other))
    assert [it["delivery_id"] for it in claim.result()["deliveries"]] == [delivery]
    assert (await db.delivery(delivery))["attempts"] == 2
