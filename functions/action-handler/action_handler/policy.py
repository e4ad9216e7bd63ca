"""A service's policy. Pure.

Nobody named: nobody may approve or roll back, and anybody may ask for a deploy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from action_handler.action import Verb


@dataclass(frozen=True, slots=True)
class Policy:
    """A service's policy. Each list holds Slack user ids (U…, W…) and user group ids (S…)."""

    service: str
    approval_required: bool = True
    approvals: int = 1  # how many must approve, none of them who asked
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
            approvals=value.get("approvals") or 1,
            approvers=tuple(value["approvers"]),
            deployers=tuple(value["deployers"]),
            rollback_by=tuple(value["rollback_by"]),
            can_deploy=value["can_deploy"] is True,
            can_rollback=value["can_rollback"] is True,
            environments=tuple(value["environments"]),
        )


def needs_policy(verb: Verb) -> bool:
    """Whether a permission is asked for."""
    return verb in {"approve", "reject", "rollback"}


def named(verb: Verb, policy: Policy | None, *, is_queued: bool = False) -> tuple[str, ...]:
    """Who may, by the policy. `is_queued`: about a deploy that waits for its turn."""
    if policy is None:
        return ()
    if verb == "rollback":
        return policy.rollback_by
    approvers = policy.approvers if policy.approval_required else ()
    if is_queued and verb == "reject":
        return tuple(dict.fromkeys((*approvers, *policy.deployers)))
    # Where nobody must approve, whoever may ask for a deploy lets one go on that stopped for a person.
    return approvers if policy.approval_required else policy.deployers
