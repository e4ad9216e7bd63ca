"""How interactions and events reach the app: over sockets or by HTTP requests; events again when nobody acks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pulser_local.slack.socket_mode.envelope import Delivered, Envelope
from pulser_local.slack.socket_mode.settings import SocketSettings
from pulser_local.slack.timers import Timers


class Carrier(Protocol):
    """Takes an envelope to the app."""

    def deliver(self, envelope: Envelope) -> asyncio.Future[Delivered]:
        """What became of it, once Slack knows: an ack, or 3 s without one."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One delivery of an event: the first has number 0."""

    envelope: Envelope
    number: int
    told: Callable[[Delivered], None]


class Retries:
    """Slack's retries: of events only, at once, after a minute and after five. All are by the simulator's clock."""

    def __init__(self, carrier: Callable[[], Carrier], settings: SocketSettings, timers: Timers) -> None:
        self._carrier = carrier
        self._settings = settings
        self._timers = timers

    async def first(self, envelope: Envelope, told: Callable[[Delivered], None]) -> Delivered:
        """Deliver an event; `told` hears of this attempt and of all later ones, which go on by themselves."""
        delivered = await self._carrier().deliver(envelope)
        self._next(_Attempt(envelope, 0, told), delivered)
        return delivered

    def start(self, envelope: Envelope, told: Callable[[Delivered], None]) -> None:
        """The same without waiting for the first attempt."""
        self._deliver(_Attempt(envelope, 0, told))

    def _next(self, made: _Attempt, delivered: Delivered) -> None:
        made.told(delivered)
        number, settings = made.number + 1, self._settings
        if delivered.outcome == "acked" or delivered.no_retry or number > len(settings.retry_after):
            return
        reason = "timeout" if delivered.outcome == "timeout" else delivered.error or "error"
        told = (number, reason) if settings.retry_is_counted else (0, "")
        again = made.envelope.again(*told, same_id=settings.retry_keeps_id)
        following = _Attempt(again, number, made.told)
        self._timers.after(settings.retry_after[made.number], lambda: self._deliver(following))

    def _deliver(self, attempt: _Attempt) -> None:
        future = self._carrier().deliver(attempt.envelope)
        future.add_done_callback(lambda done: self._next(attempt, done.result()))
