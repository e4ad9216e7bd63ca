"""The ledger of envelopes in plain Python: what the SQL functions do, on values, with a clock of its own.

Times are seconds. A time that equals `now` is past, since the database's clock runs on while it looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

ACK_WITHIN = 2.5
HANDED_ON_WITHIN = 10.0
GIVE_UP_AFTER = 25 * 60.0
ANSWERABLE_FOR = 30 * 60.0
KEPT_FOR = 30 * 86400.0
REPLY_LEASE = 20.0
REPLY_BY_ITS_HANDLER = 15.0
MOST_ATTEMPTS = 8
MOST_REPLIES = 5
BY_PEOPLE = {"interactive": "slack.action", "slash_commands": "slack.command"}
RUNNING = ("requested", "approved", "started")
UNGIVEN = "the private answer: it could not be given in half an hour, or in five tries"
TOO_LATE = "it was recorded too late to be acknowledged"


@dataclass(frozen=True, slots=True)
class Sent:
    """An envelope as a relay records it."""

    envelope_id: str
    type: str
    received: float
    handler: str | None = None
    key: str | None = None
    refused: str | None = None


@dataclass(slots=True, eq=False)
class Envelope:
    """A row. `first`: it is a duplicate of that one, which is run in its place."""

    sent: Sent
    next_attempt: float
    first: Envelope | None = None
    status: str = "pending"
    processed: float | None = None
    error: str | None = None
    duplicates: int = 0
    twin_in_time: bool = False
    attempts: int = 0
    token: str | None = None
    worker: str | None = None
    lease_until: float | None = None
    ack: Any = None
    audit: list[str] = field(default_factory=list)
    reply_status: str | None = None
    reply_attempts: int = 0
    reply_due: float = 0

    @property
    def ended(self) -> bool:
        return self.status in ("completed", "failed")

    def release(self) -> None:
        self.token = self.worker = self.lease_until = None


@dataclass(slots=True)
class Card:
    """An alert (version 0: not stored yet) or the deploy of a service."""

    phase: str
    version: int = 0
    service: str | None = None

    @property
    def runs(self) -> bool:
        return self.service is not None and self.phase in RUNNING


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a handler decided: the change of a card that it saw in `version`, or a new deploy; hook, reply, ack."""

    events: tuple[str, ...] = ()
    card: str | None = None
    version: int = 0
    phase: str = ""
    deploys: str | None = None
    hook: bool = False
    reply: bool = False
    ack: Any = None
    error: str | None = None


@dataclass(slots=True)
class Ledger:
    """All rows in the order of their ids; the cards by id; for which cards a hook was queued."""

    now: float = 0.0
    rows: dict[str, Envelope] = field(default_factory=dict)
    cards: dict[str, Card] = field(default_factory=dict)
    hooks: list[str] = field(default_factory=list)
    _instants: int = 0

    def after(self, seconds: float) -> float:
        """A time from now; no two are the same, as in the database."""
        self._instants += 1
        return self.now + seconds + self._instants * 1e-5

    # -- recorded -----------------------------------------------------------------------------------------------------

    def record(self, group: Iterable[Sent]) -> dict[int, dict[str, Any]]:
        """In one order, whoever records; the answers by the place in the group."""
        in_order = sorted(enumerate(group), key=lambda it: (it[1].key is None, it[1].key or "", it[1].envelope_id))
        return {place: self._record(sent) for place, sent in in_order}

    def _record(self, sent: Sent) -> dict[str, Any]:
        in_time = self.now < sent.received + ACK_WITHIN
        known = self.rows.get(sent.envelope_id)
        twin = next(
            (it for it in self.rows.values() if sent.key and it.first is None and it.sent.key == sent.key), None
        )
        if known is None and twin is None:
            return self._record_new(sent, in_time=in_time)
        if known is None:
            made = Envelope(sent, self.now, first=twin, status="completed", processed=self.now)
            self.rows[sent.envelope_id] = made
        first = twin if known is None else known.first or known
        assert first is not None
        first.duplicates += 1
        first.twin_in_time |= in_time
        expired = first.status == "failed" and (first.error or "").startswith("expired:")
        state = "expired" if expired else "duplicate"
        return {"state": state, "ack": first.ack, "settled": first.ended, "same_id": known is not None}

    def _record_new(self, sent: Sent, *, in_time: bool) -> dict[str, Any]:
        made = self.rows[sent.envelope_id] = Envelope(sent, self.after(HANDED_ON_WITHIN))
        state = "new"
        if sent.refused is not None:
            state = "refused"
            self._end(made, state, sent.refused)
        elif sent.type in BY_PEOPLE and not in_time:
            state = "expired"
            self._end(made, state, TOO_LATE)
        return {"state": state, "ack": None, "settled": made.ended, "same_id": False}

    def expire(self, envelope_ids: Iterable[str]) -> int:
        """Nobody was told that it worked, so nothing is run: but not what was begun, or whose twin was acknowledged."""
        asked = {it: self.rows[it] for it in envelope_ids if it in self.rows}
        late = [
            it
            for it in asked.values()
            if it.status == "pending" and not it.attempts and it.sent.type in BY_PEOPLE and not it.twin_in_time
        ]
        for it in late:
            self._end(it, "expired", TOO_LATE)
        return len(late)

    def _end(self, row: Envelope, why: str, detail: str) -> None:
        row.status, row.processed, row.error = "failed", self.now, f"{why}: {detail}"
        row.release()
        row.audit.append(BY_PEOPLE.get(row.sent.type, "slack.event"))
        if why != "refused" and row.sent.handler is not None:
            row.reply_status, row.reply_due = "due", self.after(0)

    # -- claimed ------------------------------------------------------------------------------------------------------

    def claim(self, envelope_id: str) -> str:
        """What a handler that was told of it is answered. Who has `claimed` calls `lease` with his token."""
        row = self.rows.get(envelope_id)
        row = row and (row.first or row)
        if row is None or row.sent.handler is None:
            return "unknown"
        if row.ended:
            return "settled"
        held = row.lease_until is not None and row.lease_until > self.now
        if held or (row.status == "pending" and row.attempts and row.next_attempt > self.now):
            return "busy"
        return "settled" if self._gives_up(row) else "claimed"

    def claim_due(self, handler: str, most: int) -> list[Envelope]:
        """What the sweep finds, in the order of the ids. Who gets one calls `lease` with its token."""
        waiting = [it for it in self._of(handler) if it.status == "pending" and it.next_attempt <= self.now]
        left = [it for it in self._of(handler) if it.lease_until is not None and it.lease_until <= self.now]
        waiting = sorted(waiting, key=lambda it: it.next_attempt)[:most]
        left = sorted(left, key=lambda it: it.lease_until or 0)[:most]
        chosen = [it for it in self._of(handler) if it in waiting or it in left][:most]
        return [it for it in chosen if not self._gives_up(it)]

    def lease(self, row: Envelope, token: str, worker: str, seconds: float) -> None:
        row.status, row.token, row.worker, row.lease_until = "processing", token, worker, self.after(seconds)
        row.attempts += 1

    def _gives_up(self, row: Envelope) -> bool:
        if row.attempts >= MOST_ATTEMPTS:
            self._end(row, "gave_up", "its handlers vanished")
        elif row.sent.type in BY_PEOPLE and self.now >= row.sent.received + GIVE_UP_AFTER:
            self._end(row, "gave_up", "nobody could carry it out for 25 minutes")
        return row.ended

    def _of(self, handler: str) -> Iterator[Envelope]:
        return (it for it in self.rows.values() if it.sent.handler == handler and it.first is None)

    def holder(self, token: str) -> Envelope | None:
        return next((it for it in self.rows.values() if it.token == token), None)

    # -- settled or failed --------------------------------------------------------------------------------------------

    def settle(self, token: str, outcome: Outcome, made: str | None) -> str:
        """`settled`, or why nothing was written. made: the id of the first audit event, and so of a new card."""
        row = self.holder(token)
        if row is None:
            return "stale_claim"
        card = self.cards[outcome.card] if outcome.card else None
        wanted = outcome.deploys or (card.service if card and outcome.phase in RUNNING else None)
        if any(it.runs and it.service == wanted and it is not card for it in self.cards.values()):
            return "deploy_running"
        if card and card.version != outcome.version:
            return "card_changed"
        if card:
            card.version, card.phase = card.version + 1, outcome.phase
        if outcome.deploys and made:
            self.cards[made] = Card("requested", 1, outcome.deploys)
        if outcome.hook:
            self.hooks.append(outcome.card or made or "")
        row.status, row.processed, row.error, row.ack = "completed", self.now, outcome.error, outcome.ack
        row.release()
        row.audit.extend(outcome.events or ("slack.action",))
        if outcome.reply:
            row.reply_status, row.reply_due = "due", self.after(REPLY_BY_ITS_HANDLER)
        return "settled"

    def fail(self, token: str, error: str, retry_in: float | None) -> str | None:
        """The state it is in then, None for an old token. retry_in: how long the database lets it wait."""
        row = self.holder(token)
        if row is None:
            return None
        if row.attempts >= MOST_ATTEMPTS or self.now >= row.sent.received + GIVE_UP_AFTER:
            self._end(row, "gave_up", error)
            return row.status
        longest = min(300.0, 3.0**row.attempts)
        assert retry_in is not None
        assert longest / 2 <= retry_in <= longest
        row.status, row.error, row.next_attempt = "pending", error, self.after(retry_in)
        row.release()
        return row.status

    # -- answered -----------------------------------------------------------------------------------------------------

    def claim_reply(self, envelope_id: str) -> bool:
        row = self.rows.get(envelope_id)
        if row is None or row.reply_status != "due" or row.reply_attempts >= MOST_REPLIES:
            return False
        if self._unanswerable(row) or (row.reply_attempts and row.reply_due > self.now):
            return False
        row.reply_attempts, row.reply_due = row.reply_attempts + 1, self.after(REPLY_LEASE)
        return True

    def confirm_reply(self, envelope_id: str, outcome: dict[str, Any]) -> bool:
        row = self.rows.get(envelope_id)
        if row is None or row.reply_status != "due":
            return False
        retry_in = outcome.get("retry_in_s")
        if retry_in is None and outcome.get("nothing_done"):
            retry_in = min(60.0, max(10.0, (self.now - row.sent.received) / 4))
        spent = row.reply_attempts >= MOST_REPLIES and retry_in is None
        if not outcome:
            row.reply_status = "sent"
        elif outcome.get("in_doubt") or spent or self._unanswerable(row, retry_in or 0):
            row.reply_status = "failed"
        if outcome:
            row.error = row.error or f"the private answer: {outcome['error']}"
        if retry_in is not None:
            row.reply_attempts, row.reply_due = max(1, row.reply_attempts - 1), self.after(retry_in)
        return True

    def claim_replies(self, handler: str, most: int) -> list[str]:
        """Those that can still be given, in the order of the ids; the others have failed."""
        due = [it for it in self._of(handler) if it.reply_status == "due" and it.reply_due <= self.now]
        chosen = sorted(due, key=lambda it: it.reply_due)[:most]
        for it in chosen:
            if it.reply_attempts >= MOST_REPLIES or self._unanswerable(it):
                it.reply_status, it.error = "failed", it.error or UNGIVEN
            it.reply_attempts, it.reply_due = it.reply_attempts + 1, self.after(REPLY_LEASE)
        return [it.sent.envelope_id for it in due if it in chosen and it.reply_status == "due"]

    def _unanswerable(self, row: Envelope, after: float = 0) -> bool:
        return self.now + after >= row.sent.received + ANSWERABLE_FOR

    # -- swept --------------------------------------------------------------------------------------------------------

    def sweep(self) -> int:
        """How many handlers have something to do."""
        return sum(any(map(self._has_work, self._of(it))) for it in ("action-handler", "command-handler"))

    def _has_work(self, row: Envelope) -> bool:
        waits = row.status == "pending" and row.next_attempt <= self.now
        left = row.lease_until is not None and row.lease_until <= self.now
        return waits or left or (row.reply_status == "due" and row.reply_due <= self.now)

    def prune(self, most: int) -> int:
        """The oldest that nobody has claimed, and their duplicates with them."""
        old = [it for it in self.rows.values() if self.now >= it.sent.received + KEPT_FOR and it.token is None]
        gone = sorted(old, key=lambda it: it.sent.received)[:most]
        self.rows = {name: it for name, it in self.rows.items() if it not in gone and it.first not in gone}
        return len(gone)

    def instants(self) -> Iterator[float]:
        """When something becomes due, runs out or gets too old."""
        for it in self.rows.values():
            yield from (it.sent.received + limit for limit in (GIVE_UP_AFTER, ANSWERABLE_FOR, KEPT_FOR))
            yield from (at for at in (it.next_attempt, it.lease_until, it.reply_due) if at is not None)
