"""The ledger as the console reads it: deliveries, envelopes, their stories, and what changes while a page is open."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from aiohttp import web

from pulser.database import Database
from pulser.errors import PulserError
from pulser_local.console.answers import failure
from pulser_local.console.hands import Hands
from pulser_local.console.watch import Events, Watch

STATUSES = ("queued", "sending", "sent", "in_doubt", "failed", "dead")
ENVELOPE_STATUSES = ("pending", "processing", "completed", "failed")
LIST_LIMIT = 200  # rows in a list, and the newest ones that are watched
POLL_SECONDS = 1.0  # the watch asks the ledger no more often than this
MAX_ID = 255  # characters of a team's or an envelope's id

Row = dict[str, Any]


async def list_deliveries(ledger: Database, *, status: str | None = None) -> list[Row]:
    """Delivery summaries, newest first as the ledger gives them. Raises PulserError."""
    return _rows(await ledger.call("list_deliveries_v1", {"filter": _filter(status)}))


async def list_envelopes(ledger: Database, *, status: str | None = None) -> list[Row]:
    """Envelope summaries, newest first as the ledger gives them. Raises PulserError."""
    return _rows(await ledger.call("list_envelopes_v1", {"filter": _filter(status)}))


async def list_services(ledger: Database) -> list[Row]:
    """The services that can be named in a command: {service, environments, can_deploy}. Raises PulserError."""
    found = _rows(await ledger.call("list_services_v1", {}))
    return [{key: row.get(key) for key in ("service", "environments", "can_deploy")} for row in found]


def _filter(status: str | None) -> Row:
    return {"limit": LIST_LIMIT, **({"status": status} if status else {})}


def _rows(found: object) -> list[Row]:
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


class LedgerRoutes:
    """The ledger as JSON: lists of deliveries, envelopes and services, and the story of one of them."""

    def __init__(self, ledger: Database | None, hands: Hands | None = None) -> None:
        self._ledger = ledger
        self._hands = hands  # who can tell what Slack saw of an envelope

    def routes(self) -> list[web.RouteDef]:
        """The routes of the ledger; without one they answer 503 and say so."""
        return [
            web.get("/console/deliveries", self._deliveries),
            web.get("/console/stories/{delivery_id}", self._delivery_story),
            web.get("/console/envelopes", self._envelopes),
            web.get("/console/envelopes/{team_id}/{envelope_id}", self._envelope_story),
            web.get("/console/services", self._services),
        ]

    async def _deliveries(self, request: web.Request) -> web.Response:
        status = request.query.get("status")
        if status is not None and status not in STATUSES:
            return failure(400, "unknown_status", f"A status is one of: {', '.join(STATUSES)}.")
        return await self._answer(lambda ledger: list_deliveries(ledger, status=status), "deliveries")

    async def _envelopes(self, request: web.Request) -> web.Response:
        status = request.query.get("status")
        if status is not None and status not in ENVELOPE_STATUSES:
            return failure(400, "unknown_status", f"A status is one of: {', '.join(ENVELOPE_STATUSES)}.")
        return await self._answer(lambda ledger: list_envelopes(ledger, status=status), "envelopes")

    async def _services(self, _request: web.Request) -> web.Response:
        return await self._answer(list_services, "services")

    async def _delivery_story(self, request: web.Request) -> web.Response:
        delivery_id = request.match_info["delivery_id"]
        if not _is_uuid(delivery_id):
            return failure(400, "not_an_id", "A delivery id is a UUID.")
        return await self._story("delivery", {"delivery_id": delivery_id})

    async def _envelope_story(self, request: web.Request) -> web.Response:
        names = {name: request.match_info[name] for name in ("team_id", "envelope_id")}
        if any(len(each) > MAX_ID for each in names.values()):
            return failure(400, "not_an_id", f"An id has at most {MAX_ID} characters.")
        seen = self._hands.seen(names["envelope_id"]) if self._hands else None
        return await self._story("envelope", names, {"seen": seen.to_json() if seen else None})

    async def _answer(self, read: Callable[[Database], Awaitable[list[Row]]], name: str) -> web.Response:
        if self._ledger is None:
            return _no_ledger()
        try:
            return web.json_response({name: await read(self._ledger)})
        except PulserError as error:
            return _ledger_down(error)

    async def _story(self, thing: str, arguments: Row, more: Row | None = None) -> web.Response:
        if self._ledger is None:
            return _no_ledger()
        try:
            story = await self._ledger.call(f"{thing}_story_v1", arguments)
        except PulserError as error:
            return _ledger_down(error)
        if story is None:
            return failure(404, f"{thing}_not_found", f"The ledger has no {thing} with this id.")
        return web.json_response({**story, **(more or {})})


class LedgerWatch(Watch):
    """Tells its subscribers which deliveries and envelopes changed; asks the ledger only while there are any."""

    def __init__(self, ledger: Database, *, poll_seconds: float = POLL_SECONDS) -> None:
        super().__init__(poll_seconds=poll_seconds)
        self._ledger = ledger
        # Only the window that is watched is remembered, so a long run does not grow.
        self._deliveries: dict[str, Row] = {}
        self._envelopes: dict[str, Row] = {}
        self._trouble: str | None = None

    def greet(self, queue: Events) -> None:
        """A page that opens in the middle of trouble hears of it."""
        if self._trouble is not None:
            queue.put_nowait(("ledger", {"ok": False, "message": self._trouble}))

    async def look(self) -> None:
        """Tell `("deliveries", [summary])`, `("envelopes", [summary])` and `("ledger", {"ok", "message"})`."""
        try:
            deliveries = await list_deliveries(self._ledger)
            self._deliveries = self._compare("deliveries", self._deliveries, deliveries, key="delivery_id")
            envelopes = await list_envelopes(self._ledger)
            self._envelopes = self._compare("envelopes", self._envelopes, envelopes, key="id")
        except PulserError as error:
            self._set_trouble(str(error))
            return
        self._set_trouble(None)

    def _compare(self, kind: str, known: Mapping[str, Row], found: list[Row], *, key: str) -> dict[str, Row]:
        changed = [row for row in found if known.get(str(row[key])) != row]
        if changed:
            self.tell(kind, changed)
        return {str(row[key]): row for row in found}

    def _set_trouble(self, trouble: str | None) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            self.tell("ledger", {"ok": trouble is None, "message": trouble})


def _no_ledger() -> web.Response:
    return failure(503, "no_ledger", "This console was started without a ledger.")


def _ledger_down(error: PulserError) -> web.Response:
    return failure(503, "ledger_unavailable", str(error) or "The ledger does not answer.")


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
