"""/sim/press, /sim/command …: acting as a person from another process, and looking at what the person sees."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from aiohttp import web
from pydantic import Field

from pulser_local.slack.http_carrier import RequestUrls, UrlNotVerified
from pulser_local.slack.interactions.acting import ALICE, Acting
from pulser_local.slack.interactions.elements import CannotAct
from pulser_local.slack.interactions.story import Interaction
from pulser_local.slack.ordering import ControlError, Order, answers_errors, read_order
from pulser_local.slack.workspace import Json

if TYPE_CHECKING:
    from pulser_local.slack.simulator import SlackSimulator


class PressOrder(Order):
    """The body of POST /sim/press: in a message (channel, ts), one as it was seen (channel, seen), or a view."""

    action_id: str
    channel: str | None = None
    ts: str | None = None
    seen: Json | None = None
    view_id: str | None = None
    value: str | None = None
    user: str = ALICE


class CommandOrder(Order):
    """The body of POST /sim/command."""

    command: str
    text: str = ""
    user: str = ALICE
    channel: str = "general"


class ViewOrder(Order):
    """The body of POST /sim/submit_view and /sim/close_view; `values` as submit_view takes them."""

    view_id: str
    values: Json = Field(default_factory=dict)
    user: str = ALICE


class WordsOrder(Order):
    """The body of POST /sim/say and /sim/mention."""

    channel: str
    text: str
    user: str = ALICE


class EventOrder(Order):
    """The body of POST /sim/event: any inner event."""

    event: Json
    user: str = ALICE


class DismissOrder(Order):
    """The body of POST /sim/dismiss: a private message that its reader takes away."""

    channel: str
    ts: str
    user: str = ALICE


class PersonOrder(Order):
    """The body of POST /sim/people: a user (name), or a group (handle, and users by ID)."""

    name: str = ""
    handle: str = ""
    users: list[str] = Field(default_factory=list)


class TransportOrder(Order):
    """The body of PUT /sim/transport; http needs the URLs it is to use."""

    transport: Literal["socket", "http"]
    interactions: str = ""
    commands: str = ""
    events: str = ""


class TriggerOrder(Order):
    """The body of PUT /sim/triggers: how long a trigger_id is good, and how much of it Slack itself uses up."""

    seconds: float = Field(default=3.0, gt=0)
    lag: float = Field(default=0.0, ge=0)


@dataclass(frozen=True, slots=True)
class ActingControls:
    """Answers the controls by which one simulator's people act."""

    simulator: SlackSimulator

    def add_routes(self, app: web.Application) -> None:
        """Serve them."""
        router = app.router
        for name in ("press", "command", "submit_view", "close_view", "say", "mention", "event", "dismiss"):
            router.add_post(f"/sim/{name}", getattr(self, name))
        router.add_get("/sim/interactions", self.list_interactions)
        router.add_get("/sim/interactions/{id}", self.show_interaction)
        router.add_get("/sim/ephemerals", self.list_ephemerals)
        router.add_get("/sim/modals", self.list_modals)
        router.add_get("/sim/people", self.list_people)
        router.add_post("/sim/people", self.add_person)
        router.add_put("/sim/triggers", self.change_triggers)
        router.add_get("/sim/transport", self.show_transport)
        router.add_put("/sim/transport", self.change_transport)

    @property
    def _acting(self) -> Acting:
        return self.simulator.acting

    @answers_errors
    async def press(self, request: web.Request) -> web.Response:
        """POST /sim/press, the body a PressOrder. As all deeds it answers once Slack knows the outcome."""
        order = await read_order(request, PressOrder)
        if order.view_id:
            return await _done(
                self._acting.press_in_view(order.view_id, order.action_id, user_id=order.user, value=order.value)
            )
        channel, how = order.channel or "", {"user_id": order.user}
        if order.seen is not None:
            deed = self._acting.press_seen(channel, order.seen, order.action_id, **how, value=order.value)
        else:
            deed = self._acting.press(channel, order.ts or "", order.action_id, **how, value=order.value)
        return await _done(deed)

    @answers_errors
    async def command(self, request: web.Request) -> web.Response:
        """POST /sim/command, the body a CommandOrder."""
        order = await read_order(request, CommandOrder)
        return await _done(self._acting.command(order.command, order.text, order.user, order.channel))

    @answers_errors
    async def submit_view(self, request: web.Request) -> web.Response:
        """POST /sim/submit_view, the body a ViewOrder."""
        order = await read_order(request, ViewOrder)
        return await _done(self._acting.submit_view(order.view_id, order.values, order.user))

    @answers_errors
    async def close_view(self, request: web.Request) -> web.Response:
        """POST /sim/close_view, the body a ViewOrder."""
        order = await read_order(request, ViewOrder)
        return await _done(self._acting.close_view(order.view_id, order.user))

    @answers_errors
    async def say(self, request: web.Request) -> web.Response:
        """POST /sim/say, the body a WordsOrder."""
        order = await read_order(request, WordsOrder)
        return await _done(self._acting.say(order.channel, order.text, order.user))

    @answers_errors
    async def mention(self, request: web.Request) -> web.Response:
        """POST /sim/mention, the body a WordsOrder."""
        order = await read_order(request, WordsOrder)
        return await _done(self._acting.mention(order.channel, order.text, order.user))

    @answers_errors
    async def event(self, request: web.Request) -> web.Response:
        """POST /sim/event, the body an EventOrder."""
        order = await read_order(request, EventOrder)
        return await _done(self._acting.event(order.event, order.user))

    @answers_errors
    async def dismiss(self, request: web.Request) -> web.Response:
        """POST /sim/dismiss, the body a DismissOrder."""
        order = await read_order(request, DismissOrder)
        if not self._acting.dismiss(order.channel, order.ts, order.user):
            raise ControlError(404, f"{order.user} sees no private message {order.ts}")
        return web.json_response({"ok": True})

    @answers_errors
    async def list_interactions(self, request: web.Request) -> web.Response:
        """GET /sim/interactions?user=<ID>&kind=: oldest first."""
        user, kind = request.query.get("user"), request.query.get("kind")
        found = [
            one.to_json()
            for one in self.simulator.story.interactions
            if user in {None, one.user_id} and kind in {None, one.kind}
        ]
        return web.json_response({"ok": True, "interactions": found})

    @answers_errors
    async def show_interaction(self, request: web.Request) -> web.Response:
        """GET /sim/interactions/<id>"""
        found = self.simulator.story.get(request.match_info["id"])
        if found is None:
            raise ControlError(404, f"there is no interaction {request.match_info['id']}")
        return web.json_response({"ok": True, "interaction": found.to_json()})

    @answers_errors
    async def list_ephemerals(self, request: web.Request) -> web.Response:
        """GET /sim/ephemerals?user=<ID>&channel=<ID>: what this person alone sees."""
        user, channel = request.query.get("user", ALICE), request.query.get("channel")
        return web.json_response({"ok": True, "ephemerals": self.simulator.ephemerals(channel, user)})

    @answers_errors
    async def list_modals(self, request: web.Request) -> web.Response:
        """GET /sim/modals?user=<ID>: the open ones, the visible one last."""
        user = request.query.get("user", ALICE)
        return web.json_response({"ok": True, "modals": self.simulator.modals(user)})

    @answers_errors
    async def list_people(self, _request: web.Request) -> web.Response:
        """GET /sim/people: users and groups."""
        people, team_id = self.simulator.interactivity.people, self.simulator.team_id
        users = [one.to_json(team_id) for one in people.users.values()]
        groups = [one.to_json(team_id, with_users=True) for one in people.groups.values()]
        return web.json_response({"ok": True, "users": users, "groups": groups})

    @answers_errors
    async def add_person(self, request: web.Request) -> web.Response:
        """POST /sim/people, the body a PersonOrder."""
        order, people = await read_order(request, PersonOrder), self.simulator.interactivity.people
        if bool(order.name) == bool(order.handle):
            raise ControlError(400, "give either name or handle")
        added = people.add(order.name).id if order.name else people.add_group(order.handle, order.users).id
        return web.json_response({"ok": True, "id": added}, status=201)

    @answers_errors
    async def change_triggers(self, request: web.Request) -> web.Response:
        """PUT /sim/triggers, the body a TriggerOrder."""
        order, triggers = await read_order(request, TriggerOrder), self.simulator.interactivity.triggers
        triggers.seconds, triggers.lag = order.seconds, order.lag
        return web.json_response({"ok": True})

    @answers_errors
    async def show_transport(self, _request: web.Request) -> web.Response:
        """GET /sim/transport"""
        return web.json_response({"ok": True, "transport": self.simulator.transport})

    @answers_errors
    async def change_transport(self, request: web.Request) -> web.Response:
        """PUT /sim/transport, the body a TransportOrder."""
        order = await read_order(request, TransportOrder)
        if order.transport == "socket":
            self.simulator.use_sockets()
        else:
            try:
                await self.simulator.use_http(RequestUrls(order.interactions, order.commands, order.events))
            except UrlNotVerified as error:
                raise ControlError(409, str(error)) from None
        return await self.show_transport(request)


async def _done(deed: Awaitable[Interaction | None]) -> web.Response:
    try:
        interaction = await deed
    except CannotAct as error:
        problems = f": {error.problems}" if error.problems else ""
        raise ControlError(409, f"{error}{problems}") from None
    return web.json_response({"ok": True, "interaction": interaction.to_json() if interaction else None})
