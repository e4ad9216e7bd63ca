"""What an event means for the ledger beside its messages: news of a service, a card, the result of a deploy. Pure."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from notify_dispatch.alert_identity import alert_of, resolves_of
from notify_dispatch.event import HANDLERS, Event
from notify_dispatch.render.standing import kind_of
from notify_dispatch.render.words import headline, own_title
from pulser.blocks import fit, one_line

_WHY: Final = 300  # characters of why a deploy failed, on its card
_RESULTS: Final = {"started", "completed", "failed"}
_CI: Final = {"passed", "failed"}
# What people do to a card. No other event may name one: whoever names a card in his payload would be silenced in the
# card's channel, where the card changes in place instead.
_DEEDS: Final = {
    "alert.acknowledged",
    "alert.investigating",
    "alert.snoozed",
    "deploy.approval_given",
    "deploy.approved",
    "deploy.rejected",
    "rollback.requested",
}
# What happened to a card without anybody's click: the ledger tells it.
_LEDGER: Final = {"notify-dispatch", "ops_deploy_expire", "ops_deploy_queue"}
_HAPPENED: Final = {
    *("deploy.expired", "deploy.hook_failed", "rollback.expired", "rollback.hook_failed"),
    *("deploy.queued", "deploy.turn_taken"),
}


def facts_of(event: Event) -> dict[str, Any]:
    """What a routing has beside deliveries and verdicts, as record_deliveries_v1 takes it; each is None for none."""
    return {
        "card": _card(event),
        "fact": _fact(event),
        "deploy_result": _deploy_result(event),
        "card_id": _uuid(event.card_id) if _tells_of_a_card(event) else None,
        "alert": alert_of(event) if kind_of(event) == "alert" else None,
        "resolves": resolves_of(event),
    }


def is_said_by_its_card(event: Event) -> bool:
    """Whether the card's own message says it from the beginning."""
    return event.event_type == "deploy.queued" and _tells_of_a_card(event)


def _card(event: Event) -> dict[str, Any] | None:
    """The event is a thing that people act on. A deploy's card is written by whoever asks for the deploy."""
    kind = kind_of(event)
    if kind not in ("alert", "release"):
        return None
    title = own_title(event) or headline(event)
    return {"kind": kind, **_place(event), "release": event.version, "title": title, "severity": event.severity}


def _fact(event: Event) -> dict[str, Any] | None:
    aspect = "deploy" if _is_result(event) else "ci" if event.thing == "ci" and event.what in _CI else None
    # A deploy that is named by its id is of the service that its card knows.
    known = event.service is not None or (aspect == "deploy" and _uuid(event.deploy_id) is not None)
    if aspect is None or not known:
        return None
    told = {"version": event.version, "branch": event.branch, "url": event.url}
    return {**_place(event), "aspect": aspect, "what": event.what, **told}


def _deploy_result(event: Event) -> dict[str, Any] | None:
    """What a deploy came to, or the rollback that a card asked for: a hook is given the same id for both."""
    is_rollback = event.thing == "rollback" and event.what in _RESULTS and _uuid(event.deploy_id) is not None
    if not is_rollback and not _is_result(event):
        return None
    why = _cause(event) if event.what == "failed" else ""
    told = {"version": event.version, "what": event.what, "url": event.url, "text": fit(one_line(why), _WHY) or None}
    by = {"deploy_ref": event.deploy_id, "actor": event.actor}
    return {"deploy_id": _uuid(event.deploy_id), "rollback": is_rollback, **by, **_place(event), **told}


def _cause(event: Event) -> str:
    """Why it failed, as its writer says it: many have no more to say than an `error`."""
    return event.summary or event.error_detail or dict(event.extra).get("error") or event.reason or event.title or ""


def _tells_of_a_card(event: Event) -> bool:
    if event.actor in HANDLERS:
        return event.event_type in _DEEDS
    return event.actor in _LEDGER and event.event_type in _HAPPENED


def _is_result(event: Event) -> bool:
    return event.thing == "deploy" and event.what in _RESULTS


def _place(event: Event) -> dict[str, Any]:
    return {"service": event.service, "environment": event.environment}


def _uuid(text: str | None) -> str | None:
    """`text` as Postgres writes a UUID; None for what is none."""
    try:
        return str(UUID(text)) if text else None
    except ValueError:
        return None
