"""Reminders: when an alert that nobody acknowledges says so, whom it calls, and when it falls silent."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.schema.acting import acknowledged, act, claimed_click, settle
from tests.integration.schema.helpers import CHANNEL, SENT, Session, is_waiting, until
from tests.integration.schema.reminding import (
    alert,
    escalating,
    mentions,
    pass_time,
    remind,
    reminders,
    send,
    snooze,
    snoozed,
)


async def due(db: Session) -> Any:  # noqa: ANN401  a time or None
    return await db.value("select due_at from ops.reminder_plans")


async def rounds(db: Session, count: int, minutes: float = 6) -> list[str | None]:
    """Whom so many runs of the cron job mention, each after some minutes and with the one before in Slack."""
    for _ in range(count):
        await pass_time(db, minutes)
        await remind(db)
        await send(db)
    return await mentions(db)


async def test_it_waits_for_its_time(db: Session) -> None:
    """Five minutes after the message came to stand in Slack, for a critical alert."""
    await alert(db)
    await pass_time(db, 4.9)
    assert (await remind(db), await reminders(db)) == (0, [])
    await pass_time(db, 0.2)
    assert await remind(db) == 1


async def test_a_dead_one_is_not_sent_again_on_request(db: Session) -> None:
    """It was of that moment: by now the alert may be in hand."""
    await alert(db)
    await pass_time(db, 6)
    await remind(db)
    reminder = await db.claim_one()
    await db.settle(reminder, "dead")
    answer = await db.call("retry_delivery_v1", delivery_id=reminder["delivery_id"], actor="ada")
    assert (answer["retried"], answer["status"]) == (False, "dead")


async def test_it_stands_under_the_message_that_continues_another(db: Session) -> None:
    """Slack lets nobody change the old one any more: people look at the new one."""
    await alert(db)
    await db.run(
        "insert into ops.deliveries (event_id, route, channel, status, sent_at, slack_channel_id, slack_ts, "
        "continues_delivery_id) select event_id, route, channel, 'sent', sent_at, slack_channel_id, '9.9', delivery_id "
        "from ops.deliveries"
    )
    await pass_time(db, 6)
    await remind(db)
    assert (await db.claim_one())["thread_ts"] == "9.9"


async def test_it_stands_in_the_thread_of_the_message(db: Session) -> None:
    """Of the first one, once, of the same event and card; as a part of its own."""
    event = await alert(db, channels=(CHANNEL, "#ops-ci"))
    await pass_time(db, 6)
    await remind(db)
    [reminder] = await reminders(db)
    first = await db.value("select delivery_id from ops.deliveries order by position limit 1")
    assert (reminder["thread_delivery_id"], reminder["card_id"], reminder["channel"]) == (first, event, CHANNEL)
    assert (reminder["thread_part"], reminder["step"], reminder["mention"]) == ("reminder", 1, None)


async def test_who_escalates_is_called_one_after_the_other(db: Session) -> None:
    """First nobody, then each of the list, and then it falls silent."""
    await escalating(db, "U0CAROL", "S0APPROVERS")
    await alert(db)
    assert await rounds(db, 6) == [None, "U0CAROL", "S0APPROVERS"]
    assert await due(db) is None


@pytest.mark.parametrize("service", ["api", "unknown"])
async def test_without_a_list_it_reminds_once(db: Session, service: str) -> None:
    """An installation that configured nothing is not noisy."""
    await escalating(db)
    await alert(db, service=service)
    assert await rounds(db, 4) == [None]


async def test_the_file_bounds_how_often(db: Session) -> None:
    """However long the list is."""
    await escalating(db, "U0A11", "U0B22", "U0C33")
    await db.call("apply_reminder_times_v1", times={"critical": {"after_min": 5, "every_min": 5, "at_most": 2}})
    await alert(db)
    assert await rounds(db, 4) == [None, "U0A11"]


@pytest.mark.parametrize("severity", ["warning", "info", None])
async def test_what_has_no_times_does_not_remind(db: Session, severity: str | None) -> None:
    """Nor an alert whose severity nobody noted."""
    await alert(db, severity)
    assert await rounds(db, 2, 10_000) == []


async def test_one_is_enough_while_it_is_on_its_way(db: Session) -> None:
    """Slack may be away for long: then it is not called five times in a minute afterwards."""
    await escalating(db, "U0CAROL")
    await alert(db)
    await pass_time(db, 6)
    assert await remind(db) == 1
    await pass_time(db, 60)
    assert await remind(db) == 0
    await send(db)
    await pass_time(db, 2)
    assert await remind(db) == 0  # the next is five minutes after the one that stands in Slack
    await pass_time(db, 4)
    assert await remind(db) == 1


async def test_an_alert_without_a_message_of_its_own_reminds_nobody(db: Session) -> None:
    """One that stands in a digest, or whose message died."""
    [event] = await db.emit()
    claimed = await db.claim_events()
    card = {"kind": "alert", "service": "api", "severity": "critical"}
    routing = {"event_id": event, "deliveries": [{"route": "r", "channel": CHANNEL}], "card": card}
    await db.call("record_deliveries_v1", claim_token=claimed["claim_token"], routings=[routing])
    await send(db, "dead")
    assert (await due(db), await rounds(db, 1, 100)) == (None, [])


async def test_an_adopted_message_begins_the_time_too(db: Session) -> None:
    """It stands in Slack as well as any."""
    [event] = await db.emit()
    claimed = await db.claim_events()
    card = {"kind": "alert", "service": "api", "severity": "critical"}
    routing = {"event_id": event, "deliveries": [{"route": "r", "channel": CHANNEL}], "card": card}
    await db.call("record_deliveries_v1", claim_token=claimed["claim_token"], routings=[routing])
    await send(db, "in_doubt")
    await send(db, "adopted")
    assert await due(db) is not None


@pytest.mark.parametrize("phase", ["acknowledged", "investigating"])
async def test_a_reminder_that_waits_is_taken_back(db: Session, phase: str) -> None:
    """With the click that makes it needless; and there is no next one."""
    event = await alert(db)
    await pass_time(db, 6)
    await remind(db)
    await act(db, card={**acknowledged(event), "phase": phase})
    assert (await reminders(db), await due(db), await rounds(db, 2)) == ([], None, [])


async def test_one_that_is_being_sent_goes_out(db: Session) -> None:
    """And stands in the ledger as sent."""
    event = await alert(db)
    await pass_time(db, 6)
    await remind(db)
    [claimed] = await db.claim()
    await act(db, card=acknowledged(event))
    assert (await db.settle(claimed, "sent"))["settled"]
    assert [it["status"] for it in await reminders(db)] == ["sent"]


@pytest.mark.parametrize(("result", "left"), [("failed", 0), ("in_doubt", 1)])
async def test_one_that_was_not_sent_is_not_tried_again(db: Session, result: str, left: int) -> None:
    """Somebody acknowledged meanwhile; only what may be in Slack is looked for, and then not posted again."""
    event = await alert(db)
    await pass_time(db, 6)
    await remind(db)
    [claimed] = await db.claim()
    await act(db, card=acknowledged(event))
    await db.settle(claimed, result)
    assert len(await reminders(db)) == left
    for probe in [it for it in await db.claim() if it["purpose"] == "probe"]:
        await db.settle(probe, "absent")
    assert await reminders(db) == []


async def test_it_is_claimed_with_what_it_tells(db: Session) -> None:
    """Since when the alert stands there, whom to call, and how the card is now."""
    await escalating(db, "U0CAROL")
    event = await alert(db)
    await rounds(db, 1)
    await pass_time(db, 6)
    await remind(db)
    [claimed] = await db.claim()
    told = (claimed["thread_part"], claimed["mention"], claimed["thread_ts"])
    assert told == ("reminder", "U0CAROL", SENT["slack_ts"])
    assert (claimed["known"]["step"], claimed["known"]["after_snooze"]) == (2, False)
    since = datetime.fromisoformat(claimed["known"]["since"])
    assert timedelta(minutes=11) < datetime.now(UTC) - since < timedelta(minutes=14)
    card = claimed["card"]
    assert (card["card_id"], card["phase"], card["reminded"]["count"]) == (event, "open", 1)


async def test_the_card_knows_whom_it_mentioned_last(db: Session) -> None:
    """For its message, when that changes next."""
    await escalating(db, "U0CAROL", "U0DAVE")
    event = await alert(db)
    await rounds(db, 3)
    await act(db, card=acknowledged(event))
    [update] = await db.claim()
    told = update["card"]["reminded"]
    assert (told["count"], told["mentioned"], told["at"] == told["mentioned_at"]) == (3, "U0DAVE", True)


async def test_a_snooze_takes_back_what_waits_and_calls_its_maker_at_its_end(db: Session) -> None:
    """As the first of a new round; then the list is called from its beginning."""
    await escalating(db, "U0CAROL")
    event = await alert(db)
    assert await rounds(db, 2) == [None, "U0CAROL"]
    await snoozed(db, event, until=(datetime.now(UTC) + timedelta(minutes=30)).isoformat())
    await send(db)
    assert await rounds(db, 2, 10) == [None, "U0CAROL"]
    assert await rounds(db, 3, 11) == [None, "U0CAROL", "U0BOB", "U0CAROL"]
    assert [it["after_snooze"] for it in await reminders(db)] == [False, False, True, False]
    assert [it["step"] for it in await reminders(db)] == [1, 2, 3, 4]


async def test_a_second_snooze_moves_the_end(db: Session) -> None:
    """The card says the newer one."""
    event = await alert(db)
    await snoozed(db, event, until="2100-01-01T00:00:00Z")
    await snoozed(db, event, 1, until="2090-01-01T00:00:00Z")
    assert (await due(db)).year == 2090


async def test_a_snooze_of_what_has_no_times_ends_with_a_word(db: Session) -> None:
    """Whoever snoozed wants to hear of it again, also where nobody else would be called."""
    event = await alert(db, "warning")
    await snoozed(db, event, until=(datetime.now(UTC) + timedelta(minutes=30)).isoformat())
    assert await rounds(db, 3, 31) == ["U0BOB"]


async def test_who_acknowledges_ends_the_snooze(db: Session) -> None:
    """Nothing is said at its end."""
    event = await alert(db)
    await snoozed(db, event)
    await act(db, card=acknowledged(event, 1))
    assert await due(db) is None


async def test_of_two_runs_at_once_one_reminds(db: Session, other: Session) -> None:
    """The other passes by."""
    await alert(db)
    await pass_time(db, 6)
    assert sorted(await asyncio.gather(remind(db), remind(other))) == [0, 1]
    assert len(await reminders(db)) == 1


async def test_who_acknowledges_first_is_not_reminded(db: Session, other: Session) -> None:
    """The run passes by a card that is being acknowledged, and finds it acknowledged the next time."""
    event = await alert(db)
    await pass_time(db, 6)
    token = await claimed_click(db)
    transaction = db.connection.transaction()
    await transaction.start()
    await settle(db, token, card=acknowledged(event))
    assert await remind(other) == 0
    await transaction.commit()
    assert (await remind(other), await reminders(db)) == (0, [])


@pytest.mark.parametrize("change", [acknowledged, snooze])
async def test_who_comes_second_takes_it_back(db: Session, other: Session, change: Any) -> None:  # noqa: ANN401
    """The click waits for the run, and deletes what it queued."""
    event = await alert(db)
    await pass_time(db, 6)
    token = await claimed_click(other)
    transaction = db.connection.transaction()
    await transaction.start()
    assert await remind(db) == 1
    click = asyncio.create_task(settle(other, token, card=change(event)))
    await until(lambda: is_waiting(db, other))
    await transaction.commit()
    assert ((await click)["settled"], await reminders(db)) == (True, [])


async def test_a_settle_that_failed_and_a_click_do_not_stop_each_other(db: Session, other: Session) -> None:
    """Who settles holds the delivery and asks for the card; who clicks holds the card and passes by the delivery."""
    event = await alert(db)
    await pass_time(db, 6)
    await remind(db)
    [claimed] = await db.claim()
    token = await claimed_click(other)
    await asyncio.wait_for(
        asyncio.gather(settle(other, token, card=acknowledged(event)), db.settle(claimed, "failed")), 10
    )
    assert await reminders(db) == []


async def test_a_channel_has_ten_in_a_minute(db: Session) -> None:
    """Reminders of a storm do not hold up the news; the rest follows."""
    for _ in range(12):
        await alert(db)
    await pass_time(db, 6)
    assert await remind(db) == 10
    await send(db)
    await pass_time(db, 2)
    assert await remind(db) == 2


async def test_the_critical_ones_go_first(db: Session) -> None:
    """Where not all can go."""
    await alert(db, "error")
    critical = await alert(db, "critical")
    await pass_time(db, 30)
    assert await db.call("remind_alerts_v1", most=1) == 1
    assert [it["card_id"] for it in await reminders(db)] == [critical]


async def test_the_times_are_those_of_the_file(db: Session) -> None:
    """A severity that is not given goes; what is odd is refused."""
    times = {"error": {"after_min": 1, "every_min": 2, "at_most": 3}}
    assert await db.call("apply_reminder_times_v1", times=times) == 1
    assert await db.call("reminder_times_v1") == times
    assert await db.call("apply_reminder_times_v1", times={}) == 0
    assert await db.call("reminder_times_v1") == {}


async def test_it_goes_with_its_alert(db: Session) -> None:
    """What is pruned leaves no plan and no reminder."""
    event = await alert(db)
    await rounds(db, 1)
    for table in ("deliveries", "cards"):
        await db.run(f"delete from ops.{table} where {'event_id' if table == 'deliveries' else 'card_id'} = $1", event)  # noqa: S608
    assert (await db.value("select count(*) from ops.reminder_plans"), await reminders(db)) == (0, [])


async def test_the_metrics_count_them(db: Session) -> None:
    """What nobody acknowledged, and what was said of it."""
    await alert(db)
    await rounds(db, 1)
    await alert(db)
    found = {it["name"]: it["value"] for it in await db.call("metrics_v1")}
    assert (found["pulser_unacknowledged_alerts"], found["pulser_recent_reminders"]) == (2, 1)
