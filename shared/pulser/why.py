"""One thing's whole story, from the facts that why_v1 gives: moments in order, and how it stands now. Pure.

The ledger's facts are all there is to it: what they do not hold is not told, and nothing is looked up in Slack or in
the routes of today. Whoever shows a story only lays it out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pulser import why_delivery, why_envelope, why_now, why_refused, why_silence
from pulser.why_moment import (
    Json,
    Moment,
    Who,
    count,
    in_order,
    inert,
    joined,
    lasting,
    moment,
    part,
    plural,
    rows,
    seconds_between,
    sentence,
)

_LATE = (
    2.0  # seconds from an event's writing to its note: later than this, the sweep found it, or it was committed late
)
# What names the post that a delivery is, changes, or stands in the thread of.
_OF_A_POST = ("delivery_id", "target_delivery_id", "thread_delivery_id")
_STATE = {
    "acknowledged": ("acknowledged",),
    "investigating": ("investigating",),
    "snoozed": ("snoozed",),
    "requested": ("requested",),
    "approval": ("approval", "by"),
    "rollback": ("rollback",),
}
_OF_STATE = {
    "acknowledged": ("alert.acknowledged",),
    "investigating": ("alert.investigating",),
    "snoozed": ("alert.snoozed",),
    "requested": ("deploy.requested",),
    "approval": ("deploy.approved", "deploy.rejected"),
    "rollback": ("rollback.requested",),
}


@dataclass(frozen=True, slots=True)
class Story:
    """`about`: what it is of, in a line. `now`: how it stands, in a sentence. `left_out`: how much is not told.

    `ids`: whatever else of the ledger it names, by kind. `as_of`: when the ledger was read; a time in `now` without a
    day is of that day, in UTC.
    """

    about: str
    moments: tuple[Moment, ...]
    now: str
    left_out: tuple[str, ...]
    ids: Mapping[str, str]
    as_of: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "about": self.about,
            "ids": dict(self.ids),
            "moments": [it.to_json() for it in self.moments],
            "now": self.now,
            "left_out": list(self.left_out),
        }


def tell(facts: Json, reader: str | None = None) -> Story:
    """The story. `reader`: who reads it in Slack; None where somebody reads who has the ledger itself."""
    if part(facts, "envelope"):
        return _of_envelope(facts, part(facts, "envelope"), reader)
    event, told = part(facts, "event"), _told(facts)
    card = part(facts, "card")
    moments = in_order(
        _cause(facts, reader),
        _event(facts, event),
        *[why_delivery.moments(it, card) for it in told],
        *[why_envelope.moments(it, reader) for it in rows(facts.get("clicks"))],
        [_of_card(it, card, event) for it in _told_by(facts)],
        list(_state(facts, card)),
    )
    ids = {"event_id": event.get("event_id"), "delivery_id": part(facts, "delivery").get("delivery_id")}
    return Story(
        about=_about(event),
        moments=tuple(moments),
        now=why_now.of_event(facts, told),
        left_out=tuple(_left_out(facts, told)),
        ids={name: inert(value, 50) for name, value in ids.items() if value},
        as_of=moment(facts.get("now")),
    )


def _of_envelope(facts: Json, envelope: Json, reader: str | None) -> Story:
    card = part(facts, "card")
    told = rows(facts.get("deliveries"))
    moments = in_order(
        why_envelope.moments(envelope, reader, whole=True),
        list(_met(card, envelope)),
        *[why_delivery.moments(it, card) for it in told],
    )
    return Story(
        about=why_envelope.deed(envelope, reader),
        moments=tuple(moments),
        now=why_now.of_envelope(envelope, facts),
        left_out=(),
        ids={"envelope_id": inert(envelope.get("envelope_id"), 255), "team_id": inert(envelope.get("team_id"), 255)}
        | ({"card_id": inert(card.get("card_id"), 50)} if card else {}),
        as_of=moment(facts.get("now")),
    )


def _met(card: Json, envelope: Json) -> Iterator[Moment]:
    if card:
        kind, phase = inert(card.get("kind"), 20), inert(card.get("phase"), 30).replace("_", " ")
        of = joined([inert(card.get("service"), 100), inert(card.get("environment"), 100)])
        now = f"{phase} by now, in version {card.get('version')}"
        yield Moment.of(envelope.get("processed_at"), f"It met the {kind} {card.get('card_id')}", sentence(of, now))


def _told(facts: Json) -> list[Json]:
    """The deliveries that belong to what was asked: all of an event; of a delivery not those of other messages."""
    found, own = rows(facts.get("deliveries")), part(facts, "delivery")
    asked = own.get("delivery_id")
    if not asked:
        return found
    post = own.get("target_delivery_id") or asked
    told = [it for it in found if it.get("kind") == "hook" or post in [it.get(name) for name in _OF_A_POST]]
    # Of very many, why_v1 gives the first ones and the one that was asked about.
    return told if any(it.get("delivery_id") == asked for it in told) else [*told, own]


def _about(event: Json) -> str:
    payload = part(event, "payload")
    place = [inert(payload.get(key), 60) for key in ("service", "environment")]
    title = inert(payload.get("title"), 150)
    what = " ".join(
        filter(None, [inert(event.get("event_type"), 100) or "An event that is not there any more", *place])
    )
    return f"{what}: {title}" if title else what


def _cause(facts: Json, reader: str | None) -> list[Moment]:
    """What somebody did of which the event is the record; the record itself is told as the event."""
    cause = part(facts, "cause")
    return why_envelope.moments({**cause, "events": []}, reader) if cause else []


def _event(facts: Json, event: Json) -> list[Moment]:
    dispatch = part(facts, "dispatch")
    return [*_written(event, dispatch), *_routed(facts, dispatch)]


def _written(event: Json, dispatch: Json) -> Iterator[Moment]:
    payload = part(event, "payload")
    who = Who.of(payload.get("slack_user"), payload.get("slack_user_name")) or Who.of(None, event.get("actor"))
    error = inert(event.get("error_detail"), 200)
    if event.get("event_type") is not None:
        outcome = joined([inert(payload.get("outcome"), 100), _reason(payload)])
        severity = inert(payload.get("severity"), 20)
        detail = sentence(severity and f"severity {severity}", outcome, error)
        yield Moment.of(
            event.get("created_at"), f"{inert(event.get('event_type'), 100) or 'An event'} was written", detail, who
        )
    if dispatch.get("recorded_at"):
        took = seconds_between(event.get("created_at"), dispatch.get("recorded_at"))
        why = (
            f"{lasting(took)} after it was written: its transaction was long, or the sweep found it"
            if took and took >= _LATE
            else ""
        )
        yield Moment.of(dispatch.get("recorded_at"), "The ledger noted it", why)


def _reason(payload: Json) -> str:
    """A person's words, or the audit's word for why something changed nothing."""
    reason = inert(payload.get("reason"), 100)
    words = {"refused": why_refused.refused, "late": why_refused.late}.get(inert(payload.get("outcome"), 50))
    return words(reason) if words and reason else reason


def _routed(facts: Json, dispatch: Json) -> Iterator[Moment]:
    at = dispatch.get("routed_at")
    if dispatch.get("status") == "unrouted":
        yield Moment.of(at, "No route took it", "" if _verdicts(dispatch) else "the ledger did not keep what each said")
    if dispatch.get("status") == "silenced":
        yield why_silence.muted(part(facts, "silence"), at)
    posts = {inert(it.get("channel"), 500) for it in rows(facts.get("deliveries")) if it.get("kind") == "post"}
    for verdict in _verdicts(dispatch):
        name, channel, why = (inert(verdict.get(key), 500) for key in ("route", "channel", "why"))
        if verdict.get("used") is not True:
            yield Moment.of(at, f"Route {name} did not take it", why)
        elif dispatch.get("status") == "silenced":
            yield Moment.of(at, f"Route {name} would have posted it to {channel}", why)
        elif channel not in posts:
            stands = f"its card stands in {channel} already and changes in place, so no message was posted there"
            yield Moment.of(at, f"Route {name} took it, to {channel}", sentence(why, stands))
    card = part(facts, "tells_of")
    if card:
        what = f"It tells of the {inert(card.get('kind'), 20)} {inert(card.get('card_id'), 50)}"
        yield Moment.of(at, what, "whose message changes in place")


def _verdicts(dispatch: Json) -> list[Json]:
    """What the routes said; of an event that some route took, only what came of those that did."""
    found = rows(dispatch.get("verdicts"))
    return found if dispatch.get("status") == "unrouted" else [it for it in found if it.get("used") is True]


def _told_by(facts: Json) -> list[Json]:
    """The events that tell of the card and are not told with a click already."""
    known = {inert(event.get("event_id"), 50) for it in rows(facts.get("clicks")) for event in rows(it.get("events"))}
    return [it for it in rows(facts.get("told_by")) if inert(it.get("event_id"), 50) not in known]


def _of_card(event: Json, card: Json, first: Json) -> Moment:
    """An event that changed the card: a deed whose click is not kept any more, news of a deploy, a repeat or an end.

    `first`: the event that the card stands for.
    """
    event_type, payload = inert(event.get("event_type"), 100), part(event, "payload")
    if event_type in why_envelope.DEEDS:
        return why_envelope.audited(event)
    who = Who.of(payload.get("slack_user"), payload.get("slack_user_name")) or Who.of(None, event.get("actor"))
    told = sentence(inert(payload.get("version"), 100), f"event {inert(event.get('event_id'), 50)}")
    what = f"{event_type} told of it"
    if card.get("kind") == "alert":
        is_end = part(part(card, "state"), "resolved").get("event_id") == event.get("event_id")
        fired = event.get("event_type") == first.get("event_type")
        what = f"{event_type} resolved it" if is_end else f"{event_type}: it fired again" if fired else what
    return Moment.of(event.get("created_at"), what, told, who)


def _state(facts: Json, card: Json) -> Iterator[Moment]:
    """What only the card still knows, when neither click nor event is there."""
    events = [*rows(facts.get("told_by")), part(facts, "event")]
    events += [event for it in rows(facts.get("clicks")) for event in rows(it.get("events"))]
    known = {inert(event.get("event_type"), 100) for event in events}
    state = part(card, "state")
    for name, path in _STATE.items():
        by: Json = state
        for step in path:
            by = part(by, step)
        if by and not known & set(_OF_STATE[name]):
            did = inert(part(state, name).get("decision"), 30) if name == "approval" else name
            yield Moment.of(by.get("at"), f"Its card says: {did}", None, Who.of(by.get("user"), by.get("name")))
    newer = part(state, "resolved").get("superseded_by")
    if newer:
        what = f"A new message tells of it from now on, of event {inert(newer, 50)}"
        yield Moment.of(part(state, "resolved").get("at"), what)
    expired = part(state, "expired")
    if expired and "deploy.expired" not in known:
        what = f"It expired, {inert(expired.get('was'), 30)} as it was"
        yield Moment.of(expired.get("at"), what, "nobody decided or reported on it for too long")


def _left_out(facts: Json, told: list[Json]) -> Iterator[str]:
    deliveries = count(facts.get("deliveries_total")) - len(told)
    if deliveries > 0:
        yield f"{plural(deliveries, 'other delivery', 'other deliveries')} of the event"
    for name, one in (("clicks", "click"), ("told_by", "event")):
        more = count(facts.get(f"{name}_total")) - len(rows(facts.get(name)))
        if more > 0:
            yield f"{plural(more, f'more {one}', f'more {one}s')} on its card"
