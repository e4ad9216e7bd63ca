"""Where the thing that a message stands for stands: the phase of its card, and how the header says it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from notify_dispatch.event import Event
from notify_dispatch.render.repeats import is_superseded, repeated
from notify_dispatch.render.words import HEADLINES, headline, symbol
from pulser.blocks import safe_url
from pulser.card import Card, moment

Kind = Literal["alert", "deploy", "release", "news"]

_ALERTS: Final = {
    *("error_rate.exceeded", "ci.failed", "deploy.failed", "task.failed"),
    *("delivery.dead", "delivery.in_doubt", "relay.alarm", "relay.deaf"),
}
_HANDLERS_OWN: Final = {"slack.command", "slack.action"}
_FIRST: Final[dict[Kind, str]] = {"alert": "open", "deploy": "requested", "release": "deployed", "news": ""}
# (kind, phase): sign and words of the header. What is not here is told as the event tells it.
_SAID: Final[dict[tuple[str, str], tuple[str, str]]] = {
    ("alert", "acknowledged"): ("🟡", "Acknowledged"),
    ("alert", "investigating"): ("🔵", "Investigating"),
    ("alert", "resolved"): ("🟢", "Resolved"),
    ("deploy", "queued"): ("⚪", "Deploy queued"),
    ("deploy", "requested"): ("🔵", "Deploy requested"),
    ("deploy", "approved"): ("🔵", "Deploy approved"),
    ("deploy", "rejected"): ("🟠", "Deploy rejected"),
    ("deploy", "started"): ("🔵", "Deploy started"),
    ("deploy", "completed"): ("🟢", "Deploy completed"),
    ("deploy", "failed"): ("🔴", "Deploy failed"),
    ("deploy", "expired"): ("⚪", "Deploy request expired"),
    ("release", "rolling_back"): ("🟠", "Rollback requested"),
    ("release", "rolled_back"): ("⚪", "Rollback completed"),
}
# Of a deploy. One that was rejected or withdrawn did nothing: there is nothing to warn of.
_SEVERITIES: Final = {"completed": "info", "failed": "error", "rejected": "info"}


@dataclass(frozen=True, slots=True)
class Standing:
    """`card` is None as long as nothing has been done to it. `release` is what a rollback is pinned to."""

    kind: Kind
    phase: str
    sign: str
    words: str
    card: Card | None = None
    release: str | None = None
    is_current: bool = True
    deploy_failed: bool = False
    can_roll_back: bool = True


def is_alert(event: Event) -> bool:
    """Whether somebody must look at the event: a failure, or an unknown type of severity error or above."""
    if event.is_resolution:
        return False
    if event.event_type in _ALERTS:
        return True
    return event.at_least("error") and (event.event_type not in HEADLINES or event.event_type in _HANDLERS_OWN)


def kind_of(event: Event) -> Kind:
    """What the event's message stands for; "news" when there is nothing to be done about it."""
    if is_alert(event):
        return "alert"
    if event.event_type == "deploy.requested":
        return "deploy"
    return "release" if event.event_type == "deploy.completed" and event.version else "news"


def standing_of(event: Event, card: Card | None) -> Standing:
    """Where the card stands; without one, or before anything was done, where its event leaves it."""
    kind = kind_of(event)
    release = (card.release if card else None) or event.version
    current = card is None or card.current_release in (None, release)
    hook = card is None or card.can_rollback is not False
    if card is None or not (card.version or card.state):
        failed = event.event_type == "deploy.failed"
        return Standing(kind, _FIRST[kind], symbol(event), headline(event), None, release, current, failed, hook)
    sign, words = _said(event, card)
    return Standing(card.kind, card.phase, sign, words, card, release, current, card.is_of_failed_deploy, hook)


def _said(event: Event, card: Card) -> tuple[str, str]:
    sign, words = _SAID.get((card.kind, card.phase), (symbol(event), headline(event)))
    if card.kind == "alert" and words != headline(event):
        if is_superseded(card):
            sign, words = "⚪", "Continued in a new message"
        return sign, f"{words} · {headline(event)}"
    if card.kind == "deploy":
        return _of_deploy(card) or (sign, words)
    return sign, words


def _of_deploy(card: Card) -> tuple[str, str] | None:
    """What a deploy's phase does not tell."""
    if card.phase == "approved" and _part(card, "approval").get("decision") == "not_needed":
        return "🔵", "Deploy requested"
    if card.phase == "expired" and _part(card, "expired").get("was") in ("approved", "started"):
        return "⚪", "Deploy given up"
    if card.phase == "rejected" and was_withdrawn(card):
        return "⚪", "Deploy request withdrawn"
    if card.phase == "completed" and card.state.get("rollback"):
        hook = _part(card, "hook")
        ended = _part(card, "result").get("what") if tells_rollback(card) else None
        if ended == "completed":
            return _SAID["release", "rolled_back"]
        hook_failed = hook.get("action") == "rollback" and hook.get("status") == "failed"
        # What has begun goes on, whatever became of the call.
        failed = ended == "failed" or (hook_failed and ended != "started")
        return ("🔴", "Rollback failed") if failed else _SAID["release", "rolling_back"]
    return None


def tells_rollback(card: Card) -> bool:
    """Whether the result is that of a rollback: on a deploy's card, what came after the rollback was asked for."""
    if card.kind == "release":
        return True
    by, at = card.person("rollback"), moment(_part(card, "result").get("at"))
    # The ledger's times are in whole seconds, those of people are finer.
    return by is not None and by.at is not None and at is not None and at >= by.at.replace(microsecond=0)


def was_withdrawn(card: Card) -> bool:
    """Whether it was taken back, or out of the queue. On a card from before only who did it tells."""
    if _part(card, "approval").get("decision") == "withdrawn":
        return True
    by, asked = card.person("approval", "by"), card.person("requested")
    return by is not None and asked is not None and by.user == asked.user


def dressed(event: Event, card: Card | None) -> Event:
    """`event` with what its card knows by now: how a deploy ended, its version, where it can be seen; what an alert
    said last.
    """
    if card is not None and card.kind == "alert":
        return repeated(event, card)
    if card is None or card.kind != "deploy" or not card.state:
        return event
    result, hook = _part(card, "result"), _part(card, "hook")
    urls = (safe_url(it) for it in (result.get("url"), hook.get("url")) if isinstance(it, str))
    severity: Any = _SEVERITIES.get(card.phase, event.severity)
    if card.state.get("started") and card.phase != "started":
        event = replace(event, title=None, summary=None)  # what the beginning said
    return replace(
        event,
        severity=severity,
        version=event.version or card.release,
        url=event.url or next((it for it in urls if it), None),
        reason=None if _part(card, "requested").get("reason") else event.reason,  # the history tells it
    )


def _part(card: Card, name: str) -> dict[str, Any]:
    part = card.state.get(name)
    return part if isinstance(part, dict) else {}
