"""How far the approvals of a deploy are, and the deploy that it waits for, on its card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from notify_dispatch.render.phrases import called, line_of, mentioned, when
from pulser.blocks import code
from pulser.card import Card, Person, moment

SHOWN: Final = 16  # hex digits of the plan's hash that a button carries, as action_handler/quorum.py compares them
_VERSION: Final = 60
_MOST, _IN_FULL = 11, 3  # votes: ten, and one more where nobody knows who asked
_CALLED: Final = 8
_NTH: Final = {1: "1st", 2: "2nd", 3: "3rd"}  # a handful wait at most
_ENDED: Final = {
    "completed": "is done",
    "failed": "has failed",
    "rejected": "was rejected",
    "expired": "has expired",
}

Line = tuple[datetime | None, str]


def votes(card: Card) -> Iterator[Line]:
    """ "Approved by @bob (1 of 2), today 7:33 AM"; of many the first ones in one line."""
    needed, given = _needed(card), _given(card)
    first = given[:-_IN_FULL]
    if first:
        names = ", ".join(mentioned(by) for by in first)
        yield first[-1].at, f"Approved by {names} ({len(first)} of {needed})"
    for count, by in enumerate(given[len(first) :], start=len(first) + 1):
        yield by.at, f"Approved by {mentioned(by)} ({count} of {needed}){when(by.at)}"


def is_vote(card: Card, by: Person) -> bool:
    """Whether his approval is told among the votes."""
    return any(it.user == by.user for it in _given(card))


def was_under_way(card: Card) -> bool:
    """Whether it expired because nothing was heard of it, not for want of a decision."""
    return _part(card.state, "expired").get("was") in ("approved", "started")


def waiting(card: Card) -> str:
    """What a deploy waits for that nobody has decided, or waited for until it expired. It calls who may decide: a new
    message does so, one that changes in place calls nobody.
    """
    needed, given = _needed(card), len(_given(card))
    if card.phase == "expired":
        if _part(card.state, "expired").get("was") == "queued":
            return "Its turn did not come in time"
        return f"Only {given} of {needed} approved it in time" if given else "Nobody approved it in time"
    if _turn(card).get("confirm") is True:
        return "Waits for somebody to let it go on with Approve"
    if needed == 1:
        return f"Waits for an approval{_by_whom(card)}"
    left = needed - given
    return f"Waits for {left}{' more' if given else ''} approval{'' if left == 1 else 's'}{_by_whom(card)}"


def queue(card: Card) -> Iterator[Line]:
    """Where it stands in the queue now, behind which deploy; or what became of that one when its turn came."""
    turn = _turn(card)
    if card.phase == "queued":
        asked = card.person("requested")
        yield asked.at if asked else None, _place(card.queue_place)
    if turn:
        at, after = moment(turn.get("at")), _part(turn, "after")
        ended = _ENDED.get(str(after.get("phase")), "has ended")
        why = f": {_release(after)} {ended}" if after else ""
        look = ", so look first what it left" if after.get("broke") is True else ""
        yield at, f"Its turn came{when(at)}{why}{look}"


def shown_plan(card: Card | None) -> str | None:
    """The part of the plan's hash that an Approve button carries; None on a card from before."""
    plan = _part(card.state, "quorum").get("plan") if card else None
    return plan[:SHOWN] if isinstance(plan, str) else None


def approval_of(card: Card | None) -> str:
    """What one press of Approve does: "This deploys", or one of the approvals that are needed."""
    needed = _needed(card) if card else 1
    left = needed - len(_given(card)) if card else 1
    return "This deploys" if left <= 1 else f"This is one of the {needed} approvals that are needed to deploy"


def _needed(card: Card) -> int:
    needed = _part(card.state, "quorum").get("needed")
    return needed if isinstance(needed, int) and needed > 0 else 1


def _given(card: Card) -> list[Person]:
    given = card.state.get("approvals")
    told = given[:_MOST] if isinstance(given, list) else []
    return [by for it in told if (by := Person.from_json(it))]


def _place(place: Mapping[str, Any]) -> str:
    nth, by = place.get("nth"), Person.from_json(place.get("by"))
    if not isinstance(nth, int):
        return "Queued: its turn comes after the deploys asked for before it"
    return f"{_NTH.get(nth, f'{nth}th')} in the queue, behind {_release(place)}{f' by {mentioned(by)}' if by else ''}"


def _by_whom(card: Card) -> str:
    """ " by @oncall or @bob": who may, but for the requester and those who have."""
    asked = card.person("requested")
    out = {asked.user if asked else None, *(it.user for it in _given(card))}
    told = [markup for it in card.approvers if it not in out and (markup := called(it))]
    if len(told) > _CALLED:
        told = [*told[:_CALLED], f"{len(told) - _CALLED} more"]
    if len(told) < 2:
        return f" by {told[0]}" if told else ""
    return f" by {', '.join(told[:-1])} or {told[-1]}"


def _turn(card: Card) -> Mapping[str, Any]:
    return _part(_part(card.state, "queue"), "turn")


def _release(told: Mapping[str, Any]) -> str:
    release = line_of(told.get("release"), _VERSION)
    return code(release, _VERSION) if release else "the deploy before it"


def _part(of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = of.get(name)
    return part if isinstance(part, Mapping) else {}
