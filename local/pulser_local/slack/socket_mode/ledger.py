"""What went over the sockets: envelopes sent, acks received, connections opened and closed."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass
from typing import Final, Literal

from pulser_local.slack.workspace import Json

ENTRIES_KEPT: Final = 100_000

AckProblem = Literal[
    "not_json",  # not a JSON object
    "no_envelope_id",
    "unknown_envelope",
    "late",  # after the 3 seconds
    "twice",  # acked before
    "payload_not_accepted",  # the envelope did not accept one
    "other_socket",  # not the socket it was sent on; counts all the same unless the settings say no
    "binary",  # not a text frame
]


@dataclass(frozen=True, slots=True)
class Ack:
    """An ack. `at` in seconds since 1970; `after` in seconds since the envelope was first sent."""

    at: float
    socket_id: str
    envelope_id: str | None
    payload: Json | None
    after: float | None
    problem: AckProblem | None = None

    def to_json(self) -> Json:
        """The ack as the controls give it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Sent:
    """An envelope that was sent. `socket_id` is "ghost" or "foreign" when it went where the app is not."""

    at: float
    socket_id: str
    envelope_id: str
    type: str
    retry_attempt: int | None = None

    def to_json(self) -> Json:
        """The entry as the controls give it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class SocketEvent:
    """What happened to a connection: refused, opened, hello, disconnect, mute, closed …; `detail` says how."""

    at: float
    socket_id: str
    what: str
    detail: str = ""

    def to_json(self) -> Json:
        """The entry as the controls give it."""
        return asdict(self)


class SocketLog:
    """The last of each, oldest first."""

    def __init__(self) -> None:
        self.acks: deque[Ack] = deque(maxlen=ENTRIES_KEPT)
        self.sent: deque[Sent] = deque(maxlen=ENTRIES_KEPT)
        self.events: deque[SocketEvent] = deque(maxlen=ENTRIES_KEPT)

    def clear(self) -> None:
        """Forget all."""
        self.acks.clear()
        self.sent.clear()
        self.events.clear()
