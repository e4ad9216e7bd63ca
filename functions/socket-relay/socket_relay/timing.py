"""The seconds a session goes by (design, section 6). Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds, but `rotate_at` and `stagger`: shares of Slack's approximate_connection_time.

    `stagger` is what keeps two sessions from rotating together: each is made with another one, in [0, 0.2].
    """

    hello: float = 10.0
    ping: float = 5.0
    suspect: float = 12.0  # without a pong: a successor is opened, so that it is up when the session is given up
    dead: float = 15.0  # without a pong: given up
    ack: float = 2.5
    answer: float = 2.3  # a handler's answer has to come before the ack goes
    drain: float = 15.0
    close: float = 1.0  # for the peer to answer our close
    stable: float = 60.0
    rotate_at: float = 0.8
    stagger: float = 0.0
    shortest_rotation: float = 30.0  # whatever Slack says: two dials a connection would use up the dial budget
    late: float = 2.0  # a tick that comes so much late was held up by us: that time is not held against the peer


DEFAULT = Timing()
