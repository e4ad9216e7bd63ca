"""What looks for changes while a page is open, and only then."""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator

Events = asyncio.Queue[tuple[str, object]]  # (kind, what json.dumps takes), on their way to a page


class Watch(ABC):
    """Looks again and again, and tells all its subscribers what changed; rests while there are none."""

    def __init__(self, *, poll_seconds: float) -> None:
        self._poll_seconds = poll_seconds
        self._subscribers: set[Events] = set()
        self._task: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def subscribe(self, queue: Events) -> AsyncIterator[None]:
        """Put what changes on the queue while inside."""
        self._subscribers.add(queue)
        self.greet(queue)
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            self._subscribers.discard(queue)
            if not self._subscribers and self._task is not None:
                task, self._task = self._task, None
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    @abstractmethod
    def greet(self, queue: Events) -> None:
        """Tell a new subscriber what he would otherwise only hear at the next change."""

    @abstractmethod
    async def look(self) -> None:
        """Look once, and `tell` what changed. Must not raise."""

    def tell(self, kind: str, data: object) -> None:
        """Put one event on the queue of each subscriber."""
        for queue in self._subscribers:
            queue.put_nowait((kind, data))

    async def _run(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(self._poll_seconds)
