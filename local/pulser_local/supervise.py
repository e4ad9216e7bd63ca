from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from pulser_local.backoff import Backoff
from pulser_local.errors import LocalError


async def keep_running(name: str, run: Callable[[], Awaitable[None]], *, on_line: Callable[[str], None]) -> None:
    """Run a worker for ever: when it ends, say why and start it again. A LocalError is fatal and raised."""
    backoff = Backoff()
    while True:
        backoff.started()
        try:
            await run()
            reason = "it returned"
        except LocalError:
            raise
        except Exception as error:  # noqa: BLE001  # the loop's boundary: whatever it was, the worker goes on
            reason = f"{type(error).__name__}: {error}"
        delay = backoff.after_failure()
        on_line(f"{name} stopped ({reason}); restarting in {delay:.1f} s")
        await asyncio.sleep(delay)


async def together(*parts: Coroutine[Any, Any, object]) -> None:
    """Run all at once. The first error cancels the others and is raised as it is, not in a group."""
    try:
        async with asyncio.TaskGroup() as group:
            for part in parts:
                group.create_task(part)
    except BaseExceptionGroup as errors:
        raise _first(errors) from None


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    for error in errors.exceptions:
        return _first(error) if isinstance(error, BaseExceptionGroup) else error
    raise AssertionError("an exception group is never empty")
