"""/sim/sockets, /sim/acks and /sim/envelopes: the sockets as another process sees and breaks them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from aiohttp import web
from pydantic import Field, ValidationError

from pulser_local.slack.ordering import ControlError, Order, answers_errors, read_order
from pulser_local.slack.socket_mode.connection import Connection
from pulser_local.slack.socket_mode.odd import ODD
from pulser_local.slack.socket_mode.settings import SocketSettings
from pulser_local.slack.socket_mode.sockets import Sockets
from pulser_local.slack.workspace import Json

if TYPE_CHECKING:
    from pulser_local.slack.simulator import SlackSimulator

Deed = Literal["mute", "unmute", "reset", "end", "close", "disconnect", "text", "binary", "fragments", "ping", "change"]


RATE_LIMITED = "app_rate_limited"  # a known envelope, but one that clients have crashed on


class SocketOrder(Order):
    """The body of POST /sim/sockets/<id>; `do` says what, the rest how. The id "all" is every open socket.

    close: code, reason. disconnect: reason, debug_info, then_close. text, fragments: text, pieces. binary: text.
    change: takes, pong, pong_delay, answer_close.
    """

    do: Deed
    code: int = Field(default=1000, ge=1000, le=4999)
    reason: str = ""
    debug_info: bool = True
    then_close: bool = False
    text: str = ""
    pieces: int = Field(default=2, ge=1)
    takes: bool | None = None
    pong: bool | None = None
    pong_delay: float | None = Field(default=None, ge=0)
    answer_close: bool | None = None


class EnvelopeOrder(Order):
    """The body of POST /sim/envelopes: an envelope as it stands, or one of the odd ones by its name."""

    envelope: Json | None = None
    odd: str | None = None
    socket: str | None = None
    times: int = Field(default=1, ge=1, le=1000)


@dataclass(frozen=True, slots=True)
class SocketControls:
    """Answers the controls of one simulator's sockets."""

    simulator: SlackSimulator

    def add_routes(self, app: web.Application) -> None:
        """Serve them."""
        router = app.router
        router.add_get("/sim/sockets", self.list_sockets)
        router.add_patch("/sim/sockets/settings", self.change_settings)
        router.add_delete("/sim/sockets/settings", self.reset_settings)
        router.add_get("/sim/sockets/events", self.list_events)
        router.add_delete("/sim/sockets/log", self.clear_log)
        router.add_post("/sim/sockets/{id}", self.act)
        router.add_get("/sim/acks", self.list_acks)
        router.add_get("/sim/envelopes", self.list_envelopes)
        router.add_post("/sim/envelopes", self.inject)

    @property
    def _sockets(self) -> Sockets:
        return self.simulator.sockets

    @answers_errors
    async def list_sockets(self, _request: web.Request) -> web.Response:
        """GET /sim/sockets: the open ones, and the settings."""
        sockets = self._sockets
        return web.json_response(
            {
                "ok": True,
                "enabled": sockets.enabled,
                "num_connections": sockets.num_connections,
                "tickets": sockets.tickets.issued,
                "sockets": [one.to_json() for one in sockets],
                "settings": sockets.settings.model_dump(),
            }
        )

    @answers_errors
    async def change_settings(self, request: web.Request) -> web.Response:
        """PATCH /sim/sockets/settings: those of SocketSettings that are named."""
        order = await read_order(request, SocketSettings)
        return self._changed({name: getattr(order, name) for name in order.model_fields_set})

    @answers_errors
    async def reset_settings(self, _request: web.Request) -> web.Response:
        """DELETE /sim/sockets/settings: as they were at the start."""
        return self._changed(dict(SocketSettings()))

    @answers_errors
    async def list_events(self, _request: web.Request) -> web.Response:
        """GET /sim/sockets/events: what happened to the connections, oldest first."""
        return web.json_response({"ok": True, "events": [one.to_json() for one in self._sockets.log.events]})

    @answers_errors
    async def list_acks(self, request: web.Request) -> web.Response:
        """GET /sim/acks?since=<seconds since 1970>: oldest first."""
        since = _since(request)
        acks = [one.to_json() for one in self._sockets.log.acks if one.at >= since]
        return web.json_response({"ok": True, "acks": acks})

    @answers_errors
    async def list_envelopes(self, request: web.Request) -> web.Response:
        """GET /sim/envelopes?since=<seconds since 1970>: what was sent and where, oldest first."""
        since = _since(request)
        sent = [one.to_json() for one in self._sockets.log.sent if one.at >= since]
        return web.json_response({"ok": True, "envelopes": sent})

    @answers_errors
    async def clear_log(self, _request: web.Request) -> web.Response:
        """DELETE /sim/sockets/log: forget acks, envelopes and events."""
        self._sockets.log.clear()
        return web.json_response({"ok": True})

    @answers_errors
    async def act(self, request: web.Request) -> web.Response:
        """POST /sim/sockets/<id or all>, the body a SocketOrder."""
        order = await read_order(request, SocketOrder)
        wanted = request.match_info["id"]
        chosen = [one for one in self._sockets if wanted in {one.id, "all"}]
        if not chosen and wanted != "all":
            raise ControlError(404, f"there is no socket {wanted}")
        for connection in chosen:
            _do(connection, order)
        return web.json_response({"ok": True, "sockets": [one.id for one in chosen]})

    @answers_errors
    async def inject(self, request: web.Request) -> web.Response:
        """POST /sim/envelopes, the body an EnvelopeOrder. It does not wait for acks."""
        order = await read_order(request, EnvelopeOrder)
        if (order.envelope is None) == (order.odd is None):
            raise ControlError(400, "give either envelope or odd")
        if order.odd == RATE_LIMITED:
            self.simulator.acting.rate_limited()
            return web.json_response({"ok": True}, status=201)
        if order.odd is not None and order.odd not in ODD:
            raise ControlError(400, f"odd: one of {', '.join([*ODD, RATE_LIMITED])}")
        if order.socket is not None and order.socket not in {one.id for one in self._sockets}:
            raise ControlError(404, f"there is no socket {order.socket}")
        for _ in range(order.times):
            envelope = ODD[order.odd]() if order.odd is not None else order.envelope or {}
            self._sockets.inject(envelope, order.socket)
        return web.json_response({"ok": True}, status=201)

    def _changed(self, values: dict[str, Any]) -> web.Response:
        settings = self._sockets.settings
        try:
            for name, value in values.items():
                setattr(settings, name, value)
        except ValidationError as error:
            raise ControlError(400, str(error)) from None
        return web.json_response({"ok": True, "settings": settings.model_dump()})


def _do(connection: Connection, order: SocketOrder) -> None:
    match order.do:
        case "mute" | "unmute" | "reset" | "end" | "ping":
            {
                "mute": connection.mute,
                "unmute": connection.unmute,
                "reset": connection.reset,
                "end": connection.end,
                "ping": connection.ping,
            }[order.do]()
        case "close":
            connection.close(order.code, order.reason)
        case "disconnect":
            connection.disconnect(order.reason or "refresh_requested", debug_info=order.debug_info)
            if order.then_close:
                connection.close()
        case "change":
            _change(connection, order)
        case _:
            _send(connection, order)


def _send(connection: Connection, order: SocketOrder) -> None:
    match order.do:
        case "binary":
            connection.send_binary(order.text.encode())
        case "fragments":
            connection.send_fragments(order.text, order.pieces)
        case _:
            connection.send_text(order.text)


def _change(connection: Connection, order: SocketOrder) -> None:
    if order.takes is not None:
        connection.takes = order.takes
    for name in ("pong", "pong_delay", "answer_close"):
        value = getattr(order, name)
        if value is not None:
            setattr(connection.settings, name, value)


def _since(request: web.Request) -> float:
    try:
        return float(request.query.get("since", "0"))
    except ValueError:
        raise ControlError(400, "since: not a number of seconds") from None
