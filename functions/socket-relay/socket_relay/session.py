"""One websocket of Socket Mode from its opening to its end, without I/O, clock or chance (design, section 6).

Frames and moments go in, effects come out, to be performed in order (`effects.py`). Nothing is shared between two
sessions: an event that comes late, or for another socket, cannot change a session that it does not belong to.
`now` is monotonic seconds everywhere.

    connecting ──opened──▶ waiting_for_hello ──hello──▶ live ──retire, successor_up──▶ retiring ──▶ closed

Who ends how: a session that served and closes in good order stays `retiring` until the websocket is closed, and
still takes envelopes that cross its close (they are acknowledged on another socket). One that never served, or has
gone silent, is closed with its `Close`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from socket_relay.effects import (
    Alarm,
    BackOff,
    Close,
    Count,
    Effect,
    Live,
    OpenSuccessor,
    Record,
    SendPing,
    StopDialling,
)
from socket_relay.frames import BrokenEnvelope, Disconnect, EnvelopeFrame, Hello, Junk, read_frame
from socket_relay.heartbeat import Heartbeat
from socket_relay.received import Expectation, envelope_effects
from socket_relay.timing import DEFAULT, Timing

__all__ = ["Expectation", "Session", "State", "Timing"]

State = Literal["connecting", "waiting_for_hello", "live", "retiring", "closed"]

NORMAL = 1000
GOING_AWAY = 1001
PROTOCOL_ERROR = 1002
KNOWN_CODES = frozenset({1000, 1001, 1002, 1006, 1008, 1009, 1011, 1012, 1013})
# Disconnects that no further dial can help.
TERMINAL: dict[str, tuple[StopDialling | BackOff, str]] = {
    "link_disabled": (
        StopDialling("link_disabled"),
        "Socket Mode is switched off in the settings of the app: no click and no command arrives",
    ),
    "too_many_websockets": (
        BackOff("too_many_websockets"),
        "the app has more connections than Slack allows (10): other processes hold them, or they are ghosts",
    ),
}
KNOWN_REASONS = frozenset({"warning", "refresh_requested", *TERMINAL})

_Act = Callable[[float], list[Effect]]


class Session:
    """`hello_at`: when it became live. `end_reason`: why it ended or is ending. `envelopes`: how many it took."""

    def __init__(self, session_id: str, now: float, *, expects: Expectation, timing: Timing = DEFAULT) -> None:
        self.session_id = session_id
        self.hello: Hello | None = None
        self.hello_at: float | None = None
        self.draining_until: float | None = None
        self.end_reason: str | None = None
        self.envelopes = 0
        self.successor_asked = False
        self._state: State = "connecting"
        self._expects = expects
        self._timing = timing
        self._opened_at = now
        self._heartbeat = Heartbeat(timing, heard_at=now, next_ping=now)
        self._hello_by = math.inf
        self._rotate_at = math.inf
        self._close_by: float | None = None  # the close has been asked for, and is forced then

    @property
    def state(self) -> State:
        """Where it is in its life."""
        return self._state

    @property
    def next_tick(self) -> float:
        """When `tick` is wanted; infinite when it is not. An earlier tick does no harm."""
        if self._state in {"connecting", "closed"}:
            return math.inf
        if self._close_by is not None:
            return self._close_by
        return min(self._heartbeat.next_ping, *(at for at, _ in self._deadlines()))

    def alive(self, now: float) -> bool:
        """Past hello, not closing, with a pong no older than 15 s: what counts as up."""
        return self._state in {"live", "retiring"} and self._close_by is None and self._heartbeat.is_fresh(now)

    def is_stable(self, now: float) -> bool:
        """It has lasted long enough for the backoff to start anew."""
        return self.hello_at is not None and self.alive(now) and now - self.hello_at >= self._timing.stable

    def opened(self, now: float) -> list[Effect]:
        """The websocket is open."""
        if self._state != "connecting":
            return []
        self._state = "waiting_for_hello"
        self._opened_at = now
        self._hello_by = now + self._timing.hello
        self._heartbeat = Heartbeat(self._timing, heard_at=now, next_ping=now + self._timing.ping)
        return [SendPing()]

    def text(self, now: float, text: str) -> list[Effect]:
        """A text message, whole."""
        if self._state == "closed":
            return []
        effects = self.opened(now)
        match frame := read_frame(text):
            case EnvelopeFrame() | BrokenEnvelope():
                return effects + self._took(now, frame)
            case Hello():
                return effects + self._greeted(now, frame)
            case Disconnect():
                return effects + self._dismissed(now, frame.reason)
            case Junk("unauthenticated"):
                return [*effects, Count("frame.unauthenticated"), *self._unauthenticated()]
            case Junk():
                return [*effects, Count(f"frame.{frame.kind}")]

    def binary(self, now: float, content: bytes) -> list[Effect]:  # noqa: ARG002  Slack sends none: nothing to read
        """A binary message."""
        return [] if self._state == "closed" else [Count("frame.binary")]

    def pong(self, now: float) -> list[Effect]:
        """A pong of this websocket."""
        self._heartbeat.heard(now)
        return []

    def tick(self, now: float) -> list[Effect]:
        """The time is `now`: whatever is due by then."""
        if self._close_by is not None and now >= self._close_by:
            self._close_by, self._state = None, "closed"
            return [Count("close.unanswered")]
        if self.next_tick > now:  # also: closing, closed, not open yet
            return []
        self._excuse(now - self.next_tick)
        effects: list[Effect] = []
        for at, act in self._deadlines():
            if now >= at and self._is_open:
                effects += act(now)
        if self._is_open and self._heartbeat.ping_is_due(now):
            effects.append(SendPing())
        return effects

    def closed(self, now: float, code: int | None, reason: str) -> list[Effect]:  # noqa: ARG002  an end needs no time
        """The websocket is closed or broken (code None or 1006). Said twice or late, it changes nothing."""
        if self._state == "closed":
            return []
        self._state, self._close_by = "closed", None
        name = str(code) if code in KNOWN_CODES else "none" if code is None else "other"
        self.end_reason = self.end_reason or f"closed by Slack ({name})"
        return [Count(f"closed.{name}")]

    def retire(self, now: float, why: str, within: float | None = None) -> list[Effect]:
        """Take what still comes for `within` seconds (default: 15), then close. Again: the earlier end holds."""
        if self._state in {"connecting", "waiting_for_hello"}:
            return [Count("retired"), self._close(now, NORMAL, why)]
        if self._state == "closed" or self._close_by is not None:
            return []
        until = now + (self._timing.drain if within is None else within)
        self.draining_until = min(until, self.draining_until or math.inf)
        self.end_reason = self.end_reason or why
        again, self._state = self._state == "retiring", "retiring"
        return [] if again else [Count("retired")]

    def successor_up(self, now: float) -> list[Effect]:
        """A replacement has had its hello."""
        return self.retire(now, "replaced") if self._state == "live" else []

    @property
    def _is_open(self) -> bool:
        return self._state not in {"connecting", "closed"} and self._close_by is None

    def _deadlines(self) -> list[tuple[float, _Act]]:
        """What happens when, in the order of their weight."""
        found: list[tuple[float, _Act]] = [(self._heartbeat.dead_at, self._went_silent)]
        if self._state == "waiting_for_hello":
            found.append((self._hello_by, self._was_not_greeted))
        elif self._state == "retiring" and self.draining_until is not None:
            found.append((self.draining_until, self._drained))
        elif self._state == "live" and not self.successor_asked:
            found += [(self._heartbeat.suspect_at, self._is_suspect), (self._rotate_at, self._rotates)]
        return found

    def _excuse(self, late: float) -> None:
        """Time in which we were held up (a busy processor, a sleeping laptop) says nothing about the peer."""
        if late > self._timing.late:
            self._heartbeat.excuse(late)
            self._hello_by += late

    def _took(self, now: float, frame: EnvelopeFrame | BrokenEnvelope) -> list[Effect]:
        """Also before hello and while closing: Slack has handed it over, and sends a click only once."""
        app = self.hello.app_id if self.hello else None
        effects = envelope_effects(frame, now, self._expects, app, self._timing)
        self.envelopes += any(isinstance(it, Record) for it in effects)
        return effects

    def _greeted(self, now: float, hello: Hello) -> list[Effect]:
        if self._state != "waiting_for_hello":
            return [Count("hello.again")]
        if self._expects.app_id and hello.app_id and hello.app_id != self._expects.app_id:
            detail = f"Slack greets the app {hello.app_id}; expected was {self._expects.app_id}"
            return [BackOff("app_mismatch"), Alarm("app_mismatch", detail), self._close(now, NORMAL, "app_mismatch")]
        self._state, self.hello, self.hello_at = "live", hello, now
        self._heartbeat.heard(now)
        if hello.approximate_connection_time is not None:
            share = self._timing.rotate_at - self._timing.stagger
            life = max(self._timing.shortest_rotation, hello.approximate_connection_time * share)
            self._rotate_at = self._opened_at + life
        return [Count("hello"), Live(hello)]

    def _dismissed(self, now: float, reason: str) -> list[Effect]:
        """Slack is going to close the connection."""
        known = reason if reason in KNOWN_REASONS else "other"
        counted = Count(f"disconnect.{known}")
        if self._close_by is not None:
            return [counted]
        if known in TERMINAL:
            first, detail = TERMINAL[known]
            return [counted, first, Alarm(known, detail), self._close(now, NORMAL, known)]
        if self._state == "waiting_for_hello":
            return [counted, self._close(now, NORMAL, known)]
        return [counted, *self._succession(known)]

    def _unauthenticated(self) -> list[Effect]:
        """Seen between two connections of Slack's own (row 23): nothing may come here any more, another one serves."""
        return self._succession("unauthenticated")

    def _was_not_greeted(self, now: float) -> list[Effect]:
        return [Count("hello.timeout"), self._close(now, PROTOCOL_ERROR, "hello_timeout")]

    def _is_suspect(self, _: float) -> list[Effect]:
        return [Count("silent.suspect"), *self._succession("silent")]

    def _went_silent(self, _: float) -> list[Effect]:
        self._state, self.end_reason = "closed", "silent"
        return [Count("silent.dead"), Close(GOING_AWAY, "silent")]

    def _rotates(self, _: float) -> list[Effect]:
        return [Count("rotation"), *self._succession("rotation")]

    def _drained(self, now: float) -> list[Effect]:
        return [self._close(now, NORMAL, "drained")]

    def _succession(self, why: str) -> list[Effect]:
        """Ask for the successor, unless that is done, or nothing is left to succeed."""
        if self._state != "live" or self.successor_asked:
            return []
        self.successor_asked = True
        return [OpenSuccessor(why)]

    def _close(self, now: float, code: int, why: str) -> Close:
        self.end_reason = self.end_reason or why
        if self._state in {"live", "retiring"}:
            self._state, self._close_by = "retiring", now + self._timing.close
        else:
            self._state = "closed"
        return Close(code, why)
