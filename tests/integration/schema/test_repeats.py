"""An alert that fires again: one card counts it, whatever happens at the same time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.integration.schema.acting import acknowledged, act, claimed_click, settle
from tests.integration.schema.firing import (
    ALERT,
    age,
    fire,
    posts,
    route,
    routing,
    send,
    stored,
    updates,
    write,
)  # fmt: skip
from tests.integration.schema.helpers import CHANNEL, Session, is_waiting, until
from tests.integration.schema.silences import begin, dispatch


async def test_it_counts_on_the_card(db: Session) -> None:
    """No message of its own: the event is routed, and tells of the card."""
    first = await fire(db)
    again = await fire(db, error_rate=0.09)
    card = await stored(db, first)
    dispatch = await db.row("select * from ops.event_dispatches where event_id = $1", again)
    assert await posts(db) == [(first, CHANNEL)]
    assert (dispatch["status"], dispatch["card_id"], dispatch["is_repeat"]) == ("routed", first, True)
    assert (card["state"]["seen"]["count"], card["state"]["seen"]["last_event"], card["version"]) == (2, again, 1)
    assert card["state"]["seen"]["said"]["error_rate"] == 0.09
    assert await db.value("select count(*) from ops.cards") == 1


async def test_another_alert_has_its_own_card(db: Session) -> None:
    """Of another service."""
    assert await posts(db) == []
    events = [await fire(db), await fire(db, service="web")]
    assert [event for event, _ in await posts(db)] == events


async def test_without_an_identity_each_stands_for_itself(db: Session) -> None:
    """Nothing names what fired."""
    events = [await fire(db, of={}), await fire(db, of={})]
    assert [event for event, _ in await posts(db)] == events


async def test_one_that_only_a_digest_told_of_has_a_message_when_it_fires_again(db: Session) -> None:
    """A digest has no buttons and is nobody's card; the old card says that a new one took over."""
    first = await fire(db)
    await send(db)
    await db.run("update ops.deliveries set digest_id = delivery_id, fold_type = 'x'")
    again = await fire(db)
    old, new = await stored(db, first), await stored(db, again)
    assert (old["phase"], old["state"]["resolved"]["reason"], new["phase"]) == ("resolved", "folded", "open")
    assert (again, CHANNEL) in await posts(db)


async def test_a_dead_digest_that_a_repeat_brings_back_comes_with_all_that_died(db: Session) -> None:
    """Without them its events would be told nowhere, and retrying it would bring none of them back."""
    events = [await fire(db, fingerprint=str(number)) for number in range(5)]
    digest = await db.claim_one()
    await db.settle(digest, "dead")
    assert set(await db.column("select status from ops.deliveries where kind = 'post'")) == {"dead"}
    await fire(db, fingerprint="0")
    rows = "select event_id::text, status, digest_id from ops.deliveries where event_id = any ($1) order by position"
    found = [tuple(it) for it in await db.connection.fetch(rows, events)]
    assert found == [(event, "queued", None) for event in events]


async def test_other_words_wait_for_the_message_in_whose_thread_they_stand(db: Session) -> None:
    """One that waits may go into a digest, whose thread is nobody's; the card says them anyway when it is sent."""
    first = await fire(db)
    await fire(db, title="Other words")
    details = "select count(*) from ops.deliveries where thread_part = 'details'"
    assert await db.value(details) == 0
    await send(db)
    await fire(db, title="Quite other words")
    assert await db.value(details) == 1
    assert (await stored(db, first))["state"]["seen"]["said"]["title"] == "Quite other words"


async def test_a_silenced_one_takes_over_nothing(db: Session) -> None:
    """It has no message of its own, so the old card stays open, however long ago that was seen."""
    first = await fire(db)
    await send(db)
    await age(db, 24 * 3600 + 1)
    silence = await begin(db)
    event, again = await fire_silently(db, silence), await fire_silently(db, silence)
    card = await stored(db, first)
    assert (card["phase"], card["state"]["seen"]["last_event"]) == ("open", again)
    # The first would have been an alert anew; the second repeats it.
    assert [await dispatch(db, it) for it in (event, again)] == [("silenced", silence, 0), ("routed", None, 0)]


async def test_a_silenced_one_counts_on_its_card_and_is_not_muted(db: Session) -> None:
    """Its message is the card, which stands; where it does not stand, a message is taken."""
    first = await fire(db)
    await send(db)
    silence = await begin(db)
    here, elsewhere = await fire_silently(db, silence), await fire_silently(db, silence, CHANNEL, "#elsewhere")
    assert (await stored(db, first))["state"]["seen"]["count"] == 3
    assert [await dispatch(db, it) for it in (here, elsewhere)] == [("routed", None, 0), ("silenced", silence, 0)]
    [told] = await db.call("list_silences_v1", filter={})
    assert told["types"] == [{"event_type": "error_rate.exceeded", "events": 1}]
    assert [event for event, _ in await posts(db)] == [first]


async def fire_silently(db: Session, silence: str, *channels: str) -> str:
    """The alert under that silence; the event."""
    event = await write(db, "error_rate.exceeded", ALERT)
    claim = await db.claim_events()
    routings = [routing(it, *channels) | {"silences": [silence]} for it in claim["events"]]
    await db.call("record_deliveries_v1", claim_token=claim["claim_token"], routings=routings)
    return event


async def test_an_acknowledged_one_stays_acknowledged(db: Session) -> None:
    """And counts on."""
    first = await fire(db)
    await send(db)
    await act(db, card=acknowledged(first))
    await fire(db)
    card = await stored(db, first)
    assert (card["phase"], card["state"]["seen"]["count"], "acknowledged" in card["state"]) == ("acknowledged", 2, True)


async def test_after_a_day_it_is_another_one(db: Session) -> None:
    """With a message of its own; the old card is over, and names it."""
    first = await fire(db)
    await age(db, 24 * 3600 + 1)
    again = await fire(db)
    old, new = await stored(db, first), await stored(db, again)
    assert [event for event, _ in await posts(db)] == [first, again]
    assert (old["phase"], old["state"]["resolved"]["superseded_by"], new["phase"]) == ("resolved", again, "open")


async def test_a_silence_does_not_make_an_old_message_new(db: Session) -> None:
    """What is muted after a day counts on the old card; the next that is not muted has a message of its own."""
    first = await fire(db)
    silence = await begin(db)
    await age(db, 24 * 3600 + 1)
    await fire_silently(db, silence)
    await fire_silently(db, silence)
    again = await fire(db)
    assert [event for event, _ in await posts(db)] == [first, again]
    assert (await stored(db, first))["state"]["resolved"]["superseded_by"] == again


async def test_one_that_becomes_critical_has_a_new_message(db: Session) -> None:
    """A change in place would call nobody."""
    first = await fire(db, severity="warning")
    worse = await fire(db, severity="critical")
    assert [event for event, _ in await posts(db)] == [first, worse]
    assert (await stored(db, first))["state"]["resolved"]["reason"] == "critical"
    await fire(db, severity="warning")
    assert ((await stored(db, worse))["state"]["seen"]["count"], (await stored(db, worse))["severity"]) == (
        2,
        "critical",
    )


async def test_a_severity_that_rises_is_shown_at_once(db: Session) -> None:
    """It is news, not a mere repeat."""
    first = await fire(db, severity="warning")
    await send(db)
    await fire(db, severity="error")
    assert [it["purpose"] for it in await send(db)] == ["update"]
    assert (await stored(db, first))["severity"] == "error"


async def test_where_its_card_does_not_stand_the_card_is_posted(db: Session) -> None:
    """Once, as the card itself: both messages change in place from then on."""
    first = await fire(db)
    await send(db)
    for _ in range(2):
        await fire(db, "error_rate.exceeded", CHANNEL, "#other")
    assert await posts(db) == [(first, CHANNEL), (first, "#other")]


async def test_its_dead_post_is_tried_again(db: Session) -> None:
    """An alert whose message never came must not be folded into nothing."""
    first = await fire(db)
    [claimed] = await db.claim()
    await db.settle(claimed, "dead")
    await fire(db)
    row = await db.delivery(claimed["delivery_id"])
    assert (row["event_id"], row["status"]) == (first, "queued")


async def test_forty_repeats_in_a_minute_cost_two_updates(db: Session) -> None:
    """Every one and a half seconds one, each update sent as soon as it is due."""
    first = await fire(db)
    await send(db)
    sent = []
    for _ in range(40):
        await age(db, 1.5)
        await fire(db)
        sent += await send(db)
    assert [it["purpose"] for it in sent] == ["update", "update"]
    assert (await stored(db, first))["state"]["seen"]["count"] == 41


async def test_a_repeat_while_an_update_is_sent_waits_too(db: Session) -> None:
    """What is settled with an older count is not followed by another update at once."""
    await fire(db)
    await send(db)
    await age(db, 60)
    await fire(db)
    [claimed] = await db.claim()
    await fire(db)
    await db.settle(claimed, "sent", card_version=claimed["card"]["version"])
    assert await db.claim() == []
    assert [it["status"] for it in await updates(db)] == ["sent", "queued"]


async def test_what_somebody_did_does_not_wait_with_the_count(db: Session) -> None:
    """A click makes the waiting update due, before all that only count."""
    first = await fire(db)
    await send(db)
    await fire(db)
    assert await db.claim() == []
    await act(db, card=acknowledged(first, version=1))
    [claimed] = await db.claim()
    assert (claimed["purpose"], claimed["card"]["phase"], claimed["route"]) == ("update", "acknowledged", "card")


async def test_a_click_that_a_repeat_overtook_is_asked_to_decide_again(db: Session) -> None:
    """With the card as it is by now, on which the same click works."""
    first = await fire(db)
    token = await claimed_click(db)
    await fire(db)
    late = await settle(db, token, card=acknowledged(first))
    assert (late["settled"], late["reason"], late["card"]["version"]) == (False, "card_changed", 1)
    assert (await settle(db, token, card=acknowledged(first, version=1)))["settled"]


async def test_other_words_are_told_in_the_thread(db: Session) -> None:
    """Once each, and figures are no words."""
    await fire(db, summary="5 of 20 failed")
    await send(db)
    await fire(db, summary="7 of 20 failed")
    assert not await details(db)
    await fire(db, summary="The disk is full")
    [row] = await details(db)
    assert (row["thread_part"], row["status"]) == ("details", "queued")
    await age(db, 120)
    await send(db)
    await fire(db, summary="The disk is full")
    assert len(await details(db)) == 1


async def test_one_post_of_details_waits_at_most(db: Session) -> None:
    """And there is one in a minute at most."""
    await fire(db, summary="a")
    await send(db)
    for words in ("b", "c", "d"):
        await fire(db, summary=words)
    assert len(await details(db)) == 1
    await send(db)
    await fire(db, summary="e")
    assert len(await details(db)) == 1
    await age(db, 61)
    await fire(db, summary="e")
    assert len(await details(db)) == 2


async def details(db: Session) -> list[dict[str, Any]]:
    rows = await db.connection.fetch("select * from ops.deliveries where thread_part = 'details' order by position")
    return [dict(row) for row in rows]


async def test_two_repeats_at_once_count_two(db: Session, other: Session) -> None:
    """The second router waits for the first."""
    first = await fire(db)
    settled = await _at_once(db, other, ("error_rate.exceeded", ALERT), ("error_rate.exceeded", ALERT))
    assert settled == [1, 1]
    assert (await stored(db, first))["state"]["seen"]["count"] == 3


async def test_two_first_ones_at_once_are_one_card(db: Session, other: Session) -> None:
    """Whoever comes second, repeats."""
    await _at_once(db, other, ("error_rate.exceeded", ALERT), ("error_rate.exceeded", ALERT))
    assert await db.column("select state #>> '{seen,count}' from ops.cards") == ["2"]


@pytest.mark.parametrize("order", [("exceeded", "recovered"), ("recovered", "exceeded")])
async def test_a_repeat_and_an_end_at_once(db: Session, other: Session, order: tuple[str, str]) -> None:
    """What is recorded after the end is a new card; before it, it is counted and over."""
    first = await fire(db)
    await _at_once(db, other, *((f"error_rate.{it}", ALERT) for it in order))
    assert (await stored(db, first))["phase"] == "resolved"
    assert await db.value("select count(*) from ops.cards where phase = 'open'") == int(order[1] == "exceeded")


async def _at_once(db: Session, other: Session, *events: tuple[str, dict[str, Any]]) -> list[int]:
    """Two routers record an event each at the same time: the lease of the first has run out while it does."""
    await write(db, *events[0])
    claim = await db.claim_events()
    await db.end_leases()
    begun = db.connection.transaction()
    await begun.start()
    bodies = [routing(it) for it in claim["events"]]
    first = await db.call("record_deliveries_v1", claim_token=claim["claim_token"], routings=bodies)
    await write(other, *events[1])
    claim = await other.claim_events()
    bodies = [routing(it) for it in claim["events"]]
    recording = asyncio.create_task(
        other.call("record_deliveries_v1", claim_token=claim["claim_token"], routings=bodies)
    )
    await until(lambda: is_waiting(db, other))
    await begun.commit()
    return [first["settled"], (await recording)["settled"]]


async def test_old_repeats_are_pruned_with_their_card(db: Session) -> None:
    """The card goes when the last repeat is old; the repeats after it."""
    await fire(db)
    await fire(db)
    await send(db)
    for table, columns in (
        ("event_dispatches", ("recorded_at", "routed_at")),
        ("cards", ("updated_at", "created_at", "seen_at")),
        ("deliveries", ("sent_at",)),
        ("platform_events", ("created_at",)),
    ):
        changed = ", ".join(f"{it} = {it} - interval '100 days'" for it in columns)
        await db.run(f"update ops.{table} set {changed}")  # noqa: S608  # ours
    await age(db, 60)
    await send(db)
    await db.run("update ops.deliveries set sent_at = sent_at - interval '100 days' where kind = 'update'")
    assert [await db.call("prune_ledger_v1") for _ in range(2)] == [1, 1]
    assert await db.value("select count(*) from ops.event_dispatches") == 0


async def test_a_batch_of_an_alert_and_its_repeats_is_one_message(db: Session) -> None:
    """They were written before anybody routed them."""
    events = [await write(db, "error_rate.exceeded", ALERT) for _ in range(3)]
    await route(db)
    assert await posts(db) == [(events[0], CHANNEL)]
    assert (await stored(db, events[0]))["state"]["seen"]["count"] == 3
