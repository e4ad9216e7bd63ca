"""The steps of action-handler put together: what is looked up, and what is told to the ledger."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from action_handler.action import VERBS, Verb
from action_handler.handle import Actions, service_from_environment
from action_handler.zones import Zones
from pulser.button_value import ButtonValue, sign
from pulser.envelope import Envelope
from pulser.errors import SecretMissing
from pulser.groups import Groups
from pulser.settlement import Settlement
from pulser.slack import SlackApi
from pulser.vault import Vault
from tests.unit.action_handler.situations import ALICE, BOB, CARD_ID, NOW, ONCALL, REQUESTED, STRANGER, person
from tests.unit.shared.handling_ledger import FakeLedger

KEY = "button-key-sentinel"
POLICY: dict[str, Any] = {
    "service": "api", "environments": ["production"], "approval_required": True, "approvers": [BOB],
    "deployers": [], "rollback_by": [BOB], "can_deploy": True, "can_rollback": True, "runbook_url": None,
}  # fmt: skip
ALERT: dict[str, Any] = {
    "card_id": CARD_ID, "version": 0, "kind": "alert", "service": "api", "environment": "production", "release": None,
    "phase": "open", "state": {}, "event": {"event_id": CARD_ID}, "current_release": None, "channel": "C1", "ts": "1.1",
}  # fmt: skip
DEPLOY = ALERT | {"version": 1, "kind": "deploy", "phase": "requested", "state": REQUESTED, "release": "1.2.3"}
RELEASE = ALERT | {"kind": "release", "phase": "deployed", "release": "1.2.3", "current_release": "1.2.3"}


class NoGroups(Groups):
    """A Slack that must not be asked."""

    async def _members(self, group: str) -> frozenset[str] | None:
        raise AssertionError(group)


class NoZones(Zones):
    """A Slack that must not be asked."""

    async def zone_of(self, user: str) -> ZoneInfo | None:
        raise AssertionError(user)


@pytest.fixture
def ledger() -> FakeLedger:
    """One alert of api."""
    made = FakeLedger({"pulser_button_key": KEY})
    made.answers = {
        "card_for_event_v1": lambda given: ALERT if given["event_id"] == CARD_ID else None,
        "service_policy_v1": lambda given: POLICY if given["service"] == "api" else None,
        "running_deploys_v1": lambda _: [],
    }
    return made


@pytest.fixture
def actions(ledger: FakeLedger) -> Actions:
    """What is tested."""
    vault = Vault(ledger)
    return Actions(ledger, vault, NoGroups(SlackApi(vault)), NoZones(SlackApi(vault)), lambda: NOW)


def signed(verb: Verb, *, key: str = KEY, event_id: str = CARD_ID, release: str | None = None) -> str:
    """A button's value."""
    return sign(ButtonValue(event_id, "delivery", release), key, f"pulser_{verb}")


def click(verb: str, value: str | None, user: str = BOB) -> Envelope:
    """A pressed button."""
    payload = {
        "type": "block_actions", "team": {"id": "T1"}, "user": {"id": user, "username": "a name"},
        "channel": {"id": "C1"},
        "actions": [{"action_id": f"pulser_{verb}", "value": value}], "response_url": "https://hooks.slack.com/x",
    }  # fmt: skip
    return Envelope.from_interaction(payload, "e-1")


async def settled(actions: Actions, envelope: Envelope) -> Settlement:
    """The settlement, as nobody waits for it; the ledger can store it."""
    made = await actions(envelope, 0.0)
    assert json.dumps(made.to_json())
    return made


async def test_an_acknowledged_alert_changes_its_card(actions: Actions) -> None:
    """With the version that was seen, its audit event, and no note."""
    settlement = await settled(actions, click("acknowledge", signed("acknowledge")))
    assert settlement.card is not None
    assert (settlement.card.card_id, settlement.card.version, settlement.card.phase) == (CARD_ID, 0, "acknowledged")
    (event,) = settlement.events
    assert (event.event_type, event.target, event.payload["card_id"]) == ("alert.acknowledged", "api", CARD_ID)
    assert (settlement.reply, settlement.hooks) == (None, [])


async def test_an_approved_deploy_calls_its_hook(actions: Actions, ledger: FakeLedger) -> None:
    """The event names the deploy, and who asked and approved."""
    ledger.answers["card_for_event_v1"] = lambda _: DEPLOY
    settlement = await settled(actions, click("approve", signed("approve")))
    (event,) = settlement.events
    assert event.payload["deploy_id"] == CARD_ID
    assert (event.payload["requested_by"], event.payload["approved_by"]) == (ALICE, BOB)
    assert [(it.card, it.service, it.action) for it in settlement.hooks] == [("card", "api", "deploy")]


async def test_a_rollback_is_pinned_by_the_buttons_value(actions: Actions, ledger: FakeLedger) -> None:
    """A value that was signed for another release is refused."""
    ledger.answers["card_for_event_v1"] = lambda _: RELEASE
    done = await settled(actions, click("rollback", signed("rollback", release="1.2.3")))
    other = await settled(actions, click("rollback", signed("rollback", release="1.2.2")))
    assert (len(done.hooks), len(other.hooks)) == (1, 0)
    assert other.events[0].payload["reason"] == "other_release"


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "unreadable_value"),
        ("x", "unreadable_value"),
        ('{"v":1,"event_id":"e","delivery_id":"d"}', "unsigned_value"),
        ("another key's", "forged_value"),
        ("another action's", "forged_value"),
    ],
)
async def test_a_bad_value_is_refused_and_audited(actions: Actions, verb: Verb, value: str | None, reason: str) -> None:
    """Whatever the button is; the card is not even looked at."""
    other: Verb = "approve" if verb != "approve" else "reject"
    made = {"another key's": signed(verb, key="another"), "another action's": signed(other)}
    settlement = await settled(actions, click(verb, made.get(value or "", value)))
    (event,) = settlement.events
    assert (event.event_type, event.payload["outcome"], event.payload["reason"]) == ("slack.action", "refused", reason)
    assert (settlement.card, settlement.hooks) == (None, ())
    assert settlement.reply is not None


async def test_a_new_key_works_at_once(actions: Actions, ledger: FakeLedger) -> None:
    """A forged value has Vault read again."""
    await settled(actions, click("acknowledge", signed("acknowledge")))
    ledger.secrets["pulser_button_key"] = "new"
    settlement = await settled(actions, click("acknowledge", signed("acknowledge", key="new")))
    assert settlement.card is not None


async def test_without_a_key_nothing_is_decided(actions: Actions, ledger: FakeLedger) -> None:
    """It is tried again later, when somebody has put it there."""
    ledger.secrets.clear()
    with pytest.raises(SecretMissing):
        await actions(click("acknowledge", signed("acknowledge")), 0.0)


async def test_an_unknown_event_is_refused(actions: Actions) -> None:
    """Its row is gone."""
    value = signed("acknowledge", event_id="22222222-2222-4222-8222-222222222222")
    settlement = await settled(actions, click("acknowledge", value))
    assert settlement.events[0].payload["reason"] == "unknown_event"


async def test_a_late_click_is_answered_and_audited(actions: Actions, ledger: FakeLedger) -> None:
    """It changes no card."""
    taken = {"phase": "acknowledged", "state": {"acknowledged": person(ALICE)}, "version": 1}
    ledger.answers["card_for_event_v1"] = lambda _: ALERT | taken
    settlement = await settled(actions, click("acknowledge", signed("acknowledge")))
    assert (settlement.events[0].event_type, settlement.events[0].payload["outcome"]) == ("slack.action", "late")
    assert settlement.reply is not None
    assert f"<@{ALICE}>" in settlement.reply.body["text"]
    assert settlement.card is None


async def test_slack_is_not_asked_about_who_is_named_himself(actions: Actions, ledger: FakeLedger) -> None:
    """Bob is, beside a group."""
    ledger.answers["service_policy_v1"] = lambda _: POLICY | {"approvers": [BOB, ONCALL]}
    ledger.answers["card_for_event_v1"] = lambda _: DEPLOY
    assert (await settled(actions, click("approve", signed("approve")))).card is not None


async def test_an_alert_needs_no_policy(actions: Actions, ledger: FakeLedger) -> None:
    """Acknowledge asks the ledger for the card only."""
    await settled(actions, click("acknowledge", signed("acknowledge"), STRANGER))
    assert "service_policy_v1" not in ledger.calls


@pytest.mark.parametrize(
    ("verb", "outcome", "noted"), [("open", "none", False), ("teapot", "refused", True), ("", "refused", True)]
)
async def test_what_has_no_effect_is_audited(actions: Actions, verb: str, outcome: str, noted: bool) -> None:  # noqa: FBT001
    """An unknown button gets a note, a link gets none."""
    settlement = await settled(actions, click(verb, None))
    assert settlement.events[0].payload["outcome"] == outcome
    assert (settlement.reply is not None) is noted
    assert settlement.card is None


async def test_a_submitted_modal_is_answered(actions: Actions) -> None:
    """With the service's policy and its running deploys."""
    values = {"service": "api", "version": "1.2.4", "environment": "production", "reason": "a fix"}
    typed = {name: {name: {"type": "plain_text_input", "value": it}} for name, it in values.items()}
    payload = {
        "type": "view_submission", "team": {"id": "T1"}, "user": {"id": ALICE},
        "view": {"callback_id": "pulser_deploy", "state": {"values": typed}},
    }  # fmt: skip
    settlement = await settled(actions, Envelope.from_interaction(payload, "e-1"))
    assert settlement.new_card is not None
    assert (settlement.new_card.service, settlement.new_card.release) == ("api", "1.2.4")


async def test_the_environment_is_read_when_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """The framework imports the function before it forks."""
    monkeypatch.setenv("SUPABASE_DB_URL", "postgresql://nowhere.invalid/x")
    service = service_from_environment()
    assert service.function == "action-handler"
    await service.close()


OTHER_RUNS = [
    {"service": "api", "environment": "staging", "version": "3", "phase": "started"},
    {"service": "api", "environment": "production", "version": "2", "phase": "started"},
]


async def test_an_approval_asks_whether_another_deploy_is_in_the_way(actions: Actions, ledger: FakeLedger) -> None:
    """Of a request that another program wrote, which has no card yet; of its own environment."""
    ledger.answers |= {
        "card_for_event_v1": lambda _: DEPLOY | {"version": 0},
        "running_deploys_v1": lambda _: OTHER_RUNS,
    }
    settlement = await settled(actions, click("approve", signed("approve")))
    assert (settlement.card, settlement.events[0].payload["reason"]) == (None, "deploy_running")
    assert settlement.reply is not None
    assert "Somebody asked for `2` in production" in settlement.reply.body["text"]


async def test_a_request_with_a_card_is_not_in_its_own_way(actions: Actions, ledger: FakeLedger) -> None:
    """It is what runs there: nothing else can be, and nothing is asked."""
    ledger.answers |= {"card_for_event_v1": lambda _: DEPLOY, "running_deploys_v1": lambda _: OTHER_RUNS}
    assert (await settled(actions, click("approve", signed("approve")))).card is not None
    assert "running_deploys_v1" not in ledger.calls
