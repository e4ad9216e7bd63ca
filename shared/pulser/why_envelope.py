"""What became of an envelope, as moments: who did what, when it was recorded, what the audit says of it. Pure.

What a private command's text was is told to whoever reads the ledger itself, and in Slack to who typed it; to others
only which command it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pulser import why_refused
from pulser.why_moment import (
    Json,
    Moment,
    Who,
    clock,
    count,
    inert,
    lasting,
    part,
    plural,
    rows,
    seconds_between,
    sentence,
)

_CAME_BY = {"socket": "Socket Mode", "http": "a signed request"}
DEEDS: Final = {
    "alert.acknowledged": "acknowledged",
    "alert.investigating": "investigating",
    "alert.snoozed": "snoozed",
    "deploy.requested": "a deploy was asked for",
    "deploy.approval_given": "one of the approvals was given",
    "deploy.approved": "approved",
    "deploy.rejected": "rejected",
    "rollback.requested": "a rollback was asked for",
}


def moments(envelope: Json, reader: str | None, *, whole: bool = False) -> list[Moment]:
    """All of them, in order. `whole`: with what only matters when the envelope itself is asked about."""
    return list(_moments(envelope, reader, whole=whole))


def who_of(envelope: Json) -> Who | None:
    """Who clicked, typed or submitted."""
    return Who.of(envelope.get("user_id"), envelope.get("user_name"))


def _moments(envelope: Json, reader: str | None, *, whole: bool) -> Iterator[Moment]:
    who = who_of(envelope)
    detail = sentence(typed(envelope, reader), _came(envelope, whole=whole), inert(envelope.get("envelope_id"), 255))
    yield Moment.of(envelope.get("received_at"), deed(envelope, reader), detail, who)
    if whole:
        yield Moment.of(envelope.get("recorded_at"), "Recorded in the ledger", _recorded(envelope))
    yield from _twins(envelope)
    for event in rows(envelope.get("events")):
        yield audited(event)
    yield from _ended(envelope, whole=whole)


def deed(envelope: Json, reader: str | None) -> str:
    """ "Pressed acknowledge", "Typed /pulser status", as far as the reader may know."""
    what = inert(envelope.get("what"), 200)
    kind, _, rest = what.partition(" ")
    if envelope.get("type") == "slash_commands":
        return f"Typed {what if may_read(envelope, reader) else sentence_of_command(envelope, kind)}"
    return {
        "button": f"Pressed {rest}",
        "modal": f"Submitted the form {rest}",
        "closed": f"Closed the form {rest.removeprefix('modal ')}",
        "event": f"Slack told of {rest}",
    }.get(kind, f"Slack sent {what}")


def sentence_of_command(envelope: Json, name: str) -> str:
    """A command whose text is not the reader's: its name, and its word where that is one of ours."""
    words = [inert(part(event, "payload").get("word"), 20) for event in rows(envelope.get("events"))]
    return f"{name} {next(filter(None, words), '…')}"


def may_read(envelope: Json, reader: str | None) -> bool:
    """Whether the reader may know the text of a private command: he has the ledger itself, or he typed it."""
    return reader is None or (bool(reader) and reader == envelope.get("user_id"))


def typed(envelope: Json, reader: str | None) -> str:
    """What was typed, as the audit keeps it; "" where that is nobody's business, or all is said already."""
    texts = [inert(part(event, "payload").get("text"), 200) for event in rows(envelope.get("events"))]
    text = next(filter(None, texts), "")
    if not text or not may_read(envelope, reader) or inert(envelope.get("what")).endswith(f" {text}"):
        return ""
    return f"“{text}”"


def _came(envelope: Json, *, whole: bool) -> str:
    by = _CAME_BY.get(str(envelope.get("transport")), "")
    took = seconds_between(envelope.get("received_at"), envelope.get("recorded_at"))
    recorded = f"recorded {lasting(took)} later" if took is not None and not whole else ""
    again = envelope.get("retry_attempt")
    retried = f"Slack's retry {again}" if isinstance(again, int) else ""
    return sentence(by and f"by {by}", recorded, retried)


def _recorded(envelope: Json) -> str:
    late = inert(envelope.get("last_error")).startswith("expired:")
    acked = "too late to be acknowledged: Slack has shown a failure" if late else "before it was acknowledged"
    by = inert(envelope.get("recorded_by"), 100)
    return sentence(by and f"by {by}", acked, "the answer went with the ack" if envelope.get("ack") is True else "")


def _twins(envelope: Json) -> Iterator[Moment]:
    twins = rows(envelope.get("twins"))
    for twin in twins:
        what = f"Slack sent it again as {inert(twin.get('envelope_id'), 255)}"
        yield Moment.of(twin.get("received_at"), what, "a duplicate: it got the same ack, and nothing ran twice")
    more = count(envelope.get("duplicates")) - len(twins)
    if more > 0:
        again = plural(more, "more duplicate")
        yield Moment.of(None, f"Slack sent {again}, under the same id or not told here", "nothing ran twice")


def audited(event: Json) -> Moment:
    """What an audit event says of what somebody did."""
    payload = part(event, "payload")
    who = Who.of(payload.get("slack_user"), payload.get("slack_user_name"))
    return Moment.of(event.get("created_at"), _came_of_it(event, payload), _about(event, payload), who)


def _came_of_it(event: Json, payload: Json) -> str:
    event_type, reason = inert(event.get("event_type"), 100), inert(payload.get("reason"), 150)
    if event_type in DEEDS:
        return f"It counted: {DEEDS[event_type]}"
    return {
        "late": f"It came late and changed nothing: {why_refused.late(reason)}",
        "refused": f"It was refused: {why_refused.refused(reason)}",
        "expired": "It expired: nothing was done",
        "gave_up": f"It was given up: {reason}",
        "failed": f"It failed: {inert(event.get('error_detail'), 150) or reason}",
        "answered": "It was answered",
        "form_opened": "The form was opened",
        "ignored": "There was nothing to do",
        "heard": "It is the canary that came back",
        "none": "There was nothing to do",
    }.get(inert(payload.get("outcome"), 50), f"Recorded as {event_type}")


def _about(event: Json, payload: Json) -> str:
    told = " ".join(filter(None, (inert(payload.get(key), 100) for key in ("service", "environment", "version"))))
    until = clock(payload.get("until"), None) if event.get("event_type") == "alert.snoozed" else ""
    return sentence(until and f"until {until}", f"audit event {inert(event.get('event_id'), 50)}", told)


def _ended(envelope: Json, *, whole: bool) -> Iterator[Moment]:
    attempts, error = count(envelope.get("attempts")), inert(envelope.get("last_error"), 200)
    if attempts > 1:
        yield Moment.of(envelope.get("processed_at"), f"It took {attempts} attempts", error)
    if whole and envelope.get("processed_at"):
        status = "Settled" if envelope.get("status") == "completed" else "Ended as failed"
        took = seconds_between(envelope.get("received_at"), envelope.get("processed_at"))
        after = f"{lasting(took)} after it came" if took is not None else ""
        yield Moment.of(envelope.get("processed_at"), status, sentence(after, error if attempts <= 1 else ""))
    match envelope.get("reply_status"):
        case "sent":
            yield Moment.of(None, "The private answer was sent")
        case "due":
            tries = count(envelope.get("reply_attempts"))
            yield Moment.of(None, "The private answer is still due", plural(tries, "try", "tries") if tries else None)
        case "failed":
            yield Moment.of(None, "The private answer could not be given", error)
