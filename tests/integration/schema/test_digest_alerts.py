"""New alerts in a storm ring: Slack notifies nobody of an edit, so they are taken into no digest that rang for none."""

from __future__ import annotations

import pytest

from tests.integration.schema.acting import acknowledged, act
from tests.integration.schema.digests import members, states, storm
from tests.integration.schema.helpers import CHANNEL, SENT, Session

LATER = {"slack_channel_id": "C0000000001", "slack_ts": "1700000000.000200"}


async def stand(db: Session, *, alerts: bool) -> str:
    """A digest that stands as the newest message of its channel, of alerts or of none."""
    await storm(db, 6, event_type="ci.failed" if alerts else "ci.passed", card=alerts)
    claimed = await db.claim_one()
    await db.settle(claimed, "sent", card_version=None)
    return str(claimed["delivery_id"])


async def test_alerts_are_not_taken_into_a_digest_that_holds_none(db: Session) -> None:
    """A new one is posted, with all that waits."""
    digest = await stand(db, alerts=False)
    [first, *_] = await storm(db, 3, event_type="ci.passed")
    await storm(db, 2, card=True)
    claimed = await db.claim_one()
    assert (claimed["purpose"], claimed["delivery_id"], claimed["digest"]["events"]) == ("post", first, 5)
    assert len(await members(db, digest)) == 6


async def test_the_new_digest_takes_more_alerts_in(db: Session) -> None:
    """In one storm it rings once: somebody was told that something is wrong, two minutes ago at most."""
    await stand(db, alerts=False)
    [first, *_] = await storm(db, 5, card=True)
    await db.settle(await db.claim_one(), "sent", card_version=None, **LATER)
    await storm(db, 5, card=True)
    update = await db.claim_one()
    assert (update["purpose"], update["target_delivery_id"], update["digest"]["events"]) == ("update", first, 10)


@pytest.mark.parametrize("event_type", ["ci.passed", "ci.failed"])
async def test_a_digest_with_alerts_takes_anything_in(db: Session, event_type: str) -> None:
    """Few messages where nothing new must ring."""
    digest = await stand(db, alerts=True)
    await storm(db, 5, event_type=event_type, card=event_type == "ci.failed")
    update = await db.claim_one()
    assert (update["purpose"], update["target_delivery_id"]) == ("update", digest)


async def test_alerts_that_somebody_has_in_hand_ring_for_nobody(db: Session) -> None:
    """Acknowledged while they waited: they are news, not a call."""
    digest = await stand(db, alerts=False)
    for delivery in await storm(db, 5, card=True):
        await act(db, card=acknowledged(str((await db.delivery(delivery))["event_id"])))
    update = await db.claim_one()
    assert (update["purpose"], update["target_delivery_id"]) == ("update", digest)


async def test_an_alert_that_comes_while_its_channel_is_claimed_waits_for_the_next_turn(db: Session) -> None:
    """After the look at what waits: the change takes what it may, and the alerts get a digest that rings."""
    digest = await stand(db, alerts=False)
    [head, *_] = passed = await storm(db, 5, event_type="ci.passed")
    change = await db.value("select ops.fold_posts_v1($1, $2::uuid)::text", CHANNEL, head)
    alerts = await storm(db, 5, card=True)
    await db.run(
        """
        update ops.deliveries set status = 'sending', claim_token = gen_random_uuid(), attempts = 1,
            lease_until = clock_timestamp() + interval '1 minute', doubtful_since = clock_timestamp()
        where delivery_id = $1::uuid
        """,
        change,
    )
    await db.run("select ops.fill_digest_v1(d) from ops.deliveries d where d.delivery_id = $1::uuid", change)
    assert (await members(db, digest))[6:] == passed
    assert await states(db) == {"sent": 6, "sending": 5, "queued": 5}
    claimed = await db.claim_one()
    assert (claimed["purpose"], claimed["delivery_id"], claimed["digest"]["open_alerts"]) == ("post", alerts[0], 5)


async def test_a_digest_that_was_folded_anew_knows_its_alerts(db: Session) -> None:
    """What it had at first, and lost when it failed, says nothing."""
    await storm(db, 6, event_type="ci.passed")
    await db.settle(await db.claim_one(), "failed", retry_in_s=0)
    await storm(db, 1, card=True)
    claimed = await db.claim_one()
    await db.settle(claimed, "sent", card_version=None, **SENT)
    await storm(db, 5, card=True)
    update = await db.claim_one()
    assert (update["purpose"], update["target_delivery_id"]) == ("update", claimed["delivery_id"])


async def test_types_with_open_alerts_stand_before_the_others(db: Session) -> None:
    """What somebody must act on, however few; then by count, also among those that are named at all."""
    for number in range(13):
        await storm(db, 2, event_type=f"task.t{number:02}")
    await storm(db, 1, card=True)
    facts = (await db.claim_one())["digest"]
    assert [(it["event_type"], it["count"]) for it in facts["types"]][:3] == [
        ("ci.failed", 1),
        ("task.t00", 2),
        ("task.t01", 2),
    ]
    assert (len(facts["types"]), facts["more_types"]) == (12, 2)
