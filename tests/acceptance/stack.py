"""A `pulser dev` in a process of its own, and how a test looks at it from outside."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import aiohttp
import asyncpg

PULSER = Path(sys.executable).with_name("pulser")
CONTRACT = {"ready", "gateway_url", "database_url", "slack_api_url", "console_url"}


@dataclass(frozen=True, slots=True)
class Dev:
    """A `pulser dev` that is up."""

    process: asyncio.subprocess.Process
    ready: Mapping[str, Any]
    folder: Path

    def run_file(self) -> dict[str, Any]:
        """What .pulser/dev.json says."""
        content: dict[str, Any] = json.loads((self.folder / ".pulser" / "dev.json").read_text())
        return content

    def ports(self) -> list[int]:
        """The ports it listens on, as its URLs say."""
        return [urlsplit(self.ready[name]).port or 0 for name in ("gateway_url", "database_url", "console_url")]

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; the exit code."""
        self.process.send_signal(number)
        return await asyncio.wait_for(self.process.wait(), timeout=10)


def environment(**more: str) -> dict[str, str]:
    """Ours, without any token of a Slack."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SLACK_")} | more


@asynccontextmanager
async def started(folder: Path, *arguments: str, **more: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """`pulser dev --json` on any free port; killed if the test leaves it running."""
    with (folder / "stderr.txt").open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            *(str(PULSER), "dev", "--json", "--port", "0", *arguments),
            cwd=folder,
            env=environment(**more),
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@asynccontextmanager
async def running(folder: Path, *arguments: str, **more: str) -> AsyncIterator[Dev]:
    """A `pulser dev` that has said that it is ready."""
    async with started(folder, *arguments, **more) as process:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), timeout=60)
        assert line, (folder / "stderr.txt").read_text()
        dev = Dev(process, json.loads(line), folder)
        yield dev
        if process.returncode is None:
            await dev.end()


async def refused(folder: Path, *arguments: str, **more: str) -> str:
    """What a `pulser dev` that must not start says on standard error; asserts its exit code and silence."""
    async with started(folder, *arguments, **more) as process:
        output, _ = await asyncio.wait_for(process.communicate(), timeout=60)
    said = (folder / "stderr.txt").read_text()
    assert (process.returncode, output) == (1, b""), said
    assert "Traceback" not in said
    return said


async def until(condition: Callable[[], Awaitable[bool]], *, limit: float = 20) -> None:
    """Wait until something outside this process is so."""
    async with asyncio.timeout(limit):
        while not await condition():  # noqa: ASYNC110  # another process sets no event of ours
            await asyncio.sleep(0.05)


def shown_by_ps(*arguments: str) -> str:
    """What `ps` says."""
    return subprocess.run(["ps", *arguments], capture_output=True, text=True, check=True).stdout


def descendants(pid: int) -> set[int]:
    """The processes that a process started, and theirs."""
    listed = shown_by_ps("-eo", "pid=,ppid=")
    children: dict[int, list[int]] = {}
    for line in listed.splitlines():
        child, parent = map(int, line.split())
        children.setdefault(parent, []).append(child)
    found: set[int] = set()
    ahead = [pid]
    while ahead:
        new = children.get(ahead.pop(), [])
        found.update(new)
        ahead.extend(new)
    return found


async def none_alive(pids: set[int]) -> bool:
    """Whether all these processes have ended (a zombie has)."""
    listed = shown_by_ps("-eo", "pid=,stat=")
    alive = {int(pid) for pid, state in map(str.split, listed.splitlines()) if not state.startswith("Z")}
    return not alive & pids


def listens(port: int) -> bool:
    """Whether somebody answers on this port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def emit(database_url: str, event_type: str = "ci.failed") -> str:
    """Append an event through SQL; its id."""
    connection = await asyncpg.connect(database_url)
    try:
        # A fingerprint of its own: none is the repeat of another.
        told = {"service": "shop-web", "title": "2 of 96 checks failed", "fingerprint": str(uuid4())}
        payload = json.dumps(told)
        return str(
            await connection.fetchval(
                "select ops.append_event_v1(event_type => $1, payload => $2::jsonb)", event_type, payload
            )
        )
    finally:
        await connection.close()


async def messages_of(console_url: str, event_id: str) -> list[dict[str, Any]]:
    """The messages of an event that stand in the workspace of a running simulator."""
    async with aiohttp.ClientSession() as http, http.get(f"{console_url}/sim/messages") as response:
        messages = (await response.json())["messages"]
    return [
        message
        for message in messages
        if (message.get("metadata") or {}).get("event_payload", {}).get("event_id") == event_id
    ]


async def stands(console_url: str, event_id: str) -> bool:
    """Whether an event has its message in the simulated workspace."""
    return bool(await messages_of(console_url, event_id))


async def ask(database_url: str, statement: str, *arguments: str) -> str:
    """One value from the database."""
    connection = await asyncpg.connect(database_url)
    try:
        return str(await connection.fetchval(statement, *arguments))
    finally:
        await connection.close()
