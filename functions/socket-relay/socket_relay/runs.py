"""The runs of a function's process: one that takes connections, and those before it that hand over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from socket_relay.relay import Relay

log = structlog.get_logger()


class Runs:
    """`ring` sees to it that one run serves. `make` makes a relay from its number."""

    def __init__(self, make: Callable[[int], Relay]) -> None:
        self._make = make
        self._number = 0
        self._stopping = False
        self._present: Relay | None = None
        self._tasks: dict[asyncio.Task[None], Relay] = {}

    @property
    def present(self) -> Relay | None:
        """The run that takes connections, or did last."""
        return self._present

    def ring(self) -> Relay | None:
        """The run that serves; a new one when there is none or it retires. None in a process that is about to end."""
        if self._stopping:
            return None
        serving = [it for it in self._tasks.values() if not it.retiring]
        if serving:
            return serving[-1]
        self._number += 1
        self._present = relay = self._make(self._number)
        task = asyncio.create_task(_run(relay))
        self._tasks[task] = relay
        task.add_done_callback(lambda it: self._tasks.pop(it, None))
        return relay

    async def stop(self) -> None:
        """SIGTERM: all runs hand over, to another process, and end."""
        self._stopping = True
        for relay in self._tasks.values():
            relay.stop()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        """End all runs, without waiting for successors."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _run(relay: Relay) -> None:
    try:
        await relay.run()
    except Exception:  # the boundary of a run: cron rings again
        log.exception("run_failed", worker=relay.worker)
