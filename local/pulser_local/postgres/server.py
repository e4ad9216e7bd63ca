"""The life of one PostgreSQL server: initdb, start, wait, stop."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncpg

from pulser_local.errors import LocalError
from pulser_local.ports import free_port
from pulser_local.postgres.account import Account, server_account, server_environment
from pulser_local.postgres.home import Home
from pulser_local.postgres.installation import Installation, find_installation
from pulser_local.postgres.lifeline import die_with_parent

START_LIMIT_S = 20.0
FAST_STOP_LIMIT_S = 5.0
IMMEDIATE_STOP_LIMIT_S = 5.0
PORT_ATTEMPTS = 3
POLL_S = 0.01

# The data is thrown away at the end, so nothing in it has to survive a power cut. A commit still has to survive the
# crash of a backend: synchronous_commit stays on, which without fsync costs one write into the kernel's memory.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "max_worker_processes": "20",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "log_line_prefix": "%m [%p] %d ",
}
NOT_READY = (
    OSError,
    asyncpg.CannotConnectNowError,
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.InvalidAuthorizationSpecificationError,  # somebody else's server has the port; ours will end
)
CRON_SETTINGS = {
    "shared_preload_libraries": "pg_cron",
    "cron.database_name": "postgres",
    "cron.use_background_workers": "on",
}


class PostgresServer:
    """A running server whose data lives exactly as long as it does.

    `url` connects as the superuser `postgres`; `log` is the server's own log. Start it from the main thread:
    the kernel ends the server when the thread that started it ends.
    """

    def __init__(self, process: subprocess.Popen[bytes], home: Home, *, port: int, password: str) -> None:
        self._process = process
        self._home = home
        self.port = port
        self.log = home.log
        self.url = f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"

    @classmethod
    async def start(cls, directory: Path, *, port: int = 0, settings: Mapping[str, str] | None = None) -> Self:
        """Make a new cluster in the directory and wait until it answers; port 0 means any free port.

        `settings` go before our own, for what measures a server that must survive a power cut.

        Data of a dead run in the directory is removed. Raises LocalError, with the end of the server's log,
        when there is no PostgreSQL, the directory is in use, or the server does not come up.
        """
        account = server_account()
        installation = find_installation(account)
        home = Home.claim(directory, account)
        try:
            password = secrets.token_urlsafe(24)
            await asyncio.to_thread(_initdb, installation, account, home, password=password)
            start = functools.partial(_spawn, installation, account, home, settings or {})
            return await cls._launch(start, home, port=port, password=password)
        except BaseException:
            home.remove()
            raise

    @classmethod
    async def _launch(
        cls, start: Callable[[int], subprocess.Popen[bytes]], home: Home, *, port: int, password: str
    ) -> Self:
        for _ in range(PORT_ATTEMPTS):
            chosen = port or free_port()
            process = start(chosen)
            server = cls(process, home, port=chosen, password=password)
            try:
                await server._until_ready()
            except _PortTakenError:
                if port:
                    break
                continue
            except BaseException:
                await server._end_process()
                raise
            return server
        raise LocalError(f"Port {chosen} is taken.", remedy="Name another port, or 0 for any free one.")

    async def _until_ready(self) -> None:
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                log = self.log_tail()
                if "Address already in use" in log:
                    raise _PortTakenError
                raise LocalError(f"PostgreSQL ended while starting. Its log ends with:\n{log}")
            with contextlib.suppress(*NOT_READY):
                connection = await asyncpg.connect(self.url, timeout=5)
                await connection.close()
                return
            await asyncio.sleep(POLL_S)
        raise LocalError(f"PostgreSQL did not answer in {START_LIMIT_S:.0f} s. Its log ends with:\n{self.log_tail()}")

    @property
    def pid(self) -> int:
        """The process of the server; its backends are children of it."""
        return self._process.pid

    def log_tail(self, lines: int = 20) -> str:
        """The last lines of the server's log."""
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except FileNotFoundError:
            return "(no log)"

    async def wait(self) -> int:
        """Wait until the server has ended, for whatever reason; its exit status."""
        while (status := self._process.poll()) is None:  # noqa: ASYNC110  # a Popen belongs to no loop: tests change it
            await asyncio.sleep(0.05)
        return status

    async def stop(self) -> None:
        """End the server (sessions are cut) and remove its data. Does nothing the second time."""
        await self._end_process()
        if self._home.path.exists():
            self._home.remove()

    async def _end_process(self) -> None:
        # SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one.
        steps = ((signal.SIGINT, FAST_STOP_LIMIT_S), (signal.SIGQUIT, IMMEDIATE_STOP_LIMIT_S))
        for number, limit_s in steps:
            if self._process.poll() is not None:
                return
            self._process.send_signal(number)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(limit_s):
                    await self.wait()
        if self._process.poll() is None:
            self._process.kill()
            await self.wait()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


class _PortTakenError(Exception):
    """Somebody took the port between our choice and the server's bind."""


def _initdb(installation: Installation, account: Account, home: Home, *, password: str) -> None:
    secret = home.path / "password"  # a pipe of root's could not be opened by the server's user
    secret.touch(mode=0o600)
    secret.write_text(password)
    account.own(secret)
    try:
        for locale in _locale_options(installation):
            done = account.run(
                [
                    installation.program("initdb"),
                    "-D",
                    home.data,
                    "-U",
                    "postgres",
                    "-A",
                    "scram-sha-256",
                    f"--pwfile={secret}",
                    "--encoding=UTF8",
                    "--no-sync",
                    "--no-instructions",
                    *locale,
                ]
            )
            if done.returncode == 0:
                return
    finally:
        secret.unlink()
    raise LocalError(f"initdb failed: {done.stderr.strip()}", remedy="Check that the disk is not full.")


def _locale_options(installation: Installation) -> list[list[str]]:
    """Options to try in turn, for the order and case rules that hosted Supabase has (C.UTF-8)."""
    if installation.major >= 17:  # the first with a locale provider of its own
        return [["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]]
    return [["--locale=C.UTF-8"], ["--locale=C"]]  # macOS and old glibc have no C.UTF-8


def _spawn(
    installation: Installation, account: Account, home: Home, more: Mapping[str, str], port: int
) -> subprocess.Popen[bytes]:
    settings = {**SETTINGS, "port": str(port), **(CRON_SETTINGS if installation.has_pg_cron else {}), **more}
    flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    home.log.touch(mode=0o600)  # it quotes statements that failed
    with home.log.open("wb") as log:
        return subprocess.Popen(  # type: ignore[call-overload,no-any-return]  # typeshed wants literal keywords
            [str(installation.program("postgres")), "-D", str(home.data), *flags],
            cwd="/",
            env=server_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C at a terminal is for us; we then stop the server in order
            preexec_fn=die_with_parent(),  # noqa: PLW1509  # see lifeline.py: only system calls, after the change of user
            **account.popen_options(),
        )
