"""Decisions over everything: nothing is done without a right, notes mention nobody by an untrusted word."""

from __future__ import annotations

import re
from datetime import UTC
from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st

from action_handler.action import VERBS, Press, Verb
from action_handler.decide import Situation, decide
from action_handler.policy import Policy
from pulser.card import Card
from pulser.permission import Membership, permission
from pulser.settlement import CardKind
from tests.unit.action_handler.situations import ALICE, BOB, CAROL, NOW, ONCALL, PHASES

users = st.sampled_from([ALICE, BOB, CAROL])
lists = st.lists(st.sampled_from([ALICE, BOB, CAROL, ONCALL, "S0OTHERS"]), unique=True, max_size=3).map(tuple)
groups = st.frozensets(st.sampled_from([ONCALL, "S0OTHERS"]))
words = st.none() | st.text(max_size=20) | st.sampled_from(["<!channel>", "<@U0BOB>", "<!subteam^S0ONCALL>", "`x`"])
people = st.fixed_dictionaries(
    {"user": users | st.text(max_size=8), "name": words, "at": st.sampled_from(["2026-03-01T07:00:00Z", "x", None])}
)
states = st.fixed_dictionaries(
    {},
    optional={
        "requested": people,
        "acknowledged": people,
        "investigating": people,
        "snoozed": people,
        "rollback": people,
        "approvals": st.lists(people, max_size=3),
        "quorum": st.fixed_dictionaries({"needed": st.integers(-1, 3), "plan": st.sampled_from(["0" * 64, "x"])}),
        "queue": st.fixed_dictionaries({"turn": st.fixed_dictionaries({"confirm": st.booleans()})})
        | st.text(max_size=3),
        "approval": st.fixed_dictionaries(
            {"by": people | st.none(), "decision": st.sampled_from(["approved", "rejected", "not_needed", None])}
        )
        | st.text(max_size=3),
    },
)
releases = st.sampled_from([None, "", "1.0", "1.1", "<!here>"])


@st.composite
def cards(draw: st.DrawFn) -> Card:
    """Any card, also one that no sane ledger would give."""
    kind: CardKind = draw(st.sampled_from(get_args(CardKind)))
    phase = draw(st.sampled_from(PHASES[kind]))
    service, environment = draw(words), draw(words)
    return Card("c", draw(st.integers(0, 9)), kind, service, environment, draw(releases), phase, draw(states), {},
                draw(releases))  # fmt: skip


policies = st.builds(
    Policy,
    service=st.just("api"),
    approvers=lists,
    deployers=lists,
    rollback_by=lists,
    approval_required=st.booleans(),
    approvals=st.integers(1, 3),
    can_deploy=st.booleans(),
    can_rollback=st.booleans(),
)
situations = st.builds(
    Situation,
    press=st.builds(Press, verb=st.sampled_from(VERBS), user=users, name=words, value=st.just("v")),
    card=cards(),
    policy=st.none() | policies,
    membership=st.builds(Membership, groups, groups),
    now=st.just(NOW),
    drawn_for=releases,
    choice=st.sampled_from([None, "30m", "2h", "9am", "x"]),
    zone=st.sampled_from([None, UTC]),
    plan=st.sampled_from([None, "0" * 16, "x"]),
    running=st.none()
    | st.fixed_dictionaries({"environment": words, "version": words, "phase": words, "requested": people}),
)


@given(situations)
def test_every_click_has_one_outcome(it: Situation) -> None:
    """Done with an event and a new phase, or a note and nothing else."""
    decision = decide(it)
    if decision.outcome == "done":
        assert decision.phase in PHASES[it.card.kind]
        assert (bool(decision.event_type), decision.note) == (True, None)
    else:
        assert decision.note
        assert (decision.phase, decision.state, decision.event_type, decision.hook) == ("", {}, "", None)


@given(situations)
def test_nothing_is_deployed_or_rolled_back_without_a_right(it: Situation) -> None:
    """A hook is called, and a vote counts, only for somebody named, for a service that has a hook, and never for one's
    own request; but what needs no approval is let go on by whoever may ask for it.
    """
    decision = decide(it)
    if decision.hook is None and decision.reason != "approval_given":
        return
    assert it.policy is not None
    verb: Verb = it.press.verb
    free = verb == "approve" and not it.policy.approval_required
    who = it.policy.rollback_by if verb == "rollback" else it.policy.deployers if free else it.policy.approvers
    granted = permission(it.press.user, who, it.membership)
    assert granted == "granted" or (free and granted == "nobody")
    assert it.policy.can_rollback if verb == "rollback" else it.policy.can_deploy
    requester = it.card.person("requested")
    is_own = requester is not None and requester.user == it.press.user
    assert verb == "rollback" or not is_own or (free and it.card.state["queue"]["turn"]["confirm"])


@given(situations)
def test_nothing_is_approved_where_another_deploy_runs(it: Situation) -> None:
    """One at a time."""
    decision = decide(it)
    assert it.running is None or it.press.verb != "approve" or decision.outcome != "done"


@given(situations)
def test_a_rollback_is_of_the_release_that_runs(it: Situation) -> None:
    """Of the one that the card was drawn for, and of no other."""
    decision = decide(it)
    if decision.hook is not None and it.press.verb == "rollback":
        assert it.drawn_for == it.card.release == decision.hook.inputs["version"]
        assert it.card.current_release in (None, it.card.release)


@given(situations)
def test_the_second_click_of_the_same_kind_changes_nothing(it: Situation) -> None:
    """Whoever makes it: the first one wins."""
    first = decide(it)
    if first.outcome != "done" or it.press.verb == "snooze":  # a snooze takes the place of the one before
        return
    moved = _after(it.card, first.phase, first.state)
    # Of several approvals the first one leaves room for those of others.
    for user in (it.press.user,) if first.reason == "approval_given" else (ALICE, BOB, CAROL):
        press = Press(it.press.verb, user, None, "v")
        second = decide(Situation(press, moved, it.policy, it.membership, NOW, it.drawn_for))
        assert (second.outcome, second.hook) == ("late", None)


@given(situations)
def test_a_note_mentions_only_by_ids(it: Situation) -> None:
    """No name, service, environment or release becomes a mention, and no channel is called."""
    note = decide(it).note or ""
    markup = re.findall(r"<[^>]*>", note)
    allowed = re.compile(r"<@[UW][A-Z0-9]+>|<!subteam\^S[A-Z0-9]+>|<!date\^\d+\^[^|>]*\|[^>]*>")
    assert all(allowed.fullmatch(found) for found in markup)
    assert len(note) < 1500


def _after(card: Card, phase: str, state: Any) -> Card:  # noqa: ANN401  a card's state
    return Card(card.card_id, card.version + 1, card.kind, card.service, card.environment, card.release, phase, state,
                card.event, card.current_release)  # fmt: skip
