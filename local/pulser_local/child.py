from __future__ import annotations

import asyncio
import codecs
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LAUNCHER = Path(__file__).with_name("child_launcher.py")
STOP_LIMIT = 3.0  # seconds between SIGTERM and SIGKILL
LONGEST_LINE = 65_536  # characters; a longer line is cut into several


@dataclass(slots=True)
class Child:
    """A running program in a process group of its own; its output is read line by line."""

    process: asyncio.subprocess.Process
    output: asyncio.Task[None]

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its group."""
        return self.process.pid

    async def wait(self) -> int:
        """Wait for the program's own end and return its exit code (negative: the signal)."""
        return await self.process.wait()

    async def stop(self, *, limit: float = STOP_LIMIT) -> None:
        """End the whole group: SIGTERM, then SIGKILL after `limit` seconds. Safe to call twice."""
        signal_group(self.pid, signal.SIGTERM)
        try:
            async with asyncio.timeout(limit):
                await self.process.wait()
        except TimeoutError:
            pass
        finally:
            # Also after a clean end: a worker whose master was killed lives on and holds the port.
            signal_group(self.pid, signal.SIGKILL)
        await self.process.wait()
        await asyncio.wait({self.output}, timeout=1.0)


async def start_child(
    command: Sequence[str], *, environment: Mapping[str, str], directory: Path, on_line: Callable[[str], None]
) -> Child:
    """Start a command in its own process group; each line of its output and errors goes to `on_line`.

    Raises OSError when the launcher cannot be started. On Linux the kernel ends it with this process.
    """
    # A pipe of our own: with asyncio's pipes some Python versions let `wait` hang until they close,
    # and an orphaned grandchild keeps them open.
    readable, writable = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), *command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=writable,
            stderr=writable,
            env=dict(environment),
            cwd=directory,
            start_new_session=True,
        )
    except BaseException:
        os.close(readable)
        raise
    finally:
        os.close(writable)
    return Child(process, asyncio.create_task(_forward(readable, on_line)))


def signal_group(pid: int, number: signal.Signals) -> bool:
    """Send a signal to a process group; False when it is gone."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


async def _forward(readable: int, on_line: Callable[[str], None]) -> None:
    reader = asyncio.StreamReader()
    pipe = os.fdopen(readable, "rb", buffering=0)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), pipe
    )
    try:
        async for line in _lines(reader):
            on_line(line)
    finally:
        transport.close()


async def _lines(reader: asyncio.StreamReader) -> AsyncIterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    rest = ""
    while chunk := await reader.read(LONGEST_LINE):
        *lines, rest = (rest + decoder.decode(chunk)).split("\n")
        for line in lines:
            yield line.rstrip("\r")
        if len(rest) > LONGEST_LINE:
            yield rest
            rest = ""
    if rest:
        yield rest
