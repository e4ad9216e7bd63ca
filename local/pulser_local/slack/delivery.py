"""How interactions and events reach the app: over sockets or by HTTP requests; events again when nobody acks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from pulser_local.slack.socket_mode.envelope import Delivered, Envelope
from pulser_local.slack.socket_mode.settings import SocketSettings
from pulser_local.slack.timers import Timers


class Carrier(Protocol):
    """Takes an envelope to the app."""

    def deliver(self, envelope: Envelope) -> asyncio.Future[Delivered]:
        """What became of it, once Slack knows: an ack, or 3 s without one."""


class Retries:
    """Slack's retries: of events only, at once, after a minute and after five. All are by the simulator's clock."""

    def __init__(self, carrier: Callable[[], Carrier], settings: SocketSettings, timers: Timers) -> None:
        self._carrier = carrier
        self._settings = settings
        self._timers = timers

    async def first(self, envelope: Envelope, told: Callable[[Delivered], None]) -> Delivered:
        """Deliver an event; `told` hears of this attempt and of all later ones, which go on by themselves."""
        delivered = await self._carrier().deliver(envelope)
        self._next(envelope, delivered, told)
        return delivered

    def _next(self, envelope: Envelope, delivered: Delivered, told: Callable[[Delivered], None]) -> None:
        told(delivered)
        attempt = (envelope.retry_attempt or 0) + 1
        if delivered.outcome == "acked" or delivered.no_retry or attempt > len(self._settings.retry_after):
            return
        reason = "timeout" if delivered.outcome == "timeout" else delivered.error or "error"
        again = envelope.again(attempt, reason, same_id=self._settings.retry_keeps_id)
        self._timers.after(self._settings.retry_after[attempt - 1], lambda: self._deliver(again, told))

    def _deliver(self, envelope: Envelope, told: Callable[[Delivered], None]) -> None:
        future = self._carrier().deliver(envelope)
        future.add_done_callback(lambda done: self._next(envelope, done.result(), told))
