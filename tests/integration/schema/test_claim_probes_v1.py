"""claim_probes_v1: deliveries in doubt that are due for a look into Slack's history."""

from __future__ import annotations

from tests.integration.schema.helpers import Session

PROBES = {"worker": "prober", "max_probes": 16, "lease_seconds": 20}


async def test_a_delivery_in_doubt_is_probed(db: Session) -> None:
    """It is claimed and stays in doubt meanwhile."""
    delivery = await db.bring("in_doubt")
    assert await db.call("claim_probes_v1", **PROBES) == [delivery]
    assert await db.status(delivery) == "in_doubt"


async def test_a_probe_waits_for_its_time(db: Session) -> None:
    """No look before retry_in_s is over: a late write might still land."""
    await db.queue()
    await db.settle(await db.claim_one(), "in_doubt", retry_in_s=10)
    assert await db.call("claim_probes_v1", **PROBES) == []


async def test_a_probe_is_not_an_attempt_to_post(db: Session) -> None:
    """The count of attempts stays."""
    delivery = await db.bring("in_doubt")
    await db.call("claim_probes_v1", **PROBES)
    assert (await db.delivery(delivery))["attempts"] == 1


async def test_a_probe_under_way_is_not_claimed_again(db: Session) -> None:
    """Its lease keeps others away."""
    await db.bring("in_doubt")
    await db.call("claim_probes_v1", **PROBES)
    assert await db.call("claim_probes_v1", **PROBES) == []


async def test_a_probe_of_a_vanished_worker_is_taken_over(db: Session) -> None:
    """The lease over, the next worker looks, under a new token."""
    delivery = await db.bring("in_doubt")
    await db.call("claim_probes_v1", **PROBES)
    lost = (await db.delivery(delivery))["claim_token"]
    await db.end_leases()
    assert await db.call("claim_probes_v1", **PROBES) == [delivery]
    assert (await db.delivery(delivery))["claim_token"] != lost


async def test_a_hold_of_the_history_stops_probes(db: Session) -> None:
    """While Slack holds conversations.history nobody looks."""
    await db.bring("in_doubt")
    await db.call("hold_slack_v1", method="conversations.history", seconds=30, reason="ratelimited")
    assert await db.call("claim_probes_v1", **PROBES) == []


async def test_a_hold_of_everything_stops_probes(db: Session) -> None:
    """While Slack refuses the token nobody looks."""
    await db.bring("in_doubt")
    await db.call("hold_slack_v1", method="*", seconds=30, reason="invalid_auth")
    assert await db.call("claim_probes_v1", **PROBES) == []


async def test_a_hold_of_posts_stops_no_probe(db: Session) -> None:
    """A doubt can be cleared while posts are held."""
    delivery = await db.bring("in_doubt")
    await db.call("hold_slack_v1", method="chat.postMessage", seconds=30, reason="ratelimited")
    assert await db.call("claim_probes_v1", **PROBES) == [delivery]


async def test_no_more_are_claimed_than_were_asked_for(db: Session) -> None:
    """max_probes bounds the claim; the longest due come first."""
    await db.queue(1, "#a", "#b")
    one, two = await db.claim()
    await db.settle(two, "in_doubt")
    await db.settle(one, "in_doubt")
    assert await db.call("claim_probes_v1", **PROBES | {"max_probes": 1}) == [two["delivery_id"]]


async def test_a_delivery_left_behind_is_still_probed(db: Session) -> None:
    """Its channel went on after a minute; the doubt is cleared all the same."""
    delivery = await db.bring("in_doubt")
    await db.age_doubts(3600)
    assert await db.call("claim_probes_v1", **PROBES) == [delivery]
