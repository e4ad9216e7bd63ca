"""Snooze: who, until when, in whose zone; and what Slack's silence about the zone costs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from action_handler.action import Press, read_action
from action_handler.decide import decide
from action_handler.handle import Actions
from action_handler.zones import Zones
from pulser.button_value import ButtonValue, sign
from pulser.card import Card
from pulser.envelope import Envelope
from pulser.groups import Groups
from pulser.settlement import Settlement
from pulser.slack import SlackApi
from pulser.vault import Vault
from tests.contract.fake_slack import Answer, Odd, answering, cut_short, fixed
from tests.unit.action_handler.situations import ALICE, BOB, CARD_ID, NOW, card, person, situation
from tests.unit.action_handler.test_failures import SLACK_FAILS
from tests.unit.action_handler.test_handle import ALERT, KEY
from tests.unit.shared.handling_ledger import FakeLedger

JSON = "application/json"
OPEN = card("alert", "open", {"odd": "kept"})
BERLIN = fixed(b'{"ok": true, "user": {"id": "U0BOB", "tz": "Europe/Berlin"}}', JSON)
ODD_ANSWERS = {
    "no zone": fixed(b'{"ok": true, "user": {"id": "U0BOB"}}', JSON),
    "null": fixed(b'{"ok": true, "user": {"tz": null}}', JSON),
    "no user": fixed(b'{"ok": true, "user": []}', JSON),
    "unknown zone": fixed(b'{"ok": true, "user": {"tz": "Mars/Olympus"}}', JSON),
    "reset": cut_short(),
}


def chosen(choice: str, action: str = "snooze", key: str = KEY) -> Envelope:
    """An option of the menu, as Slack tells of it."""
    value = sign(ButtonValue(CARD_ID, "delivery", choice=choice), key, f"pulser_{action}")
    option = {"text": {"type": "plain_text", "text": "Snooze"}, "value": value}
    payload: dict[str, Any] = {
        "type": "block_actions", "team": {"id": "T1"}, "user": {"id": BOB, "username": "bob"}, "channel": {"id": "C1"},
        "actions": [{"type": "overflow", "action_id": "pulser_snooze", "selected_option": option}],
        "response_url": "https://hooks.slack.com/x",
    }  # fmt: skip
    return Envelope.from_interaction(payload, "e-1")


@asynccontextmanager
async def settled(
    envelope: Envelope, answer: Answer, found: dict[str, Any] = ALERT
) -> AsyncIterator[tuple[Settlement, Odd]]:
    """The settlement with a Slack that gives this answer to everything."""
    ledger = FakeLedger({"pulser_button_key": KEY, "slack_bot_token": "xoxb-sentinel"})
    ledger.answers = {"card_for_event_v1": lambda _: found}
    async with answering(answer) as odd:
        vault = Vault(ledger)
        slack = SlackApi(vault, odd.url, timeout=1.0)
        try:
            yield await Actions(ledger, vault, Groups(slack), Zones(slack, 0.5), lambda: NOW)(envelope, 0.0), odd
        finally:
            await slack.close()


def snoozed(decision_card: Card, user: str = BOB, choice: str = "2h") -> dict[str, Any]:
    """What the card says of its snooze after the click."""
    decision = decide(situation("snooze", decision_card, user, choice=choice, zone=UTC))
    assert (decision.outcome, decision.phase, decision.event_type) == ("done", "open", "alert.snoozed")
    told: dict[str, Any] = decision.state["snoozed"]
    return told


def test_the_card_stays_open_and_says_until_when() -> None:
    """By whom and when; what stood there before stays."""
    decision = decide(situation("snooze", OPEN, BOB, choice="30m"))
    assert decision.state == {
        "odd": "kept",
        "snoozed": {"user": BOB, "name": "a name", "at": NOW.isoformat(), "until": "2026-03-01T08:03:20+00:00"},
    }
    assert decision.facts == {"snoozed_by": BOB, "until": "2026-03-01T08:03:20+00:00"}


def test_a_second_snooze_takes_the_place_of_the_first() -> None:
    """Whoever it is by."""
    first = replace(OPEN, state={"snoozed": snoozed(OPEN, ALICE)})
    assert (snoozed(first, BOB, "30m")["user"], snoozed(first, BOB, "30m")["until"]) == (
        BOB,
        "2026-03-01T08:03:20+00:00",
    )


@pytest.mark.parametrize("verb", ["acknowledge", "investigate"])
def test_who_takes_it_in_hand_ends_the_snooze(verb: Any) -> None:  # noqa: ANN401  a verb
    """The card does not say any more that it sleeps."""
    decision = decide(situation(verb, replace(OPEN, state={"snoozed": snoozed(OPEN), "odd": "kept"})))
    assert ("snoozed" in decision.state, decision.state["odd"]) == (False, "kept")


def test_who_comes_late_is_told_who_has_it_in_hand() -> None:
    """Nothing is snoozed then."""
    decision = decide(situation("snooze", card("alert", "acknowledged", {"acknowledged": person(ALICE)})))
    assert (decision.outcome, f"<@{ALICE}> acknowledged" in (decision.note or "")) == ("late", True)


def test_an_alert_that_is_over_is_not_snoozed() -> None:
    """A late click says that it was resolved, and not that somebody was faster."""
    over = card("alert", "resolved", {"resolved": {"at": NOW.isoformat()}})
    decision = decide(situation("snooze", over, choice="30m"))
    assert (decision.outcome, decision.reason) == ("late", "resolved")


def test_an_option_is_read_as_a_press() -> None:
    """Slack tells of an option where it tells of a button's value."""
    press = read_action(chosen("2h"))
    assert isinstance(press, Press)
    assert (press.verb, press.value is not None and press.value.startswith("3.")) == ("snooze", True)


async def test_nine_is_asked_for_and_is_the_persons_own() -> None:
    """It is 8:33 in Berlin."""
    async with settled(chosen("9am"), BERLIN) as (settlement, odd):
        assert settlement.card is not None
        assert settlement.card.state["snoozed"]["until"] == "2026-03-01T08:00:00+00:00"
        assert [(it.path, it.query["user"]) for it in odd.requests] == [("/api/users.info", BOB)]
        (event,) = settlement.events
        assert (event.event_type, event.payload["until"], event.payload["action"]) == (
            "alert.snoozed", "2026-03-01T08:00:00+00:00", "snooze",
        )  # fmt: skip


@pytest.mark.parametrize("found", [ALERT, ALERT | {"phase": "acknowledged"}], ids=["30 min", "late"])
async def test_slack_is_asked_only_where_it_matters(found: dict[str, Any]) -> None:
    """Not for minutes, and not for an alert that is in hand."""
    async with settled(chosen("30m" if found is ALERT else "9am"), BERLIN, found) as (_, odd):
        assert odd.requests == []


@pytest.mark.parametrize("answer", [*SLACK_FAILS.values(), *ODD_ANSWERS.values()], ids=[*SLACK_FAILS, *ODD_ANSWERS])
async def test_a_zone_that_slack_does_not_tell_is_not_guessed(answer: Answer) -> None:
    """Nothing changes, and the person is offered the two others."""
    async with settled(chosen("9am"), answer) as (settlement, _):
        assert settlement.card is None
        assert settlement.reply is not None
        assert "Choose 30 min or 2 h instead" in settlement.reply.body["text"]
        (event,) = settlement.events
        assert (event.event_type, event.payload["reason"]) == ("slack.action", "zone_unknown")


async def test_a_zone_is_not_waited_for() -> None:
    """A Slack that falls silent costs its time limit, no more: the ack of the click went before."""

    async def silent(request: Any) -> Any:  # noqa: ANN401  aiohttp's
        import asyncio  # noqa: PLC0415

        await asyncio.sleep(30)
        return request

    async with settled(chosen("9am"), silent) as (settlement, _):
        assert settlement.card is None


@pytest.mark.parametrize("envelope", [chosen("2h", "rollback"), chosen("2h", key="another")], ids=["action", "key"])
async def test_an_option_that_is_not_ours_does_nothing(envelope: Envelope) -> None:
    """It is signed for the menu, by pulser."""
    async with settled(envelope, BERLIN) as (settlement, _):
        assert settlement.card is None
        assert settlement.events[0].payload["reason"] == "forged_value"


async def test_an_unknown_choice_does_nothing() -> None:
    """Of a newer pulser, perhaps."""
    async with settled(chosen("1w"), BERLIN) as (settlement, _):
        assert settlement.card is None


def test_a_zone_is_no_part_of_minutes() -> None:
    """The same moment for everybody."""
    ends = {
        decide(situation("snooze", OPEN, choice="2h", zone=it)).facts["until"]
        for it in (None, ZoneInfo("Asia/Kolkata"))
    }
    assert len(ends) == 1
