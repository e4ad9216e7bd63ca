"""What fails on pulser's own side: its processes, its database, and the deployer that it calls."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable

from bench.soak.faults import Kind
from bench.soak.hook import Fault as HookFault
from bench.soak.stack import Stack

FUNCTIONS = ("notify-dispatch", "action-handler", "command-handler", "socket-relay")
LOCKED = ("ops.deliveries", "ops.slack_envelopes", "ops.cards", "ops.event_dispatches", "ops.relay_sessions")
HOOK_WITHIN = 25.0  # seconds; deploys are rare
MODES = ("share row exclusive", "access exclusive")
Strike = Callable[[Stack, random.Random], Awaitable[int]]


def _kill(function: str) -> Strike:
    async def strike(stack: Stack, _chance: random.Random) -> int:
        return stack.place.kill(function)

    return strike


async def _kill_relay(stack: Stack, _chance: random.Random) -> int:
    if not stack.relays or stack.relays[-1].returncode is not None:
        return 0
    os.kill(stack.relays[-1].pid, signal.SIGKILL)
    return 1


async def _cut(stack: Stack, chance: random.Random) -> int:
    cut = len(stack.line.ports)
    await stack.line.cut()
    try:
        await asyncio.sleep(chance.uniform(1, 5))
    finally:
        await stack.line.mend()
    return cut


async def _stop_line(stack: Stack, chance: random.Random) -> int:
    stack.line.stop()
    try:
        await asyncio.sleep(chance.uniform(2, 8))
    finally:
        stack.line.go_on()
    return len(stack.line.ports)


async def _slow_line(stack: Stack, chance: random.Random) -> int:
    stack.line.delay = chance.uniform(0.05, 0.25)
    try:
        await asyncio.sleep(8)
    finally:
        stack.line.delay = 0.0
    return len(stack.line.ports)


async def _terminate(stack: Stack, _chance: random.Random) -> int:
    """The server ends the sessions, as a restart or an operator does."""
    ended = "select count(pg_terminate_backend(pid)) from pg_stat_activity where client_port = any ($1::int[])"
    return int((await stack.rows(ended, stack.line.ports))[0]["count"])


async def _read_only(stack: Stack, chance: random.Random) -> int:
    """A failover to a server that only reads, and back; the sessions end each time."""
    await _default_read_only(stack, "on")
    met = await _terminate(stack, chance)
    try:
        await asyncio.sleep(chance.uniform(2, 5))
    finally:
        await _default_read_only(stack, "off")
        await _terminate(stack, chance)
    return met


async def _default_read_only(stack: Stack, value: str) -> None:
    async with stack.connection() as connection:
        name = await connection.fetchval("select quote_ident(current_database())")
        await connection.execute(f"alter database {name} set default_transaction_read_only = {value}")


async def _lock(stack: Stack, chance: random.Random) -> int:
    table, mode = chance.choice(LOCKED), chance.choice(MODES)
    async with stack.connection() as connection, connection.transaction():
        await connection.execute(f"lock table {table} in {mode} mode")
        await asyncio.sleep(chance.uniform(1, 4))
    return 1


def _hook(fault: HookFault) -> Strike:
    async def strike(stack: Stack, _chance: random.Random) -> int:
        deployer = stack.deployer
        before, deployer.fault = deployer.struck, fault
        ends_at = time.monotonic() + HOOK_WITHIN
        try:
            while deployer.struck == before and time.monotonic() < ends_at:  # noqa: ASYNC110  # it may never be called
                await asyncio.sleep(0.1)
            await asyncio.sleep(2)
        finally:
            deployer.fault = None
        return deployer.struck - before

    return strike


OWN: tuple[Kind, ...] = (
    *(Kind(f"kill -9 {function}", "processes", _kill(function)) for function in FUNCTIONS),
    Kind("kill -9 pulser relay", "processes", _kill_relay),
    Kind("connections cut", "database", _cut),
    Kind("sessions terminated", "database", _terminate),
    Kind("read-only", "database", _read_only),
    Kind("table locked", "database", _lock),
    Kind("slow line", "database", _slow_line),
    Kind("silent line", "database", _stop_line),
    Kind("hook refuses", "deploy hook", _hook("refuses")),
    Kind("hook resets", "deploy hook", _hook("resets")),
    Kind("hook resets after", "deploy hook", _hook("resets after")),
    Kind("hook is slow", "deploy hook", _hook("is slow")),
)


async def calm(stack: Stack) -> None:
    """Whatever was left behind: nothing fails any more."""
    simulator = stack.simulator
    simulator.faults.clear()
    for name, value in type(simulator.sockets.settings)():
        if name != "retry_after":
            setattr(simulator.sockets.settings, name, value)
    stack.line.delay, stack.deployer.fault = 0.0, None
    stack.line.go_on()
    await _default_read_only(stack, "off")
