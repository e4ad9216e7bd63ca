from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn, TypeVar

from pulser_local.child import signal_group

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOP_LIMIT = 9.0  # seconds; the contract is 10

Result = TypeVar("Result")


async def until_stopped(
    work: Coroutine[Any, Any, Result],
    *,
    on_stop: Callable[[], None],
    children: Callable[[], dict[str, int]],
) -> Result | None:
    """The result of the work, or None when Ctrl-C, SIGTERM or a closed terminal ended it first.

    The work cleans up when it is cancelled. A second Ctrl-C, or 9 s without an end, kills the process groups
    of `children` and this process.
    """

    def force() -> NoReturn:
        # The rest ends with this process: see child_launcher.py and postgres/lifeline.py.
        for pid in children().values():
            signal_group(pid, signal.SIGKILL)
        os._exit(1)

    with _stop_signals(again=force) as stop:
        working = asyncio.create_task(work)
        asked = asyncio.create_task(stop.wait())
        await asyncio.wait({working, asked}, return_when=asyncio.FIRST_COMPLETED)
        if not asked.done():
            asked.cancel()
            return working.result()
        on_stop()
        limit = asyncio.get_running_loop().call_later(STOP_LIMIT, force)
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
        limit.cancel()
        return None


@contextmanager
def _stop_signals(*, again: Callable[[], None]) -> Iterator[asyncio.Event]:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def interrupted() -> None:
        if stop.is_set():
            again()
        stop.set()

    for number in ENDING:
        loop.add_signal_handler(number, interrupted if number == signal.SIGINT else stop.set)
    try:
        yield stop
    finally:
        for number in ENDING:
            loop.remove_signal_handler(number)
