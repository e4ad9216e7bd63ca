"""What to do with one envelope that came by a socket: record, acknowledge, hand over. Pure.

The order is the invariant "record before ack": a list is performed from its start and ends where it fails.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pulser.envelope import UNKNOWN_TEAM, Envelope, EnvelopeError
from socket_relay.effects import Ack, Alarm, Count, Effect, Forward, Record
from socket_relay.frames import BrokenEnvelope, EnvelopeFrame
from socket_relay.timing import Timing


@dataclass(frozen=True, slots=True)
class Expectation:
    """Whose envelopes these are: the team of the bot token, and the app where it is known (else hello's)."""

    team_id: str
    app_id: str | None = None


def envelope_effects(
    frame: EnvelopeFrame | BrokenEnvelope, now: float, own: Expectation, hello_app: str | None, timing: Timing
) -> list[Effect]:
    """Shapes: [Record, Ack, Forward]; [Record, Forward, Ack] when an answer is awaited; [Record, Ack] when refused."""
    try:
        envelope = _envelope(frame)
    except EnvelopeError:
        return [Count("envelope.no_id")]
    by = now + timing.ack
    refused = _refusal(envelope, own, hello_app)
    ack = Ack(envelope.envelope_id, envelope.team_id, by, awaits_answer=refused is None and envelope.wants_answer)
    if refused is not None:
        return [Record(envelope, now, frame.size, refused), ack, *_alarm(envelope, refused)]
    forward = Forward(envelope, now + timing.answer)
    return [Record(envelope, now, frame.size), *((forward, ack) if ack.awaits_answer else (ack, forward))]


def earlier(effects: list[Record | Ack | Forward], seconds: float) -> list[Record | Ack | Forward]:
    """The same for an envelope that came so many seconds before it was read."""
    if not seconds:
        return effects
    made: list[Record | Ack | Forward] = []
    for effect in effects:
        match effect:
            case Record():
                made.append(replace(effect, received_at=effect.received_at - seconds))
            case Forward():
                made.append(replace(effect, answer_by=effect.answer_by - seconds))
            case Ack():
                made.append(replace(effect, by=effect.by - seconds))
    return made


def _envelope(frame: EnvelopeFrame | BrokenEnvelope) -> Envelope:
    if isinstance(frame, EnvelopeFrame):
        return Envelope.from_frame(frame.content)
    made = Envelope.from_frame({"envelope_id": frame.envelope_id, "type": "raw", "payload": {"raw": frame.raw}})
    return replace(made, refusal="the frame cannot be read as JSON")


def _refusal(envelope: Envelope, own: Expectation, hello_app: str | None) -> str | None:
    """Why the envelope is not run. Some payloads (shortcuts) name no app: the connection vouches for them."""
    apps = {own.app_id, hello_app} - {None}
    if envelope.app_id is not None and any(it != envelope.app_id for it in apps):
        return "the envelope is of another app"
    if envelope.team_id not in {own.team_id, UNKNOWN_TEAM}:
        return "the envelope is of another team"
    return envelope.refusal or (None if envelope.handler else "no handler takes this envelope")


def _alarm(envelope: Envelope, refused: str) -> list[Effect]:
    """An event without inner event that people have to know of (row 22)."""
    if envelope.payload.get("type") != "app_rate_limited" or refused != envelope.refusal:
        return []
    return [Alarm("app_rate_limited", "Slack holds events back: more than 30,000 in an hour for this workspace")]
