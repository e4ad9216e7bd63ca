"""`POST /console/preview`: the message that an event would become, by the routes of the database. Nothing is sent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from notify_dispatch.intended import usable
from pulser.database import Database
from pulser.errors import PulserError
from pulser_local.console.answers import BodyRefused, failure, read_body
from pulser_local.previewing import event_at, previews, usual_status

WRITER = "preview"  # who wrote the event, as its message names him


class PreviewBody(BaseModel):
    """The body of POST /console/preview: an event that nobody has written. `payload` may be any JSON."""

    model_config = ConfigDict(extra="forbid")

    event_type: Annotated[str, StringConstraints(strip_whitespace=True)] = Field(min_length=1, max_length=300)
    payload: Any = None


class PreviewRoutes:
    """The route; without a ledger, which has the routes, it answers 503."""

    def __init__(self, ledger: Database | None) -> None:
        self._ledger = ledger

    def routes(self) -> list[web.RouteDef]:
        """`{event_type, severity, messages: [{channels: [{channel, route, mention}], text, blocks}]}`."""
        return [web.post("/console/preview", self._preview)]

    async def _preview(self, request: web.Request) -> web.Response:
        try:
            body = await read_body(request, PreviewBody)
        except BodyRefused as refused:
            return refused.answer
        if self._ledger is None:
            return failure(503, "no_ledger", "This console has no ledger, and so no routes.")
        try:
            routes, _ = usable(await self._ledger.call("routes_v1"))
        except PulserError as error:
            return failure(503, "ledger_unavailable", str(error))
        row = {"event_type": body.event_type, "payload": body.payload, "status": usual_status(body.event_type)}
        event = event_at(datetime.now(UTC), {**row, "actor": WRITER})
        messages = [it.to_json() for it in previews(event, routes)]
        return web.json_response({"event_type": event.event_type, "severity": event.severity, "messages": messages})
