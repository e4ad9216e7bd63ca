"""Cards: the first click wins, and each message shows the newest state sooner or later."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.schema.acting import acknowledged, act, card, claimed_click, deliveries, sent_alert, settle
from tests.integration.schema.helpers import SENT, Session, is_waiting, until


async def test_an_event_without_a_stored_card_has_one_of_version_0(db: Session) -> None:
    """What is from before the cards can be acted on."""
    event = await sent_alert(db)
    found = await card(db, event)
    assert (found["version"], found["kind"], found["phase"], found["ts"]) == (0, "alert", "open", SENT["slack_ts"])


async def test_there_is_no_card_without_an_event(db: Session) -> None:
    """An id that nobody knows has none."""
    assert await card(db, "00000000-0000-4000-8000-000000000000") is None


async def test_a_change_raises_the_version(db: Session) -> None:
    """Each change is one more."""
    event = await sent_alert(db)
    settled = await act(db, card=acknowledged(event))
    assert (settled["card"]["version"], settled["card"]["phase"]) == (1, "acknowledged")


async def test_the_second_click_changes_nothing(db: Session) -> None:
    """Who saw an older version is told of the newer one."""
    event = await sent_alert(db)
    await act(db, card=acknowledged(event))
    late = await act(db, card=acknowledged(event))
    assert (late["settled"], late["reason"], late["card"]["version"]) == (False, "card_changed", 1)


async def test_a_refused_change_writes_no_audit_event(db: Session) -> None:
    """Nothing at all is written when settled is false."""
    event = await sent_alert(db)
    await act(db, card=acknowledged(event))
    before = await db.value("select count(*) from ops.platform_events")
    await act(db, card=acknowledged(event))
    assert await db.value("select count(*) from ops.platform_events") == before


async def test_a_refused_change_leaves_the_claim(db: Session) -> None:
    """The same handler may decide again and settle."""
    event = await sent_alert(db)
    await act(db, card=acknowledged(event))
    token = await claimed_click(db)
    await settle(db, token, card=acknowledged(event))
    assert (await settle(db, token))["settled"]


async def test_of_two_clicks_at_once_one_wins(db: Session, other: Session) -> None:
    """The second waits for the first, and then finds another version."""
    event = await sent_alert(db)
    mine, theirs = await claimed_click(db), await claimed_click(db)
    transaction = db.connection.transaction()
    await transaction.start()
    first = await settle(db, mine, card=acknowledged(event))
    second = asyncio.create_task(settle(other, theirs, card=acknowledged(event)))
    await asyncio.sleep(0)
    await transaction.commit()
    assert (first["settled"], (await second)["reason"]) == (True, "card_changed")


async def test_a_change_queues_an_update_of_the_message(db: Session) -> None:
    """The message that stands is what will be changed."""
    event = await sent_alert(db)
    await act(db, card=acknowledged(event))
    [post], [update] = await deliveries(db, "post"), await deliveries(db, "update")
    assert (update["target_delivery_id"], update["channel"]) == (post["delivery_id"], post["channel"])


async def test_each_message_of_a_card_is_updated(db: Session) -> None:
    """An alert in two channels changes in both."""
    await db.queue(1, "#a", "#b")
    for claimed in await db.claim():
        await db.settle(claimed, "sent")
    event = await db.value("select event_id from ops.deliveries limit 1")
    await act(db, card=acknowledged(event))
    assert [update["channel"] for update in await deliveries(db, "update")] == ["#a", "#b"]


async def test_changes_before_the_update_is_sent_make_one_update(db: Session) -> None:
    """It shows the newest state when it goes."""
    event = await sent_alert(db)
    for version in range(5):
        await act(db, card=acknowledged(event, version))
    assert len(await deliveries(db, "update")) == 1


async def test_an_update_carries_the_newest_card(db: Session) -> None:
    """What is claimed is rendered from the state of that moment."""
    event = await sent_alert(db)
    for version in range(3):
        await act(db, card=acknowledged(event, version))
    update = await db.claim_one()
    assert (update["purpose"], update["slack_ts"], update["card"]["version"]) == ("update", SENT["slack_ts"], 3)


async def test_a_change_while_an_update_is_sent_makes_another_one(db: Session) -> None:
    """The one under way may show the older state."""
    event = await sent_alert(db)
    await act(db, card=acknowledged(event))
    update = await db.claim_one()
    await act(db, card=acknowledged(event, 1))
    await db.settle(update, "sent", card_version=1)
    assert [(u["status"], u["card_version"]) for u in await deliveries(db, "update")] == [("sent", 1), ("queued", None)]


async def test_an_update_that_shows_the_newest_state_is_the_last(db: Session) -> None:
    """No update follows it."""
    event = await sent_alert(db)
    await act(db, card=acknowledged(event))
    await db.settle(await db.claim_one(), "sent", card_version=1)
    assert [u["status"] for u in await deliveries(db, "update")] == ["sent"]


async def test_a_post_that_missed_a_change_is_updated(db: Session) -> None:
    """The click came while the message was being posted."""
    [delivery] = await db.queue()
    event = await db.value("select event_id from ops.deliveries where delivery_id = $1", delivery)
    post = await db.claim_one()
    await act(db, card=acknowledged(event))
    await db.settle(post, "sent", card_version=0)
    assert len(await deliveries(db, "update")) == 1


async def test_an_adopted_post_is_updated_when_its_card_has_changed(db: Session) -> None:
    """Nobody knows what it shows."""
    await db.bring("in_doubt")
    event = await db.value("select event_id from ops.deliveries")
    await act(db, card=acknowledged(event))
    await db.settle(await db.claim_one(), "adopted")
    assert len(await deliveries(db, "update")) == 1


async def test_a_change_during_the_settle_of_an_update_is_not_lost(db: Session, other: Session) -> None:
    """The settle waits for the card and then sees the change; neither waits for the other in a ring."""
    event = await sent_alert(db)
    await act(db, card=acknowledged(event))
    update, token = await db.claim_one(), await claimed_click(db)
    transaction = db.connection.transaction()
    await transaction.start()
    await settle(db, token, card=acknowledged(event, 1))
    settling = asyncio.create_task(other.settle(update, "sent", card_version=1))
    watcher = db
    await until(lambda: is_waiting(watcher, other))
    await transaction.commit()
    await settling
    assert [u["status"] for u in await deliveries(db, "update")] == ["sent", "queued"]


async def test_an_update_of_a_vanished_worker_is_tried_again(db: Session) -> None:
    """To change a message twice does no harm."""
    event = await sent_alert(db)
    await act(db, card=acknowledged(event))
    await db.claim_one()
    await db.end_leases()
    again = await db.claim_one()
    assert (again["purpose"], again["attempt"], again["last_reason"]) == ("update", 2, "lease_expired")


async def test_updates_keep_to_slacks_rate(db: Session) -> None:
    """Ten at once, no more: with one each 1.5 seconds that is 50 in a minute."""
    await db.queue(12, *[f"#c{number}" for number in range(1)])
    for _ in range(12):
        await db.settle(await db.claim_one(), "sent")
    for event in await db.column("select event_id from ops.deliveries where kind = 'post'"):
        await act(db, card=acknowledged(event))
    work = await db.claim_work(max_deliveries=100)
    assert len(work["deliveries"]) == 10
    assert 0 < work["next_due_in_s"] <= 1.5


@pytest.mark.parametrize("phase", ["deployed", "requested"])
async def test_a_card_takes_only_phases_of_its_kind(db: Session, phase: str) -> None:
    """The database refuses what makes no sense."""
    event = await sent_alert(db)
    with pytest.raises(Exception, match="phase_belongs_to_kind"):
        await act(db, card=acknowledged(event) | {"phase": phase})


async def test_a_change_during_an_update_that_dies_is_not_lost(db: Session) -> None:
    """It had queued none of its own; another update shows it, where Slack allows one."""
    event = await sent_alert(db)
    await act(db, card=acknowledged(event))
    update = await db.claim_one()
    await act(db, card=acknowledged(event, 1))
    await db.settle(update, "dead", card_version=1)
    assert [u["status"] for u in await deliveries(db, "update")] == ["dead", "queued"]


async def test_an_update_that_dies_with_the_newest_state_is_the_last(db: Session) -> None:
    """Slack will not take the same a second time."""
    event = await sent_alert(db)
    await act(db, card=acknowledged(event))
    await db.settle(await db.claim_one(), "dead", card_version=1)
    assert [u["status"] for u in await deliveries(db, "update")] == ["dead"]
