"""SIGTERM to the function's process: first the relay hands over, then the server ends."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable
from types import FrameType

import structlog

log = structlog.get_logger()


def before_sigterm(work: Callable[[], Awaitable[None]]) -> None:
    """Do `work` when SIGTERM comes, and let the server have the signal after that.

    Uvicorn ends the process as soon as its own requests are answered; what runs beside them is not asked. Where
    nobody handles SIGTERM (a test), nothing is changed.
    """
    former = signal.getsignal(signal.SIGTERM)
    if threading.current_thread() is not threading.main_thread() or not callable(former):
        return
    loop = asyncio.get_running_loop()
    ending: list[asyncio.Task[None]] = []

    async def end() -> None:
        try:
            await work()
        except Exception:  # the boundary: whatever happens, the process must end
            log.exception("handing_over_failed")
        finally:
            signal.signal(signal.SIGTERM, former)
            signal.raise_signal(signal.SIGTERM)

    def begin() -> None:
        if not ending:  # a process group's signal and the parent's own: the second one changes nothing
            ending.append(asyncio.create_task(end()))

    def come(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(begin)

    signal.signal(signal.SIGTERM, come)
