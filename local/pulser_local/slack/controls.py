"""/sim/*: how a test or a person in another process looks at the simulator and makes it fail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from aiohttp import web
from pydantic import Field

from pulser_local.slack.faults import Fault
from pulser_local.slack.ordering import ControlError, Order, answers_errors, read_order
from pulser_local.slack.tokens import TokenState
from pulser_local.slack.workspace import Channel, Json

if TYPE_CHECKING:
    from pulser_local.slack.simulator import SlackSimulator


class TokenOrder(Order):
    """The body of PUT /sim/tokens: all tokens from now on; others are unknown.

    App tokens stay when none is named, and so do scopes that are not given.
    """

    active: list[str] = Field(default_factory=list)
    revoked: list[str] = Field(default_factory=list)
    expired: list[str] = Field(default_factory=list)
    inactive: list[str] = Field(default_factory=list)
    scopes: list[str] | None = None

    def states(self) -> dict[str, TokenState]:
        """Each token with its state."""
        lists: dict[TokenState, list[str]] = {
            "active": self.active,
            "revoked": self.revoked,
            "expired": self.expired,
            "inactive": self.inactive,
        }
        return {token: state for state, tokens in lists.items() for token in tokens}


class ChannelOrder(Order):
    """The body of POST /sim/channels. `name` is a name or an ID; topic and is_private are for create."""

    name: str
    action: Literal["create", "archive", "unarchive", "join", "leave"] = "create"
    topic: str = ""
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class Controls:
    """Answers the controls of one simulator."""

    simulator: SlackSimulator

    def add_routes(self, app: web.Application) -> None:
        """Serve /sim/*."""
        router = app.router
        router.add_get("/sim/faults", self.list_faults)
        router.add_post("/sim/faults", self.add_fault)
        router.add_delete("/sim/faults", self.clear_faults)
        router.add_delete("/sim/faults/{id}", self.remove_fault)
        router.add_get("/sim/messages", self.list_messages)
        router.add_get("/sim/calls", self.list_calls)
        router.add_delete("/sim/calls", self.clear_calls)
        router.add_put("/sim/tokens", self.replace_tokens)
        router.add_post("/sim/channels", self.change_channel)
        router.add_route("*", "/sim/{rest:.*}", self.unknown)

    @answers_errors
    async def list_faults(self, _request: web.Request) -> web.Response:
        """GET /sim/faults"""
        return web.json_response({"ok": True, "faults": self.simulator.faults.to_json()})

    @answers_errors
    async def add_fault(self, request: web.Request) -> web.Response:
        """POST /sim/faults, the body a Fault."""
        fault = await read_order(request, Fault)
        return web.json_response({"ok": True, "id": self.simulator.faults.add(fault)}, status=201)

    @answers_errors
    async def clear_faults(self, _request: web.Request) -> web.Response:
        """DELETE /sim/faults: all off, held calls go on."""
        self.simulator.faults.clear()
        return web.json_response({"ok": True})

    @answers_errors
    async def remove_fault(self, request: web.Request) -> web.Response:
        """DELETE /sim/faults/<id>"""
        fault_id = request.match_info["id"]
        try:
            self.simulator.faults.remove(fault_id)
        except KeyError:
            raise ControlError(404, f"there is no fault {fault_id}") from None
        return web.json_response({"ok": True})

    @answers_errors
    async def list_messages(self, request: web.Request) -> web.Response:
        """GET /sim/messages?channel=<name or ID>: oldest first, replies too, with channel and metadata."""
        workspace = self.simulator.workspace
        given = request.query.get("channel")
        channels = [self._channel(given)] if given else list(workspace.channels.values())
        messages = [
            {**message.to_json(), "channel": channel.id, "channel_name": channel.name}
            for channel in channels
            for message in workspace.history(channel.id)
        ]
        return web.json_response({"ok": True, "messages": messages})

    @answers_errors
    async def list_calls(self, request: web.Request) -> web.Response:
        """GET /sim/calls?method=&status=: oldest first."""
        status = request.query.get("status")
        if status is not None and not status.isdecimal():
            raise ControlError(400, f"status: {status!r} is not a number")
        calls = self.simulator.calls.of(request.query.get("method"), status=None if status is None else int(status))
        return web.json_response({"ok": True, "calls": [call.to_json() for call in calls]})

    @answers_errors
    async def clear_calls(self, _request: web.Request) -> web.Response:
        """DELETE /sim/calls"""
        self.simulator.calls.clear()
        return web.json_response({"ok": True})

    @answers_errors
    async def replace_tokens(self, request: web.Request) -> web.Response:
        """PUT /sim/tokens, the body a TokenOrder."""
        order = await read_order(request, TokenOrder)
        self.simulator.tokens.replace(order.states())
        if order.scopes is not None:
            self.simulator.tokens.scopes = frozenset(order.scopes)
        return web.json_response({"ok": True})

    @answers_errors
    async def change_channel(self, request: web.Request) -> web.Response:
        """POST /sim/channels, the body a ChannelOrder."""
        order = await read_order(request, ChannelOrder)
        channel = self._create(order) if order.action == "create" else self._change(order)
        shown: Json = {"id": channel.id, "name": channel.name}
        return web.json_response({"ok": True, "channel": shown})

    @answers_errors
    async def unknown(self, request: web.Request) -> web.Response:
        """Whatever else is asked of /sim/."""
        raise ControlError(404, f"there is no control {request.method} {request.path}")

    def _create(self, order: ChannelOrder) -> Channel:
        try:
            return self.simulator.workspace.create_channel(
                order.name.removeprefix("#"), topic=order.topic, is_private=order.is_private
            )
        except ValueError as error:
            raise ControlError(400, str(error)) from None

    def _change(self, order: ChannelOrder) -> Channel:
        channel, workspace = self._channel(order.name), self.simulator.workspace
        if order.action in {"archive", "unarchive"}:
            return workspace.change_channel(channel.id, is_archived=order.action == "archive")
        return workspace.change_channel(channel.id, is_member=order.action == "join")

    def _channel(self, name_or_id: str) -> Channel:
        channel = self.simulator.workspace.find(name_or_id)
        if channel is None:
            raise ControlError(404, f"there is no channel {name_or_id}")
        return channel
