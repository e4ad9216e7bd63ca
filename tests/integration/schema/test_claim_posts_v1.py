"""claim_posts_v1: the head of each channel that is due, no faster than Slack allows."""

from __future__ import annotations

from tests.integration.schema.helpers import CHANNEL, Session

POSTS = {"worker": "worker", "max_posts": 16, "lease_seconds": 20}


async def test_one_delivery_of_a_channel_is_claimed(db: Session) -> None:
    """However many wait in a channel, its first goes alone."""
    deliveries = await db.queue(3)
    assert await db.call("claim_posts_v1", **POSTS) == deliveries[:1]


async def test_each_channel_gets_its_own_head(db: Session) -> None:
    """Channels do not wait for each other."""
    first = await db.queue(1, "#a", "#b", "#c")
    await db.queue(1, "#a", "#b", "#c")
    assert sorted(await db.call("claim_posts_v1", **POSTS)) == sorted(first)


async def test_no_more_are_claimed_than_were_asked_for(db: Session) -> None:
    """max_posts bounds the claim."""
    await db.queue(1, "#a", "#b", "#c")
    assert len(await db.call("claim_posts_v1", **POSTS | {"max_posts": 2})) == 2


async def test_with_no_hand_free_nothing_is_claimed(db: Session) -> None:
    """max_posts 0 is an empty claim."""
    await db.queue()
    assert await db.call("claim_posts_v1", **POSTS | {"max_posts": 0}) == []


async def test_the_channel_that_waited_longest_comes_first(db: Session) -> None:
    """Under load every channel gets its turn."""
    await db.queue(1, "#a", "#b")
    await db.run("update ops.slack_channels set next_post_at = now() - '1 s'::interval where channel = '#a'")
    await db.run("update ops.slack_channels set next_post_at = now() - '9 s'::interval where channel = '#b'")
    [claimed] = await db.call("claim_posts_v1", **POSTS | {"max_posts": 1})
    assert (await db.delivery(claimed))["channel"] == "#b"


async def test_a_claimed_delivery_is_sending_under_a_lease(db: Session) -> None:
    """It has a token, a worker, a lease of the length asked for, and one attempt more."""
    [delivery] = await db.queue()
    await db.call("claim_posts_v1", **POSTS)
    claimed = await db.row(
        "select status, attempts, claimed_by, claim_token is not null as has_token, "
        "lease_until - clock_timestamp() between '15 s' and '20 s' as lasts from ops.deliveries where delivery_id = $1",
        delivery,
    )
    assert claimed == {"status": "sending", "attempts": 1, "claimed_by": "worker", "has_token": True, "lasts": True}


async def test_while_the_head_is_being_posted_its_channel_waits(db: Session) -> None:
    """Even when the pace would allow it, the second waits for the first to be settled."""
    await db.queue(2)
    await db.claim_one()
    assert await db.claim() == []


async def test_an_older_one_that_comes_back_waits_for_the_one_that_is_being_posted(db: Session) -> None:
    """A person retries what died before: it is not posted beside the next."""
    first, _ = await db.queue(2)
    await db.settle(await db.claim_one(), "dead")
    under_way = await db.claim_one()
    await db.call("retry_delivery_v1", delivery_id=first, actor="ada")
    assert await db.claim() == []
    await db.settle(under_way, "sent")
    assert (await db.claim_one())["delivery_id"] == first


async def test_the_next_goes_once_the_head_is_sent(db: Session) -> None:
    """A settled head makes way."""
    _, second = await db.queue(2)
    await db.settle(await db.claim_one(), "sent")
    assert (await db.claim_one())["delivery_id"] == second


async def test_a_failed_head_keeps_its_place(db: Session) -> None:
    """What waits behind a failed delivery does not overtake it, though it is due itself."""
    await db.queue(2)
    await db.settle(await db.claim_one(), "failed", retry_in_s=60)
    assert await db.claim() == []


async def test_a_failed_head_goes_again_when_its_backoff_is_over(db: Session) -> None:
    """The backoff over, the same delivery is claimed, as its second attempt."""
    first, _ = await db.queue(2)
    await db.settle(await db.claim_one(), "failed", retry_in_s=0)
    claimed = await db.claim_one()
    assert (claimed["delivery_id"], claimed["attempt"]) == (first, 2)


async def test_a_dead_head_makes_way(db: Session) -> None:
    """A dead delivery does not block its channel."""
    _, second = await db.queue(2)
    await db.settle(await db.claim_one(), "dead")
    assert (await db.claim_one())["delivery_id"] == second


async def test_a_channel_rests_for_a_second_after_a_settle(db: Session) -> None:
    """The next post may be claimed one second after the last was answered, not before."""
    await db.queue(2)
    await db.settle(await db.claim_one(), "sent")
    pace = "select next_post_at - clock_timestamp() between '0.5 s' and '1 s' from ops.slack_channels"
    assert await db.value(pace)
    assert await db.call("claim_posts_v1", **POSTS) == []


async def test_a_hold_of_posts_stops_all_channels(db: Session) -> None:
    """While Slack holds chat.postMessage nothing is posted anywhere."""
    await db.queue(1, "#a", "#b")
    await db.call("hold_slack_v1", method="chat.postMessage", seconds=30, reason="ratelimited")
    assert await db.call("claim_posts_v1", **POSTS) == []


async def test_a_hold_of_everything_stops_posts(db: Session) -> None:
    """While Slack refuses the token nothing is posted."""
    await db.queue()
    await db.call("hold_slack_v1", method="*", seconds=30, reason="invalid_auth")
    assert await db.call("claim_posts_v1", **POSTS) == []


async def test_a_hold_that_is_over_stops_nothing(db: Session) -> None:
    """A hold ends by itself."""
    [delivery] = await db.queue()
    await db.call("hold_slack_v1", method="chat.postMessage", seconds=-1, reason="ratelimited")
    assert await db.call("claim_posts_v1", **POSTS) == [delivery]


async def test_a_hold_of_another_method_stops_no_post(db: Session) -> None:
    """Holds are per method."""
    [delivery] = await db.queue()
    await db.call("hold_slack_v1", method="conversations.history", seconds=30, reason="ratelimited")
    assert await db.call("claim_posts_v1", **POSTS) == [delivery]


async def test_a_delivery_in_doubt_blocks_its_channel(db: Session) -> None:
    """Behind a delivery in doubt nothing is posted, so that the order is kept."""
    await db.queue(2)
    await db.settle(await db.claim_one(), "in_doubt", retry_in_s=10)
    await db.age_doubts(55)
    assert await db.claim() == []


async def test_a_delivery_in_doubt_blocks_its_own_channel_only(db: Session) -> None:
    """Another channel goes on."""
    await db.bring("in_doubt", "#a")
    [free] = await db.queue(1, "#b")
    await db.forget_pace()
    assert await db.call("claim_posts_v1", **POSTS) == [free]


async def test_a_delivery_in_doubt_for_a_minute_is_left_behind(db: Session) -> None:
    """After a minute of doubt the channel goes on with the next; the doubt stays."""
    first, second = await db.queue(2)
    await db.settle(await db.claim_one(), "in_doubt", retry_in_s=600)
    await db.age_doubts(61)
    assert (await db.claim_one())["delivery_id"] == second
    assert await db.status(first) == "in_doubt"


async def test_a_delivery_in_doubt_for_the_sixth_time_is_left_behind(db: Session) -> None:
    """Slack fails with this message each time: it would be the head of its channel for ever."""
    _, second = await db.queue(2)
    for _ in range(5):
        await db.settle(await db.claim_one(), "in_doubt")
        await db.settle(await db.claim_one(), "absent")
    await db.settle(await db.claim_one(), "in_doubt")
    await db.forget_pace()
    assert await db.call("claim_posts_v1", **POSTS) == [second]


async def test_a_delivery_surely_absent_goes_first_again(db: Session) -> None:
    """Once the history shows that it is not there, it is posted before what waited behind it."""
    first, _ = await db.queue(2)
    await db.settle(await db.claim_one(), "in_doubt")
    await db.settle(await db.claim_one(), "absent")
    claimed = await db.claim_one()
    assert (claimed["delivery_id"], claimed["purpose"]) == (first, "post")


async def test_channels_are_kept_apart_by_name(db: Session) -> None:
    """The pace of one channel does not slow another."""
    await db.queue(1, CHANNEL)
    await db.settle(await db.claim_one(), "sent")
    [delivery] = await db.queue(1, "#b")
    assert await db.call("claim_posts_v1", **POSTS) == [delivery]


async def test_a_new_post_begins_a_new_doubt(db: Session) -> None:
    """The minute counts from the post that is in doubt now, not from an earlier one that is surely absent."""
    [delivery] = await db.queue()
    await db.settle(await db.claim_one(), "in_doubt")
    await db.age_doubts(3600)
    first = (await db.delivery(delivery))["doubtful_since"]
    await db.settle(await db.claim_one(), "absent")
    await db.settle(await db.claim_one(), "in_doubt")
    assert (await db.delivery(delivery))["doubtful_since"] > first
