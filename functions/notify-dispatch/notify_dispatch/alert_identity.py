"""Which alert an event is, and which alerts it ends. Pure.

An alert that fires again is the same one when its writer says so by its `fingerprint` (within a service and
environment), else when it is of the same type, service, environment and branch, and of the same workflow, job, task or
check where it names one. What its service does not name is named by its target too, and what nothing names by its
title. A failed deploy is that of its version. An alert that nothing names repeats nothing and is ended by nothing;
pulser's own alarms repeat nothing.

What ends an alert need not say all of that: see `resolves_of`.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Final

from notify_dispatch.event import Event
from pulser.blocks import fit, one_line

# Their service says all of what they are about; of other things it has many.
_NAMED_BY_SERVICE: Final = {"ci", "deploy", "error_rate"}
_NAMING: Final = ("workflow", "job", "task", "check")
# What ends the alerts of its thing, beside `<thing>.resolved` and `<thing>.recovered`.
_ENDS: Final = {"ci.passed", "deploy.completed", "task.completed", "relay.hearing"}
# Pulser's own alarms, told at most once in ten minutes: each has its message, or a new one would hide on an old card.
_OWN: Final = {"relay", "delivery"}
_NUMBERS: Final = re.compile(r"\b(?=[0-9a-f-]{0,64}\d)[0-9a-f-]{6,}\b|\d+", re.IGNORECASE)
_SUMMARY, _LINE = 1500, 300
_SAID: Final = ("title", "summary", "url", "run_id", "commit", "error_rate", "threshold", "window", "duration_s")


def alert_of(event: Event) -> dict[str, Any]:
    """`alert` of a routing, as note_alert_v1 takes it; the event is an alert. `words`: a hash of what it says."""
    said = {name: getattr(event, name) for name in _SAID} | {"error_detail": event.error_detail}
    said["summary"] = event.summary and fit(event.summary, _SUMMARY)
    said["title"] = event.title and fit(one_line(event.title), _LINE)
    return {
        "key": None if event.malformed or event.thing in _OWN else _alert_key(event),
        "resolve_key": None if event.malformed else _resolve_key(event),
        "severity": event.severity,
        "words": _words(event),
        "said": {name: value for name, value in said.items() if value is not None},
    }


def resolves_of(event: Event) -> dict[str, Any] | None:
    """`resolves` of a routing; None for an event that ends nothing.

    `ci.passed`, `task.completed`, `deploy.completed` and `relay.hearing` end what their thing has open at the same
    place: a deploy all failures of service and environment. `<thing>.resolved` and `<thing>.recovered` do so by
    fingerprint where they have one. A payload's status "resolved" ends the very alert that the event would else be.
    """
    if event.malformed or not (event.is_resolution or event.event_type in _ENDS):
        return None
    keys: list[str | None] = [_by_fingerprint(event)] if event.fingerprint else []
    if event.event_type in _ENDS or not event.fingerprint:
        says_so_itself = event.event_type in _ENDS or event.says_resolved_by_type
        keys.append(_thing_key(event) if says_so_itself else _alert_key(event))
    found = [key for key in keys if key]
    if not found:
        return None
    return {"keys": found, "event_type": event.event_type, "version": event.version, "url": event.url}


def _alert_key(event: Event) -> str | None:
    if event.fingerprint:
        return _by_fingerprint(event)
    version = event.version if event.thing == "deploy" else None
    return _key("alert", event, [event.event_type, event.environment, event.branch, version])


def _resolve_key(event: Event) -> str | None:
    # What is not known may be many at a time: by its fingerprint it is told from the others.
    known = event.thing in {*_NAMED_BY_SERVICE, "task"}
    return _by_fingerprint(event) if event.fingerprint and not known else _thing_key(event)


def _thing_key(event: Event) -> str | None:
    branch = None if event.thing == "deploy" else event.branch
    return _key("thing", event, [event.thing, event.environment, branch])


def _by_fingerprint(event: Event) -> str:
    return _hash(["fingerprint", event.fingerprint, event.service, event.environment])


def _key(kind: str, event: Event, parts: list[str | None]) -> str | None:
    names = _names(event)
    return _hash([kind, *parts, *names]) if names else None


def _names(event: Event) -> list[str]:
    """What the event is about, each with the key that says it; the title only if nothing else names it."""
    told = {"service": event.service, "target": event.target, **dict.fromkeys(_NAMING)}
    told |= {key: text for key, text in event.extra if key in _NAMING}
    if event.target == event.service or (event.service and event.thing in _NAMED_BY_SERVICE):
        told["target"] = None
    if event.thing == "relay":  # pulser's own alarm: each reason is another trouble
        told["reason"] = event.reason
    if event.thing == "deploy":
        told |= dict.fromkeys(_NAMING)
    named = [f"{key}:{text}" for key, text in told.items() if text]
    title = _plain(event.title or "")
    return named or ([f"title:{title}"] if title else [])


def _words(event: Event) -> str | None:
    """Figures apart, so that a rate or an ID which changes each time is nothing new."""
    told = [_plain(it) for it in (event.title, event.summary, event.error_detail) if it]
    return _hash(told) if told else None


def _plain(text: str) -> str:
    return _NUMBERS.sub("#", one_line(text)).casefold()


def _hash(parts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:40]
