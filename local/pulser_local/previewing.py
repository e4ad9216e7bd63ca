"""The message that an event would become, and its channels: for `pulser preview` and the console's page. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from notify_dispatch.event import Event
from notify_dispatch.render import Message, Occasion, render
from notify_dispatch.route import Route, Routing, route

NOBODY = str(UUID(int=0))  # the event and its delivery do not exist
NO_KEY = "of a preview"  # signs buttons that nobody can press


@dataclass(frozen=True, slots=True)
class Preview:
    """A message and all channels that it goes to; `mention` is the same in all of them."""

    message: Message
    routings: tuple[Routing, ...]

    def to_json(self) -> dict[str, Any]:
        """`blocks` can be pasted into Slack's Block Kit Builder."""
        channels = [{"channel": it.channel, "route": it.route, "mention": it.mention} for it in self.routings]
        return {"channels": channels, "text": self.message.text, "blocks": list(self.message.blocks)}


def usual_status(event_type: str) -> str:
    """The status that an event of this type is written with, where its writer gives none."""
    return "error" if event_type.endswith((".failed", ".exceeded")) else "ok"


def event_at(now: datetime, row: Mapping[str, Any]) -> Event:
    """The event of `row` (event_type, payload …), as if it had been written now."""
    return Event.from_json({**row, "event_id": NOBODY, "created_at": now.isoformat()})


def previews(event: Event, routes: Iterable[Route]) -> list[Preview]:
    """A message for each mention; without a route, the message as it would be, and no channel."""
    by_mention: dict[str | None, list[Routing]] = {}
    for it in route(event, routes):
        by_mention.setdefault(it.mention, []).append(it)
    if not by_mention:
        by_mention[None] = []
    return [Preview(_message(event, mention), tuple(of)) for mention, of in by_mention.items()]


def _message(event: Event, mention: str | None) -> Message:
    return render(event, Occasion(NOBODY, mention=mention, button_key=NO_KEY))
