"""The real ledger beside the model: the same calls, the same time, and what differs between the two."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.integration.schema.acting import RESPONSE_URL, TEAM, WEBHOOK
from tests.integration.schema.helpers import Session
from tests.model.envelope import Envelope, Ledger, Sent
from tests.model.envelope_invariants import broken_invariants

EMPTY = """
delete from ops.deliveries;
delete from ops.event_dispatches;
delete from ops.cards;
delete from ops.slack_envelopes;
delete from ops.platform_events;
delete from net.http_request_queue;
"""
ROUTED = "insert into ops.event_dispatches (event_id, status, routed_at) values ($1, 'routed', now())"
SERVICES = ("api", "web")
# The rows' times become those of the model, counted from now: so time passes, and stands still between two steps.
SET_TIMES = """
update ops.slack_envelopes e
set received_at = $2::timestamptz + make_interval(secs => s.received),
    next_attempt_at = $2::timestamptz + make_interval(secs => s.next_attempt),
    lease_until = $2::timestamptz + make_interval(secs => s.lease_until),
    reply_due_at = $2::timestamptz + make_interval(secs => s.reply_due)
from jsonb_to_recordset($1) s (
    envelope_id text, received double precision, next_attempt double precision,
    lease_until double precision, reply_due double precision
)
where e.envelope_id = s.envelope_id
"""
ROWS = """
select e.*, f.envelope_id as first_id, (
    select array_agg(p.event_type order by array_position(e.event_ids, p.event_id))
    from ops.platform_events p where p.payload ->> 'envelope_id' = e.envelope_id
) as audit
from ops.slack_envelopes e left join ops.slack_envelopes f on f.id = e.duplicate_of order by e.id
"""
SPARE_S = 3.0  # no time of the model runs out while a call is under way, unless it takes longer than this


def payload(sent: Sent) -> dict[str, Any]:
    """What Slack sends, by the type of the envelope."""
    if sent.type == "events_api":
        return {"event": {"type": "app_mention", "user": "U1", "channel": "C1"}}
    return {"user": {"id": "U1", "username": "ada"}, "channel": {"id": "C1"}, "response_url": RESPONSE_URL}


@dataclass(slots=True)
class RealLedger:
    """Drives the database from a test that is not async, since hypothesis's machines are not."""

    runner: asyncio.Runner
    db: Session
    model: Ledger = field(default_factory=Ledger)
    _set_at: datetime | None = None
    _shown: float = 0.0  # the model's time then
    _begun: float = 0.0

    def start(self) -> None:
        """An empty ledger, two services that can be deployed, and a doorbell."""
        self.runner.run(self._start())

    def know(self, event_ids: Iterable[str]) -> None:
        """These events were routed, so each can have a card."""
        self.runner.run(self.db.connection.executemany(ROUTED, [(it,) for it in event_ids]))

    async def _start(self) -> None:
        await self.db.run(EMPTY)
        if not await self.db.value("select exists (select from ops.services)"):
            described = {"environments": ["production"], "deploy": WEBHOOK}
            await self.db.call("apply_services_v1", services=[{"service": it} | described for it in SERVICES])
            await self.db.equip_doorbell()
        self.model = Ledger()
        await self._set_times()

    def call(self, function: str, **arguments: Any) -> Any:  # noqa: ANN401  # any JSON value
        """What the function answers, at the time that the model shows."""

        async def timed() -> Any:  # noqa: ANN401
            await self._set_times()
            return await self.db.call(function, **arguments)

        self.tick()
        return self.runner.run(timed())

    def record(self, group: list[Sent]) -> list[dict[str, Any]]:
        """What record_envelopes_v1 answers of each."""

        async def timed() -> Any:  # noqa: ANN401
            await self._set_times()
            described = [self._described(sent) for sent in group]
            return await self.db.call("record_envelopes_v1", envelopes=described, worker="socket-relay@test")

        recorded: list[dict[str, Any]] = self.runner.run(timed())["recorded"]
        return recorded

    def tick(self) -> None:
        """The model's clock goes to where no time runs out for a while."""
        while soon := [at for at in self.model.instants() if self.model.now < at < self.model.now + SPARE_S]:
            self.model.now = min(soon)

    def _described(self, sent: Sent) -> dict[str, Any]:
        assert self._set_at is not None
        return {
            "envelope_id": sent.envelope_id,
            "team_id": TEAM,
            "type": sent.type,
            "payload": payload(sent),
            "logical_key": sent.key,
            "handler": sent.handler,
            "refused": sent.refused,
            "received_at": self._set_at.timestamp() + sent.received - self.model.now,
        }

    def show_times(self) -> None:
        """The rows' times become the model's now, not only at the next call."""
        self.runner.run(self._set_times())

    async def _set_times(self) -> None:
        now = self.model.now
        told = [
            {
                "envelope_id": it.sent.envelope_id,
                "received": it.sent.received - now,
                "next_attempt": it.next_attempt - now,
                "lease_until": None if it.lease_until is None else it.lease_until - now,
                "reply_due": it.reply_due - now,
            }
            for it in self.model.rows.values()
        ]
        self._begun, self._shown = time.monotonic(), now
        self._set_at = await self.db.value("select clock_timestamp()")
        await self.db.run(SET_TIMES, told, self._set_at)

    # -- compared -----------------------------------------------------------------------------------------------------

    def check(self) -> None:
        """The database is as the model, and the invariants hold."""
        self.runner.run(self._check())

    async def _check(self) -> None:
        took = time.monotonic() - self._begun
        rows = await self.db.connection.fetch(ROWS)
        assert [row["envelope_id"] for row in rows] == list(self.model.rows)
        for row, expected in zip(rows, self.model.rows.values(), strict=True):
            assert _said(dict(row)) == _expected(expected), expected.sent.envelope_id
            self._check_times(dict(row), expected, took)
        cards = await self.db.connection.fetch("select card_id, version, phase, service from ops.cards")
        assert {it["card_id"]: (it["version"], it["phase"], it["service"]) for it in cards} == {
            name: (it.version, it.phase, it.service) for name, it in self.model.cards.items() if it.version
        }
        hooks = await self.db.column("select event_id from ops.deliveries where kind = 'hook'")
        assert sorted(hooks) == sorted(self.model.hooks)
        assert await broken_invariants(self.db) == []

    def _check_times(self, row: dict[str, Any], expected: Envelope, took: float) -> None:
        """Each time that counts is what it should be, give or take what the call took."""
        assert self._set_at is not None
        times = {"received_at": expected.sent.received}
        if expected.status == "pending":
            times["next_attempt_at"] = expected.next_attempt
        if expected.lease_until is not None:
            times["lease_until"] = expected.lease_until
        if expected.reply_status == "due":
            times["reply_due_at"] = expected.reply_due
        for name, at in times.items():
            late = (row[name] - self._set_at - timedelta(seconds=at - self._shown)).total_seconds()
            assert -0.02 <= late <= took + 0.02, (name, expected.sent.envelope_id, late)


def _said(row: dict[str, Any]) -> dict[str, Any]:
    same = ("status", "duplicates", "twin_in_time", "attempts", "ack", "reply_status", "reply_attempts")
    return {it: row[it] for it in same} | {
        "first": row["first_id"],
        "processed": row["processed_at"] is not None,
        "error": row["last_error"],
        "token": row["claim_token"],
        "worker": row["claimed_by"],
        "leased": row["lease_until"] is not None,
        "audit": row["audit"] or [],
    }


def _expected(row: Envelope) -> dict[str, Any]:
    same = ("status", "duplicates", "twin_in_time", "attempts", "ack", "reply_status", "reply_attempts")
    return {it: getattr(row, it) for it in same} | {
        "first": row.first and row.first.sent.envelope_id,
        "processed": row.processed is not None,
        "error": row.error,
        "token": row.token,
        "worker": row.worker,
        "leased": row.lease_until is not None,
        "audit": row.audit,
    }
