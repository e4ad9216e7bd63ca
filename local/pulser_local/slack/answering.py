"""How any call is answered: with the fault that is switched on for it, and an entry in the log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING

from aiohttp import web

from pulser_local.slack import failing
from pulser_local.slack.arguments import Arguments
from pulser_local.slack.calls import ABORTED, Call
from pulser_local.slack.failing import Reply
from pulser_local.slack.faults import SetFault

if TYPE_CHECKING:
    from pulser_local.slack.simulator import SlackSimulator


@dataclass(frozen=True, slots=True)
class Asked:
    """What was called: a method, or "response_url"."""

    name: str
    arguments: Arguments


async def answer(
    simulator: SlackSimulator, request: web.Request, asked: Asked, perform: Callable[[], Reply]
) -> web.Response:
    """The answer to a call that `perform` would carry out. A reset connection has none that is sent."""
    one = simulator.faults.find(asked.name, _channel_names(simulator, asked.arguments))
    # From here to the effect nothing is awaited: two calls cannot share one strike.
    reply = await _reply(simulator, asked, one, perform)
    if reply is None:
        return failing.reset(request)
    response = reply.response()
    response.headers["Date"] = formatdate(simulator.clock.now(), usegmt=True)
    return response


async def _reply(
    simulator: SlackSimulator, asked: Asked, one: SetFault | None, perform: Callable[[], Reply]
) -> Reply | None:
    if one is not None and one.fault.kind == "slow":
        one.strike()
        await failing.held(one)
        reply: Reply | None = perform()
    elif one is None:
        reply = perform()
    else:
        done = perform() if one.fault.after_effect else None
        if done is not None and not done.ok:
            _log(simulator, asked, done, None)
            return done
        one.strike()
        reply = failing.struck(one.fault, done)
    _log(simulator, asked, reply, one)
    if one is not None and one.fault.kind == "stall":
        await failing.held(one)
    return reply


def _channel_names(simulator: SlackSimulator, arguments: Arguments) -> set[str]:
    given = arguments.text("channel")
    channel = simulator.workspace.find(given) if given else None
    return {given} if channel is None else {channel.id, channel.name}


def _log(simulator: SlackSimulator, asked: Asked, reply: Reply | None, one: SetFault | None) -> None:
    given = asked.arguments.text("channel") or None
    channel = simulator.workspace.find(given) if given else None
    simulator.calls.add(
        Call(
            at=simulator.clock.now(),
            method=asked.name,
            channel=given if channel is None else channel.id,
            status=ABORTED if reply is None else reply.status,
            error=None if reply is None else reply.error,
            fault=None if one is None else one.fault.kind,
        )
    )
