"""How many must approve a deploy, who has, and what one more vote does. Pure.

How many, and of which plan (service, environment, version), is fixed on the card when the deploy is asked for: the
database writes it, and refuses what breaks the rules that are decided here. On a card from before, nothing is fixed:
then it is as many as the service wants now. Where nobody knows who asked, one more must approve: one of them may be he.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from pulser.card import Card, Person
from pulser.settlement import Vote

SHOWN: Final = 16  # hex digits of a plan's hash in a button's value: they are signed, nobody chooses them

Refusal = Literal["approved_before", "other_plan"]


@dataclass(frozen=True, slots=True)
class Quorum:
    """`plan`: the hash of what is approved. `is_fixed`: it stands on the card already. `given`: who approved so far."""

    needed: int
    plan: str
    is_fixed: bool = False
    given: tuple[Person, ...] = ()

    @property
    def is_one(self) -> bool:
        """Whether the first vote decides."""
        return self.needed == 1

    def of(self, user: str) -> Person | None:
        """The vote that this person gave already."""
        return next((it for it in self.given if it.user == user), None)


@dataclass(frozen=True, slots=True)
class Counted:
    """One vote more. `count`: with it. `state`: its parts of the card's state. `vote`: what the ledger keeps of it."""

    count: int
    needed: int
    state: Mapping[str, Any]
    vote: Vote | None

    @property
    def is_last(self) -> bool:
        """Whether the deploy is approved with it."""
        return self.count >= self.needed

    def facts(self) -> dict[str, Any]:
        """What the audit says of it where one alone does not decide."""
        return {} if self.needed == 1 else {"approvals": self.count, "approvals_needed": self.needed}


def plan_hash(service: str | None, environment: str | None, release: str | None) -> str:
    """The SHA-256 of a deploy's plan in hex, as ops.plan_hash_v1 makes it."""
    parts = (it if it is None else it.encode() for it in (service, environment, release))
    told = b"".join(b"-" if part is None else b"%d:%b" % (len(part), part) for part in parts)
    return hashlib.sha256(told).hexdigest()


def quorum_of(card: Card, wanted: int, *, knows_requester: bool) -> Quorum:
    """What holds for the card. `wanted`: how many its service wants now."""
    fixed = card.state.get("quorum")
    given = card.state.get("approvals")
    people = tuple(by for it in given if (by := Person.from_json(it))) if isinstance(given, list) else ()
    if isinstance(fixed, Mapping) and isinstance(fixed.get("needed"), int) and isinstance(fixed.get("plan"), str):
        return Quorum(max(fixed["needed"], 1), fixed["plan"], is_fixed=True, given=people)
    plan = plan_hash(card.service, card.environment, card.release)
    return Quorum(wanted if knows_requester else wanted + 1, plan, given=people)


def waits_for_a_look(card: Card) -> bool:
    """Whether the deploy needs nobody's approval, and stopped because the one that it waited for broke."""
    queue = card.state.get("queue")
    turn = queue.get("turn") if isinstance(queue, Mapping) else None
    return isinstance(turn, Mapping) and turn.get("confirm") is True and "quorum" not in card.state


def weigh(quorum: Quorum, clicker: Person, shown: str | None) -> Counted | Refusal:
    """What this person's approval counts for. `shown`: the part of the plan's hash that his button carried."""
    if quorum.of(clicker.user):
        return "approved_before"
    # A button from before the quorums carries none: it is good for the one approval that it spoke of.
    if quorum.is_fixed and shown != quorum.plan[:SHOWN] and not (shown is None and quorum.is_one):
        return "other_plan"
    vote = Vote(clicker.user, clicker.name, quorum.plan)
    if quorum.is_one:
        return Counted(1, 1, {}, vote if quorum.is_fixed else None)
    votes = [*(it.to_json() for it in quorum.given), clicker.to_json()]
    fixed = {"needed": quorum.needed, "plan": quorum.plan}
    return Counted(len(votes), quorum.needed, {"approvals": votes, "quorum": fixed}, vote)
