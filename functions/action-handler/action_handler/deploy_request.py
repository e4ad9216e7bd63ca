"""The submitted deploy modal: errors on its fields, or a request that waits for an approval, or a deploy that begins.

Pure: what the ledger and Slack know is given.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from action_handler import notes
from action_handler.action import DeploySubmission
from action_handler.policy import Policy
from pulser.blocks import escape
from pulser.card import Person
from pulser.deploy_modal import SERVICE, DeployForm, running_of, validate
from pulser.envelope import Envelope
from pulser.permission import Membership, permission, too_few_approvers
from pulser.settlement import AuditEvent, Hook, NewCard, Reply, Settlement


@dataclass(frozen=True, slots=True)
class Asked:
    """All that the answer depends on. `policy` and `running` are the ledger's JSON; `now` is aware."""

    submission: DeploySubmission
    form: DeployForm
    policy: Mapping[str, Any] | None
    running: Sequence[Mapping[str, Any]]
    membership: Membership
    now: datetime

    @property
    def requester(self) -> Person:
        """Who submitted it, now."""
        return Person(self.submission.user, self.submission.name, self.now)


def answer_request(asked: Asked, envelope: Envelope) -> Settlement:
    """The whole settlement: field errors in the ack, or the request with its card, and its hook when nobody decides."""
    errors = validate(asked.form, asked.policy, asked.running, asked.now)
    policy = Policy.from_json(asked.policy)
    if not errors and policy is not None:
        errors = _not_permitted(asked, policy) or _not_approvable(asked, policy)
    if errors or policy is None:
        return _with_errors(asked, envelope, errors or {SERVICE: "There is no such service."})
    return _accepted(asked, envelope, policy)


def channel_of(view: Mapping[str, Any]) -> str | None:
    """The channel in which the modal was asked for, as command-handler noted it in the view."""
    try:
        noted = json.loads(view.get("private_metadata") or "null")
    except (TypeError, ValueError, RecursionError):
        return None
    found = noted.get("channel") or noted.get("channel_id") if isinstance(noted, Mapping) else None
    return found if isinstance(found, str) and found else None


def _not_permitted(asked: Asked, policy: Policy) -> dict[str, str]:
    if not policy.deployers:
        return {}
    match permission(asked.submission.user, policy.deployers, asked.membership):
        case "granted":
            return {}
        case "unchecked":
            return {SERVICE: "Slack did not say whether you may deploy this. Please try again in a minute."}
        case _:
            # Field errors are plain text, in which a user's ID would not become a name.
            return {SERVICE: "You are not one of those who may deploy this service (deployers in pulser.yaml)."}


def _not_approvable(asked: Asked, policy: Policy) -> dict[str, str]:
    """It would stand in everybody's way for a day and never begin."""
    if not policy.approval_required:
        return {}
    why = too_few_approvers(asked.submission.user, policy.approvers, policy.approvals)
    return {SERVICE: why} if why else {}


def _with_errors(asked: Asked, envelope: Envelope, errors: Mapping[str, str]) -> Settlement:
    told = " ".join(errors.values())
    return Settlement(
        ack={"response_action": "errors", "errors": dict(errors)},
        late=_reply(asked, envelope, f"The deploy was not asked for. {escape(told)}"),
        events=[
            AuditEvent(
                "slack.action",
                asked.form.service or None,
                {
                    **_facts(asked),
                    "action": "deploy",
                    "outcome": "refused",
                    "reason": "form_errors",
                    "errors": dict(errors),
                },
            )
        ],
    )


def _accepted(asked: Asked, envelope: Envelope, policy: Policy) -> Settlement:
    form, waits = asked.form, policy.approval_required
    behind = running_of(form, asked.running)
    requested = {**asked.requester.to_json(), "reason": form.reason, "version": form.version}
    state: dict[str, Any] = {"requested": requested}
    if waits:
        # The ledger writes what holds: as many as the service wants when the card is made.
        state["quorum"] = {"needed": policy.approvals}
    else:
        state["approval"] = {"decision": "not_needed"}
    begins = not waits and behind is None
    if begins:
        state["hook"] = {"status": "queued", "action": "deploy", "at": requested["at"]}
    phase: Literal["requested", "approved", "queued"] = "queued" if behind else "approved" if begins else "requested"
    told = {**_facts(asked), "approval_required": waits, **({"queued": True} if behind else {})}
    return Settlement(
        events=[AuditEvent("deploy.requested", form.service, told)],
        reply=_reply(asked, envelope, _note(asked, policy, behind)),
        new_card=NewCard(form.service, form.environment, phase, state, form.version),
        hooks=[_hook(asked)] if begins else [],
    )


def _note(asked: Asked, policy: Policy, behind: Mapping[str, Any] | None) -> str:
    form = asked.form
    if behind:
        waiting = behind.get("queued") or 0
        return notes.queued(form.service, form.environment, form.version, notes.under_way(behind), waiting)
    others = [name for name in policy.approvers if name != asked.submission.user]
    approvers = others if policy.approval_required else None
    return notes.requested(form.service, form.environment, form.version, approvers, policy.approvals)


def _hook(asked: Asked) -> Hook:
    inputs = {
        "version": asked.form.version,
        "environment": asked.form.environment,
        "reason": asked.form.reason,
        "requested_by": asked.submission.user,
        "approved_by": None,
    }
    return Hook(asked.form.service, "deploy", inputs, "new_card")


def _facts(asked: Asked) -> dict[str, Any]:
    form = asked.form
    return {
        "severity": "info",
        "service": form.service,
        "environment": form.environment,
        "version": form.version,
        "reason": form.reason,
        "requested_by": asked.submission.user,
    }


def _reply(asked: Asked, envelope: Envelope, note: str) -> Reply | None:
    channel = channel_of(asked.submission.view)
    if channel is None:
        return Reply.private(envelope, note)
    return Reply.in_channel(channel, asked.submission.user, note)
