"""why_v1: whatever one asks by, the facts of one story; bounded, without what is nobody's business."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.schema.acting import (
    RESPONSE_URL,
    TEAM,
    acknowledged,
    act,
    audit,
    claim,
    click,
    record,
    sent_alert,
    settle,
)
from tests.integration.schema.envelopes import command
from tests.integration.schema.helpers import CHANNEL, SENT, Session

NOBODY = "00000000-0000-4000-8000-000000000000"
MESSAGE = {"channel": SENT["slack_channel_id"], "ts": SENT["slack_ts"]}


async def why(db: Session, **asked: object) -> dict[str, Any]:
    found: dict[str, Any] = await db.call("why_v1", asked=asked)
    return found


def press(ts: str = SENT["slack_ts"], channel: str = SENT["slack_channel_id"], **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """A click on a message."""
    payload = {
        "type": "block_actions",
        "user": {"id": "U1", "username": "ada"},
        "channel": {"id": channel},
        "container": {"type": "message", "message_ts": ts, "channel_id": channel},
        "actions": [{"action_id": "pulser_acknowledge"}],
        "response_url": RESPONSE_URL,
        "token": "SENTINEL-token",
    }
    return click(payload=payload) | changes


async def pressed(db: Session, card_id: str, version: int = 0, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """A click that acknowledges an alert; the envelope."""
    envelope = press(**changes)
    await record(db, envelope)
    token = (await claim(db, envelope))["claim_token"]
    told = audit("alert.acknowledged", payload={"card_id": card_id})
    await settle(db, token, events=[told], card=acknowledged(card_id, version))
    return envelope


@pytest.mark.parametrize(
    "asked",
    [
        {"id": NOBODY},
        {"id": "no such envelope"},
        {"id": ""},
        {},
        {"channel": "C1", "ts": "1.000001"},
        {"channel": None, "ts": SENT["slack_ts"]},
        {"channel": "C0000000009", "ts": SENT["slack_ts"], "thread_ts": SENT["slack_ts"]},
    ],
)
async def test_what_nobody_knows_is_null(db: Session, asked: dict[str, Any]) -> None:
    """An id, a message of somebody else's, or one that stands in another channel."""
    await sent_alert(db)
    assert await db.call("why_v1", asked=asked) is None


async def test_an_event_a_delivery_and_a_message_have_one_story(db: Session) -> None:
    """Whatever one has at hand; the delivery is named where one was asked for."""
    event = await sent_alert(db)
    delivery = await db.value("select delivery_id from ops.deliveries")
    found = [await why(db, id=event), await why(db, id=delivery), await why(db, **MESSAGE)]
    assert [(it["event"]["event_id"], it["delivery"]["delivery_id"]) for it in found] == [
        (event, None),
        (event, delivery),
        (event, delivery),
    ]


async def test_a_reply_leads_to_the_message_that_began_its_thread(db: Session) -> None:
    """The link of what somebody wrote below an alert."""
    event = await sent_alert(db)
    found = await why(db, channel=MESSAGE["channel"], ts="1800000000.000100", thread_ts=MESSAGE["ts"])
    assert found["event"]["event_id"] == event


async def test_a_delivery_keeps_why_its_route_took_the_event(db: Session) -> None:
    """Routes that are changed afterwards change nothing of it."""
    [event] = await db.emit()
    token = (await db.claim_events())["claim_token"]
    delivery = {"route": "ci", "channel": CHANNEL, "mention": "here", "why": "type ci.failed matches ci.*"}
    await db.call("record_deliveries_v1", claim_token=token, routings=[{"event_id": event, "deliveries": [delivery]}])
    await db.run("delete from ops.notification_routes where not is_default")
    [told] = (await why(db, id=event))["deliveries"]
    assert (told["route"], told["mention"], told["why"]) == ("ci", "here", "type ci.failed matches ci.*")


async def test_an_unrouted_event_keeps_what_each_route_said(db: Session) -> None:
    """As it was when it was routed."""
    [event] = await db.emit()
    token = (await db.claim_events())["claim_token"]
    said = [{"route": "ci", "channel": "#a", "used": False, "why": "type x is not ci.*"}]
    await db.call(
        "record_deliveries_v1", claim_token=token, routings=[{"event_id": event, "deliveries": [], "verdicts": said}]
    )
    dispatch = (await why(db, id=event))["dispatch"]
    assert (dispatch["status"], dispatch["verdicts"]) == ("unrouted", said)


async def test_what_a_router_says_whose_claim_is_over_is_not_kept(db: Session) -> None:
    """The reasons are written by who settles the event (invariant 6)."""
    [event] = await db.emit()
    old = (await db.claim_events())["claim_token"]
    await db.end_leases()
    await db.claim_events(worker="second")
    routing = {"event_id": event, "deliveries": [], "verdicts": []}
    await db.call("record_deliveries_v1", claim_token=old, routings=[routing])
    assert (await why(db, id=event))["dispatch"]["verdicts"] is None


@pytest.mark.parametrize("verdicts", [None, "x", {}, 3])
async def test_an_odd_list_of_reasons_stops_no_event(db: Session, verdicts: object) -> None:
    """A router of another version may send what it likes: its events are settled."""
    [event] = await db.emit()
    token = (await db.claim_events())["claim_token"]
    routing = {"event_id": event, "deliveries": [], "verdicts": verdicts}
    assert await db.call("record_deliveries_v1", claim_token=token, routings=[routing]) == {"settled": 1}


async def test_of_many_attempts_the_first_and_the_last_are_told(db: Session) -> None:
    """With their numbers, and how many there are."""
    [delivery] = await db.queue()
    for _ in range(35):
        await db.settle(await db.claim_one(), "failed", retry_in_s=0)
    [told] = (await why(db, id=delivery))["deliveries"]
    assert told["attempts_total"] == 35
    assert [it["number"] for it in told["attempts_log"]] == [*range(1, 11), *range(16, 36)]


async def test_who_was_ahead_in_the_channel_is_counted(db: Session) -> None:
    """Posts of its own channel only, and only those that were still to be sent when it was queued."""
    await db.bring("sent")
    await db.queue(2)
    await db.queue(1, "#other")
    [delivery] = await db.queue()
    [told] = (await why(db, id=delivery))["deliveries"]
    assert told["ahead"] == 2
    first = await db.value("select delivery_id from ops.deliveries where status = 'queued' order by position limit 1")
    assert told["head"]["delivery_id"] == first


async def test_the_head_of_a_channel_is_behind_nobody(db: Session) -> None:
    """It is its own turn."""
    [delivery] = await db.queue()
    [told] = (await why(db, id=delivery))["deliveries"]
    assert (told["head"], told["ahead"], told["hold"]) == (None, 0, None)


async def test_slacks_hold_is_told_with_what_a_neighbour_met(db: Session) -> None:
    """While it lasts, and afterwards as an attempt of the neighbour that heard of it."""
    await db.queue(1, "#other")
    claimed = await db.claim_one()
    [delivery] = await db.queue()
    await db.settle(claimed, "failed", reason="ratelimited", retry_in_s=30, hold_method="chat.postMessage", hold_s=30.0)
    [told] = (await why(db, id=delivery))["deliveries"]
    assert (told["hold"]["method"], told["hold"]["reason"]) == ("chat.postMessage", "ratelimited")
    assert [(it["reason"], it["purpose"], it["channel"]) for it in told["stopped"]] == [
        ("ratelimited", "post", "#other")
    ]


async def test_a_doubt_ahead_in_the_channel_is_told_after_it_was_resolved(db: Session) -> None:
    """What it met, and when it was over: the ones behind it waited for that."""
    await db.bring("in_doubt")
    [delivery] = await db.queue()
    await db.run("update ops.deliveries set next_attempt_at = clock_timestamp() where status = 'in_doubt'")
    await db.settle(await db.claim_one(), "adopted")
    [told] = (await why(db, id=delivery))["deliveries"]
    [stop] = told["stopped"]
    assert (stop["outcome"], stop["ahead"], stop["done_at"] is not None) == ("in_doubt", True, True)


async def test_clicks_are_found_by_the_message(db: Session) -> None:
    """Each click on it with its audit, its duplicates within it; not those on a message of the same time elsewhere."""
    event = await sent_alert(db)
    first = await pressed(db, event)
    await record(db, first | {"envelope_id": "again"})
    late = press()
    await record(db, late, press(channel="C0000000009"), press(ts="1700000000.000101"))
    found = await why(db, id=event)
    assert [it["envelope_id"] for it in found["clicks"]] == [first["envelope_id"], late["envelope_id"]]
    assert found["clicks_total"] == 2
    told = found["clicks"][0]
    assert [it["event_type"] for it in told["events"]] == ["alert.acknowledged"]
    assert [it["envelope_id"] for it in told["twins"]] == ["again"]


async def test_of_many_clicks_the_first_are_told(db: Session) -> None:
    """And how many there were."""
    event = await sent_alert(db)
    clicks = [press() for _ in range(33)]
    await record(db, *clicks)
    found = await why(db, id=event)
    assert [it["envelope_id"] for it in found["clicks"]] == [it["envelope_id"] for it in clicks[:30]]
    assert found["clicks_total"] == 33


@pytest.mark.parametrize("ts", ["9" * 10_000, "٣" * 5000, "", " ", {"a": ["x" * 9000]}, None, 5])
async def test_an_odd_click_is_recorded_in_spite_of_the_index(db: Session, ts: Any) -> None:  # noqa: ANN401
    """What an index could not hold would keep the envelope from being recorded, and so from being acknowledged."""
    [recorded] = await record(db, press(ts=ts))
    assert recorded["state"] == "new"


async def test_events_that_tell_of_a_card_are_found_without_its_clicks(db: Session) -> None:
    """Envelopes are kept for 30 days, events for ever."""
    event = await sent_alert(db)
    await pressed(db, event)
    claimed = await db.claim_events()
    routings = [{"event_id": it["event_id"], "deliveries": [], "card_id": event} for it in claimed["events"]]
    await db.call("record_deliveries_v1", claim_token=claimed["claim_token"], routings=routings)
    await db.run("delete from ops.slack_envelopes")
    found = await why(db, id=event)
    assert (found["clicks"], [it["event_type"] for it in found["told_by"]]) == ([], ["alert.acknowledged"])
    assert found["told_by_total"] == 1


async def test_a_deed_leads_to_the_card_and_to_what_was_done(db: Session) -> None:
    """The story of the audit event: the card that it tells of, the click that it came of."""
    event = await sent_alert(db)
    envelope = await pressed(db, event)
    deed = await db.value("select event_ids[1] from ops.slack_envelopes")
    claimed = await db.claim_events()
    routing = {"event_id": deed, "deliveries": [], "card_id": event}
    await db.call("record_deliveries_v1", claim_token=claimed["claim_token"], routings=[routing])
    found = await why(db, id=deed)
    assert found["tells_of"]["card_id"] == event
    assert found["cause"]["envelope_id"] == envelope["envelope_id"]


async def test_an_event_cannot_claim_to_come_of_somebodys_click(db: Session) -> None:
    """Anybody may write an envelope's id into a payload."""
    envelope = press()
    await record(db, envelope)
    named = {"team_id": TEAM, "envelope_id": envelope["envelope_id"]}
    event = await db.call("append_event_v1", event_type="x", payload=named)
    assert (await why(db, id=event))["cause"] is None


async def test_an_envelope_of_any_team_is_found(db: Session) -> None:
    """By its id alone; of two of the same id the newest."""
    for team in ("T1", "T2", "unknown"):
        await record(db, press(team_id=team, envelope_id=f"of-{team}"))
    await record(db, press(team_id="T1", envelope_id="both"), press(team_id="T2", envelope_id="both"))
    found = [(await why(db, id=f"of-{team}"))["envelope"]["team_id"] for team in ("T1", "T2", "unknown")]
    assert found == ["T1", "T2", "unknown"]
    newest = await db.value(
        "select team_id from ops.slack_envelopes where envelope_id = 'both' order by received_at desc"
    )
    assert (await why(db, id="both"))["envelope"]["team_id"] == newest


async def test_an_envelope_tells_the_card_that_it_met_and_what_it_caused(db: Session) -> None:
    """Its audit, the card, and the update that its settle queued; a duplicate has the story of the first."""
    event = await sent_alert(db)
    envelope = await pressed(db, event)
    await record(db, envelope | {"envelope_id": "again"})
    found = await why(db, id=envelope["envelope_id"])
    assert found["card"]["card_id"] == event
    assert [it["kind"] for it in found["deliveries"]] == ["update"]
    assert (await why(db, id="again"))["envelope"]["envelope_id"] == envelope["envelope_id"]


async def test_an_envelope_with_the_id_of_an_uuid_is_found(db: Session) -> None:
    """Socket Mode's own ids have the form of an event's."""
    envelope = press(envelope_id="1b4e28ba-2fa1-41d2-883f-0016d3cca427")
    await record(db, envelope)
    assert (await why(db, id=envelope["envelope_id"]))["envelope"]["envelope_id"] == envelope["envelope_id"]


async def test_neither_addresses_nor_contents_are_told(db: Session) -> None:
    """No response_url, token, trigger or form of an envelope; of an event no more than names what it is about."""
    modal = {
        "type": "view_submission",
        "user": {"id": "U1", "username": "ada"},
        "token": "SENTINEL",
        "trigger_id": "SENTINEL",
        "response_urls": [{"response_url": "https://hooks.slack.example/SENTINEL"}],
        "view": {"callback_id": "pulser_deploy", "state": {"values": {"reason": {"x": {"value": "SENTINEL"}}}}},
    }
    submitted = click(payload=modal)
    typed = command("status SENTINEL")
    await record(db, submitted, typed, press())
    event = await db.call("append_event_v1", event_type="x", payload={"service": "api", "password": "SENTINEL"})
    asked = [submitted["envelope_id"], typed["envelope_id"], event]
    told = json.dumps([await why(db, id=it) for it in asked])
    assert "SENTINEL" not in told
    assert RESPONSE_URL not in told


@pytest.mark.parametrize("payload", [None, 5, "x" * 5000, [1, {"service": "api"}], {"service": {"a": "b" * 5000}}])
async def test_any_payload_has_a_story(db: Session, payload: object) -> None:
    """Cut short, whatever it is."""
    event = await db.call("append_event_v1", event_type="x" * 3000, payload=payload)
    told = await why(db, id=event)
    assert len(json.dumps(told["event"])) < 3000


async def test_a_card_tells_what_became_of_it_to_who_asks_for_its_envelope(db: Session) -> None:
    """A deploy that was asked for in a form: the card is of the event that the form's settle wrote."""
    new = {"event": "main", "service": "api", "environment": "production", "release": "1.2", "phase": "requested"}
    answer = await act(db, events=[audit("deploy.requested")], new_card=new)
    envelope = await db.value("select envelope_id from ops.slack_envelopes")
    found = await why(db, id=envelope)
    assert (found["card"]["card_id"], found["card"]["phase"]) == (answer["card"]["card_id"], "requested")


async def test_the_first_digits_of_an_envelope_find_it(db: Session) -> None:
    """Whatever its team; of two, both are listed, and digits that nothing has are nothing."""
    one, two, other = (f"171b5242-0000-4000-8000-00000000000{n}" for n in (1, 2, 3))
    for envelope_id, team in ((one, TEAM), (two, "T9"), (other.replace("1", "a", 1), "T9")):
        await record(db, press() | {"envelope_id": envelope_id, "team_id": team, "logical_key": envelope_id})
    found = await db.call("ids_beginning_v1", beginning="171B5242-0")
    assert sorted(it["id"] for it in found) == [one, two]
    assert {it["kind"] for it in found} == {"envelope"}
    assert (await why(db, id="171b5242"))["several"] == await db.call("ids_beginning_v1", beginning="171b5242")
    assert (await why(db, id="a71b5242"))["envelope"]["envelope_id"] == other.replace("1", "a", 1)
    for none in ("171b5243", "171b524", "-71b5242", "171b5242x", one):
        assert await db.call("ids_beginning_v1", beginning=none) == []
