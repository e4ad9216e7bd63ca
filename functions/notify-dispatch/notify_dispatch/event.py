"""The typed view of an event. Nothing that JSON can say makes `Event.from_json` fail or drop anything.

What a known payload key cannot mean (a text as `error_rate`, a `javascript:` URL) is kept in `extra`, so that
the reader still sees it. A payload that is not an object makes the event `malformed` and stands in `raw`.

Severity, first rule that gives one: what ends an alert (`<thing>.resolved`, `<thing>.recovered`, a payload's status
"resolved") → info; the payload's own `severity` (any case; the synonyms in `_SYNONYMS` count); status `error` → error;
`<thing>.failed`, `<thing>.error` and `error_rate.exceeded` → error; `<thing>.rejected` → warning; everything else →
info.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, get_args

from notify_dispatch import silence_news
from notify_dispatch.silence_news import SilenceNews
from pulser.blocks import clean, fit, one_line, safe_url

Severity = Literal["info", "warning", "error", "critical"]
SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)

_SYNONYMS: Final[dict[str, Severity]] = {
    **{severity: severity for severity in SEVERITIES},
    "debug": "info",
    "notice": "info",
    "warn": "warning",
    "err": "error",
    "fatal": "critical",
    "emergency": "critical",
}
_LINES = (
    *("service", "environment", "version", "commit", "branch", "run_id", "window", "fingerprint"),
    *("deploy_id", "card_id", "slack_user", "reason"),
)
_TEXTS = ("title", "summary")
_NUMBERS = ("duration_s", "error_rate", "threshold")
# Of these the ledger itself writes the events. Who acted in Slack, and by which envelope, stands in their payload.
HANDLERS: Final = frozenset({"action-handler", "command-handler"})
# What these say again for whoever queries the ledger; people read it in the sentence, or in the card's history.
_OF_THE_LEDGER = frozenset({
    *("envelope_id", "team_id", "slack_user_name", "approval_required", "approvals", "approvals_needed", "queued"),
    *("requested_by", "approved_by", "rejected_by", "acknowledged_by", "investigating_by"),
})  # fmt: skip
_OVER: Final = {"resolved", "recovered"}
# What somebody typed is between him and pulser; a route of one's own may post slack.* events.
_TYPED = "text"
# What title and summary of such an event say, for programs.
_FOR_PROGRAMS = frozenset({"silence"})
_KNOWN = frozenset({"severity", "url", *_LINES, *_TEXTS, *_NUMBERS})

_ID, _LINE, _TEXT, _RAW, _KEY = 100, 300, 4000, 8000, 80
_UNREADABLE = "(a value that cannot be shown)"


@dataclass(frozen=True, slots=True)
class Event:
    """One row of `ops.platform_events`, understood as far as it can be.

    Texts are cleaned and of bounded length, but not escaped. `duration_s` is in seconds; `error_rate` and
    `threshold` are as the writer gave them. `occurred_at` is aware, in UTC, and None only when the row's time
    cannot be read. `extra` holds (key, text) of what is not understood.
    """

    event_id: str
    event_type: str
    severity: Severity
    actor: str | None = None
    target: str | None = None
    status: str | None = None
    error_detail: str | None = None
    occurred_at: datetime | None = None
    service: str | None = None
    environment: str | None = None
    title: str | None = None
    summary: str | None = None
    url: str | None = None
    version: str | None = None
    commit: str | None = None
    branch: str | None = None
    run_id: str | None = None
    duration_s: float | None = None
    error_rate: float | None = None
    threshold: float | None = None
    window: str | None = None
    fingerprint: str | None = None
    deploy_id: str | None = None
    card_id: str | None = None
    slack_user: str | None = None
    reason: str | None = None
    silence: SilenceNews | None = None
    extra: tuple[tuple[str, str], ...] = ()
    malformed: bool = False
    raw: str | None = None

    @classmethod
    def from_json(cls, value: object) -> Event:
        """The event that the JSON `value` (as `claim_events_v1` gives it) describes. Never raises."""
        return _parse(value)

    @property
    def thing(self) -> str:
        """What the event is about: `deploy` of `deploy.failed`."""
        return self.event_type.partition(".")[0]

    @property
    def what(self) -> str:
        """What happened to it: `failed` of `deploy.failed`; empty when the type has no dot."""
        return self.event_type.partition(".")[2]

    @property
    def says_resolved_by_type(self) -> bool:
        """Whether its type says that an alert is over."""
        return self.what in _OVER

    @property
    def is_resolution(self) -> bool:
        """Whether it says that an alert is over: by its type, or as `status` of its payload."""
        return self.says_resolved_by_type or _is_over(dict(self.extra).get("status"))

    def at_least(self, severity: Severity) -> bool:
        """Whether the event is of `severity` or above."""
        return SEVERITIES.index(self.severity) >= SEVERITIES.index(severity)


def _parse(value: object) -> Event:
    row: Mapping[Any, Any] = value if isinstance(value, Mapping) else {"payload": value}
    payload = row.get("payload")
    told = payload.get("silence") if isinstance(payload, Mapping) else None
    malformed = not isinstance(value, Mapping) or not isinstance(payload, Mapping | None)
    known, extra = _read_payload(payload if isinstance(payload, Mapping) else {})
    event_type = _line(row.get("event_type")) or "unknown"
    actor = _line(row.get("actor"))
    extra = tuple(it for it in extra if it[0] not in _untold(event_type, actor))
    status = _line(row.get("status"))
    is_over = event_type.partition(".")[2] in _OVER or _is_over(dict(extra).get("status"))
    given = known.pop("severity")
    return Event(
        event_id=fit(_line(row.get("event_id")) or "", _ID),
        event_type=event_type,
        severity="info" if is_over else _severity(given, status, event_type),
        actor=actor,
        target=_line(row.get("target")),
        status=status,
        error_detail=_text(row.get("error_detail")),
        occurred_at=_time(row.get("created_at")),
        silence=SilenceNews.from_json(told) if event_type in silence_news.TYPES else None,
        extra=extra,
        malformed=malformed,
        raw=fit(clean(compact(payload)), _RAW) if malformed else None,
        **known,
    )


def _untold(event_type: str, actor: str | None) -> frozenset[str]:
    """The unknown keys of which a message says nothing."""
    of_slack = event_type.startswith("slack.")
    told_twice = _FOR_PROGRAMS if event_type.startswith("silence.") else frozenset()
    typed = frozenset({_TYPED} if of_slack else ())
    if actor not in HANDLERS:
        return typed | told_twice
    return _OF_THE_LEDGER | told_twice | (typed if of_slack else {"action"})


def _read_payload(payload: Mapping[Any, Any]) -> tuple[dict[str, Any], tuple[tuple[str, str], ...]]:
    """The understood keys, each present (None when not given), and all the rest as (key, text)."""
    known: dict[str, Any] = dict.fromkeys(_READERS)
    for key in _READERS.keys() & payload.keys():
        known[key] = _READERS[key](payload[key])
    extra = tuple(
        (fit(_line(key) or "(no name)", _KEY), _line(value) or "–")
        for key, value in payload.items()
        if key not in _KNOWN or (known[key] is None and value not in (None, ""))
    )
    return known, extra


def _is_over(status: str | None) -> bool:
    return status is not None and status.casefold() == "resolved"


def _severity(given: Severity | None, status: str | None, event_type: str) -> Severity:
    if given:
        return given
    what = event_type.rpartition(".")[2]
    if status == "error" or what in {"failed", "error"} or event_type == "error_rate.exceeded":
        return "error"
    return "warning" if what == "rejected" else "info"


def _given_severity(value: object) -> Severity | None:
    return _SYNONYMS.get(value.strip().lower()) if isinstance(value, str) else None


def _url(value: object) -> str | None:
    return safe_url(value) if isinstance(value, str) else None


def _line(value: object) -> str | None:
    text = _text(value)
    return fit(one_line(text), _LINE) if text else None


def _text(value: object) -> str | None:
    if value is None:
        return None
    text = clean(value if isinstance(value, str) else compact(value)).strip()
    return fit(text, _TEXT) or None


def _number(value: object) -> float | None:
    """A finite number that is not negative, also when it is written as a text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _time(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        return moment and (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC))
    except (ValueError, OverflowError):  # no time; or one whose UTC form is before year 1 or after 9999
        return None


# What reads each key that is understood; none of them reads nothing out of None.
_READERS: Final[dict[str, Callable[[object], Any]]] = {
    "severity": _given_severity,
    "url": _url,
    **dict.fromkeys(_LINES, _line),
    **dict.fromkeys(_TEXTS, _text),
    **dict.fromkeys(_NUMBERS, _number),
}


def compact(value: object) -> str:
    """`value` as JSON on one line."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
    except (ValueError, TypeError, RecursionError):
        return _UNREADABLE
