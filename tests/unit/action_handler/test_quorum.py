"""Quorums: as many approvals as were fixed, of the plan shown, each approver once, never who asked."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from action_handler.decide import Decision, decide
from action_handler.quorum import SHOWN, plan_hash
from pulser.card import Card
from pulser.permission import Membership
from pulser.settlement import Vote
from tests.unit.action_handler.situations import (
    ALICE,
    BOB,
    CAROL,
    NOW,
    ONCALL,
    POLICY,
    REQUESTED,
    card,
    person,
    situation,
)

DAN, ERIN = "U0DAN", "U0ERIN"
PLAN = plan_hash("api", "production", "1.2.3")
EVERYBODY = replace(POLICY, approvers=(ALICE, BOB, CAROL, DAN, ERIN))


def asked(needed: int, *given_by: str, **state: Any) -> Card:  # noqa: ANN401  parts of a card's state
    """A deploy that Alice asked for, approved by some already."""
    votes = {"approvals": [person(it) for it in given_by]} if given_by else {}
    return card("deploy", "requested", {**REQUESTED, "quorum": {"needed": needed, "plan": PLAN}, **votes, **state})


def approve(on: Card, user: str = BOB, plan: str | None = PLAN[:SHOWN], **more: Any) -> Decision:  # noqa: ANN401
    return decide(situation("approve", on, user, plan=plan, **{"policy": EVERYBODY} | more))


def after(on: Card, decision: Decision) -> Card:
    """The card with a decision carried out, if it was one."""
    return replace(on, phase=decision.phase, state=decision.state) if decision.outcome == "done" else on


def test_the_first_of_two_leaves_the_deploy_waiting() -> None:
    """Its vote stands on the card, no hook is called."""
    decision = approve(asked(2), BOB)
    assert (decision.phase, decision.event_type, decision.hook) == ("requested", "deploy.approval_given", None)
    assert decision.state["approvals"] == [{"user": BOB, "name": "a name", "at": NOW.isoformat()}]
    assert decision.facts == {"requested_by": ALICE, "approved_by": BOB, "approvals": 1, "approvals_needed": 2}
    assert decision.vote == Vote(BOB, "a name", PLAN)


def test_the_last_of_two_approves_and_calls_the_hook() -> None:
    """Who approved is told to the hook, in their order."""
    decision = approve(asked(2, BOB), CAROL)
    assert (decision.phase, decision.event_type, decision.vote) == (
        "approved",
        "deploy.approved",
        Vote(CAROL, "a name", PLAN),
    )
    assert [it["user"] for it in decision.state["approvals"]] == [BOB, CAROL]
    assert decision.state["approval"]["by"]["user"] == CAROL
    assert decision.hook is not None
    assert decision.hook.inputs["approved_by"] == f"{BOB}, {CAROL}"


def test_one_approval_is_a_vote_too() -> None:
    """The database keeps who it was; the card is as it always was."""
    decision = approve(asked(1), BOB)
    assert (decision.phase, decision.vote) == ("approved", Vote(BOB, "a name", PLAN))
    assert "approvals" not in decision.state
    assert decision.facts == {"requested_by": ALICE, "approved_by": BOB}


def test_nobody_counts_twice() -> None:
    """He is told so, and how far it is."""
    decision = approve(asked(3, CAROL, BOB), BOB)
    assert (decision.outcome, decision.reason, decision.vote) == ("late", "approved_before", None)
    assert (decision.note or "").startswith("You have approved this deploy already, <!date^")
    assert "2 of 3" in (decision.note or "")


@pytest.mark.parametrize("plan", [None, "", "0" * SHOWN, PLAN])
def test_a_button_of_another_plan_counts_for_nothing(plan: str | None) -> None:
    """An approval is of what its clicker saw."""
    decision = approve(asked(2), BOB, plan=plan)
    assert (decision.outcome, decision.reason) == ("refused", "other_plan")


def test_an_old_button_gives_the_one_approval() -> None:
    """It was drawn before plans were, and never for several."""
    assert approve(asked(1), BOB, plan=None).phase == "approved"
    assert approve(asked(1), BOB, plan="0" * SHOWN).reason == "other_plan"


def test_where_nobody_knows_who_asked_one_more_must_approve() -> None:
    """One of them may be he; from the first vote on it is fixed on the card."""
    on = card("deploy", "requested", {})
    first = approve(on, BOB, plan=None)
    assert (first.phase, first.state["quorum"]) == ("requested", {"needed": 2, "plan": PLAN})
    assert approve(after(on, first), BOB).reason == "approved_before"
    assert approve(after(on, first), CAROL).phase == "approved"


def test_a_card_from_before_needs_what_its_service_wants_now() -> None:
    """Nothing was fixed on it, and nothing was promised."""
    wants_two = replace(EVERYBODY, approvals=2)
    first = approve(card("deploy", "requested"), BOB, plan=None, policy=wants_two)
    assert (first.phase, first.state["quorum"]["needed"]) == ("requested", 2)


def test_what_is_fixed_is_not_what_the_service_wants_now() -> None:
    """Neither more nor less."""
    assert approve(asked(1), policy=replace(EVERYBODY, approvals=3)).phase == "approved"
    assert approve(asked(2), policy=EVERYBODY).phase == "requested"


def test_any_approver_rejects_alone() -> None:
    """After one of two, too."""
    decision = decide(situation("reject", asked(2, BOB), CAROL, policy=EVERYBODY))
    assert (decision.phase, decision.state["approval"]["decision"]) == ("rejected", "rejected")


@pytest.mark.parametrize("needed", range(1, 5))
def test_every_order_of_the_approvers_ends_the_same(needed: int) -> None:
    """With as many as are needed, one hook; the requester and duplicates in between change nothing."""
    for order in itertools.permutations([BOB, CAROL, DAN, ERIN]):
        on, hooks = asked(needed), 0
        for count, who in enumerate(order, start=1):
            for presses in (ALICE, who, who):
                decision = approve(on, presses)
                hooks += decision.hook is not None
                on = after(on, decision)
            assert (on.phase == "approved") is (count >= needed)
        assert hooks == 1


@given(st.lists(st.sampled_from([ALICE, BOB, CAROL, DAN, ERIN]), max_size=12), st.integers(1, 6))
def test_it_takes_as_many_others_as_are_needed(clicks: list[str], needed: int) -> None:
    """Approved means that so many different people, none of them the requester, have a vote; no vote is lost."""
    on, votes = asked(needed), list[str]()
    for who in clicks:
        decision = approve(on, who)
        votes += [decision.vote.approver] if decision.vote else []
        on = after(on, decision)
    others = list(dict.fromkeys(it for it in clicks if it != ALICE))
    assert votes == others[:needed]
    assert (on.phase == "approved") is (len(others) >= needed)


def queued(**turn: Any) -> Card:  # noqa: ANN401
    """A deploy that needs no approval, whose turn came after one that broke."""
    return card("deploy", "requested", {**REQUESTED, "queue": {"turn": {"confirm": True, **turn}}})


FREE = replace(POLICY, approval_required=False, approvers=(), deployers=(ALICE, CAROL))


@pytest.mark.parametrize("user", [ALICE, CAROL])
def test_who_may_deploy_lets_one_go_on_that_needs_no_approval(user: str) -> None:
    """Who asked for it, too: he could as well ask again."""
    decision = approve(queued(), user, plan=None, policy=FREE)
    assert (decision.phase, decision.vote) == ("approved", None)
    assert decision.hook is not None


def test_who_may_not_deploy_lets_nothing_go_on() -> None:
    """By his id or by a group."""
    assert approve(queued(), BOB, plan=None, policy=FREE).reason == "not_permitted"
    by_group = replace(FREE, deployers=(ONCALL,))
    assert approve(queued(), BOB, None, policy=by_group, membership=Membership(frozenset({ONCALL}))).phase == "approved"


def test_anybody_lets_go_on_what_anybody_may_ask_for() -> None:
    """Where nobody is named."""
    assert approve(queued(), BOB, None, policy=replace(FREE, deployers=())).phase == "approved"


def test_a_service_that_wants_approvals_by_now_is_asked_for_them() -> None:
    """What was asked for while none was needed is then approved as any other."""
    assert approve(queued(), ALICE, None).reason == "own_request"
    assert approve(queued(confirm=False), ALICE, None, policy=FREE).reason == "own_request"


def test_what_waits_for_its_turn_is_not_approved_yet() -> None:
    """It can be taken out of the queue: by who asked, and by who may approve or ask for deploys of the service."""
    on = card("deploy", "queued", REQUESTED)
    early = approve(on, BOB)
    assert (early.outcome, early.reason) == ("late", "queued")
    assert "waits for its turn" in (early.note or "")
    assert decide(situation("reject", on, ALICE)).reason == "withdrawn"
    by_bob = decide(situation("reject", on, BOB))
    assert (by_bob.reason, by_bob.state["approval"]["decision"], by_bob.facts["withdrawn"]) == (
        "withdrawn",
        "withdrawn",
        True,
    )
    both = replace(POLICY, deployers=(ALICE, CAROL))
    assert decide(situation("reject", on, CAROL, policy=both)).reason == "withdrawn"
    strange = decide(situation("reject", on, ERIN, policy=both))
    assert (strange.outcome, strange.reason) == ("refused", "not_permitted")
    may = f"<@{BOB}>, <!subteam^{ONCALL}> and <@{CAROL}>"
    told = f"Only <@{ALICE}>, who asked for it, and {may} may withdraw this deploy."
    assert strange.note == f"{told} Nothing was changed."


def test_where_nobody_is_named_anybody_withdraws() -> None:
    """Deployers restrict it as well, where no approval is needed."""
    on = card("deploy", "queued", REQUESTED)
    assert decide(situation("reject", on, ERIN, policy=replace(FREE, deployers=()))).reason == "withdrawn"
    assert decide(situation("reject", on, ERIN, policy=FREE)).reason == "not_permitted"
    alone = decide(situation("reject", on, ERIN, policy=replace(FREE, deployers=(ALICE,))))
    assert alone.note == f"Only <@{ALICE}>, who asked for it, may withdraw this deploy. Nothing was changed."
    unnamed = replace(POLICY, approvers=(), deployers=())
    assert decide(situation("reject", on, ERIN, policy=unnamed)).reason == "nobody_may"


def test_who_comes_late_is_told_that_it_was_withdrawn() -> None:
    """Not rejected."""
    on = card("deploy", "rejected", {**REQUESTED, "approval": {"by": person(BOB), "decision": "withdrawn"}})
    late = decide(situation("reject", on, ALICE))
    assert (late.outcome, late.reason) == ("late", "withdrawn")
    assert f"<@{BOB}> withdrew this deploy" in (late.note or "")
