"""Snooze, from the menu in Slack to the word at its end: in the person's own zone, and silent as long as it lasts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pulser.snooze import next_nine
from pulser_local.slack.faults import Fault
from pulser_local.slack.workspace import Message
from tests.integration.action_handler.stage import Stage
from tests.integration.action_handler.test_buttons import text

NEW_YORK = ZoneInfo("America/New_York")  # where Bob is


def option(message: Message, words: str) -> str:
    """The value of the option that says this."""
    rows = [it["elements"] for it in message.to_json()["blocks"] if it["type"] == "actions"]
    [menu] = [it for row in rows for it in row if it["type"] == "overflow"]
    [found] = [str(it["value"]) for it in menu["options"] if words in it["text"]["text"]]
    return found


async def choose(stage: Stage, words: str, user: str = "U0BOB") -> list[str]:
    """Choose an option of the alert's menu; the private notes that its user sees then."""
    message = stage.slack.workspace.history(stage.channel)[0]
    value = option(message, words)
    await stage.slack.press(stage.channel, message.ts, "pulser_snooze", user_id=user, value=value)
    await stage.settled()
    await stage.dispatch()
    return stage.notes(user)


async def ends(stage: Stage, event_id: str) -> datetime:
    return datetime.fromisoformat((await stage.card(event_id))["state"]["snoozed"]["until"])


async def test_until_nine_is_where_the_person_is(stage: Stage) -> None:
    """The card stays open, says by whom and until when, and can be acknowledged still."""
    event_id = await stage.emit("ci.failed")
    before = datetime.now(UTC)
    assert await choose(stage, "9:00") == []
    card = await stage.card(event_id)
    assert (card["phase"], card["state"]["snoozed"]["user"]) == ("open", "U0BOB")
    assert await ends(stage, event_id) in {next_nine(it, NEW_YORK) for it in (before, datetime.now(UTC))}
    assert "Snoozed by <@U0BOB>" in text(stage.message())
    (audit,) = await stage.audits()
    assert (audit["type"], audit["slack_user"], audit["card_id"]) == ("alert.snoozed", "U0BOB", event_id)
    await stage.click("acknowledge", "U0CAROL")
    assert set((await stage.card(event_id))["state"]) == {"acknowledged"}


async def test_the_later_snooze_counts(stage: Stage) -> None:
    """Whoever made the first."""
    event_id = await stage.emit("ci.failed")
    await choose(stage, "2 h", "U0CAROL")
    await choose(stage, "30 min")
    assert timedelta(minutes=29) < await ends(stage, event_id) - datetime.now(UTC) < timedelta(minutes=31)
    assert (await stage.card(event_id))["state"]["snoozed"]["user"] == "U0BOB"


@pytest.mark.parametrize(
    "fault",
    [
        Fault(method="users.info", kind="slack_error", error="missing_scope"),
        Fault(method="users.info", kind="stall"),
    ],
    ids=lambda it: str(it.error or it.kind),
)
async def test_a_zone_that_slack_does_not_tell_is_said_not_guessed(stage: Stage, fault: Fault) -> None:
    """Nothing is snoozed; the two others need no zone."""
    event_id = await stage.emit("ci.failed")
    stage.slack.faults.add(fault)
    (note,) = await choose(stage, "9:00")
    assert "Choose 30 min or 2 h instead" in note
    assert (await stage.card(event_id))["state"] == {}
    assert len(await choose(stage, "30 min")) == 1
    assert "snoozed" in (await stage.card(event_id))["state"]


async def test_a_click_that_comes_twice_snoozes_once(stage: Stage) -> None:
    """Slack may send it again under another id."""
    event_id = await stage.emit("ci.failed")
    value = option(stage.message(), "2 h")
    payload: dict[str, Any] = {
        "type": "block_actions", "trigger_id": "the-click", "user": {"id": "U0BOB"}, "channel": {"id": stage.channel},
        "actions": [{"type": "overflow", "action_id": "pulser_snooze", "selected_option": {"value": value}}],
    }  # fmt: skip
    for envelope_id in ("one", "two"):
        await stage.forward(await stage.record(payload, envelope_id))
    await stage.settled()
    assert (await stage.card(event_id))["version"] == 1
    assert [it["type"] for it in await stage.audits()] == ["alert.snoozed"]


async def test_its_end_is_told_to_who_snoozed_and_the_next_reminder_to_the_next(stage: Stage) -> None:
    """In the thread; before that the alert is silent, and afterwards its message says whom it called."""
    service = {"service": "api", "environments": ["production"], "escalation": ["U0CAROL"]}
    services: Any = [service]
    await stage.call("apply_services_v1", services=services)
    await stage.emit("ci.failed")
    await choose(stage, "30 min")
    assert await reminded(stage, 20) == []
    assert ["<@U0BOB> The snooze is over" in it for it in await reminded(stage, 11)] == [True]
    (_, second) = await reminded(stage, 16)
    assert second.startswith("<@U0CAROL> Nobody has acknowledged this alert yet")
    assert len(await reminded(stage, 60)) == 2
    message = stage.slack.workspace.history(stage.channel)[0]
    await stage.slack.press(stage.channel, message.ts, "pulser_acknowledge", user_id="U0DAVE")
    await stage.settled()
    await stage.dispatch()
    assert "Reminded 2 times, last mentioned <@U0CAROL>" in text(stage.slack.workspace.history(stage.channel)[0])


async def reminded(stage: Stage, minutes: int) -> list[str]:
    """What stands in the thread when so many minutes have passed and the cron job ran."""
    apart = f"interval '{minutes} minutes'"
    await stage.sql.execute(f"update ops.reminder_plans set due_at = due_at - {apart}")  # noqa: S608  ours
    await stage.sql.execute(f"update ops.deliveries set sent_at = sent_at - {apart}")  # noqa: S608
    await stage.sql.execute("update ops.slack_channels set next_post_at = '-infinity'")
    await stage.sql.fetchval("select ops.remind_alerts_v1()")
    await stage.dispatch()
    return [it.text for it in stage.slack.workspace.history(stage.channel) if it.is_reply]
