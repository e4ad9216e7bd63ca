"""Sessions in the states that tests start from, and a clock that turns for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from socket_relay.effects import Effect, SendPing
from socket_relay.session import Expectation, Session
from socket_relay.timing import DEFAULT, Timing
from tests.unit.socket_relay.slack_frames import TEAM, hello

OWN = Expectation(team_id=TEAM)
PONG_AFTER = 0.05  # seconds from a ping to its pong
Kind = TypeVar("Kind")


def connecting(*, own: Expectation = OWN, timing: Timing = DEFAULT) -> Session:
    """A session whose websocket is being opened since 0."""
    return Session("session-1", 0.0, expects=own, timing=timing)


def waiting(*, own: Expectation = OWN, timing: Timing = DEFAULT) -> Session:
    """A session whose websocket was opened at 0."""
    session = connecting(own=own, timing=timing)
    session.opened(0.0)
    return session


def live(*, own: Expectation = OWN, timing: Timing = DEFAULT, lasts: object = None) -> Session:
    """A session that had its hello at 0; `lasts` is its approximate_connection_time."""
    session = waiting(own=own, timing=timing)
    session.text(0.0, hello(lasts=lasts))
    return session


def retiring(*, timing: Timing = DEFAULT) -> Session:
    """A session whose successor was up at 0."""
    session = live(timing=timing)
    session.successor_up(0.0)
    return session


def closing() -> Session:
    """A session that served, and whose close Slack has not answered yet."""
    session = live()
    session.retire(0.0, "shutdown", within=0.0)
    session.tick(0.0)
    return session


def ended() -> Session:
    """A session whose websocket broke at 0."""
    session = live()
    session.closed(0.0, 1006, "")
    return session


def of(kind: type[Kind], effects: Sequence[Effect]) -> list[Kind]:
    """The effects of one kind."""
    return [it for it in effects if isinstance(it, kind)]


def run(session: Session, start: float, until: float, *, pong_after: float | None = PONG_AFTER) -> list[Effect]:
    """Tick whenever a tick is wanted, and answer each ping; with pong_after None, none."""
    effects: list[Effect] = []
    pongs: list[float] = []
    now = start
    while True:
        at = min([session.next_tick, *pongs])
        if at > until:
            return effects
        now = max(now, at)
        if at in pongs:
            pongs.remove(at)
            effects += session.pong(now)
            continue
        new = session.tick(now)
        pongs += [now + pong_after for _ in of(SendPing, new)] if pong_after is not None else []
        effects += new
