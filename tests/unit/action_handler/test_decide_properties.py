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
    """A hook is called only for somebody named, for a service that has one, and never for one's own request."""
    decision = decide(it)
    if decision.hook is None:
        return
    assert it.policy is not None
    verb: Verb = it.press.verb
    who = it.policy.rollback_by if verb == "rollback" else it.policy.approvers
    assert permission(it.press.user, who, it.membership) == "granted"
    assert it.policy.can_rollback if verb == "rollback" else it.policy.can_deploy
    requester = it.card.person("requested")
    assert verb == "rollback" or requester is None or requester.user != it.press.user


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
    for user in (ALICE, BOB, CAROL):
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
