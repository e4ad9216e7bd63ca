"""When came what is read now, at the earliest: it may have lain in the socket while we were busy, or had no processor.

Slack's three seconds begin when it sends, ours when we read. Where the two differ by much, an ack that we take for
timely is late. So each connection remembers when it last knew that nothing lay unread.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.protocol import State

TICK = 0.05  # seconds
NOTICED = 3 * TICK  # less is taken for nothing: it is within what the ticks themselves cost
FULL = 200_000  # bytes; asyncio reads 256 KiB at most, TLS takes its part: after such a read there may be more


@dataclass(slots=True)
class Unread:
    """What one connection knows of its socket."""

    clock: Callable[[], float] = time.monotonic
    _empty_at: float = field(init=False)
    _ticked_at: float = field(init=False)
    _came_after: float = field(init=False)
    _more: bool = False

    def __post_init__(self) -> None:
        self._empty_at = self._ticked_at = self._came_after = self.clock()

    def read(self, size: int) -> None:
        """So many bytes came out of the socket; what they hold came after it was last empty."""
        self._came_after = self._empty_at
        self._more = size >= FULL
        if not self._more:
            self._empty_at = self.clock()

    def tick(self) -> None:
        """The loop goes round: what there was when this round began is read, and the last tick was before that."""
        if not self._more:
            self._empty_at = max(self._empty_at, self._ticked_at)
        self._ticked_at = self.clock()

    def waited(self, now: float) -> float:
        """For how many seconds what was read last may have waited; 0 when nothing held us up."""
        seconds = now - self._came_after
        return seconds if seconds > NOTICED else 0.0


class TimedConnection(ClientConnection):
    """The library's connection, which knows when what it reads may have come, and writes seldom."""

    unread: Unread
    _tick: asyncio.TimerHandle | None = None
    _writing: asyncio.Handle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to measure."""
        self.unread = Unread()
        self._tick_later()
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Bytes from the socket."""
        self.unread.read(len(data))
        super().data_received(data)

    def send_data(self) -> None:
        """What is sent in one round of the loop goes out at once: the acks of a group are one write.

        What opens or closes the connection does not wait, and goes after what was sent before it.
        """
        if self.protocol.state is not State.OPEN:
            super().send_data()
        elif self._writing is None:
            self._writing = self.loop.call_soon(self._write)

    def _write(self) -> None:
        self._writing = None
        frames = self.protocol.data_to_send()
        if all(frames):
            self.transport.write(b"".join(frames))
        else:  # an empty one stands for the end
            self.protocol.writes = frames
            super().send_data()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        if self._tick is not None:
            self._tick.cancel()
        super().connection_lost(exc)

    def _tick_later(self, *_: Any) -> None:  # noqa: ANN401
        # All connections tick together: a process that sleeps is woken once for them.
        self._tick = self.loop.call_at((self.loop.time() // TICK + 1) * TICK, self._ticked)

    def _ticked(self) -> None:
        self.unread.tick()
        self._tick_later()
