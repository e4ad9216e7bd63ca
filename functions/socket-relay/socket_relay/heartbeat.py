"""Whether one websocket still answers: pings of our own, and the age of the last pong. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from socket_relay.timing import Timing


@dataclass(slots=True)
class Heartbeat:
    """`heard_at`: the last sign of the peer, at first the opening. Business frames are none: quiet days are normal."""

    timing: Timing
    heard_at: float
    next_ping: float
    excused: float = 0.0

    @property
    def suspect_at(self) -> float:
        """When a successor is wanted."""
        return self.heard_at + self.excused + self.timing.suspect

    @property
    def dead_at(self) -> float:
        """When the peer is given up."""
        return self.heard_at + self.excused + self.timing.dead

    def heard(self, now: float) -> None:
        """A pong came."""
        self.heard_at, self.excused = max(self.heard_at, now), 0.0

    def excuse(self, seconds: float) -> None:
        """We were held up for so long: a pong may lie unread."""
        self.excused += seconds

    def is_fresh(self, now: float) -> bool:
        """The last pong is no older than what counts as alive."""
        return now - self.heard_at <= self.timing.dead

    def ping_is_due(self, now: float) -> bool:
        """True when a ping has to go now; the next one is then an interval away."""
        if now < self.next_ping:
            return False
        self.next_ping = now + self.timing.ping
        return True
