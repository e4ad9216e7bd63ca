"""How Slack's Web API fails in the soak: each kind of the simulator, for the calls that pulser makes most."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

from bench.soak.faults import Kind
from bench.soak.stack import Stack
from pulser_local.slack.faults import Fault

METHODS = ("chat.postMessage", "chat.postMessage", "chat.*", "chat.*", "*", "chat.update")
POST = "chat.postMessage"
WITHIN = 8.0  # seconds in which it has to meet a call
HELD = 2.5  # seconds that it stays after the first

Strike = Callable[[Stack, random.Random], Awaitable[int]]


def _of(**described: Any) -> Strike:  # noqa: ANN401  # a fault's fields; a callable is asked for each strike's own value
    async def strike(stack: Stack, chance: random.Random) -> int:
        told = {name: value(chance) if callable(value) else value for name, value in described.items()}
        fault = Fault.model_validate({"method": chance.choice(METHODS), "times": chance.randint(1, 3), **told})
        return await _while_set(stack, fault)

    return strike


async def _while_set(stack: Stack, fault: Fault) -> int:
    faults = stack.simulator.faults
    fault_id = faults.add(fault)
    try:
        async with asyncio.timeout(WITHIN):
            await faults.until_struck(fault_id)
        await asyncio.sleep(HELD)
    except TimeoutError:
        pass  # nobody called
    finally:
        used = faults.used(fault_id)
        faults.remove(fault_id)
    return used


async def _archive(stack: Stack, chance: random.Random) -> int:
    """A channel is archived for a moment: what is posted there is refused for good, and says so."""
    workspace = stack.simulator.workspace
    channel = workspace.find(chance.choice(("ops-tasks", "ops-ci")))
    if channel is None:
        return 0
    before = len([call for call in stack.simulator.calls if call.error == "is_archived"])
    workspace.change_channel(channel.id, is_archived=True)
    try:
        await asyncio.sleep(chance.uniform(3, 6))
    finally:
        workspace.change_channel(channel.id, is_archived=False)
    return len([call for call in stack.simulator.calls if call.error == "is_archived"]) - before


async def _doubt(stack: Stack, chance: random.Random) -> int:
    """A post whose answer is lost, while Slack's history cannot be read."""
    faults = stack.simulator.faults
    unread = faults.add(Fault(method="conversations.*", kind="http_status", status=chance.choice((500, 503))))
    try:
        lost = await _while_set(stack, Fault(method=POST, kind=chance.choice(("reset_after", "reset_before")), times=1))
        await asyncio.sleep(10)  # then pulser looks
        return lost
    finally:
        faults.remove(unread)


def _seconds(least: float, most: float) -> Callable[[random.Random], float]:
    return lambda chance: chance.uniform(least, most)


def _one_of(*values: object) -> Callable[[random.Random], object]:
    return lambda chance: chance.choice(values)


OWN_FAULTS = ("internal_error", "fatal_error", "service_unavailable", "request_timeout")
REFUSALS = ("restricted_action", "channel_not_found")
KINDS: dict[str, Strike] = {
    "429": _of(kind="rate_limited", retry_after=_one_of("1", "2", "5")),
    "429 without Retry-After": _of(kind="rate_limited", retry_after=None, times=1),
    "5xx": _of(kind="http_status", status=_one_of(500, 502, 503, 504), body=_one_of("html", "json")),
    "ok: false, its own fault": _of(kind="slack_error", error=_one_of(*OWN_FAULTS)),
    "token refused": _of(kind="slack_error", error=_one_of("invalid_auth", "token_expired"), times=1),
    "layout refused": _of(kind="slack_error", error="invalid_blocks", method=_one_of(POST, "chat.update")),
    "message refused": _of(kind="slack_error", error=_one_of(*REFUSALS), method=POST, times=1),
    "reset before": _of(kind="reset_before"),
    "reset after": _of(kind="reset_after"),
    "internal_error after": _of(kind="internal_error_after"),
    "stalls": _of(kind="stall", seconds=_seconds(5, 12)),
    "stalls after": _of(kind="stall", stored=True, seconds=_seconds(5, 12), method=_one_of(POST, "chat.*")),
    "slow": _of(kind="slow", seconds=_seconds(1, 6)),
    "slow beyond patience": _of(kind="slow", seconds=_seconds(8.5, 11), method=POST),
    "garbage": _of(kind="garbage"),
    "garbage after": _of(kind="garbage", stored=True),
    "ok with nothing in it": _of(kind="answer", answer={"ok": True}),
    "modal not opened": _of(kind="http_status", method="views.open", status=_one_of(500, 503)),
    "modal opened, and reset": _of(kind="reset_after", method="views.open"),
    "doubt, and no history": _doubt,
    "channel archived": _archive,
}
SLACK: tuple[Kind, ...] = tuple(Kind(name, "Slack's API", strike) for name, strike in KINDS.items())
