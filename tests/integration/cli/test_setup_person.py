"""`pulser setup` at a terminal: a person is asked, and no secret is seen."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.fixtures.postgres import Connection
from tests.repository.tree import ROOT

PULSER = Path(sys.executable).with_name("pulser")
VALUE = "select decrypted_secret from vault.decrypted_secrets where name = $1"
LIMIT = 30.0  # seconds until an answer that never comes is given up
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Terminal:
    """A person's terminal: what stands there, and what is typed."""

    def __init__(self, master: int, process: asyncio.subprocess.Process) -> None:
        self.shown = ""
        self.process = process
        self._master = master
        self._answered = 0
        self._more = asyncio.Event()
        self._is_over = asyncio.Event()
        asyncio.get_running_loop().add_reader(master, self._read)

    def _read(self) -> None:
        try:
            self.shown += _COLOURS.sub("", os.read(self._master, 4096).decode(errors="replace"))
        except OSError:  # the other end is closed
            asyncio.get_running_loop().remove_reader(self._master)
            self._is_over.set()
        self._more.set()

    async def asked(self, question: str) -> None:
        """Wait until it has been put, and is open: what is typed before is thrown away."""
        async with asyncio.timeout(LIMIT):
            while not (question in self.shown[self._answered :] and self.shown.endswith(": ")):
                self._more.clear()
                await self._more.wait()

    async def answer(self, question: str, line: str) -> None:
        """Type a line when the question has been put."""
        await self.asked(question)
        self._answered = len(self.shown)
        os.write(self._master, line.encode() + b"\n")

    async def end(self) -> int:
        """The exit code, when all that it says has been read."""
        async with asyncio.timeout(LIMIT):
            await self._is_over.wait()
            return await self.process.wait()


@asynccontextmanager
async def setting_up(database_url: str, *arguments: str) -> AsyncIterator[Terminal]:
    """`pulser setup` on a terminal of its own."""
    master, slave = pty.openpty()
    environment = {**os.environ, "SUPABASE_DB_URL": database_url, "TERM": "xterm", "COLUMNS": "200"}
    process = await asyncio.create_subprocess_exec(
        *(str(PULSER), "setup", *arguments),
        cwd=ROOT,
        env=environment,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    terminal = Terminal(master, process)
    try:
        yield terminal
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        asyncio.get_running_loop().remove_reader(master)
        os.close(master)


@pytest.fixture
def url(database_url: str) -> str:
    """A database in which the migrations are applied already."""
    return database_url


async def test_a_person_is_asked_for_what_is_missing_and_no_secret_is_seen(url: str, connection: Connection) -> None:
    """The tokens are typed blindly, the address is not; all are stored."""
    async with setting_up(url, "--yes") as terminal:
        await terminal.answer("slack_bot_token (", "xoxb-sentinel")
        await terminal.answer("slack_app_token (", "xapp-sentinel")
        await terminal.answer("slack_signing_secret (", "")
        await terminal.answer("pulser_functions_url (", "https://project.example/functions/v1")
        assert await terminal.end() == 0, terminal.shown
    assert "sentinel" not in terminal.shown
    assert "https://project.example/functions/v1" in terminal.shown
    assert await connection.fetchval(VALUE, "slack_bot_token") == "xoxb-sentinel"
    assert await connection.fetchval(VALUE, "slack_app_token") == "xapp-sentinel"


async def test_what_cannot_be_right_is_asked_for_again(url: str, connection: Connection) -> None:
    """With the reason, and without what was typed."""
    async with setting_up(url, "--yes") as terminal:
        await terminal.answer("slack_bot_token (", "xapp-sentinel")
        await terminal.answer("slack_bot_token (", "xoxb-sentinel")
        await terminal.asked("slack_app_token (")
    assert "That cannot be slack_bot_token: it begins with xoxb-" in terminal.shown
    assert "sentinel" not in terminal.shown
    assert await connection.fetchval(VALUE, "slack_bot_token") == "xoxb-sentinel"


async def test_what_was_answered_before_an_interruption_is_kept(url: str, connection: Connection) -> None:
    """Ctrl-C at the second question; the next run asks for the rest only."""
    async with setting_up(url, "--yes") as terminal:
        await terminal.answer("slack_bot_token (", "xoxb-sentinel")
        await terminal.asked("slack_app_token (")
        terminal.process.send_signal(signal.SIGINT)
        assert await terminal.end() != 0
    assert "Traceback" not in terminal.shown
    async with setting_up(url, "--yes") as again:
        await again.asked("slack_app_token (")
    assert "slack_bot_token (" not in again.shown
    assert await connection.fetchval(VALUE, "slack_bot_token") == "xoxb-sentinel"


async def test_one_secret_can_be_changed(url: str, connection: Connection) -> None:
    """It is asked for though it is there; Enter would keep it."""
    await connection.execute("select ops.store_secret_v1('slack_bot_token', 'xoxb-old')")
    async with setting_up(url, "--yes", "--change", "slack_bot_token") as terminal:
        await terminal.answer("Enter keeps the old one", "xoxb-sentinel")
        await terminal.asked("slack_app_token (")
    assert await connection.fetchval(VALUE, "slack_bot_token") == "xoxb-sentinel"


async def test_the_key_of_the_functions_can_be_made_anew(url: str, connection: Connection) -> None:
    """Nobody types it."""
    await connection.execute("select ops.store_secret_v1('pulser_function_key', 'old')")
    async with setting_up(url, "--yes", "--change", "pulser_function_key") as terminal:
        for name in ("slack_bot_token", "slack_app_token", "slack_signing_secret", "pulser_functions_url"):
            await terminal.answer(f"{name} (", "")
        await terminal.end()
    assert await connection.fetchval(VALUE, "pulser_function_key") != "old"


async def test_who_does_not_want_the_routes_keeps_his(url: str, connection: Connection) -> None:
    """He sees what would change, and says no; the rest goes on."""
    async with setting_up(url) as terminal:
        await terminal.answer("Change the routes so?", "n")
        await terminal.asked("slack_bot_token (")
    assert "+ ci: event_pattern ci.*" in terminal.shown
    assert await connection.fetchval("select count(*) from ops.notification_routes") == 1


async def test_the_way_to_the_tokens_is_told_first(url: str) -> None:
    """The app is made from the manifest, then its tokens are there."""
    async with setting_up(url, "--yes") as terminal:
        await terminal.asked("slack_bot_token (")
    assert terminal.shown.index("`pulser manifest`") < terminal.shown.index("slack_bot_token (xoxb")
