"""What a peer does when Slack refreshes its connection, and when one is half-open: how long nothing could reach it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from bench.peers.load import envelopes
from bench.peers.world import Peer
from pulser_local.slack import SlackSimulator
from pulser_local.slack.socket_mode.connection import Connection
from pulser_local.slack.socket_mode.envelope import Delivered

AT_A_REFRESH, AT_A_SILENCE = 100.0, 20.0  # envelopes a second that meanwhile ask whether somebody is there
DIAL = 0.3  # seconds that a dial takes: as Slack's does, with TLS and the way there
WARNING = 3.0  # seconds from Slack's warning to its cut; ten in Slack's own life
HALF_OPEN_LIMIT = 75.0  # seconds
LOOK = 0.01


@dataclass(slots=True)
class Watch:
    """Looks all the time whether a connection could be used."""

    slack: SlackSimulator
    per_second: float
    gaps: list[float] = field(default_factory=list)
    acks: list[float] = field(default_factory=list)
    sent: int = 0
    failed: int = 0
    _since: float | None = None

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """As long as the block runs."""
        tasks = [asyncio.create_task(it) for it in (self._look(), self._ask())]
        try:
            yield
            await asyncio.sleep(0.1)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._over()

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            if any(_usable(one) for one in self.slack.sockets.live):
                self._over()
            elif self._since is None:
                self._since = loop.time()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    self.slack.sockets.changed.clear()
                    await self.slack.sockets.changed.wait()

    def _over(self) -> None:
        if self._since is not None:
            self.gaps.append(asyncio.get_running_loop().time() - self._since)
            self._since = None

    async def _ask(self) -> None:
        made, loop = envelopes(self.slack), asyncio.get_running_loop()
        began = loop.time()
        while True:
            self.slack.sockets.deliver(next(made)).add_done_callback(self._heard)
            self.sent += 1
            await asyncio.sleep(max(0.0, began + self.sent / self.per_second - loop.time()))

    def _heard(self, delivered: asyncio.Future[Delivered]) -> None:
        after = None if delivered.cancelled() else delivered.result().after
        if after is None:
            self.failed += 1
        else:
            self.acks.append(after)

    def figures(self) -> dict[str, Any]:
        """How long no connection was open; the ack that was waited for longest; and how many envelopes had none."""
        slowest = round(1000 * max(self.acks, default=0.0), 1)
        return {
            "without_s": round(sum(self.gaps), 3),
            "slowest_ack_ms": slowest,
            "sent": self.sent,
            "not_acked": self.failed,
        }


def _usable(connection: Connection) -> bool:
    return connection.takes and not connection.closing and not connection.muted


async def refresh(peer: Peer) -> dict[str, Any]:
    """Slack's word that it will cut, and then the cut, of one connection."""
    peer.slack.sockets.settings.dial_delay = DIAL
    watch, (first, *_) = Watch(peer.slack, AT_A_REFRESH), peer.slack.sockets.live
    async with watch.watching():
        await asyncio.sleep(0.5)
        first.disconnect("warning")
        await asyncio.sleep(WARNING)
        if first.is_open:
            first.disconnect("refresh_requested")
            first.close()
        await asyncio.sleep(3.5)
    return watch.figures()


async def half_open(peer: Peer) -> dict[str, Any]:
    """One connection says nothing any more and hears nothing: until another one has its place."""
    sockets, loop = peer.slack.sockets, asyncio.get_running_loop()
    sockets.settings.dial_delay = DIAL
    watch, had = Watch(peer.slack, AT_A_SILENCE), {one.id for one in sockets.live}
    replaced: float | None = None
    async with watch.watching():
        await asyncio.sleep(0.5)
        began = loop.time()
        sockets.live[0].mute()
        with suppress(TimeoutError):
            async with asyncio.timeout(HALF_OPEN_LIMIT):
                while all(one.id in had for one in sockets.live):
                    sockets.changed.clear()
                    await sockets.changed.wait()
                replaced = round(loop.time() - began, 2)
        await asyncio.sleep(3.2)
    return watch.figures() | {"replaced_after_s": replaced}
