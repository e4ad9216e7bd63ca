"""replay_events_v1, replay_envelopes_v1: what `pulser replay` asks the ledger."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.schema.acting import acknowledged, act, audit, card, click, record, sent_alert
from tests.integration.schema.envelopes import command
from tests.integration.schema.helpers import CHANNEL, SENT, Session
from tests.integration.schema.test_briefings import investigate

HOUR_AGO = timedelta(hours=1)


def ago(span: timedelta = HOUR_AGO) -> datetime:
    return datetime.now(UTC) - span


async def events(db: Session, **arguments: Any) -> list[dict[str, Any]]:  # noqa: ANN401  # any JSON value
    """The first page."""
    page = await db.call("replay_events_v1", **{"since": ago(), **arguments})
    found: list[dict[str, Any]] = page["events"]
    return found


async def envelopes(db: Session, **arguments: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    page = await db.call("replay_envelopes_v1", **{"since": ago(), **arguments})
    found: list[dict[str, Any]] = page["envelopes"]
    return found


async def routed(db: Session, **routing: Any) -> str:  # noqa: ANN401
    """An event that was routed so; its id."""
    [event] = await db.emit()
    claim = await db.claim_events()
    given = [{"event_id": event, "deliveries": [], **routing}]
    await db.call("record_deliveries_v1", claim_token=claim["claim_token"], routings=given)
    return event


@pytest.mark.parametrize("function", ["replay_events_v1", "replay_envelopes_v1"])
async def test_nothing_is_one_empty_page(db: Session, function: str) -> None:
    """Not null."""
    page = await db.call(function, since=ago())
    assert [value for value in page.values() if value] == []


async def test_an_event_is_told_with_its_posts(db: Session) -> None:
    """Whatever became of these; with the mention and the reason of then."""
    post = {"route": "a", "channel": "#a", "mention": "here", "why": "type matches"}
    event = await routed(db, deliveries=[post], card={"kind": "alert"})
    [claimed] = await db.claim()
    await db.settle(claimed, "dead")
    [found] = await events(db)
    assert (found["event"]["event_id"], found["event"]["event_type"], found["card"]) == (event, "ci.failed", "alert")
    assert found["posts"] == [{"channel": "#a", "mention": "here", "why": "type matches"}]
    assert (found["card_id"], found["card_channels"], found["verdicts"]) == (None, None, None)


async def test_a_briefing_in_the_thread_is_no_post_of_the_event(db: Session) -> None:
    """No route decided about it, but who investigates."""
    alert = await sent_alert(db)
    await investigate(db, alert)
    told = [it for it in await events(db) if it["event"]["event_id"] == alert]
    assert [[post["channel"] for post in it["posts"]] for it in told] == [[CHANNEL]]


async def test_an_event_without_posts_is_told_with_its_verdicts(db: Session) -> None:
    """As they were."""
    verdicts = [{"route": "a", "channel": "#a", "used": False, "why": "type is not b"}]
    await routed(db, verdicts=verdicts)
    [found] = await events(db)
    assert (found["posts"], found["verdicts"]) == ([], verdicts)


async def test_what_changed_a_card_tells_where_that_stood(db: Session) -> None:
    """The channels of the card's own message."""
    alert = await sent_alert(db)
    await routed(db, card_id=alert)
    assert [it["card_id"] for it in await events(db)] == [None, None]  # no card was written for the alert
    await db.run("insert into ops.cards (card_id, kind, phase) values ($1, 'alert', 'open')", alert)
    await routed(db, card_id=alert)
    newest = (await events(db))[0]
    assert (newest["card_id"], newest["card_channels"]) == (alert, [CHANNEL])


async def test_a_card_that_was_dead_then_stood_nowhere(db: Session) -> None:
    """What told of it was posted."""
    delivery = await db.bring("dead")
    alert = await db.value("select event_id from ops.deliveries where delivery_id = $1", delivery)
    await db.run("insert into ops.cards (card_id, kind, phase) values ($1, 'alert', 'open')", alert)
    await routed(db, card_id=alert)
    newest = (await events(db))[0]
    assert (newest["card_id"], newest["card_channels"]) == (alert, [])


async def test_a_card_that_is_not_kept_stood_nobody_knows_where(db: Session) -> None:
    """Null, and not nowhere."""
    alert = await sent_alert(db)
    await db.run("insert into ops.cards (card_id, kind, phase) values ($1, 'alert', 'open')", alert)
    await routed(db, card_id=alert)
    await db.run("delete from ops.cards")
    newest = (await events(db))[0]
    assert (newest["card_id"], newest["card_channels"]) == (alert, None)


async def test_pending_events_are_not_told(db: Session) -> None:
    """Nothing became of them yet."""
    await db.emit()
    assert await events(db) == []


async def test_an_event_that_has_vanished_is_its_id(db: Session) -> None:
    """As claim_events_v1 gives it."""
    event = await routed(db)
    await db.run("delete from ops.platform_events")
    assert [it["event"] for it in await events(db)] == [{"event_id": event}]


async def test_the_channels_ids_are_told(db: Session) -> None:
    """Of those that Slack has named."""
    await db.bring("sent", "#b")
    await db.queue(1, "#a")
    page = await db.call("replay_events_v1", since=ago())
    assert page["places"] == {"#b": SENT["slack_channel_id"]}


async def test_the_pages_of_events_have_each_once(db: Session) -> None:
    """401 events are three pages, also where several were recorded in one moment."""
    await db.run("insert into ops.platform_events (event_type) select 'ci.failed' from generate_series(1, 401)")
    claim = await db.claim_events(max_events=401)
    await db.record(claim["claim_token"], [(event["event_id"], []) for event in claim["events"]])
    await db.run("update ops.event_dispatches set recorded_at = date_trunc('second', recorded_at)")
    expected = await db.column("select event_id from ops.event_dispatches order by recorded_at desc, position desc")
    assert await paged(db, "replay_events_v1", lambda it: it["event"]["event_id"]) == (expected, [200, 200, 1])


async def test_the_pages_of_envelopes_have_each_once(db: Session) -> None:
    """201 envelopes of one moment are three pages."""
    moment = datetime.now(UTC).timestamp()
    await record(db, *(click(received_at=moment) for _ in range(201)))
    expected = await db.column("select envelope_id from ops.slack_envelopes order by id desc")
    assert await paged(db, "replay_envelopes_v1", lambda it: it["envelope_id"]) == (expected, [100, 100, 1])


async def paged(db: Session, function: str, identify: Any) -> tuple[list[str], list[int]]:  # noqa: ANN401
    """All ids, and the sizes of the pages."""
    found, sizes, before = [], [], None
    while True:
        page = await db.call(function, since=ago(), before=before)
        things = page.get("events") or page.get("envelopes") or []
        found += [identify(it) for it in things]
        sizes.append(len(things))
        before = page["before"]
        if before is None:
            return found, sizes


async def test_only_what_was_recorded_in_the_time_is_told(db: Session) -> None:
    """Both ends count, up to the microsecond."""
    event = await routed(db)
    moment = await db.value("select recorded_at from ops.event_dispatches")
    instant = timedelta(microseconds=1)
    ends = [(moment, moment), (moment + instant, None), (ago(), moment - instant)]
    found = [await events(db, since=since, until=until) for since, until in ends]
    assert [[it["event"]["event_id"] for it in page] for page in found] == [[event], [], []]


async def test_only_what_was_received_in_the_time_is_told(db: Session) -> None:
    """Of envelopes, too."""
    await record(db, click())
    moment = await db.value("select received_at from ops.slack_envelopes")
    instant = timedelta(microseconds=1)
    ends = [(moment, moment), (moment + instant, None), (ago(), moment - instant)]
    found = [await envelopes(db, since=since, until=until) for since, until in ends]
    assert [len(page) for page in found] == [1, 0, 0]


async def test_a_click_is_told_with_its_audit_and_its_card(db: Session) -> None:
    """The card as it is now."""
    alert = await sent_alert(db)
    await db.run("insert into ops.cards (card_id, kind, phase) values ($1, 'alert', 'open')", alert)
    payload = {"card_id": alert, "action": "acknowledge"}
    await act(db, card=acknowledged(alert), events=[audit("alert.acknowledged", payload=payload)])
    [found] = await envelopes(db)
    assert (found["status"], found["handler"], found["events"][0]["event_type"]) == (
        "completed", "action-handler", "alert.acknowledged",
    )  # fmt: skip
    assert {name: found["card"][name] for name in ("kind", "phase", "version")} == {
        name: (await card(db, alert))[name] for name in ("kind", "phase", "version")
    }


async def test_what_could_still_be_used_is_not_told(db: Session) -> None:
    """No response_url, no trigger_id, no token: a replay answers nobody."""
    told = command()
    told["payload"] |= {"trigger_id": "1.2", "token": "sentinel", "response_urls": [{}]}
    await record(db, told)
    [found] = await envelopes(db)
    assert {"response_url", "response_urls", "trigger_id", "token"} & set(found["payload"]) == set()
    assert found["payload"]["text"] == "status"
    assert "sentinel" not in json.dumps(found)
