"""How Socket Mode fails in the soak: connections that end, go mute, never say hello; envelopes twice, and odd ones."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

from bench.soak.faults import Kind
from bench.soak.stack import Stack
from pulser_local.slack.socket_mode.connection import Connection
from pulser_local.slack.socket_mode.odd import CACHE_ERROR, ODD
from pulser_local.slack.socket_mode.settings import SocketSettings

MUTE = 20.0  # seconds; pulser gives a connection up after 15 without a pong
Strike = Callable[[Stack, random.Random], Awaitable[int]]


def _one(deed: Callable[[Connection, random.Random], None], after: float = 0.0) -> Strike:
    """To one live connection something happens; after so many seconds the server ends it."""

    async def strike(stack: Stack, chance: random.Random) -> int:
        live = stack.simulator.sockets.live
        if not live:
            return 0
        connection = chance.choice(live)
        deed(connection, chance)
        if after:
            await asyncio.sleep(after)
            connection.reset()
        return 1

    return strike


def _while(seconds: float, *, redial: bool = True, **settings: Any) -> Strike:  # noqa: ANN401  # SocketSettings' fields
    """Settings hold for so long. `redial`: one connection is broken, so that there is somebody who dials."""

    async def strike(stack: Stack, chance: random.Random) -> int:
        sockets, before = stack.simulator.sockets, SocketSettings()
        for name, value in settings.items():
            setattr(sockets.settings, name, value)
        events = len(sockets.log.events)
        sent = len(sockets.log.sent)
        try:
            if redial and sockets.live:
                chance.choice(sockets.live).reset()
            await asyncio.sleep(seconds)
        finally:
            for name in settings:
                setattr(sockets.settings, name, getattr(before, name))
        met = sum(event.what in {"opened", "ticket_refused"} for event in list(sockets.log.events)[events:])
        return met if redial else len(sockets.log.sent) - sent

    return strike


async def _too_many(stack: Stack, chance: random.Random) -> int:
    """Slack counts as many connections as it allows, so the next dial is refused."""
    open_ones = max(1, len(stack.simulator.sockets) - 1)
    return await _while(6.0, max_connections=open_ones)(stack, chance)


async def _odd(stack: Stack, chance: random.Random) -> int:
    """Frames and envelopes that no document describes."""
    sockets = stack.simulator.sockets
    if not sockets.live:
        return 0
    connection = chance.choice(sockets.live)
    connection.send_text(CACHE_ERROR)
    connection.send_binary(b"\x00\xff")
    for make in ODD.values():
        sockets.inject(make())
        await asyncio.sleep(0.1)
    return len(ODD)


def _refresh(connection: Connection, _chance: random.Random) -> None:
    connection.disconnect("refresh_requested")
    connection.close()


def _no_pong(connection: Connection, _chance: random.Random) -> None:
    connection.settings.pong = False


SOCKETS: tuple[Kind, ...] = (
    Kind("close frame", "sockets", _one(lambda it, chance: it.close(chance.choice((1000, 1001, 1011, 4000))))),
    Kind("FIN", "sockets", _one(lambda it, _: it.end())),
    Kind("RST", "sockets", _one(lambda it, _: it.reset())),
    Kind("half-open", "sockets", _one(lambda it, _: it.mute(), after=MUTE)),
    Kind("no pong", "sockets", _one(_no_pong, after=MUTE)),
    Kind("warning", "sockets", _one(lambda it, _: it.disconnect("warning"), after=10.0)),
    Kind("refresh", "sockets", _one(_refresh)),
    Kind("no hello", "sockets", _while(8.0, hello=False)),
    Kind("late hello", "sockets", _while(6.0, hello_delay=4.0)),
    Kind("dead tickets", "sockets", _while(4.0, dead_tickets=2)),
    Kind("slow dial", "sockets", _while(5.0, dial_delay=3.0)),
    Kind("too many sockets", "sockets", _too_many),
    Kind("twice, same id", "sockets", _while(10.0, redial=False, duplicate="same_id", duplicate_share=0.5)),
    Kind("twice, new id", "sockets", _while(10.0, redial=False, duplicate="new_id", duplicate_share=0.5)),
    Kind("odd frames", "sockets", _odd),
)
