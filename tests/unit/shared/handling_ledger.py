"""A ledger of envelopes in memory, for tests of handlers: it keeps claims and fences, and fails when it is told to."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulser.database import JsonValue
from pulser.errors import DatabaseUnavailable, PulserError

Key = tuple[str, str]


@dataclass(slots=True)
class Row:
    """One envelope, as far as handlers see it."""

    record: dict[str, Any]
    status: str = "pending"
    token: str | None = None
    attempts: int = 0
    ack: Any = None
    reply: Any = None
    reply_status: str | None = None
    outcomes: list[dict[str, Any]] = field(default_factory=list)
    error: str | None = None
    duplicate_of: str | None = None


@dataclass(slots=True)
class Trouble:
    """One call that fails. `after`: what it asked for has happened all the same, only its echo is lost."""

    error: PulserError
    after: bool = False


@dataclass(slots=True)
class FakeLedger:
    """`answers`: what other functions give. `troubles`: per function, the next calls' failures."""

    secrets: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Callable[[Mapping[str, Any]], Any]] = field(default_factory=dict)
    troubles: dict[str, list[Trouble]] = field(default_factory=lambda: defaultdict(list))
    rows: dict[Key, Row] = field(default_factory=dict)
    refusals: list[dict[str, Any]] = field(default_factory=list)  # what the next settles say instead of settling
    now: float = 1_767_225_600.0
    calls: list[str] = field(default_factory=list)
    closed: bool = False
    _tokens: itertools.count[int] = field(default_factory=itertools.count)

    async def call(self, function: str, arguments: Mapping[str, JsonValue] | None = None) -> JsonValue:
        """As Database.call."""
        self.calls.append(function)
        trouble = self.troubles[function].pop(0) if self.troubles[function] else None
        if trouble is not None and not trouble.after:
            raise trouble.error
        given = arguments or {}
        answer = self.answers[function](given) if function in self.answers else getattr(self, f"_{function}")(given)
        if trouble is not None:
            raise trouble.error
        return answer

    async def close(self) -> None:
        """As Database.close."""
        self.closed = True

    def away(self, function: str, times: int = 1, *, after: bool = False) -> None:
        """The next `times` calls of `function` find no database."""
        self.troubles[function] += [Trouble(DatabaseUnavailable("away"), after)] * times

    def let_time_pass(self) -> None:
        """Leases end, and what waits for its next try is due."""
        for row in self.rows.values():
            if row.status in {"processing", "waiting"}:
                row.status, row.token = "pending", None
            if row.reply_status == "claimed" or (row.reply_status or "").startswith("failed"):
                row.reply_status = "due"

    def put(self, record: dict[str, Any]) -> Row:
        """An envelope that the relay has recorded."""
        return self.rows.setdefault((record["team_id"], record["envelope_id"]), Row(record))

    def _read_secret_v1(self, given: Mapping[str, Any]) -> Any:  # noqa: ANN401  JSON
        return self.secrets.get(given["name"])

    def _record_envelopes_v1(self, given: Mapping[str, Any]) -> Any:  # noqa: ANN401
        return {"now": self.now, "recorded": [self._record(it) for it in given["envelopes"]]}

    def _record(self, record: dict[str, Any]) -> dict[str, Any]:
        key = (record["team_id"], record["envelope_id"])
        named = {"team_id": key[0], "envelope_id": key[1]}
        same = next((it for it in self.rows.values() if _is_same(it.record, record)), None)
        if key in self.rows or same is not None:
            first = same or self.rows[key]
            told = {"state": "duplicate", "ack": first.ack, "settled": first.status == "completed"}
            told |= {"same_id": key in self.rows}
            self.rows.setdefault(key, Row(record, "completed", duplicate_of=first.record["envelope_id"]))
            return named | told
        row = self.put(record)
        if record["refused"]:
            row.status = "failed"
            return named | {"state": "refused", "ack": None, "settled": True, "same_id": False}
        if record["handler"] and record["type"] != "events_api" and self.now - record["received_at"] > 2.5:
            row.status = "failed"
            return named | {"state": "expired", "ack": None, "settled": True, "same_id": False}
        return named | {"state": "new", "ack": None, "settled": False, "same_id": False}

    def _claim_envelope_v1(self, given: Mapping[str, Any]) -> Any:  # noqa: ANN401
        row = self.rows.get((given["team_id"], given["envelope_id"]))
        if row is None:
            return {"state": "unknown"}
        if row.status in {"completed", "failed"}:
            return {"state": "settled", "ack": row.ack}
        return {"state": "busy"} if row.token else {"state": "claimed", **self._claim(row)}

    def _claim_envelopes_v1(self, given: Mapping[str, Any]) -> Any:  # noqa: ANN401
        due = [it for it in self.rows.values() if it.status == "pending" and it.record["handler"] == given["handler"]]
        return {"envelopes": [self._claim(it) for it in due[: given["max_envelopes"]]]}

    def _claim(self, row: Row) -> dict[str, Any]:
        row.token, row.status = f"token-{next(self._tokens)}", "processing"
        row.attempts += 1
        return {"claim_token": row.token, "attempt": row.attempts, "envelope": row.record | {"age_s": 0.0}}

    def settle_envelope(self, given: Mapping[str, Any]) -> Any:  # noqa: ANN401  JSON
        """What settle_envelope_v1 does."""
        row = self._held(given["claim_token"])
        if row is None:
            return {"settled": False, "reason": "stale_claim"}
        if self.refusals:
            return {"settled": False} | self.refusals.pop(0)
        outcome = given["outcome"]
        row.status, row.token, row.ack = "completed", None, outcome["ack"]
        row.outcomes.append(outcome)
        self._owe(row, outcome["reply"])
        return {"settled": True, "card": None, "event_ids": {"main": "an-event"}}

    _settle_envelope_v1 = settle_envelope

    def _fail_envelope_v1(self, given: Mapping[str, Any]) -> Any:  # noqa: ANN401
        row = self._held(given["claim_token"])
        if row is None:
            return {"settled": False, "state": None, "retry_in_s": None}
        row.error, row.token = given["error"], None
        row.status = "failed" if row.attempts >= 8 else "waiting"
        if row.status == "failed":
            self._owe(row, {"via": "ephemeral", "channel": "C1", "user": "U1", "body": {"text": "gave up"}})
        return {"settled": True, "state": "failed" if row.status == "failed" else "pending", "retry_in_s": 1.0}

    def _owe_late_reply_v1(self, given: Mapping[str, Any]) -> Any:  # noqa: ANN401
        row = self.rows[given["team_id"], given["envelope_id"]]
        owed = row.status == "completed" and row.reply_status is None
        if owed:
            row.ack = None
            self._owe(row, given["reply"])
        return {"owed": owed}

    def _claim_reply_v1(self, given: Mapping[str, Any]) -> Any:  # noqa: ANN401
        row = self.rows[given["team_id"], given["envelope_id"]]
        return {"reply": row.reply if row.reply_status == "due" else None}

    def _claim_replies_v1(self, given: Mapping[str, Any]) -> Any:  # noqa: ANN401
        due = [(key, row) for key, row in self.rows.items() if row.reply_status == "due"]
        for _, row in due:
            row.reply_status = "claimed"
        assert given["handler"]
        return {"replies": [{"team_id": key[0], "envelope_id": key[1], "reply": row.reply} for key, row in due]}

    def _confirm_reply_v1(self, given: Mapping[str, Any]) -> Any:  # noqa: ANN401
        row, outcome = self.rows[given["team_id"], given["envelope_id"]], given["outcome"]
        ended = "in doubt" if outcome.get("in_doubt") else "failed"
        row.reply_status = f"{ended}: {outcome['error']}" if outcome else "sent"
        return {"confirmed": True}

    def _envelope_health_v1(self, given: Mapping[str, Any]) -> Any:  # noqa: ANN401
        assert not given
        return {"pending": 0, "processing": 0, "failed_last_hour": 0, "oldest_pending_s": None}

    def _held(self, token: str) -> Row | None:
        return next((it for it in self.rows.values() if it.token == token and it.status == "processing"), None)

    def _owe(self, row: Row, reply: object) -> None:
        row.reply, row.reply_status = reply, "due" if reply else None


def _is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return (
        one["team_id"] == other["team_id"]
        and one["logical_key"] is not None
        and (one["logical_key"] == other["logical_key"])
    )
