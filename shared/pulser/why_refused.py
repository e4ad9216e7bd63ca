"""Why a click or a form changed nothing, in words: the audit has one word of ours for it. Pure."""

from __future__ import annotations

from typing import Final

_REFUSED: Final = {
    "already": "it is silenced already, or was",
    "another_person": "the button is of somebody else's preview",
    "could_not_check": "Slack did not say whether the person may",
    "deploy_running": "another deploy was under way there",
    "environment_not_allowed": "the service may not be deployed there any more",
    "expired": "the preview was too old",
    "forged_value": "pulser did not make this button",
    "form_errors": "what was filled in cannot be",
    "no_hook": "pulser has not been told how to do it",
    "no_place": "the request names no service or no environment",
    "nobody_may": "the service's policy names nobody who may",
    "nobody_named": "Slack did not say who did it",
    "not_permitted": "the person may not do this",
    "odd_release": "the release's name is no version",
    "other_plan": "the button is of an older state of the message",
    "other_release": "another release runs now",
    "own_request": "somebody else must approve one's own request",
    "unknown_action": "pulser does not know this button",
    "unknown_event": "the ledger does not know any more what the message stands for",
    "unknown_interaction": "pulser does not know what Slack sent",
    "unknown_modal": "pulser does not know this form",
    "unknown_service": "pulser does not know the service",
    "unreadable_value": "pulser cannot read what the button carries",
    "unsigned_value": "the button is of an old message and not signed",
    "wrong_card": "the button does not belong to this message",
    "zone_unknown": "Slack did not say in which time zone the person is",
}
_LATE: Final = {
    "approved_before": "the person had approved it before",
    "completed": "the deploy was done already",
    "deployed": "the release was deployed already",
    "expired": "the request had expired",
    "failed": "the deploy had failed already",
    "investigating": "somebody investigated it already",
    "queued": "the deploy waited for its turn",
    "rollback": "the rollback was asked for already",
    "rolled_back": "the release was rolled back already",
    "rolling_back": "the release was being rolled back already",
    "started": "the deploy was under way already",
}


def refused(reason: str) -> str:
    """ "another release runs now"; what was stored, where that is no word of ours."""
    return _REFUSED.get(reason, reason) or "the answer said why"


def late(reason: str) -> str:
    """ "acknowledged already", "the request had expired"."""
    return _LATE.get(reason) or f"{reason} already"
