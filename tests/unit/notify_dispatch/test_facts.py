"""What an event means for cards and services, and what it must not be able to."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given

from notify_dispatch.event import Event
from notify_dispatch.facts import facts_of
from notify_dispatch.intended import intended
from notify_dispatch.route import Route
from tests.unit.notify_dispatch.events import EVENT_ID, EVENT_TYPES, event, rows

PLACE = {"service": "api", "environment": "production"}
DEPLOY = {**PLACE, "version": "1.2.3", "branch": "main", "url": "https://ci.example/1"}
CARD_ID = "c0c0c0c0-0000-4000-8000-000000000003"
_NUL = re.compile(r"(?<!\\)(\\\\)*\\u0000")  # a backslash that is no text itself
DEEDS = [
    *("alert.acknowledged", "alert.investigating", "deploy.approval_given", "deploy.approved", "deploy.rejected"),
    "rollback.requested",
]


@pytest.mark.parametrize(
    ("event_type", "kind"),
    [
        ("error_rate.exceeded", "alert"),
        ("ci.failed", "alert"),
        ("deploy.failed", "alert"),
        ("task.failed", "alert"),
        ("payment.failed", "alert"),
        ("relay.alarm", "alert"),
        ("relay.deaf", "alert"),
        ("relay.hearing", None),
        ("deploy.completed", "release"),
        ("deploy.requested", None),
        ("ci.passed", None),
        ("alert.acknowledged", None),
        ("slack.command", None),
    ],
)
def test_what_people_act_on_has_a_card(event_type: str, kind: str | None) -> None:
    """Alerts and releases; a deploy's card is written by whoever asks for the deploy."""
    given_card = facts_of(event(event_type, DEPLOY))["card"]
    assert (given_card and given_card["kind"]) == kind


def test_a_card_names_what_it_is_for() -> None:
    """Service, environment, release, and a title in words."""
    assert facts_of(event("deploy.failed", {**DEPLOY, "title": "Migration 7"}))["card"] == {
        **PLACE,
        "kind": "alert",
        "release": "1.2.3",
        "title": "Migration 7",
        "severity": "error",
    }


@pytest.mark.parametrize(
    ("event_type", "aspect", "what"),
    [
        ("deploy.started", "deploy", "started"),
        ("deploy.completed", "deploy", "completed"),
        ("deploy.failed", "deploy", "failed"),
        ("ci.passed", "ci", "passed"),
        ("ci.failed", "ci", "failed"),
    ],
)
def test_news_of_a_service_are_facts(event_type: str, aspect: str, what: str) -> None:
    """What /pulser status tells of a service."""
    assert facts_of(event(event_type, DEPLOY))["fact"] == {**DEPLOY, "aspect": aspect, "what": what}


@pytest.mark.parametrize("event_type", [it for it in EVENT_TYPES if it.partition(".")[0] not in {"ci", "deploy"}])
def test_other_events_are_no_news_of_a_service(event_type: str) -> None:
    """An alert or a click is not a deployment."""
    assert facts_of(event(event_type, DEPLOY))["fact"] is None


@pytest.mark.parametrize("event_type", ["deploy.requested", "deploy.approved", "deploy.rejected"])
def test_what_people_say_of_a_deploy_is_no_result(event_type: str) -> None:
    """Only what the deployer reports moves the deploy on."""
    facts = facts_of(event(event_type, DEPLOY))
    assert (facts["fact"], facts["deploy_result"]) == (None, None)


def test_news_of_no_service_are_none() -> None:
    """Without a service there is nobody to tell them of."""
    assert facts_of(event("ci.passed", {"branch": "main"}))["fact"] is None


@pytest.mark.parametrize(("deploy_id", "is_news"), [(CARD_ID, True), ("run-7", False), (None, False)])
def test_news_of_a_deploy_that_is_named_are_its_services(deploy_id: str | None, is_news: bool) -> None:  # noqa: FBT001
    """The ledger knows of which service a deploy is by its id."""
    fact = facts_of(event("deploy.completed", {"deploy_id": deploy_id}))["fact"]
    assert (fact is not None) is is_news


@pytest.mark.parametrize(("deploy_id", "is_result"), [(CARD_ID, True), ("run 7", False), (None, False)])
def test_a_rollbacks_result_names_its_card_or_is_none(deploy_id: str | None, is_result: bool) -> None:  # noqa: FBT001
    """And it is no news of what runs: which release that is, it need not say."""
    found = facts_of(event("rollback.completed", {"service": "api", "deploy_id": deploy_id}))
    assert (found["deploy_result"] is not None, found["fact"]) == (is_result, None)
    assert not is_result or found["deploy_result"]["rollback"] is True


def test_a_result_names_its_deploy() -> None:
    """By the id that the hook was given."""
    result = facts_of(event("deploy.started", {**DEPLOY, "deploy_id": CARD_ID.upper()}))["deploy_result"]
    assert result == {
        **PLACE, "deploy_id": CARD_ID, "rollback": False, "deploy_ref": CARD_ID.upper(), "actor": None,
        "version": "1.2.3", "what": "started", "url": DEPLOY["url"], "text": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ({"error": "no space left\non device"}, "no space left on device"),
        ({"error": {"code": 7}, "title": "t"}, '{"code": 7}'),
        ({"error": "e", "summary": "s"}, "s"),
        ({"reason": "quota"}, "quota"),
        ({"title": "t"}, "t"),
        ({}, None),
    ],
)
def test_a_failure_says_why_in_whatever_key_its_writer_has(payload: dict[str, Any], text: str | None) -> None:
    """Its card has a cause, where there is one."""
    assert facts_of(event("deploy.failed", payload))["deploy_result"]["text"] == text
    assert facts_of(event("deploy.completed", payload))["deploy_result"]["text"] is None


@pytest.mark.parametrize("deploy_id", ["7", "", None, {"a": 1}, CARD_ID + "0"])
def test_a_deploy_id_that_is_none_is_left_out(deploy_id: Any) -> None:  # noqa: ANN401  it is JSON
    """A text that is no UUID must not make the ledger refuse the routing of all events."""
    result = facts_of(event("deploy.started", {**DEPLOY, "deploy_id": deploy_id}))["deploy_result"]
    assert result["deploy_id"] is None


@pytest.mark.parametrize("event_type", DEEDS)
def test_a_deed_names_its_card(event_type: str) -> None:
    """What people do to a card is not posted where the card itself shows it."""
    assert facts_of(event(event_type, {"card_id": CARD_ID}, actor="action-handler"))["card_id"] == CARD_ID


@pytest.mark.parametrize(
    ("event_type", "actor"),
    [
        ("deploy.expired", "ops_deploy_expire"),
        ("rollback.expired", "ops_deploy_expire"),
        ("deploy.hook_failed", "notify-dispatch"),
        ("rollback.hook_failed", "notify-dispatch"),
        ("deploy.queued", "ops_deploy_queue"),
        ("deploy.turn_taken", "ops_deploy_queue"),
    ],
)
def test_what_happened_to_a_card_names_it(event_type: str, actor: str) -> None:
    """What the ledger tells of a card without a click is not posted where the card shows it, and is no result."""
    facts = facts_of(event(event_type, {"card_id": CARD_ID, "severity": "warning"}, actor=actor))
    assert {name: told for name, told in facts.items() if told is not None} == {"card_id": CARD_ID}


def test_that_a_deploy_is_queued_is_said_by_its_card_alone() -> None:
    """Both may be routed at once; then the card's message does not stand yet. What somebody else writes is news."""
    everything = [Route(name="all", channel="#ops")]
    told = {"card_id": CARD_ID}
    assert intended(event("deploy.queued", told, actor="ops_deploy_queue"), everything)["deliveries"] == []
    assert len(intended(event("deploy.turn_taken", told, actor="ops_deploy_queue"), everything)["deliveries"]) == 1
    assert len(intended(event("deploy.queued", told, actor="grafana"), everything)["deliveries"]) == 1


@pytest.mark.parametrize(
    ("event_type", "actor"),
    [
        ("error_rate.exceeded", "action-handler"),
        ("alert.acknowledged", "grafana"),
        ("deploy.expired", "grafana"),
        ("delivery.dead", "notify-dispatch"),
    ],
)
def test_nobody_else_names_a_card(event_type: str, actor: str) -> None:
    """A card_id in a foreign payload would silence that event in the card's channel."""
    assert facts_of(event(event_type, {"card_id": EVENT_ID}, actor=actor))["card_id"] is None


@given(rows)
def test_any_event_has_facts_that_the_ledger_takes(value: object) -> None:
    """Whatever an event says: JSON, ids that are ids, and no NUL, which Postgres refuses."""
    facts = facts_of(Event.from_json(value))
    assert set(facts) == {"card", "fact", "deploy_result", "card_id", "alert", "resolves"}
    assert _NUL.search(json.dumps(facts)) is None
    ids = [facts["card_id"], (facts["deploy_result"] or {}).get("deploy_id")]
    assert [str(UUID(it)) for it in ids if it] == [it for it in ids if it]
