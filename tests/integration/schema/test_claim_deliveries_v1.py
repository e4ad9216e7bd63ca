"""claim_deliveries_v1: what a dispatcher gets: posts, probes, and when there will be more."""

from __future__ import annotations

from tests.integration.schema.helpers import CHANNEL, SENT, Session


async def test_a_post_comes_with_all_that_posting_needs(db: Session) -> None:
    """The claim names the delivery, its token, channel, route and event."""
    [delivery] = await db.queue()
    [claimed] = await db.claim()
    row = await db.delivery(delivery)
    assert {
        name: claimed[name] for name in ("delivery_id", "claim_token", "attempt", "purpose", "channel", "route")
    } == {
        "delivery_id": delivery,
        "claim_token": row["claim_token"],
        "attempt": 1,
        "purpose": "post",
        "channel": CHANNEL,
        "route": "test",
    }
    assert claimed["event"]["event_id"] == row["event_id"]


async def test_a_vanished_event_comes_as_its_bare_id(db: Session) -> None:
    """A delivery whose event was removed is claimed all the same."""
    [delivery] = await db.queue()
    await db.run("delete from ops.platform_events")
    assert (await db.claim_one())["event"] == {"event_id": (await db.delivery(delivery))["event_id"]}


async def test_a_doubt_comes_as_a_probe(db: Session) -> None:
    """A delivery in doubt says since when, and that it is to be looked for."""
    await db.bring("in_doubt")
    claimed = await db.claim_one()
    assert claimed["purpose"] == "probe"
    assert claimed["doubtful_since"]


async def test_the_first_attempt_has_no_last_reason(db: Session) -> None:
    """Nothing went wrong yet."""
    await db.queue()
    assert (await db.claim_one())["last_reason"] is None


async def test_the_next_attempt_knows_the_last_reason(db: Session) -> None:
    """So that a refused layout is followed by plain text."""
    await db.queue()
    await db.settle(await db.claim_one(), "failed", reason="invalid_blocks")
    assert (await db.claim_one())["last_reason"] == "invalid_blocks"


async def test_the_channel_id_that_slack_told_is_used_again(db: Session) -> None:
    """After the first post a channel's ID is known to its next delivery."""
    await db.queue(2)
    first = await db.claim_one()
    await db.settle(first, "sent")
    second = await db.claim_one()
    assert (first["slack_channel_id"], second["slack_channel_id"]) == (None, SENT["slack_channel_id"])


async def test_each_claim_is_noted_as_an_attempt(db: Session) -> None:
    """A post and a probe stand in the log, with their worker, still open."""
    await db.queue()
    await db.settle(await db.claim_one("w1"), "in_doubt")
    await db.claim_one("w2")
    attempts = await db.connection.fetch(
        "select purpose, worker, outcome from ops.delivery_attempts order by started_at"
    )
    assert [tuple(row) for row in attempts] == [("post", "w1", "in_doubt"), ("probe", "w2", None)]


async def test_posts_and_probes_share_the_free_hands(db: Session) -> None:
    """max_deliveries bounds both together."""
    await db.bring("in_doubt", "#a")
    await db.queue(1, "#b", "#c")
    assert len(await db.claim(max_deliveries=2)) == 2


async def test_an_expired_post_becomes_a_probe(db: Session) -> None:
    """A worker that vanished while it posted leaves a doubt, which the next claim takes up."""
    [delivery] = await db.queue()
    await db.claim_one("lost")
    await db.end_leases()
    claimed = await db.claim_one("second")
    assert (claimed["delivery_id"], claimed["purpose"], claimed["last_reason"]) == (delivery, "probe", "lease_expired")


async def test_with_nothing_waiting_nothing_is_due(db: Session) -> None:
    """An empty outbox has no next time."""
    assert await db.claim_work() == {"deliveries": [], "next_due_in_s": None}


async def test_what_is_due_now_is_due_in_no_time(db: Session) -> None:
    """A delivery that no hand was free for is due at once."""
    await db.queue(1, "#a", "#b")
    assert (await db.claim_work(max_deliveries=1))["next_due_in_s"] == 0


async def test_the_next_is_due_when_the_pace_allows_it(db: Session) -> None:
    """Within the second after a post."""
    await db.queue(2)
    await db.settle(await db.claim_one(), "sent")
    assert 0.3 < (await db.claim_work())["next_due_in_s"] <= 1


async def test_a_backoff_sets_when_the_next_is_due(db: Session) -> None:
    """A failed head is due when its backoff ends."""
    await db.queue(2)
    await db.settle(await db.claim_one(), "failed", retry_in_s=40)
    assert 30 < (await db.claim_work())["next_due_in_s"] <= 40


async def test_a_hold_sets_when_the_next_is_due(db: Session) -> None:
    """Nothing is due before Retry-After is over."""
    await db.queue()
    await db.call("hold_slack_v1", method="chat.postMessage", seconds=30, reason="ratelimited")
    assert 25 < (await db.claim_work())["next_due_in_s"] <= 30


async def test_a_lease_sets_when_the_next_is_due(db: Session) -> None:
    """While a worker posts, the next look is due when its lease would end."""
    await db.queue()
    await db.claim(lease_seconds=20)
    assert 15 < (await db.claim_work())["next_due_in_s"] <= 20


async def test_a_probe_under_way_does_not_hide_another_doubt(db: Session) -> None:
    """A second delivery in doubt is due at its own time, not when the first one's lease ends."""
    await db.bring("in_doubt", "#a")
    await db.claim(lease_seconds=20)
    await db.queue(1, "#b")
    await db.settle(await db.claim_one(), "in_doubt", retry_in_s=5)
    assert 1 < (await db.claim_work())["next_due_in_s"] <= 5


async def test_a_held_history_puts_probes_off(db: Session) -> None:
    """A doubt is due when the history may be read again."""
    await db.bring("in_doubt")
    await db.call("hold_slack_v1", method="conversations.history", seconds=30, reason="ratelimited")
    assert 25 < (await db.claim_work())["next_due_in_s"] <= 30


async def test_the_age_of_the_event_comes_along(db: Session) -> None:
    """waited_s tells how long ago the event was recorded."""
    await db.queue()
    await db.run("update ops.event_dispatches set recorded_at = recorded_at - '100 s'::interval")
    assert 100 <= (await db.claim_one())["waited_s"] < 110
