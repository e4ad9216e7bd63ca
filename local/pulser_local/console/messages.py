"""The workspace as JSON: channels with what is unread, and their messages a page at a time."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from pydantic import BaseModel

from pulser_local.console.answers import BodyRefused, failure, read_body
from pulser_local.console.people import People
from pulser_local.slack import SlackSimulator
from pulser_local.slack.workspace import Channel, Message, Workspace

PAGE_SIZE = 200  # messages of a channel in one answer


class ReadBody(BaseModel):
    """The body of POST /console/read: everything up to this message was seen."""

    channel_id: str
    ts: str


class MessageRoutes:
    """`GET /console/workspace`, `GET /console/channels/{id}/messages` and `POST /console/read`.

    What is read is kept here, not in the browser: reloading the page or opening a second one
    does not make messages new again.
    """

    def __init__(self, simulator: SlackSimulator | None, people: People | None = None) -> None:
        self._workspace: Workspace | None = simulator.workspace if simulator else None
        self._people = people
        self._read: dict[str, str] = {}  # channel id → ts of the last message seen
        self._has_ledger = False

    def routes(self, *, ledger: bool) -> list[web.RouteDef]:
        """The routes; `ledger` tells the page whether there are stories to ask for."""
        self._has_ledger = ledger
        return [
            web.get("/console/workspace", self._show),
            web.get("/console/channels/{id}/messages", self._earlier),
            web.post("/console/read", self._mark_read),
        ]

    async def _show(self, _request: web.Request) -> web.Response:
        workspace = self._workspace
        channels = list(workspace.channels.values()) if workspace else []
        return web.json_response(
            {
                "shows": {"messages": workspace is not None, "ledger": self._has_ledger},
                "channels": [self._channel(channel) for channel in channels],
                "messages": {channel.id: self._page(channel.id, before=None) for channel in channels},
                "people": self._people.to_json() if self._people else None,
            }
        )

    async def _earlier(self, request: web.Request) -> web.Response:
        channel_id = request.match_info["id"]
        if self._workspace is None or channel_id not in self._workspace.channels:
            return failure(404, "channel_not_found", "There is no such channel in this workspace.")
        return web.json_response(self._page(channel_id, before=request.query.get("before")))

    async def _mark_read(self, request: web.Request) -> web.Response:
        try:
            body = await read_body(request, ReadBody)
        except BodyRefused as refused:
            return refused.answer
        if self._workspace is None or body.channel_id not in self._workspace.channels:
            return failure(404, "channel_not_found", "There is no such channel in this workspace.")
        self._read[body.channel_id] = max(body.ts, self._read.get(body.channel_id, ""))
        return web.json_response({"ok": True})

    def _page(self, channel_id: str, *, before: str | None) -> dict[str, Any]:
        """The last messages before a ts, oldest first, and whether there are earlier ones."""
        history = self._history(channel_id)
        if before:
            history = [message for message in history if message.ts < before]
        return {
            "messages": [message_json(message) for message in history[-PAGE_SIZE:]],
            "has_earlier": len(history) > PAGE_SIZE,
        }

    def _channel(self, channel: Channel) -> dict[str, Any]:
        history = self._history(channel.id)
        read = self._read.get(channel.id, "")
        return {
            **channel_json(channel),
            "last_ts": history[-1].ts if history else None,
            "last_text": history[-1].text if history else None,
            "last_read": read or None,
            "unread": sum(message.ts > read for message in history),
        }

    def _history(self, channel_id: str) -> list[Message]:
        return self._workspace.history(channel_id) if self._workspace else []


def channel_json(channel: Channel) -> dict[str, Any]:
    """A channel as the page needs it."""
    return {
        "id": channel.id,
        "name": channel.name,
        "topic": channel.topic,
        "is_archived": channel.is_archived,
        "is_private": channel.is_private,
        "is_member": channel.is_member,
    }


def message_json(message: Message) -> dict[str, Any]:
    """A message as conversations.history gives it, plus its channel and the bot's name."""
    return {**message.to_json(), "channel_id": message.channel_id, "bot_name": message.bot_name}
