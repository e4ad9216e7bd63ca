"""Acks: which envelopes wait for one, which came, and which came wrong or too late."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from pulser_local.slack.clock import Clock
from pulser_local.slack.socket_mode.envelope import Delivered, Envelope
from pulser_local.slack.socket_mode.ledger import Ack, AckProblem, SocketLog
from pulser_local.slack.socket_mode.settings import SocketSettings
from pulser_local.slack.timers import Timer, Timers
from pulser_local.slack.workspace import Json

_REMEMBERED: Final = 50_000


@dataclass(eq=False, slots=True)
class Pending:
    """A delivery that waits for its ack; a duplicate waits with it."""

    envelope: Envelope
    sent_at: float
    future: asyncio.Future[Delivered]
    timer: Timer | None = None
    acked: set[str] = field(default_factory=set)
    sockets: dict[str, set[str]] = field(default_factory=dict)  # envelope_id → where it was sent


class Acks:
    """Takes what the app says on its sockets."""

    def __init__(self, settings: SocketSettings, clock: Clock, timers: Timers, log: SocketLog) -> None:
        self.settings = settings
        self._clock = clock
        self._timers = timers
        self._log = log
        self._known: OrderedDict[str, Pending] = OrderedDict()

    def expect(self, envelope: Envelope, socket_id: str) -> Pending:
        """From now on an ack of this envelope is awaited, for 3 s."""
        future: asyncio.Future[Delivered] = asyncio.get_running_loop().create_future()
        pending = Pending(envelope, self._clock.monotonic(), future)
        pending.timer = self._timers.after(self.settings.ack_seconds, lambda: self._expire(pending))
        self.expect_also(pending, envelope, socket_id)
        return pending

    def expect_also(self, pending: Pending, twin: Envelope, socket_id: str) -> None:
        """The same goes out once more, under the same ID or another: any ack of either counts."""
        pending.sockets.setdefault(twin.envelope_id, set()).add(socket_id)
        self._known[twin.envelope_id] = pending
        self._known.move_to_end(twin.envelope_id)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    def failed(self, envelope: Envelope, error: str) -> asyncio.Future[Delivered]:
        """An envelope that could not be sent to anybody."""
        future: asyncio.Future[Delivered] = asyncio.get_running_loop().create_future()
        future.set_result(Delivered(envelope.envelope_id, "error", error=error))
        return future

    def heard(self, socket_id: str, text: str) -> None:
        """A text frame of the app."""
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            message = None
        if isinstance(message, dict):
            self.take(socket_id, message)
        else:
            self.odd(socket_id, "not_json")

    def odd(self, socket_id: str, problem: AckProblem, message: Json | None = None) -> None:
        """What is no ack of anything."""
        envelope_id = (message or {}).get("envelope_id")
        named = envelope_id if isinstance(envelope_id, str) else None
        self._log.acks.append(Ack(self._clock.now(), socket_id, named, (message or {}).get("payload"), None, problem))

    def take(self, socket_id: str, message: Json) -> None:
        """An ack: logged whatever is wrong with it; the first good one settles the delivery."""
        envelope_id, payload = message.get("envelope_id"), message.get("payload")
        if not isinstance(envelope_id, str):
            self.odd(socket_id, "no_envelope_id", message)
            return
        pending = self._known.get(envelope_id)
        if pending is None:
            self.odd(socket_id, "unknown_envelope", message)
            return
        after = self._clock.monotonic() - pending.sent_at
        problem = self._problem(pending, envelope_id, socket_id, has_payload=payload is not None)
        self._log.acks.append(Ack(self._clock.now(), socket_id, envelope_id, payload, after, problem))
        if problem in {"late", "twice"} or (problem == "other_socket" and not self.settings.other_socket_acks):
            return
        pending.acked.add(envelope_id)
        accepted = payload if pending.envelope.accepts_response_payload and isinstance(payload, dict) else None
        self._settle(pending, Delivered(envelope_id, "acked", after, accepted, via=socket_id))

    def let_go(self) -> None:
        """Nothing will be acked any more: the server stops."""
        for pending in list(self._known.values()):
            self._settle(pending, Delivered(pending.envelope.envelope_id, "error", error="dispatch_failed"))

    def _problem(self, pending: Pending, envelope_id: str, socket_id: str, *, has_payload: bool) -> AckProblem | None:
        if envelope_id in pending.acked:
            return "twice"
        if self._clock.monotonic() - pending.sent_at > self.settings.ack_seconds:
            return "late"
        if has_payload and not pending.envelope.accepts_response_payload:
            return "payload_not_accepted"
        if socket_id not in pending.sockets[envelope_id]:
            return "other_socket"
        return None

    def _expire(self, pending: Pending) -> None:
        self._settle(pending, Delivered(pending.envelope.envelope_id, "timeout", error="operation_timeout"))

    def _settle(self, pending: Pending, delivered: Delivered) -> None:
        if pending.timer is not None:
            pending.timer.cancel()
        if not pending.future.done():
            pending.future.set_result(delivered)
