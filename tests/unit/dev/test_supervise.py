from __future__ import annotations

import asyncio

import pytest

from pulser_local.errors import LocalError
from pulser_local.supervise import keep_running, together


async def test_a_worker_that_crashes_is_started_again() -> None:
    """An error of a worker is told and the worker runs again."""
    lines: list[str] = []
    again = asyncio.Event()

    async def run() -> None:
        if lines:
            again.set()
            await asyncio.Event().wait()
        raise ConnectionResetError("gone")

    keeper = asyncio.create_task(keep_running("net worker", run, on_line=lines.append))
    await asyncio.wait_for(again.wait(), timeout=10)
    keeper.cancel()
    assert lines == ["net worker stopped (ConnectionResetError: gone); restarting in 0.2 s"]


async def test_a_fatal_error_of_a_worker_is_raised() -> None:
    """A LocalError is not retried."""

    async def run() -> None:
        raise LocalError("the disk is full")

    with pytest.raises(LocalError, match="the disk is full"):
        await keep_running("net worker", run, on_line=lambda _line: None)


async def test_the_first_error_ends_the_others() -> None:
    """together() cancels what is still running and raises the error as it is."""
    cancelled = asyncio.Event()

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async def fail() -> None:
        raise LocalError("no port")

    with pytest.raises(LocalError, match="no port"):
        await together(wait(), fail())
    assert cancelled.is_set()
