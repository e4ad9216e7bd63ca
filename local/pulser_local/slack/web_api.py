"""/api/<method>: the calls of clients, with the faults that are switched on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from pulser_local.slack import failing
from pulser_local.slack.arguments import Arguments, read_arguments
from pulser_local.slack.calls import ABORTED, Call
from pulser_local.slack.errors import RateLimitedError, SlackError
from pulser_local.slack.failing import Reply
from pulser_local.slack.faults import SetFault
from pulser_local.slack.invocation import Invocation
from pulser_local.slack.methods import METHODS, Method

if TYPE_CHECKING:
    from pulser_local.slack.simulator import SlackSimulator


@dataclass(frozen=True, slots=True)
class WebApi:
    """Answers the calls on one simulator."""

    simulator: SlackSimulator

    def add_routes(self, app: web.Application) -> None:
        """Serve /api/<method>."""
        app.router.add_get("/api/{method}", self._handle)
        app.router.add_post("/api/{method}", self._handle)

    async def _handle(self, request: web.Request) -> web.Response:
        name = request.match_info["method"]
        try:
            arguments = await read_arguments(request)
        except SlackError as error:
            self._log(name, Arguments({}), Reply(error.to_json()), None)
            return Reply(error.to_json()).response()
        fault = self.simulator.faults.find(name, self._channel_names(arguments))
        # From here to the effect nothing is awaited: two calls cannot share one strike.
        reply = await self._reply(request, arguments, fault)
        return failing.reset(request) if reply is None else reply.response()

    async def _reply(self, request: web.Request, arguments: Arguments, one: SetFault | None) -> Reply | None:
        name = request.match_info["method"]
        if one is not None and one.fault.kind == "slow":
            one.strike()
            await failing.held(one)
            reply: Reply | None = self._perform(request, arguments)
        elif one is None:
            reply = self._perform(request, arguments)
        else:
            done = self._perform(request, arguments) if one.fault.after_effect else None
            if done is not None and not done.ok:
                self._log(name, arguments, done, None)
                return done
            one.strike()
            reply = failing.struck(one.fault, done)
        self._log(name, arguments, reply, one)
        if one is not None and one.fault.kind == "stall":
            await failing.held(one)
        return reply

    def _perform(self, request: web.Request, arguments: Arguments) -> Reply:
        """The call as Slack would have it: who asks, how often, then what."""
        simulator, name = self.simulator, request.match_info["method"]
        scopes = {"X-OAuth-Scopes": ",".join(sorted(simulator.tokens.scopes))}
        try:
            method = _method(name)
            simulator.tokens.check(arguments.token)
            simulator.tokens.require(method.scopes)
            simulator.rates.take_call(name)
            invocation = Invocation(
                arguments,
                simulator.workspace,
                simulator.rates,
                simulator.tokens,
                (simulator.public_url or f"{request.scheme}://{request.host}").rstrip("/"),
            )
            return Reply({"ok": True, **method.answer(invocation)}, headers=scopes)
        except RateLimitedError as error:
            return Reply(error.to_json(), error.status, {"Retry-After": str(error.retry_after)})
        except SlackError as error:
            return Reply(error.to_json(), error.status)

    def _channel_names(self, arguments: Arguments) -> set[str]:
        given = arguments.text("channel")
        channel = self.simulator.workspace.find(given) if given else None
        return {given} if channel is None else {channel.id, channel.name}

    def _log(self, name: str, arguments: Arguments, reply: Reply | None, one: SetFault | None) -> None:
        given = arguments.text("channel") or None
        channel = self.simulator.workspace.find(given) if given else None
        self.simulator.calls.add(
            Call(
                at=self.simulator.clock.now(),
                method=name,
                channel=given if channel is None else channel.id,
                status=ABORTED if reply is None else reply.status,
                error=None if reply is None else reply.error,
                fault=None if one is None else one.fault.kind,
            )
        )


def _method(name: str) -> Method:
    if name not in METHODS:
        raise SlackError("unknown_method", details={"req_method": name})
    return METHODS[name]
