"""What a pressed button does: a function of the action, the card, the policy and the clock. Pure.

The first click wins, by the card's version, which the ledger compares when the decision is settled. A click that does
nothing says who did it before and when, or who may.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any, Literal

from action_handler import notes, quorum
from action_handler.action import Press
from action_handler.hooks import deploy_hook, rollback_hook
from action_handler.policy import Policy, named
from pulser.card import Card, Person, moment
from pulser.deploy_modal import is_version
from pulser.permission import Membership, permission
from pulser.settlement import Hook, Vote
from pulser.snooze import CHOICES, until

Outcome = Literal["done", "late", "refused"]

_DONE_BY: dict[str, tuple[str, ...]] = {
    "acknowledged": ("acknowledged",),
    "investigating": ("investigating",),
    "approved": ("approval", "by"),
    "rejected": ("approval", "by"),
    "withdrawn": ("approval", "by"),
    "rollback": ("rollback",),
}


@dataclass(frozen=True, slots=True)
class Decision:
    """`done`: the card goes to `phase` and `state`, `event_type` is appended with `facts`. Else only a private `note`.

    `reason` is one word for the audit. `briefs`: what is known is told in the thread of the card's message.
    """

    outcome: Outcome
    reason: str
    note: str | None = None
    phase: str = ""
    state: Mapping[str, Any] = field(default_factory=dict)
    event_type: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    hook: Hook | None = None
    vote: Vote | None = None
    briefs: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a decision depends on. `drawn_for`: the release in the button's value. `now` is aware.

    `choice`: what was chosen in a menu. `zone`: where the person is, None where nobody knows. `plan`: the part of a
    plan's hash in the button's value. `running`: the deploy that is under way where this one would go.
    """

    press: Press
    card: Card
    policy: Policy | None
    membership: Membership
    now: datetime
    drawn_for: str | None = None
    choice: str | None = None
    zone: tzinfo | None = None
    plan: str | None = None
    running: Mapping[str, Any] | None = None

    @property
    def clicker(self) -> Person:
        """Who pressed, now."""
        return Person(self.press.user, self.press.name, self.now)

    @property
    def service(self) -> str:
        """The service's name, for people."""
        return self.card.service or "(no service)"


def decide(it: Situation) -> Decision:
    """What the click does to the card."""
    match it.press.verb:
        case "acknowledge":
            return _acknowledge(it)
        case "investigate":
            return _investigate(it)
        case "snooze":
            return _snooze(it)
        case "approve":
            return _approve(it)
        case "reject":
            return _reject(it)
        case "rollback":
            return _rollback(it)


def _acknowledge(it: Situation) -> Decision:
    if it.card.kind != "alert":
        return _refused("wrong_card", notes.wrong_card())
    if it.card.phase == "resolved":
        return _over(it)
    if it.card.phase == "open":
        return _noted(it, "acknowledged", "alert.acknowledged")
    # Who investigates has seen it, too.
    return _late(it, "acknowledged" if it.card.person("acknowledged") else "investigating")


def _investigate(it: Situation) -> Decision:
    if it.card.kind != "alert":
        return _refused("wrong_card", notes.wrong_card())
    if it.card.phase == "resolved":
        return _over(it)
    if it.card.phase in {"open", "acknowledged"}:
        return _noted(it, "investigating", "alert.investigating")
    return _late(it, "investigating")


def _over(it: Situation) -> Decision:
    """The alert is over, or a newer message tells of it: nobody did that."""
    told = it.card.state.get("resolved")
    told = told if isinstance(told, Mapping) else {}
    return Decision(
        "late", "resolved", notes.resolved(moment(told.get("at")), is_superseded=bool(told.get("superseded_by")))
    )


def _snooze(it: Situation) -> Decision:
    """A later snooze takes the place of one before."""
    if it.card.kind != "alert" or it.choice not in CHOICES:
        return _refused("wrong_card", notes.wrong_card())
    if it.card.phase == "resolved":
        return _over(it)
    if it.card.phase != "open":
        return _late(it, "acknowledged" if it.card.person("acknowledged") else "investigating")
    ends_at = until(it.choice, it.now, it.zone)
    if ends_at is None:
        return _refused("zone_unknown", notes.zone_unknown())
    told = ends_at.astimezone(UTC).isoformat()
    return Decision(
        "done",
        "snoozed",
        phase="open",
        state={**it.card.state, "snoozed": {**it.clicker.to_json(), "until": told}},
        event_type="alert.snoozed",
        facts={"snoozed_by": it.press.user, "until": told},
    )


def _approve(it: Situation) -> Decision:
    refusal = _not_open(it) or _unservable(it)
    if refusal:
        return refusal
    if not _is_let_go(it) and it.press.user == _requester(it.card):
        others = [name for name in named("approve", it.policy) if name != it.press.user]
        return _refused("own_request", notes.own_request(others))
    return _denied(it) or _occupied(it) or (_approved(it) if _is_let_go(it) else _vote(it))


def _vote(it: Situation) -> Decision:
    """One approval, of as many as the deploy needs."""
    wanted = it.policy.approvals if it.policy else 1
    standing = quorum.quorum_of(it.card, wanted, knows_requester=_requester(it.card) is not None)
    counted = quorum.weigh(standing, it.clicker, it.plan)
    if counted == "approved_before":
        by = standing.of(it.press.user)
        note = notes.approved_before(by.at if by else None, len(standing.given), standing.needed)
        return Decision("late", counted, note)
    if counted == "other_plan":
        return _refused(counted, notes.other_plan())
    if counted.is_last:
        return _approved(it, counted)
    return Decision(
        "done",
        "approval_given",
        phase=it.card.phase,
        state={**it.card.state, **counted.state},
        event_type="deploy.approval_given",
        facts={"requested_by": _requester(it.card), "approved_by": it.press.user, **counted.facts()},
        vote=counted.vote,
    )


def _approved(it: Situation, last: quorum.Counted | None = None) -> Decision:
    """The deploy begins. Without a last vote, somebody let it go on that needs none."""
    given, facts = (last.state, last.facts()) if last else ({}, {})
    by = ", ".join(it["user"] for it in given.get("approvals", ())) or it.press.user
    return Decision(
        "done",
        "approved",
        phase="approved",
        state={**it.card.state, **given, "approval": _approval(it, "approved"), "hook": _queued(it, "deploy")},
        event_type="deploy.approved",
        facts={"requested_by": _requester(it.card), "approved_by": it.press.user, **facts},
        hook=deploy_hook(it.card, _requester(it.card), by),
        vote=last.vote if last else None,
    )


def _reject(it: Situation) -> Decision:
    """Nobody has decided about what waits for its turn: whoever takes it out of the queue rejects nothing."""
    is_own = it.press.user == _requester(it.card)
    refusal = (None if _is_queued(it) else _not_open(it)) or (None if is_own else _denied(it))
    if refusal:
        return refusal
    withdrawn = is_own or _is_queued(it)
    decision = "withdrawn" if withdrawn else "rejected"
    return Decision(
        "done",
        decision,
        phase="rejected",
        state={**it.card.state, "approval": _approval(it, decision)},
        event_type="deploy.rejected",
        facts={"requested_by": _requester(it.card), "rejected_by": it.press.user, "withdrawn": withdrawn},
    )


def _rollback(it: Situation) -> Decision:
    refusal = (
        _nothing_to_roll_back(it)
        or _rolled_back_elsewhere(it)
        or _unservable(it)
        or _of_another_release(it)
        or _odd_release(it)
        or _denied(it)
    )
    if refusal:
        return refusal
    release = it.card.release
    return Decision(
        "done",
        "rollback_requested",
        # The phases of a deploy end with the deploy; that its release is rolled back stands in the state.
        phase="rolling_back" if it.card.kind == "release" else it.card.phase,
        state={
            **it.card.state,
            "rollback": {**it.clicker.to_json(), "release": release},
            "hook": _queued(it, "rollback"),
        },
        event_type="rollback.requested",
        facts={"requested_by": it.press.user, "release": release},
        hook=rollback_hook(it.card, it.press.user),
    )


def _not_open(it: Situation) -> Decision | None:
    """Why a deploy request cannot be decided about any more."""
    if it.card.kind != "deploy":
        return _refused("wrong_card", notes.wrong_card())
    if it.card.service is None or it.card.environment is None:  # another program wrote it; it cannot have a card
        return _refused("no_place", notes.no_place("environment" if it.card.service else "service"))
    if it.card.phase == "requested":
        return None
    decision = it.card.state.get("approval")
    decided = decision.get("decision") if isinstance(decision, Mapping) else None
    if decided not in {"approved", "rejected", "withdrawn"}:
        return Decision("late", it.card.phase, notes.ended(it.card.phase))
    return _late(it, decided)


def _nothing_to_roll_back(it: Situation) -> Decision | None:
    """Why there is nothing to be rolled back, or not any more."""
    card = it.card
    if card.phase in {"rolling_back", "rolled_back"} or "rollback" in card.state:
        return _late(it, "rollback")
    if card.phase == "resolved":
        return _over(it)
    stands = (card.kind, card.phase) in {("release", "deployed"), ("deploy", "completed")} or card.is_of_failed_deploy
    if stands and card.release:
        return None
    return _refused("wrong_card", notes.wrong_card())


def _rolled_back_elsewhere(it: Situation) -> Decision | None:
    """Another message of the same deploy offers Rollback too; somebody has pressed it there."""
    other = it.card.other_rollback
    if not other:
        return None
    by = Person.from_json(other.get("by"))
    return Decision(
        "late", "rollback", notes.rolled_back_elsewhere(it.service, by, it.press.user, other.get("release"))
    )


def _of_another_release(it: Situation) -> Decision | None:
    """A rollback is of the release that the card was drawn for, and of what runs now."""
    card = it.card
    if it.drawn_for == card.release and card.current_release in (None, card.release):
        return None
    return _refused("other_release", notes.other_release(card, it.drawn_for))


def _odd_release(it: Situation) -> Decision | None:
    """The release's name comes from whoever wrote the event; a form would not take any name either."""
    if is_version(it.card.release or ""):
        return None
    return _refused("odd_release", notes.odd_release(it.card.release))


def _unservable(it: Situation) -> Decision | None:
    """Why the service cannot be deployed or rolled back at all."""
    verb, policy = it.press.verb, it.policy
    if policy is None:
        return _refused("unknown_service", notes.unknown_service(it.card.service))
    if not (policy.can_rollback if verb == "rollback" else policy.can_deploy):
        return _refused("no_hook", notes.no_hook(verb, it.service))
    if verb == "approve" and policy.environments and it.card.environment not in policy.environments:
        # It was allowed when it was asked for. To get out of there again, a rollback stays possible.
        return _refused("environment_not_allowed", notes.environment_gone(it.service, it.card.environment))
    return None


def _occupied(it: Situation) -> Decision | None:
    """Another program asked for it while a deploy was under way there; the ledger would not take it either."""
    if it.running is None:
        return None
    return _refused("deploy_running", notes.occupied(it.service, notes.under_way(it.running)))


def _denied(it: Situation) -> Decision | None:
    """Why this person may not; None when he may."""
    verb, who = it.press.verb, named(it.press.verb, it.policy, is_queued=_is_queued(it))
    if it.policy is None:
        return _refused("unknown_service", notes.unknown_service(it.card.service))
    match permission(it.press.user, who, it.membership):
        case "granted":
            return None
        case "nobody" if verb != "rollback" and not it.policy.approval_required:
            return None  # nobody is named who may ask for a deploy: anybody may
        case "nobody":
            setting = "rollback_by" if verb == "rollback" else "approvers"
            return _refused("nobody_may", notes.nobody_may(verb, it.service, setting))
        case "unchecked":
            return _refused("could_not_check", notes.could_not_check(verb, it.service))
        case "denied":
            asker, is_queued = _requester(it.card), _is_queued(it)
            note = notes.not_withdrawn(asker, who) if is_queued else notes.not_permitted(verb, it.service, who)
            return _refused("not_permitted", note)


def _noted(it: Situation, phase: Literal["acknowledged", "investigating"], event_type: str) -> Decision:
    return Decision(
        "done",
        phase,
        phase=phase,
        # Who has it in hand ends a snooze.
        state={
            **{name: part for name, part in it.card.state.items() if name != "snoozed"},
            phase: it.clicker.to_json(),
        },
        event_type=event_type,
        facts={f"{phase}_by": it.press.user},
        briefs=phase == "investigating",
    )


def _late(it: Situation, did: str) -> Decision:
    by = it.card.person(*_DONE_BY[did])
    own = did == "rejected" and by is not None and by.user == _requester(it.card)  # a card from before says no more
    told = "withdrawn" if own else did
    return Decision("late", told, notes.already(told, by, it.press.user, it.card.phase))


def _refused(reason: str, note: str) -> Decision:
    return Decision("refused", reason, note)


def _is_let_go(it: Situation) -> bool:
    """Whether no vote is needed, only somebody who may ask for such a deploy himself."""
    return it.policy is not None and not it.policy.approval_required and quorum.waits_for_a_look(it.card)


def _is_queued(it: Situation) -> bool:
    return it.card.kind == "deploy" and it.card.phase == "queued"


def _requester(card: Card) -> str | None:
    """Who asked for the deploy: the card says it, or the event of before the cards."""
    asked = card.person("requested")
    if asked is not None:
        return asked.user
    payload = card.event.get("payload")
    found = payload.get("slack_user") if isinstance(payload, Mapping) else None
    return found if isinstance(found, str) else None


def _approval(it: Situation, decision: str) -> dict[str, Any]:
    return {"by": it.clicker.to_json(), "decision": decision}


def _queued(it: Situation, action: str) -> dict[str, Any]:
    return {"status": "queued", "action": action, "at": it.clicker.to_json()["at"]}
