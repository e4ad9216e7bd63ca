"""Rings for envelopes that nobody waits for. Those of a moment share one: it costs less for each as the load rises."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from pulser.envelope import Envelope, Handler
from socket_relay.forward import Forwarder
from socket_relay.pace import Pace


@dataclass(slots=True)
class Rings:
    """A handler that was not rung for a while is rung at once; after that, once for all of each `pace.together`.

    These times begin together for all handlers, and with a tick of the connections: the process is woken once for all.
    """

    forwarder: Forwarder
    pace: Pace
    clock: Callable[[], float] = time.monotonic
    _waiting: dict[Handler, list[Envelope]] = field(default_factory=dict)
    _next_at: dict[Handler, float] = field(default_factory=dict)

    def add(self, envelope: Envelope, start: Callable[[Coroutine[Any, Any, None]], object]) -> None:
        """Have its handler rung for it; `start` begins a task, which lives until that is done."""
        if envelope.handler is None:
            return
        waiting = self._waiting.get(envelope.handler)
        if waiting is None or len(waiting) >= self.pace.ring_group:
            waiting = self._waiting[envelope.handler] = []
            start(self._ring(envelope.handler, waiting))
        waiting.append(envelope)

    async def _ring(self, handler: Handler, waiting: list[Envelope]) -> None:
        await asyncio.sleep(max(0.0, self._next_at.get(handler, -math.inf) - self.clock()))
        self._next_at[handler] = (self.clock() // self.pace.together + 1) * self.pace.together
        if self._waiting.get(handler) is waiting:
            del self._waiting[handler]
        await self.forwarder.forward_all(handler, waiting)
