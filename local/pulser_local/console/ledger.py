"""The ledger as the console reads it: deliveries, their stories, and what changes while a page is open."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from aiohttp import web

from pulser.database import Database
from pulser.errors import PulserError
from pulser_local.console.answers import failure

STATUSES = ("queued", "sending", "sent", "in_doubt", "failed", "dead")
LIST_LIMIT = 200  # deliveries in a list, and the newest ones that are watched
POLL_SECONDS = 1.0  # the watch asks the ledger no more often than this

Events = asyncio.Queue[tuple[str, object]]  # (kind, what json.dumps takes), on their way to a page


async def list_deliveries(ledger: Database, *, status: str | None = None) -> list[dict[str, Any]]:
    """Delivery summaries, newest first as the ledger gives them. Raises PulserError."""
    only = {"status": status} if status else {}
    found = await ledger.call("list_deliveries_v1", {"filter": {"limit": LIST_LIMIT, **only}})
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


class LedgerRoutes:
    """`GET /console/deliveries` and `GET /console/stories/{delivery_id}`."""

    def __init__(self, ledger: Database | None) -> None:
        self._ledger = ledger

    def routes(self) -> list[web.RouteDef]:
        """The routes of the ledger; without one they answer 503 and say so."""
        return [
            web.get("/console/deliveries", self._deliveries),
            web.get("/console/stories/{delivery_id}", self._story),
        ]

    async def _deliveries(self, request: web.Request) -> web.Response:
        status = request.query.get("status")
        if status is not None and status not in STATUSES:
            return failure(400, "unknown_status", f"A status is one of: {', '.join(STATUSES)}.")
        if self._ledger is None:
            return _no_ledger()
        try:
            found = await list_deliveries(self._ledger, status=status)
        except PulserError as error:
            return _ledger_down(error)
        return web.json_response({"deliveries": found})

    async def _story(self, request: web.Request) -> web.Response:
        delivery_id = request.match_info["delivery_id"]
        if not _is_uuid(delivery_id):
            return failure(400, "not_an_id", "A delivery id is a UUID.")
        if self._ledger is None:
            return _no_ledger()
        try:
            story = await self._ledger.call("delivery_story_v1", {"delivery_id": delivery_id})
        except PulserError as error:
            return _ledger_down(error)
        if story is None:
            return failure(404, "delivery_not_found", "The ledger has no delivery with this id.")
        return web.json_response(story)


class LedgerWatch:
    """Tells its subscribers which deliveries changed; asks the ledger only while there are any."""

    def __init__(self, ledger: Database, *, poll_seconds: float = POLL_SECONDS) -> None:
        self._ledger = ledger
        self._poll_seconds = poll_seconds
        self._known: dict[str, dict[str, Any]] = {}
        self._subscribers: set[Events] = set()
        self._task: asyncio.Task[None] | None = None
        self._trouble: str | None = None

    @contextlib.asynccontextmanager
    async def subscribe(self, queue: Events) -> AsyncIterator[None]:
        """Put `("deliveries", [summary])` and `("ledger", {"ok", "message"})` on the queue while inside."""
        self._subscribers.add(queue)
        if self._trouble is not None:
            queue.put_nowait(("ledger", {"ok": False, "message": self._trouble}))
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            self._subscribers.discard(queue)
            if not self._subscribers and self._task is not None:
                task, self._task = self._task, None
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def _run(self) -> None:
        while True:
            await self._poll()
            await asyncio.sleep(self._poll_seconds)

    async def _poll(self) -> None:
        try:
            found = await list_deliveries(self._ledger)
        except PulserError as error:
            self._set_trouble(str(error))
            return
        self._set_trouble(None)
        changed = [row for row in found if self._known.get(str(row["delivery_id"])) != row]
        # Only the window that is watched is remembered, so a long run does not grow.
        self._known = {str(row["delivery_id"]): row for row in found}
        if changed:
            self._tell("deliveries", changed)

    def _set_trouble(self, trouble: str | None) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            self._tell("ledger", {"ok": trouble is None, "message": trouble})

    def _tell(self, kind: str, data: object) -> None:
        for queue in self._subscribers:
            queue.put_nowait((kind, data))


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
