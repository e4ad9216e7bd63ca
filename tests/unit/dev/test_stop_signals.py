from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

SCRIPT = """
import asyncio
from pulser_cli.stop_signals import until_stopped

async def work():
    print("works", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        print("cleans up", flush=True)
        if {stubborn}:
            await asyncio.Event().wait()

asyncio.run(until_stopped(work(), on_stop=lambda: print("stopping", flush=True), children=dict))
print("ended", flush=True)
"""


@asynccontextmanager
async def working(*, stubborn: bool = False) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process at work; killed if the test leaves it running."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SCRIPT.format(stubborn=stubborn), stdout=asyncio.subprocess.PIPE
    )
    try:
        await said(process, "works")
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def said(process: asyncio.subprocess.Process, text: str) -> None:
    """Read until the process has printed this line."""
    assert process.stdout is not None
    while (line := await asyncio.wait_for(process.stdout.readline(), timeout=20)) != f"{text}\n".encode():
        assert line, f"ended without saying {text!r}"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_lets_the_work_clean_up(number: signal.Signals) -> None:
    """Ctrl-C, SIGTERM and a closed terminal cancel the work, wait for it, and return."""
    async with working() as process:
        process.send_signal(number)
        for text in ("stopping", "cleans up", "ended"):
            await said(process, text)
        assert await asyncio.wait_for(process.wait(), timeout=20) == 0


async def test_a_second_interrupt_ends_at_once() -> None:
    """Ctrl-C again does not wait for a clean-up that hangs."""
    async with working(stubborn=True) as process:
        process.send_signal(signal.SIGINT)
        await said(process, "cleans up")
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), timeout=5) == 1


async def test_a_clean_up_that_hangs_is_given_up() -> None:
    """A clean-up that does not end is given up before the ten seconds of the contract."""
    async with working(stubborn=True) as process:
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), timeout=10) == 1
