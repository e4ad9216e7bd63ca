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
