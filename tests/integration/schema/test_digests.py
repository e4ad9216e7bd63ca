"""Storms: what waits in a channel whose pace is spent becomes one digest, and each event is in exactly one message."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.schema.acting import acknowledged, act
from tests.integration.schema.digests import digest_of, members, standing, states, storm
from tests.integration.schema.helpers import CHANNEL, SENT, Session, session

OTHER = {"slack_channel_id": "C0000000001", "slack_ts": "1700000000.000200"}


async def test_four_that_wait_are_posted_one_by_one(db: Session) -> None:
    """The last of them is seen in four seconds, and each has its buttons."""
    deliveries = await storm(db, 4)
    claimed = await db.claim_one()
    assert (claimed["delivery_id"], claimed["digest"]) == (deliveries[0], None)
    assert await states(db) == {"sending": 1, "queued": 3}


async def test_five_that_wait_become_one_digest(db: Session) -> None:
    """The first one carries all, is claimed alone, and tells of all."""
    claimed, deliveries = await digest_of(db, 5)
    assert (claimed["delivery_id"], claimed["digest"]["events"]) == (deliveries[0], 5)
    assert await members(db, deliveries[0]) == deliveries
    assert await states(db) == {"sending": 5}


async def test_what_a_digest_tells_is_counted(db: Session) -> None:
    """By type and by service, the most frequent first; with the times and the longest wait."""
    await storm(db, 2, event_type="task.failed")
    await storm(db, 4)
    facts = (await db.claim_one())["digest"]
    assert [(it["event_type"], it["count"]) for it in facts["types"]] == [("ci.failed", 4), ("task.failed", 2)]
    assert facts["types"][0]["services"] == [
        {"service": "s0", "count": 2},
        {"service": "s1", "count": 1},
        {"service": "s2", "count": 1},
    ]
    assert (facts["events"], facts["more_types"], facts["open_alerts"]) == (6, 0, 0)
    assert facts["from"] < facts["to"]
    assert 0 < facts["waited_s"] < 60


async def test_open_alerts_in_a_digest_are_counted(db: Session) -> None:
    """Those that nobody has acknowledged; they have a card, and no message of their own."""
    await storm(db, 5, card=True)
    assert (await db.claim_one())["digest"]["open_alerts"] == 5


async def test_types_and_services_beyond_the_most_frequent_are_counted_together(db: Session) -> None:
    """A digest is of bounded size, whatever is in the storm."""
    events = await db.emit(40)
    claim = await db.claim_events()
    fold = [{"fold_type": f"t{number % 20}.x", "fold_service": f"s{number}"} for number in range(40)]
    routings = [
        {"event_id": event, "deliveries": [{"route": "test", "channel": CHANNEL, **it}]}
        for event, it in zip(events, fold, strict=True)
    ]
    await db.call("record_deliveries_v1", claim_token=claim["claim_token"], routings=routings)
    facts = (await db.claim_one())["digest"]
    assert (len(facts["types"]), facts["more_types"], facts["more_events"]) == (12, 8, 16)


async def test_what_may_not_fold_goes_first(db: Session) -> None:
    """A critical event passes the storm that was there before it."""
    await storm(db, 6)
    [critical] = await db.queue()
    assert (await db.claim_one())["delivery_id"] == critical
    assert await states(db) == {"sending": 1, "queued": 6}


async def test_many_that_may_not_fold_leave_every_other_turn(db: Session) -> None:
    """A storm of critical events does not silence the rest for minutes: what has waited two seconds goes between."""
    folded = await storm(db, 6)
    await db.queue(3)
    first = await db.claim_one()
    await db.settle(first, "sent")
    await db.run("update ops.deliveries set created_at = created_at - interval '3 seconds'")
    turns = [first["digest"] is not None]
    for _ in range(3):
        claimed = await db.claim_one()
        turns.append(claimed["digest"] is not None)
        await db.settle(claimed, "sent")
    assert turns == [False, True, False, False]
    assert len(await members(db, folded[0])) == 6


async def tell_of_the_first_card(db: Session) -> str:
    """An event that tells of the oldest card, in the same channel; its id."""
    card = await db.value("select event_id::text from ops.deliveries order by position limit 1")
    [told] = await db.emit(1, "deploy.failed")
    claim = await db.claim_events()
    routing = {"event_id": told, "card_id": card, "deliveries": [{"route": "test", "channel": CHANNEL}]}
    await db.call("record_deliveries_v1", claim_token=claim["claim_token"], routings=[routing])
    return told


async def test_what_tells_of_a_card_that_may_yet_fold_has_a_message_of_its_own(db: Session) -> None:
    """The card's post waits, and a digest would be nobody's card: nobody would see the result."""
    await storm(db, 5, card=True)
    told = await tell_of_the_first_card(db)
    assert await db.value("select count(*) from ops.deliveries where event_id = $1", told) == 1


async def test_what_tells_of_a_card_whose_post_waits_alone_is_told_by_it(db: Session) -> None:
    """Few wait: the post will not go into a digest, whatever comes after it, and shows the card as it is then."""
    first, *_ = await storm(db, 4, card=True)
    told = await tell_of_the_first_card(db)
    await storm(db, 5)
    assert await db.value("select count(*) from ops.deliveries where event_id = $1", told) == 0
    claimed = await db.claim_one()
    assert (claimed["delivery_id"], claimed["digest"]) == (first, None)


async def test_a_digest_that_is_sent_tells_where_each_stands(db: Session) -> None:
    """All in the transaction that settles it."""
    claimed, deliveries = await standing(db)
    rows = [await db.delivery(it) for it in deliveries]
    assert {(it["status"], it["slack_ts"], str(it["digest_id"])) for it in rows} == {
        ("sent", SENT["slack_ts"], claimed["delivery_id"])
    }
    assert len({it["sent_at"] for it in rows}) == 1
    assert all(it["claim_token"] is None for it in rows)


async def test_a_digest_that_dies_takes_all_with_it_and_says_so_once(db: Session) -> None:
    """Each event's story tells why; one event announces it."""
    claimed, deliveries = await digest_of(db)
    await db.settle(claimed, "dead")
    rows = [await db.delivery(it) for it in deliveries]
    assert {(it["status"], it["reason"]) for it in rows} == {("dead", "reason_of_dead")}
    told = await db.value("select count(*) from ops.platform_events where event_type = 'delivery.dead'")
    assert told == 1


async def test_a_digest_that_failed_is_folded_anew(db: Session) -> None:
    """With what has come meanwhile; until then each waits as itself."""
    claimed, deliveries = await digest_of(db)
    await db.settle(claimed, "failed")
    assert await members(db, claimed["delivery_id"]) == []
    assert await states(db) == {"failed": 6}
    more = await storm(db, 1)
    again = await db.claim_one()
    assert (again["delivery_id"], again["digest"]["events"]) == (deliveries[0], 7)
    assert await members(db, deliveries[0]) == [*deliveries, *more]


async def test_a_digest_in_doubt_keeps_all_and_is_looked_for_once(db: Session) -> None:
    """Only itself is probed; what comes meanwhile waits, for the channel's order is kept."""
    claimed, deliveries = await digest_of(db)
    await db.settle(claimed, "in_doubt")
    await storm(db, 1)
    probes = await db.claim()
    assert [(it["delivery_id"], it["purpose"], it["digest"]) for it in probes] == [(deliveries[0], "probe", None)]
    assert await states(db) == {"in_doubt": 6, "queued": 1}


@pytest.mark.parametrize(("result", "left"), [("adopted", {"sent": 6}), ("absent", {"queued": 6})])
async def test_what_the_look_finds_holds_for_all(db: Session, result: str, left: dict[str, int]) -> None:
    """Adopted: all stand there. Surely absent: all wait again, to be folded anew."""
    await db.settle((await digest_of(db))[0], "in_doubt")
    await db.settle(await db.claim_one(), result)
    assert await states(db) == left
    assert await db.value("select count(*) from ops.deliveries where in_digest") == (5 if result == "adopted" else 0)


async def test_a_worker_that_vanishes_leaves_a_digest_in_doubt(db: Session) -> None:
    """As any post: one lease, one doubt."""
    await digest_of(db)
    await db.end_leases()
    assert await db.call("expire_delivery_leases_v1") == 1
    assert await states(db) == {"in_doubt": 6}


async def test_more_of_the_storm_is_taken_into_the_digest_that_stands(db: Session) -> None:
    """By an update of its message, which tells of all."""
    claimed, deliveries = await standing(db)
    more = await storm(db, 5)
    [update] = await db.claim()
    assert (update["purpose"], update["target_delivery_id"]) == ("update", claimed["delivery_id"])
    assert (update["slack_ts"], update["digest"]["events"]) == (SENT["slack_ts"], 11)
    await db.settle(update, "sent")
    assert await members(db, claimed["delivery_id"]) == [*deliveries, *more]
    assert await states(db) == {"sent": 11}


@pytest.mark.parametrize(
    "ended",
    [
        "update ops.deliveries set sent_at = sent_at - interval '2 minutes'",
        "insert into ops.slack_paces (method, used_until) values ('chat.update', clock_timestamp() + interval '8 s')",
        "insert into ops.slack_holds (method, reason, held_until) values ('chat.update', 'limited', now() + '1 min')",
    ],
    ids=["too old", "half of the rate is used", "held by Slack"],
)
async def test_where_it_cannot_be_changed_a_new_digest_is_posted(db: Session, ended: str) -> None:
    """To be seen within seconds counts more than few messages; and half of the updates are left to cards."""
    await standing(db)
    await db.run(ended)
    more = await storm(db, 5)
    claimed = await db.claim_one()
    assert (claimed["purpose"], claimed["delivery_id"], claimed["digest"]["events"]) == ("post", more[0], 5)


async def test_a_digest_that_is_not_the_newest_message_is_not_changed(db: Session) -> None:
    """Nobody looks up there for news."""
    await standing(db)
    await db.queue()
    await db.settle(await db.claim_one(), "sent", **OTHER)
    more = await storm(db, 5)
    assert (await db.claim_one())["delivery_id"] == more[0]


async def test_an_update_that_slack_refuses_leaves_what_it_had_to_be_posted(db: Session) -> None:
    """The digest keeps what it told of; the rest waits again, and the digest is not changed any more."""
    claimed, deliveries = await standing(db)
    more = await storm(db, 5)
    await db.settle(await db.claim_one(), "dead", reason="message_not_found")
    assert await members(db, claimed["delivery_id"]) == deliveries
    assert await db.value("select count(*) from ops.platform_events where event_type = 'delivery.dead'") == 0
    again = await db.claim_one()
    assert (again["purpose"], again["delivery_id"], again["digest"]["events"]) == ("post", more[0], 5)


async def test_an_update_that_surely_failed_leaves_what_it_had_to_be_posted(db: Session) -> None:
    """At once: to wait for Slack's rate of updates would be to wait for nothing."""
    await standing(db)
    more = await storm(db, 5)
    await db.settle(await db.claim_one(), "failed", retry_in_s=60, hold_method="chat.update", hold_s=60)
    again = await db.claim_one()
    assert (again["purpose"], again["delivery_id"]) == ("post", more[0])


async def test_an_update_that_may_have_landed_is_repeated_with_all_it_had(db: Session) -> None:
    """What it had may stand in Slack, so it is in no other message; what comes meanwhile is."""
    claimed, deliveries = await standing(db)
    more = await storm(db, 5)
    await db.settle(await db.claim_one(), "failed", may_land_late=True, retry_in_s=60)
    assert await members(db, claimed["delivery_id"]) == [*deliveries, *more]
    later = await storm(db, 5)
    post = await db.claim_one()
    assert (post["purpose"], post["delivery_id"], post["digest"]["events"]) == ("post", later[0], 5)
    await db.settle(post, "sent", **OTHER)
    await db.run("update ops.deliveries set next_attempt_at = clock_timestamp() where kind = 'update'")
    update = await db.claim_one()
    assert (update["purpose"], update["digest"]["events"]) == ("update", 11)
    await db.settle(update, "sent")
    assert await states(db) == {"sent": 16}


async def test_a_worker_that_vanishes_while_it_changes_a_digest_leaves_the_change_to_the_next(db: Session) -> None:
    """It may have landed: it is repeated, with all it had."""
    claimed, _ = await standing(db)
    await storm(db, 5)
    await db.claim()
    await db.end_leases()
    update = await db.claim_one()
    assert (update["purpose"], update["digest"]["events"]) == ("update", 11)
    await db.settle(update, "sent")
    assert len(await members(db, claimed["delivery_id"])) == 11


async def test_a_folded_alert_changes_no_message(db: Session) -> None:
    """Its card moves on; no card is drawn over the digest."""
    await storm(db, 5, card=True)
    await db.settle(await db.claim_one(), "sent", card_version=None)
    events = await db.column("select event_id from ops.deliveries where kind = 'post' order by position")
    for event in (events[0], events[-1]):
        await act(db, card=acknowledged(str(event)))
    assert await db.value("select count(*) from ops.deliveries where kind = 'update'") == 0


async def test_a_dead_one_is_a_post_of_its_own_when_a_person_retries_it(db: Session) -> None:
    """It leaves the digest; the others stay dead."""
    claimed, deliveries = await digest_of(db)
    await db.settle(claimed, "dead")
    await db.call("retry_delivery_v1", delivery_id=deliveries[3], actor="ada")
    again = await db.claim_one()
    assert (again["delivery_id"], again["digest"]) == (deliveries[3], None)


async def test_a_dead_digest_comes_back_with_all_when_a_person_retries_it(db: Session) -> None:
    """They are folded anew."""
    claimed, deliveries = await digest_of(db)
    await db.settle(claimed, "dead")
    await db.call("retry_delivery_v1", delivery_id=deliveries[0], actor="ada")
    assert (await db.claim_one())["digest"]["events"] == 6


async def test_to_retry_one_of_a_digest_in_doubt_is_to_look_for_the_digest(db: Session) -> None:
    """Now, not in a while."""
    claimed, deliveries = await digest_of(db)
    await db.settle(claimed, "in_doubt", retry_in_s=60)
    answer = await db.call("retry_delivery_v1", delivery_id=deliveries[3], actor="ada")
    assert (answer["retried"], answer["status"]) == (True, "in_doubt")
    assert (await db.claim_one())["delivery_id"] == deliveries[0]


async def test_an_old_token_settles_no_digest(db: Session) -> None:
    """Nor what is in it."""
    claimed, _ = await digest_of(db)
    await db.end_leases()
    await db.call("expire_delivery_leases_v1")
    assert await db.settle(claimed, "sent") == {"settled": False}
    assert await states(db) == {"in_doubt": 6}


async def test_two_dispatchers_fold_a_channel_once(db: Session, database_url: str) -> None:
    """Each delivery is in one digest, and one worker has it."""
    deliveries = await storm(db, 30)
    await db.forget_pace()
    async with session(database_url) as other:
        works = await asyncio.gather(db.claim_work("a"), other.claim_work("b"))
    [claimed] = [it for work in works for it in work["deliveries"]]
    assert await members(db, claimed["delivery_id"]) == deliveries


async def test_what_is_routed_while_a_digest_is_posted_waits_for_the_next_turn(db: Session) -> None:
    """It is not in what is being sent."""
    claimed, _ = await digest_of(db)
    await storm(db, 2)
    await db.settle(claimed, "sent")
    assert await states(db) == {"sent": 6, "queued": 2}


async def test_the_pace_is_kept_between_a_digest_and_its_change(db: Session) -> None:
    """A channel has its next turn a second later, whatever the last one was."""
    await standing(db)
    await storm(db, 5)
    assert (await db.claim_work())["deliveries"] == []


async def test_a_digest_is_told_by_the_readers(db: Session) -> None:
    """Each delivery says in which digest it is."""
    claimed, deliveries = await standing(db)
    listed = await db.call("list_deliveries_v1", filter={})
    assert {it["digest_id"] for it in listed} == {claimed["delivery_id"]}
    posts = await db.call("find_posts_v1", delivery_ids=deliveries)
    assert {it["digest_id"] for it in posts} == {claimed["delivery_id"]}
    numbers = {(it["name"], *it["labels"].values()): it["value"] for it in await db.call("metrics_v1")}
    assert numbers["pulser_recent_digests", "post"] == 1
    assert numbers["pulser_recent_folded_events",] == 6
