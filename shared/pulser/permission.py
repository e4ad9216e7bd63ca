"""Whether a person is among those who are named. Pure: the memberships are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Permission = Literal["granted", "denied", "nobody", "unchecked"]


@dataclass(frozen=True, slots=True)
class Membership:
    """Of the user groups that matter: those the person is in, and those that Slack did not tell about."""

    groups: frozenset[str] = frozenset()
    unchecked: frozenset[str] = frozenset()


def groups_to_check(user: str, named: Sequence[str]) -> list[str]:
    """The user groups whose members decide about `user`: none where he is named himself."""
    return [] if user in named else [it for it in named if is_group(it)]


def is_group(name: str) -> bool:
    """Whether it is a user group's id."""
    return name.startswith("S")


def permission(user: str, named: Sequence[str], membership: Membership) -> Permission:
    """Whether `user` is one of those who are named. What could not be checked is not granted."""
    if not named:
        return "nobody"
    if user in named or any(it in membership.groups for it in named if is_group(it)):
        return "granted"
    if any(it in membership.unchecked for it in named):
        return "unchecked"
    return "denied"


def too_few_approvers(user: str, approvers: Sequence[str], needed: int) -> str | None:
    """Why nobody could ever approve what `user` asks for, in plain text; None where enough others are named, or a user
    group is: nobody knows how many are in it.
    """
    others = sum(it != user for it in set(approvers))
    if others >= needed or any(is_group(it) for it in approvers):
        return None
    if not approvers:
        return (
            "Nobody may approve a deploy of this service, so it could never begin: approvers in pulser.yaml is empty."
        )
    named = f"only {others} other{' is' if others == 1 else 's are'}" if others else "nobody else is"
    own = " You cannot approve your own deploy, and" if user in approvers else " But"
    return (
        f"A deploy of this service needs {needed} approval{'' if needed == 1 else 's'}.{own} {named} named in "
        "approvers in pulser.yaml, so it could never begin."
    )
