"""How the simulated Slack behaves on its sockets, from now on; what a fault changes is changed here."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class SocketSettings(BaseModel):
    """All that may be switched. Times in seconds.

    New connections: hello, hello_delay, approximate_connection_time, hello_app_id, mute_after, ping_before_hello,
    ping_interval, pong, pong_delay, answer_close. All others hold at once.
    """

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    # The handshake
    max_connections: int = Field(default=10, ge=0)  # beyond it too_many_websockets
    refused_close_code: int | None = Field(default=1000, ge=1000, le=4999)  # None: no close frame, a client's 1006
    dead_tickets: int = Field(default=0, ge=0)  # so many next dials are refused, each using its ticket up
    dead_ticket_status: int = Field(default=408, ge=400, le=599)
    dial_delay: float = Field(default=0.0, ge=0)  # before the handshake is answered
    hello: bool = True  # False: never
    hello_delay: float = Field(default=0.0, ge=0)
    hello_app_id: str | None = None  # another app's, instead of the own
    approximate_connection_time: int = Field(default=3600, ge=1)
    ping_before_hello: bool = False

    # Life
    ping_interval: float | None = Field(default=10.0, gt=0)
    pong: bool = True
    pong_delay: float = Field(default=0.0, ge=0)
    mute_after: float | None = Field(default=None, ge=0)  # half-open: no byte either way, no FIN; 0: before hello
    answer_close: bool = True
    warning_seconds: float = Field(default=10.0, ge=0)  # from the warning to the cut

    # Who else is connected
    ghosts: int = Field(default=0, ge=0)  # counted in num_connections, but nobody is there
    ghosts_take: bool = False  # whether envelopes go to ghosts too
    muted_stay: bool = False  # a muted connection that the app gives up stays as a ghost
    foreign: int = Field(default=0, ge=0)  # sockets of another process: they take envelopes and ack them

    # Envelopes
    deaf: bool = False  # connected, and answers pings, but no envelope arrives: each is sent into the void
    metadata_events: tuple[str, ...] = ()  # event types of metadata whose posts the app is told of, its own too
    ack_seconds: float = Field(default=3.0, gt=0)
    retry_after: tuple[float, ...] = (0.0, 60.0, 300.0)  # events only
    retry_keeps_id: bool = True
    retry_is_counted: bool = True  # False: a retry says retry_attempt 0, as the first delivery (seen in the wild)
    other_socket_acks: bool = True  # whether an ack on another socket than the one it was sent on counts
    duplicate: Literal["no", "same_id", "new_id"] = "no"  # each envelope twice, on two sockets where there are two
    duplicate_share: float = Field(default=1.0, ge=0, le=1)
    block_actions_accept_payload: bool = True  # the documents say so, the SDK's fixtures do not
    foreign_app_id: str | None = None  # instead of the own, in every payload
    foreign_team_id: str | None = None
