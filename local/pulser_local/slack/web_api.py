"""/api/<method>: the calls of clients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from pulser_local.slack.answering import Asked, answer
from pulser_local.slack.arguments import Arguments, read_arguments
from pulser_local.slack.errors import RateLimitedError, SlackError
from pulser_local.slack.failing import Reply
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
            refusal = Reply(error.to_json())
            return await answer(self.simulator, request, Asked(name, Arguments({})), lambda: refusal)
        return await answer(self.simulator, request, Asked(name, arguments), lambda: self._perform(request, arguments))

    def _perform(self, request: web.Request, arguments: Arguments) -> Reply:
        """The call as Slack would have it: who asks, how often, then what."""
        simulator, name = self.simulator, request.match_info["method"]
        try:
            method = _method(name)
            in_header = arguments.token_in_header or method.caller == "bot"
            simulator.tokens.check(arguments.token if in_header else "", method.caller)
            simulator.tokens.require(method.scopes, method.caller)
            simulator.rates.take_call(name)
            body = {"ok": True, **method.answer(self._invocation(request, arguments))}
            if name == "chat.postMessage":
                simulator.acting.posted(body["channel"], body["ts"])
        except RateLimitedError as error:
            return Reply(error.to_json(), error.status, {"Retry-After": str(error.retry_after)})
        except SlackError as error:
            return Reply(error.to_json(), error.status)
        scopes = simulator.tokens.scopes if method.caller == "bot" else simulator.tokens.app_scopes
        return Reply(body, headers={"X-OAuth-Scopes": ",".join(sorted(scopes))})

    def _invocation(self, request: web.Request, arguments: Arguments) -> Invocation:
        simulator = self.simulator
        called_url = f"{request.scheme}://{request.host}"
        return Invocation(
            arguments,
            simulator.workspace,
            simulator.rates,
            simulator.tokens,
            (simulator.public_url or called_url).rstrip("/"),
            called_url,
            simulator.interactivity,
            simulator.sockets.tickets,
        )


def _method(name: str) -> Method:
    if name not in METHODS:
        raise SlackError("unknown_method", details={"req_method": name})
    return METHODS[name]
