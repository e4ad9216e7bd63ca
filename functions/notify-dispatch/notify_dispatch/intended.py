"""What the code and the routes of now mean to do with an event. Pure: `pulser replay` asks it of events long past."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from notify_dispatch.event import Event
from notify_dispatch.facts import facts_of
from notify_dispatch.folding import fold_of
from notify_dispatch.route import Route, RouteError, route, verdicts_of


def intended(event: Event, routes: Sequence[Route]) -> dict[str, Any]:
    """A routing as record_deliveries_v1 takes it, but for the event's id."""
    deliveries = [it.to_json() | fold_of(event, it.mention) for it in route(event, routes)]
    facts = facts_of(event)
    routing = {"deliveries": deliveries, **facts}
    if not deliveries or facts["card_id"] or facts["deploy_result"]:
        # No delivery, or perhaps none (its card may stand there already), would tell why.
        routing["verdicts"] = verdicts_of(event, routes)
    return routing


def usable(described: Iterable[object]) -> tuple[list[Route], list[RouteError]]:
    """The routes of routes_v1 that can be used, and what is wrong with the others: these must not stop the rest."""
    routes, broken = [], []
    for it in described:
        try:
            routes.append(Route.from_json(it))
        except RouteError as error:
            broken.append(error)
    return routes, broken
