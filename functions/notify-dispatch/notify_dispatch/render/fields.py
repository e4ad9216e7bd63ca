"""The facts of an event as blocks: fields, unknown keys, the closing line with the time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from slack_sdk.models.blocks import ContextBlock, MarkdownTextObject

from notify_dispatch.event import Event
from notify_dispatch.render.words import SLACK_CLOCK_ENDS, duration, measured, sentence, short_commit, who
from pulser.blocks import CONTEXT_ELEMENTS, URL_LENGTH, code, link, one_line, untrusted

_VALUE = 200
_EXTRAS_SHOWN, _EXTRA_KEY, _EXTRA_VALUE = 8, 40, 150
_SHORT_ID = 8
_WORTH_SAYING_S = 10  # a shorter delay is no news
_LONGEST_INLINE = 1000  # a longer address stands behind the button alone


def mrkdwn(text: str) -> MarkdownTextObject:
    """A mrkdwn object in which Slack links nothing on its own."""
    return MarkdownTextObject(text=text, verbatim=True)


def fields(event: Event) -> list[MarkdownTextObject]:
    """What is known of the event, the most important first; at most ten."""
    return [mrkdwn(f"*{label}*\n{value}") for label, value in _facts(event) if value]


def _facts(event: Event) -> Iterator[tuple[str, str]]:
    if event.silence:  # its sentence says the rest
        yield "Reason", untrusted(event.reason or "", _VALUE)
        return
    yield "Error rate", measured(event)
    yield "Service", untrusted(event.service or "", _VALUE)
    yield "Environment", untrusted(event.environment or "", _VALUE)
    yield "Severity", event.severity.capitalize()
    yield _origin(event)
    if event.duration_s is not None:
        yield "Duration", duration(event.duration_s)
    yield "Run", _run(event)
    if not sentence(event):
        yield "By", who(event)
    yield "Reason", untrusted(event.reason or "", _VALUE)
    if event.service and event.target != event.service:  # without a service, the header names the target
        yield "Target", untrusted(event.target or "", _VALUE)


def _origin(event: Event) -> tuple[str, str]:
    """What ran: version, commit and branch, under the name of the first that is known."""
    parts = {
        "Version": event.version,
        "Commit": event.commit and short_commit(event.commit),
        "Branch": event.branch,
    }
    known = {label: code(text, _VALUE) for label, text in parts.items() if text}
    return next(iter(known), "Version"), " · ".join(known.values())


def _run(event: Event) -> str:
    if not event.run_id:
        return ""
    label = untrusted(event.run_id, _VALUE)
    return link(event.url, event.run_id, URL_LENGTH) if event.url and len(event.url) < _LONGEST_INLINE else label


def extras(event: Event) -> ContextBlock | None:
    """The keys that pulser does not know, small and few, with the number of those left out."""
    if not event.extra:
        return None
    shown = event.extra[:_EXTRAS_SHOWN]
    lines = [f"*{untrusted(key, _EXTRA_KEY)}:* {untrusted(one_line(text), _EXTRA_VALUE)}" for key, text in shown]
    left = len(event.extra) - len(shown)
    return ContextBlock(elements=[mrkdwn("\n".join([*lines, *([more(left)] if left else [])]))])


def more(count: int) -> str:
    """The line that stands for `count` fields that are not shown."""
    return f"{count} more field{'s' if count > 1 else ''} not shown"


def closing(event: Event, delayed_s: float | None) -> ContextBlock:
    """When it happened (in the reader's time zone), the event's type and ID, how late it is."""
    texts = [_moment(event.occurred_at) if event.occurred_at else "", code(event.event_type, _VALUE)]
    if event.event_id:
        texts.append(f"event {code(event.event_id[:_SHORT_ID], _VALUE)}")
    if delayed_s is not None and delayed_s >= _WORTH_SAYING_S:
        texts.append(f"posted {duration(delayed_s)} late")
    return ContextBlock(elements=[mrkdwn(text) for text in texts if text][:CONTEXT_ELEMENTS])


def _moment(moment: datetime) -> str:
    words = f"{moment:%Y-%m-%d %H:%M:%S} UTC"
    seconds = int(moment.timestamp())
    if not 0 <= seconds < SLACK_CLOCK_ENDS:
        return words
    return f"<!date^{seconds}^{{date_short_pretty}} at {{time_secs}}|{words}>"
