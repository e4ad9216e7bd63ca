"""A ledger in memory: what the console asks of the database, without one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pulser.errors import DatabaseUnavailable

Json = dict[str, Any]
RECORDED = datetime(2026, 3, 1, 2, 14, 7, tzinfo=UTC)


def after(milliseconds: float) -> str:
    """The ISO time so long after the event was recorded."""
    return (RECORDED + timedelta(milliseconds=milliseconds)).isoformat()


def attempt(number: int, at_ms: float, took_ms: float, outcome: str, **details: str) -> Json:
    """A row of a delivery's attempts_log; `details` are purpose, reason, error."""
    return {
        "attempt": number,
        "purpose": "post",
        "worker": "notify-dispatch",
        "started_at": after(at_ms),
        "ended_at": after(at_ms + took_ms),
        "outcome": outcome,
        "reason": None,
        "error": None,
        **details,
    }


class FakeLedger:
    """Answers list_deliveries_v1 and delivery_story_v1; `down` makes it refuse as a database that is away."""

    def __init__(self) -> None:
        self.down = False
        self.calls: list[str] = []
        self.services: list[Json] = []
        self.routes: list[Json] = []
        self._stories: dict[str, Json] = {}
        self._envelopes: dict[str, Json] = {}

    def add(self, *, payload: object = None, log: list[Json] | None = None, **summary: object) -> str:
        """A delivery with its event; the id of the delivery. Fields not given are those of a sent one."""
        delivery_id, event_id = str(uuid.uuid4()), str(uuid.uuid4())
        defaults = {
            "delivery_id": delivery_id,
            "position": len(self._stories) + 1,
            "event_id": event_id,
            "event_type": "deploy.failed",
            "route": "deploys",
            "channel": "#ops-deploy",
            "status": "sent",
            "attempts": 1,
            "reason": None,
            "error": None,
            "created_at": after(30),
            "next_attempt_at": None,
            "sent_at": after(412),
            "adopted": False,
            "slack_channel_id": None,
            "slack_ts": None,
            "latency_ms": 412,
        }
        row = {**defaults, **summary, "attempts_log": log or []}
        event = {"event_id": event_id, "event_type": row["event_type"], "actor": "mira", "target": "api"}
        event |= {"payload": payload, "status": "ok", "error_detail": None, "created_at": after(0)}
        self._stories[delivery_id] = {
            "event": {**event, "recorded_at": after(0)},
            "dispatch": {"status": "routed", "recorded_at": after(0), "routed_at": after(30)},
            "deliveries": [row],
        }
        return delivery_id

    def change(self, delivery_id: str, **fields: object) -> None:
        """Change fields of a delivery's summary."""
        [row] = self._stories[delivery_id]["deliveries"]
        self._stories[delivery_id]["deliveries"] = [{**row, **fields}]

    def add_envelope(
        self, *, payload: object = None, parts: Mapping[str, object] | None = None, **summary: object
    ) -> str:
        """An envelope; its envelope_id. `parts` are events, duplicates, card and deliveries of its story."""
        envelope_id = str(summary.get("envelope_id") or uuid.uuid4())
        defaults = {
            "id": len(self._envelopes) + 1,
            "envelope_id": envelope_id,
            "team_id": "T1",
            "type": "interactive",
            "what": "Acknowledge button",
            "handler": "action-handler",
            "user_id": "U0ALICE",
            "user_name": "alice",
            "channel_id": None,
            "status": "completed",
            "last_error": None,
            "attempts": 1,
            "duplicates": 0,
            "duplicate_of": None,
            "transport": "socket",
            "received_at": after(0),
            "processed_at": after(63),
            "latency_ms": 63,
            "ack": True,
            "reply_status": None,
        }
        row = {**defaults, **summary}
        story = {"events": [], "duplicates": [], "card": None, "deliveries": [], **(parts or {})}
        self._envelopes[envelope_id] = {"envelope": {**row, "payload": payload}, **story}
        return envelope_id

    def change_envelope(self, envelope_id: str, **fields: object) -> None:
        """Change fields of an envelope's summary."""
        self._envelopes[envelope_id]["envelope"].update(fields)

    async def call(self, function: str, arguments: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401  as Database.call
        """See pulser.database.Database."""
        self.calls.append(function)
        if self.down:
            raise DatabaseUnavailable("the database does not answer: ConnectionRefusedError")
        asked = dict(arguments or {})
        if function == "delivery_story_v1":
            return self._stories.get(asked["delivery_id"])
        if function == "envelope_story_v1":
            return self._envelopes.get(asked["envelope_id"])
        if function == "list_services_v1":
            return self.services
        if function == "routes_v1":
            return self.routes
        return self._listed(function, asked["filter"])

    def _listed(self, function: str, wanted: Json) -> list[Json]:
        if function == "list_envelopes_v1":
            rows = [dict(story["envelope"]) for story in self._envelopes.values()]
        else:
            assert function == "list_deliveries_v1"
            rows = [dict(story["deliveries"][0]) for story in self._stories.values()]
        for row in rows:
            row.pop("attempts_log", None)
            row.pop("payload", None)
        found = [row for row in rows if wanted.get("status") in (None, row["status"])]
        return found[::-1][: wanted["limit"]]

    async def close(self) -> None:
        """See pulser.database.Database."""
