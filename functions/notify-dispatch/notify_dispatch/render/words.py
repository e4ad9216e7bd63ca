"""How pulser says it: headlines, sentences, symbols and quantities."""

from __future__ import annotations

import re
from typing import Final

from notify_dispatch.event import HANDLERS, Event
from pulser.blocks import one_line, untrusted

NAME = 120  # the longest service, environment, version or actor within a sentence
TITLE = 300

HEADLINES: Final = {
    "ci.passed": "CI passed",
    "ci.failed": "CI failed",
    "deploy.started": "Deploy started",
    "deploy.completed": "Deploy completed",
    "deploy.failed": "Deploy failed",
    "error_rate.exceeded": "Error rate above threshold",
    "error_rate.recovered": "Error rate back below threshold",
    "task.completed": "Task completed",
    "task.failed": "Task failed",
    "trigger.acknowledged": "Manual trigger acknowledged",
    "alert.acknowledged": "Alert acknowledged",
    "alert.investigating": "Alert under investigation",
    "alert.snoozed": "Alert snoozed",
    "deploy.requested": "Deploy requested",
    "deploy.approval_given": "Deploy approved by one of several",
    "deploy.approved": "Deploy approved",
    "deploy.queued": "Deploy queued",
    "deploy.turn_taken": "Queued deploy: its turn has come",
    "deploy.rejected": "Deploy rejected",
    "rollback.requested": "Rollback requested",
    "slack.command": "Slack command",
    "slack.action": "Slack button pressed",
    "relay.alarm": "Connection to Slack in trouble",
    "relay.transport": "Transport to Slack switched",
    "relay.deaf": "Nothing is heard from Slack",
    "relay.hearing": "Slack is heard again",
    "relay.canary": "Canary to Slack switched",
    "delivery.dead": "Message not delivered",
    "delivery.in_doubt": "Message in doubt",
    "delivery.retried": "Message to be sent again",
    "silence.started": "Silence",
    "silence.ended": "Silence over",
}
# What a person did: it reads as a sentence, "who … what".
_DEEDS: Final = {
    "trigger.acknowledged": "acknowledged the manual trigger",
    "alert.acknowledged": "acknowledged the alert",
    "alert.investigating": "is investigating the alert",
    "alert.snoozed": "snoozed the alert",
    "deploy.requested": "requested the deploy",
    "deploy.approval_given": "gave one of the approvals",
    "deploy.approved": "approved the deploy",
    "deploy.rejected": "rejected the deploy",
    "rollback.requested": "requested the rollback",
    "slack.command": "ran a Slack command",
    "slack.action": "pressed a button in Slack",
    "relay.transport": "switched the transport to Slack",
    "relay.canary": "switched the canary to Slack",
    "delivery.retried": "asked for another try at a message",
    "silence.started": "silenced messages",
}
_SYMBOLS: Final = {"critical": "🚨", "error": "🔴", "warning": "🟠"}
_GOOD, _UNDER_WAY = (
    {"passed", "completed", "approved", "resolved", "recovered"},
    {"started", "requested", "investigating"},
)
_FAILED: Final = {"slack.command": "Slack command failed", "slack.action": "Slack action failed"}
SLACK_CLOCK_ENDS = 2**32
PERSON = re.compile(r"[UW][A-Z0-9]{6,}")
USER = re.compile(r"[UW][A-Z0-9]{2,}")  # as the ledger has it from Slack, whatever its length
_USER_GROUP = re.compile(r"S[A-Z0-9]{6,}")
_HEX = re.compile(r"[0-9a-fA-F]{8,}")
_MINUTE, _HOUR, _DAY, _CENTURY = 60, 3600, 86_400, 3_155_760_000


def symbol(event: Event) -> str:
    """The coloured sign of an event's severity, and of its state when all is well."""
    if event.severity in _SYMBOLS:
        return _SYMBOLS[event.severity]
    if event.what in _GOOD or event.is_resolution:
        return "🟢"
    return "🔵" if event.what in _UNDER_WAY else "⚪"


def headline(event: Event) -> str:
    """What happened, in words; of an unknown type, its own words. Not escaped."""
    known = (_FAILED.get(event.event_type) if event.at_least("error") else None) or HEADLINES.get(event.event_type)
    words = re.sub(r"[._\-\s]+", " ", event.event_type).strip()
    said = known or words[:1].upper() + words[1:] or "Event"
    # An alert's own type, with the status "resolved" in its payload.
    return f"Resolved · {said}" if event.is_resolution and not event.says_resolved_by_type else said


def own_title(event: Event) -> str:
    """The writer's title on one line, unless it only repeats the headline. Not escaped."""
    title = one_line(event.title or "")
    return "" if title.casefold() == headline(event).casefold() else title


def subject(event: Event) -> str:
    """What it happened to, "api in production", or nothing. Not escaped."""
    name = event.service or event.target or ""
    if not event.environment:
        return name
    return f"{name} in {event.environment}" if name else event.environment


def header(event: Event, sign: str, words: str) -> str:
    """The first line of the message: sign, state in words, subject. Not escaped. What is in hand does not shout."""
    alarm = "CRITICAL · " if event.severity == "critical" and words == headline(event) else ""
    return f"{sign} {alarm}{words}" + (f": {subject(event)}" if subject(event) else "")


def mention_markup(mention: str | None) -> str:
    """A route's mention as mrkdwn; of anything that is none, nothing."""
    if mention in {"here", "channel"}:
        return f"<!{mention}>"
    if mention and PERSON.fullmatch(mention):
        return f"<@{mention}>"
    return f"<!subteam^{mention}>" if mention and _USER_GROUP.fullmatch(mention) else ""


def who(event: Event) -> str:
    """Who did it, as mrkdwn: a Slack user's ID becomes a mention, all else is inert text; empty when nobody knows.

    Where the actor is one of pulser's handlers, it is the Slack user for whom it acted.
    """
    if event.actor in HANDLERS:
        user = event.slack_user or ""
        return f"<@{user}>" if USER.fullmatch(user) else untrusted(user, NAME)
    actor = event.actor or ""
    return f"<@{actor}>" if PERSON.fullmatch(actor) else untrusted(actor, NAME)


def sentence(event: Event) -> str | None:
    """What a person did, as mrkdwn without a full stop, when the event is a person's deed."""
    deed = None if event.event_type in _FAILED and event.at_least("error") else _DEEDS.get(event.event_type)
    preposition = "of" if event.thing in {"deploy", "rollback"} else "for"
    return deed and f"{who(event) or 'Somebody'} {deed}{_of(event, preposition)}"


def fallback(event: Event, mention: str | None, words: str) -> str:
    """The message as a notification or a screen reader gives it, in mrkdwn: all that matters, in words.

    `words`: how its header says where the thing stands.
    """
    deed = sentence(event) if words == headline(event) else None
    said = deed or untrusted(words, NAME) + _of(event, "for")
    rate = f": {measured(event)}" if measured(event) else ""
    title = f". {untrusted(own_title(event), TITLE)}" if own_title(event) else ""
    odd = " (its payload cannot be read)" if event.malformed else ""
    return f"{mention_markup(mention)} {event.severity.capitalize()}: {said}{rate}{odd}{title}".lstrip()


def _of(event: Event, preposition: str) -> str:
    """ "for api in production, version 1.2.3", as mrkdwn; empty when the event tells none of it."""
    name, place = event.service or event.target, event.environment
    return (
        (f" {preposition} {untrusted(name, NAME)}" if name else "")
        + (f" in {untrusted(place, NAME)}" if place else "")
        + (f", version {untrusted(event.version, NAME)}" if event.version else "")
    )


def short_commit(commit: str) -> str:
    """The first seven digits of a hash; anything else as it is."""
    return commit[:7] if _HEX.fullmatch(commit) else commit


def duration(seconds: float) -> str:
    """ "4.2 s", "42 s", "4 min 12 s", "1 h 02 min", "3 d 4 h"."""
    if seconds < _MINUTE:
        return f"{seconds:.1f}".removesuffix(".0") + " s" if seconds < 10 else f"{int(seconds)} s"
    if seconds >= _CENTURY:
        return f"{seconds:.2g} s"
    whole = int(seconds)
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


def measured(event: Event) -> str:
    """ "4.2 % (threshold 1 %) over 5m", as mrkdwn; empty without an error rate.

    Rate and threshold are percentages when either is above 1, else fractions of 1.
    """
    if event.error_rate is None:
        return ""
    factor = 1 if max(event.error_rate, event.threshold or 0) > 1 else 100
    limit = "" if event.threshold is None else f" (threshold {event.threshold * factor:.4g} %)"
    return f"{event.error_rate * factor:.4g} %{limit}{_window(event.window or '')}"


def _window(window: str) -> str:
    if window.isdecimal():  # a bare number is in seconds, as `duration_s` is
        window = duration(float(window))
    return f" over {untrusted(window, NAME)}" if window else ""
