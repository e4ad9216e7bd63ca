"""What a session wants done, in order; a relay performs it. Pure values (design, section 6).

A list is performed from its start, and what follows a failed effect is left out: that is how an envelope that could
not be recorded is never acknowledged. Times are those of the session's `now`: monotonic seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

from pulser.envelope import Envelope
from socket_relay.frames import Hello


@dataclass(frozen=True, slots=True)
class Record:
    """Store the envelope. `size`: characters that it came in. `refused`: why it is stored and acked, but never run."""

    envelope: Envelope
    received_at: float
    size: int
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Forward:
    """Hand the envelope to `envelope.handler`; an answer is of use until `answer_by`."""

    envelope: Envelope
    answer_by: float


@dataclass(frozen=True, slots=True)
class Ack:
    """Acknowledge on the socket that received it, at `by` at the latest.

    `awaits_answer`: wait until then for the handler's payload and send it along; bare when it has not come.
    Where the record says that an earlier twin has a stored ack, that one is sent.
    """

    envelope_id: str
    team_id: str
    by: float
    awaits_answer: bool = False


@dataclass(frozen=True, slots=True)
class SendPing:
    """Send a websocket ping; every pong, whatever it carries, goes to `Session.pong` of the same socket."""


@dataclass(frozen=True, slots=True)
class OpenSuccessor:
    """Make before break: dial a replacement now, and call `successor_up` when it has had its hello.

    A session asks once, and only while it serves. One that ends unasked (`closed`, or its own `Close`) is dialled
    anew by whoever owns its place, unless it said `StopDialling`. Whys: warning, refresh_requested, other (a
    disconnect of another reason, or of none), rotation, silent (pongs are missing), unauthenticated.
    """

    why: str


@dataclass(frozen=True, slots=True)
class Close:
    """Close the websocket, by force when the peer does not answer within a second. `code` is sent; `why` is ours."""

    code: int
    why: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """Tell people. It is performed aside: it neither delays nor stops what follows it in its list.

    Reasons: link_disabled, too_many_websockets, app_mismatch, app_rate_limited.
    """

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Live:
    """Slack said hello: from now on the session counts."""

    hello: Hello


@dataclass(frozen=True, slots=True)
class StopDialling:
    """Socket Mode is switched off: dial no more until somebody switches it on."""

    reason: str


@dataclass(frozen=True, slots=True)
class BackOff:
    """There are too many connections, or it is the wrong app: close before the next dial, and wait before it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Count:
    """Add one to the counter, one of COUNTERS; a name never holds what a peer sent."""

    name: str


Effect = Record | Forward | Ack | SendPing | OpenSuccessor | Close | Alarm | Live | StopDialling | BackOff | Count

COUNTERS = frozenset({
    "close.unanswered",
    "closed.1000", "closed.1001", "closed.1002", "closed.1006", "closed.1008", "closed.1009",
    "closed.1011", "closed.1012", "closed.1013", "closed.none", "closed.other",
    "disconnect.link_disabled", "disconnect.other", "disconnect.refresh_requested",
    "disconnect.too_many_websockets", "disconnect.warning",
    "envelope.no_id",
    "frame.binary", "frame.not_json", "frame.not_object", "frame.unauthenticated", "frame.unknown_type",
    "hello", "hello.again", "hello.timeout",
    "retired", "rotation", "silent.dead", "silent.suspect",
})  # fmt: skip
