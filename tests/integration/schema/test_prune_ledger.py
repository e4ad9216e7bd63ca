"""prune_ledger_v1: what became of an event is kept for 90 days after the last that happened to it, and goes whole."""

from __future__ import annotations

import pytest

from tests.integration.schema.acting import acknowledged, act, audit, card, click, record, requested_deploy, service
from tests.integration.schema.acting import sent_alert as bare_alert
from tests.integration.schema.ageing import OVER, age, kept, left
from tests.integration.schema.digests import standing, storm
from tests.integration.schema.helpers import CHANNEL, SENT, Session

COUNTED = {"kind": "alert", "service": "api", "environment": "production"}


async def routed(db: Session, event_type: str = "ci.failed", **routing: object) -> str:
    """An event that was routed so; its id."""
    [event] = await db.emit(1, event_type)
    claimed = await db.claim_events()
    described = {"event_id": event, "deliveries": [{"route": "test", "channel": CHANNEL}]} | routing
    others = [{"event_id": it["event_id"], "deliveries": []} for it in claimed["events"] if it["event_id"] != event]
    await db.call("record_deliveries_v1", claim_token=claimed["claim_token"], routings=[*others, described])
    return event


async def alert(db: Session) -> str:
    """An alert with its card, its verdicts and its message; the id of its event."""
    verdicts = [{"route": "test", "channel": CHANNEL, "used": True, "why": "test"}]
    event = await routed(db, card=COUNTED, verdicts=verdicts)
    await db.settle(await db.claim_one(), "sent", card_version=0)
    return event


async def deploy(db: Session, *phases: str, **changes: object) -> str:
    """A deploy that went through these phases; the id of its card."""
    card_id = await requested_deploy(db, **changes)
    for version, phase in enumerate(phases, start=1):
        await act(db, card={"card_id": card_id, "version": version, "kind": "deploy", "phase": phase, "state": {}})
    claimed = await db.claim_events()
    await db.record(claimed["claim_token"], [(it["event_id"], []) for it in claimed["events"]])
    return card_id


async def test_what_ended_goes_whole(db: Session) -> None:
    """Dispatch, verdicts, card, post, update, attempts; the audit stays."""
    event = await alert(db)
    await act(db, card=acknowledged(event))
    await db.settle(await db.claim_one(), "sent", card_version=1)
    claimed = await db.claim_events()
    await db.record(claimed["claim_token"], [(it["event_id"], []) for it in claimed["events"]])
    events = await db.value("select count(*) from ops.platform_events")
    await age(db)
    assert await db.call("prune_ledger_v1") == 2
    assert await left(db) == {}
    assert await db.value("select count(*) from ops.platform_events") == events


async def test_a_digest_stays_as_long_as_an_event_that_it_tells_of(db: Session) -> None:
    """The others go; then, when nothing goes on any more, the last ones together."""
    await standing(db, 6)
    events = await kept(db)
    await age(db)
    await db.run("update ops.event_dispatches set recorded_at = now() where event_id = $1", events[-1])
    assert await db.call("prune_ledger_v1") == 4
    assert await kept(db) == [events[0], events[-1]]
    await db.run("update ops.event_dispatches set recorded_at = routed_at where event_id = $1", events[-1])
    assert await db.call("prune_ledger_v1") == 2
    assert await left(db) == {}


async def test_digests_that_tell_of_each_others_events_stay_together(db: Session) -> None:
    """The event of one is told of in another: that stays as well, or its rows would name what is gone."""
    await storm(db, 1, "#b")
    both = await db.emit(5)
    claim = await db.claim_events()
    routings = [
        {"event_id": it, "deliveries": [{"route": "test", "channel": to, "fold_type": "t"} for to in channels]}
        for it, channels in zip(both, [("#a", "#b")] * 4 + [("#a",)], strict=True)
    ]
    await db.call("record_deliveries_v1", claim_token=claim["claim_token"], routings=routings)
    for claimed in await db.claim():
        await db.settle(claimed, "sent")
    events = await kept(db)
    await age(db)
    await db.run("update ops.event_dispatches set recorded_at = now() where event_id = $1", events[-1])
    assert await db.call("prune_ledger_v1") == 3
    assert await kept(db) == [events[0], events[1], events[-1]]


async def test_what_is_younger_stays(db: Session) -> None:
    """It tells how many went."""
    await alert(db)
    await age(db, 2)
    young = await alert(db)
    await age(db, OVER - 2)
    assert await db.call("prune_ledger_v1") == 1
    assert await kept(db) == [young]
    assert await left(db) == {
        "event_dispatches": 1, "deliveries": 1, "delivery_attempts": 1, "routing_verdicts": 1, "cards": 1,
    }  # fmt: skip


async def test_it_is_kept_for_ninety_days(db: Session) -> None:
    """As people are told, and the documents say."""
    assert await db.value("select (now() - ops.kept_since_v1())::text") == "90 days"


async def test_an_event_that_went_nowhere_goes(db: Session) -> None:
    """With what the routes said of it."""
    await routed(db, deliveries=[], verdicts=[{"route": "test", "channel": CHANNEL, "used": False, "why": "no"}])
    await age(db)
    assert await db.call("prune_ledger_v1") == 1
    assert await left(db) == {}


async def test_a_dead_letter_goes(db: Session) -> None:
    """Nobody retried it in all the time."""
    await db.bring("dead")
    await db.run("update ops.event_dispatches set status = 'unrouted', routed_at = now() where status = 'pending'")
    await age(db)
    assert await db.call("prune_ledger_v1") == 2  # and the event that announced it
    assert await left(db) == {}


@pytest.mark.parametrize("status", ["queued", "sending", "in_doubt", "failed"])
async def test_a_delivery_that_is_not_done_stays(db: Session, status: str) -> None:
    """However old it is."""
    delivery = await db.bring(status)
    await age(db, 400)
    assert await db.call("prune_ledger_v1") == 0
    assert await db.status(delivery) == status


async def test_an_event_that_is_not_routed_stays(db: Session) -> None:
    """Waiting or claimed."""
    waiting = await db.emit(2)
    await db.claim_events(max_events=1)
    await age(db)
    assert await db.call("prune_ledger_v1") == 0
    assert await kept(db) == waiting


async def test_an_update_that_waits_keeps_its_message(db: Session) -> None:
    """The card is old, and its message still shows an older state."""
    event = await alert(db)
    await act(db, card=acknowledged(event))
    await age(db)
    await db.call("prune_ledger_v1")
    assert event in await kept(db)


async def test_what_was_sent_lately_keeps_its_event(db: Session) -> None:
    """An event of long ago, whose dead letter was retried yesterday."""
    await db.queue()
    await age(db)
    await db.settle(await db.claim_one(), "sent")
    assert await db.call("prune_ledger_v1") == 0


@pytest.mark.parametrize("phases", [(), ("approved",), ("approved", "started")])
async def test_a_deploy_that_is_under_way_stays(db: Session, phases: tuple[str, ...]) -> None:
    """Even if nothing was heard of it: its end is an event first."""
    await service(db)
    card_id = await deploy(db, *phases)
    await age(db)
    await db.call("prune_ledger_v1")
    assert (await card(db, card_id))["phase"] == (phases or ("requested",))[-1]


@pytest.mark.parametrize("phase", ["rejected", "completed", "failed", "expired"])
async def test_a_deploy_that_ended_goes(db: Session, phase: str) -> None:
    """Its state goes with it."""
    await deploy(db, phase)
    await age(db)
    assert await db.call("prune_ledger_v1") == 2
    assert await left(db) == {}


async def test_a_rollback_that_is_under_way_keeps_its_card(db: Session) -> None:
    """The alert of a failed deploy has no phase for it."""
    event = await alert(db)
    await db.run("""update ops.cards set state = '{"rollback": {"user": "U1"}}'""")
    await age(db)
    assert await db.call("prune_ledger_v1") == 0
    await db.run("""update ops.cards set state = '{"rollback": {"user": "U1", "ended": true}}'""")
    assert await db.call("prune_ledger_v1") == 1
    assert await card(db, event) is None


async def test_a_card_that_was_changed_lately_stays(db: Session) -> None:
    """It counts from its last change, and what tells of it stays as long."""
    event = await alert(db)
    await age(db, OVER - 1)
    await routed(db, "alert.acknowledged", card_id=event, deliveries=[])
    await age(db, 1)
    await db.run("update ops.cards set updated_at = now() - interval '89 days'")
    assert await db.call("prune_ledger_v1") == 0


async def test_a_card_that_was_told_of_lately_stays(db: Session) -> None:
    """Somebody clicked on it in vain yesterday: whoever asks why, finds of what."""
    event = await alert(db)
    await age(db)
    deed = await routed(db, "slack.action", card_id=event, deliveries=[])
    assert await db.call("prune_ledger_v1") == 0
    assert (await db.call("why_v1", asked={"id": deed}))["tells_of"]["card_id"] == event


async def test_what_tells_of_a_card_stays_as_long_as_the_card(db: Session) -> None:
    """The story of a card is whole, or gone."""
    event = await alert(db)
    deed = await routed(db, "alert.acknowledged", card_id=event, deliveries=[])
    await db.run("update ops.cards set updated_at = now() + interval '80 days'")
    await age(db)
    assert await db.call("prune_ledger_v1") == 0
    await age(db, 80)
    assert await db.call("prune_ledger_v1") == 1
    assert await kept(db) == [deed]
    assert await db.call("prune_ledger_v1") == 1


async def test_the_newest_news_of_a_service_stay(db: Session) -> None:
    """The release that runs can be rolled back, however long ago it was deployed; the one before it cannot."""
    for version in ("1.1", "1.2"):
        event = await routed(
            db,
            "deploy.completed",
            card=COUNTED | {"kind": "release", "release": version},
            fact=COUNTED | {"aspect": "deploy", "what": "completed", "version": version},
        )
        await db.settle(await db.claim_one(), "sent", card_version=0)
    await age(db, 400)
    assert await db.call("prune_ledger_v1") == 1
    assert (await card(db, event))["release"] == "1.2"


async def test_the_deploy_of_the_newest_release_stays(db: Session) -> None:
    """Its card offers Rollback: it is the card that the news tell of."""
    await service(db)
    card_id = await deploy(db, "approved")
    told = {"service": "api", "environment": "production", "version": "1.2", "what": "completed"}
    news = await routed(
        db, "deploy.completed", deploy_result=told | {"deploy_id": card_id}, fact=told | {"aspect": "deploy"}
    )
    await age(db, 400)
    await db.call("prune_ledger_v1")
    assert await kept(db) == [card_id, news]


async def test_a_click_that_is_not_done_keeps_its_card(db: Session) -> None:
    """It was pressed on its message, and its handler has not decided yet."""
    event = await alert(db)
    await age(db)
    payload = {"container": {"message_ts": SENT["slack_ts"], "channel_id": SENT["slack_channel_id"]}}
    await record(db, click(payload=payload))
    assert await db.call("prune_ledger_v1") == 0
    await db.run("update ops.slack_envelopes set status = 'completed', processed_at = now()")
    assert await db.call("prune_ledger_v1") == 1
    assert await card(db, event) is None


async def test_a_batch_is_bounded_and_the_oldest_go_first(db: Session) -> None:
    """What is left comes next time; what stays does not take its place in the batch."""
    stays = await db.bring("in_doubt")
    events = []
    for _ in range(5):
        events.append(await routed(db, deliveries=[]))
        await age(db, 1)
    await age(db)
    pruned = [await db.call("prune_ledger_v1", most=2)]
    assert await kept(db) == [await db.value("select event_id from ops.deliveries"), *events[2:]]
    pruned += [await db.call("prune_ledger_v1", most=2) for _ in range(3)]
    assert pruned == [2, 2, 1, 0]
    assert await db.status(stays) == "in_doubt"


async def test_two_thousand_go_at_a_time(db: Session) -> None:
    """That is the batch of the job."""
    await db.run("insert into ops.platform_events (event_type) select 'ci.passed' from generate_series(1, 2001)")
    await db.run("update ops.event_dispatches set status = 'unrouted', routed_at = now()")
    await age(db)
    assert [await db.call("prune_ledger_v1") for _ in range(2)] == [2000, 1]


async def test_a_pruned_event_is_not_found_anew(db: Session) -> None:
    """Neither by the reconcile nor by the sweep: it is not posted twice."""
    await alert(db)
    await age(db)
    await db.call("prune_ledger_v1")
    assert await db.call("reconcile_events_v1") == 0
    assert await db.call("work_is_due_v1") is False
    assert (await db.claim_events())["events"] == []
    assert (await db.claim_work())["deliveries"] == []


async def test_an_event_whose_clock_was_ahead_is_not_found_anew(db: Session) -> None:
    """Its time comes when it was routed long ago: until the reconcile looks past it, it is known."""
    event = await alert(db)
    await age(db)
    await db.run("update ops.platform_events set created_at = now() + interval '1 day'")
    assert await db.call("prune_ledger_v1") == 0
    await db.run("update ops.platform_events set created_at = now() - interval '1 minute'")
    assert await db.call("prune_ledger_v1") == 0
    assert await db.call("reconcile_events_v1") == 0
    assert await kept(db) == [event]


async def test_the_card_of_a_pruned_event_is_not_open_again(db: Session) -> None:
    """Its event alone would tell of a card that nobody has touched yet: a rejected deploy that can be approved."""
    await service(db)
    card_id = await deploy(db, "rejected")
    await age(db)
    await db.call("prune_ledger_v1")
    assert await card(db, card_id) is None
    change = {"card_id": card_id, "version": 0, "kind": "deploy", "phase": "approved", "state": {}}
    named = {"service": "api", "environment": "production"}
    answer = await act(
        db,
        events=[audit("deploy.approved")],
        card=change | named,
        hooks=[{"card": "card", "service": "api", "action": "deploy"}],
    )
    assert (answer["settled"], answer["reason"], answer["card"]) == (False, "card_changed", None)
    assert await left(db) == {}


async def test_an_event_from_before_the_cards_can_be_acted_on(db: Session) -> None:
    """It has a message and no card yet; only its dispatch tells it from a pruned one."""
    event = await bare_alert(db)
    assert (await act(db, card=acknowledged(event)))["settled"]


async def test_what_is_gone_is_told(db: Session) -> None:
    """The event stands in the audit; of its deliveries nothing is known, and nothing is said to come."""
    event = await alert(db)
    delivery = await db.value("select delivery_id from ops.deliveries")
    await age(db)
    await db.call("prune_ledger_v1")
    for story in (await db.call("event_story_v1", event_id=event), await db.call("why_v1", asked={"id": event})):
        assert (story["event"]["event_type"], story["deliveries"]) == ("ci.failed", [])
        assert story["dispatch"]["status"] == "pruned"
    assert await db.call("delivery_story_v1", delivery_id=delivery) is None
    assert await db.call("why_v1", asked={"id": delivery}) is None
    message = {"channel": SENT["slack_channel_id"], "ts": SENT["slack_ts"]}
    assert await db.call("why_v1", asked=message) is None


async def test_what_waits_and_what_fails_is_counted_the_same(db: Session) -> None:
    """Each metric is of now or of the last ten minutes: of them a prune takes nothing."""
    await alert(db)
    await age(db)
    await alert(db)
    await db.bring("in_doubt")

    async def told() -> dict[str, float]:
        """What goes on with the clock has the word seconds in its name."""
        found = {f"{it['name']} {it['labels']}": it["value"] for it in await db.call("metrics_v1")}
        return {name: 0.0 if "seconds" in name else value for name, value in found.items()}

    before = await told()
    assert await db.call("prune_ledger_v1") == 1
    assert await told() == before
