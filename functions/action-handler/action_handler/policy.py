"""Who may do what to a service. Pure: the policy and the memberships are given.

Nobody named: nobody may approve or roll back, and anybody may ask for a deploy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Permission = Literal["granted", "denied", "nobody", "unchecked"]


@dataclass(frozen=True, slots=True)
class Policy:
    """A service's policy. Each list holds Slack user ids (U…, W…) and user group ids (S…)."""

    service: str
    approval_required: bool = True
    approvers: tuple[str, ...] = ()
    deployers: tuple[str, ...] = ()
    rollback_by: tuple[str, ...] = ()
    can_deploy: bool = False
    can_rollback: bool = False
    environments: tuple[str, ...] = ()  # where it may be deployed; a service has at least one

    @classmethod
    def from_json(cls, value: Mapping[str, Any] | None) -> Policy | None:
        """The policy that service_policy_v1 gives; None for an unknown service."""
        if value is None:
            return None
        return cls(
            service=value["service"],
            approval_required=value["approval_required"] is not False,
            approvers=tuple(value["approvers"]),
            deployers=tuple(value["deployers"]),
            rollback_by=tuple(value["rollback_by"]),
            can_deploy=value["can_deploy"] is True,
            can_rollback=value["can_rollback"] is True,
            environments=tuple(value["environments"]),
        )


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
