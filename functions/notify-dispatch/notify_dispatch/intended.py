"""What the code and the routes of now mean to do with an event. Pure: `pulser replay` asks it of events long past."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from notify_dispatch.event import Event
from notify_dispatch.facts import facts_of, is_said_by_its_card
from notify_dispatch.folding import fold_of
from notify_dispatch.route import Route, RouteError, route, verdicts_of
from notify_dispatch.silence import Silence, covering


def intended(event: Event, routes: Sequence[Route], silences: Iterable[Silence] = ()) -> dict[str, Any]:
    """A routing as record_deliveries_v1 takes it, but for the event's id. `silences`: those that last."""
    facts = facts_of(event)
    # What is true of a card from its first moment, its own message says: that is posted with this, or after it.
    routed = () if is_said_by_its_card(event) else route(event, routes)
    deliveries = [it.to_json() | fold_of(event, it.mention) for it in routed]
    routing = {"deliveries": deliveries, **facts}
    muting = [it.silence_id for it in covering(event, silences)] if deliveries else []
    if muting:
        routing["silences"] = muting
    if not deliveries or muting or any(facts[it] for it in ("card_id", "deploy_result", "alert", "resolves")):
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
