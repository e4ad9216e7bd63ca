"""`pulser dev`, started as a person or a script starts it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from pulser_local.slack import SlackSimulator
from tests.acceptance.stack import (
    CONTRACT,
    Dev,
    ask,
    descendants,
    emit,
    listens,
    messages_of,
    none_alive,
    refused,
    running,
    shown_by_ps,
    stands,
    started,
    until,
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def dev(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Dev]:
    """One for the tests after which it serves as before: a start costs eight seconds of a processor."""
    async with running(tmp_path_factory.mktemp("dev")) as up:
        yield up


async def test_an_event_becomes_a_message(dev: Dev) -> None:
    """With everything simulated, an event written through SQL stands in the workspace once, in its channel."""
    event_id = await emit(dev.ready["database_url"])
    await until(lambda: stands(dev.ready["console_url"], event_id))
    assert [it["channel_name"] for it in await messages_of(dev.ready["console_url"], event_id)] == ["ops-ci"]


async def test_the_ready_line_is_the_only_output(tmp_path: Path) -> None:
    """Standard output is one line with the names of the contract."""
    async with running(tmp_path) as dev:
        await dev.end()
        assert dev.process.stdout is not None
        assert await dev.process.stdout.read() == b""
    assert dev.ready["ready"] is True
    assert set(dev.ready) == CONTRACT


async def test_the_run_file_is_there_for_the_other_commands(dev: Dev) -> None:
    """.pulser/dev.json has the process and the URLs, for its owner alone."""
    content = dev.run_file()
    mode = (dev.folder / ".pulser" / "dev.json").stat().st_mode & 0o777
    assert content["pid"] == dev.process.pid
    assert {name: content[name] for name in CONTRACT - {"ready"}} == {
        name: dev.ready[name] for name in CONTRACT - {"ready"}
    }
    assert mode == 0o600


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_and_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    """SIGTERM and Ctrl-C end it with 0; no process, no listening port and no file is left."""
    async with running(tmp_path) as dev:
        pids = descendants(dev.process.pid)
        assert await dev.end(number) == 0
    assert await none_alive(pids)
    assert not any(listens(port) for port in dev.ports())
    assert not (tmp_path / ".pulser" / "dev.json").exists()


@pytest.mark.parametrize("step", ["Postgres", "Migrations"])
async def test_a_signal_during_the_start_ends_it(tmp_path: Path, step: str) -> None:
    """SIGTERM after a step of the start ends it with 0 and leaves no process."""
    async with started(tmp_path) as process:
        await until(lambda: _said(tmp_path, f"{step} done"))
        pids = descendants(process.pid)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), timeout=10) == 0
    await until(lambda: none_alive(pids))
    assert not (tmp_path / ".pulser" / "dev.json").exists()


async def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    """A gateway port that somebody has is a clear error."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"Port {port}" in await refused(tmp_path, "--port", str(port))


async def test_a_killed_function_comes_back(dev: Dev) -> None:
    """After kill -9 of notify-dispatch the next event still arrives."""
    killed = dev.run_file()["children"]["notify-dispatch"]
    os.kill(killed, signal.SIGKILL)
    event_id = await emit(dev.ready["database_url"])
    # The sweep finds it: within seconds, or within a minute where pg_cron has no seconds.
    await until(lambda: stands(dev.ready["console_url"], event_id), limit=90)
    assert dev.run_file()["children"]["notify-dispatch"] != killed


async def test_a_second_run_in_the_folder_is_refused(dev: Dev) -> None:
    """While one runs, another in the same folder says so, and the first one goes on."""
    assert f"process {dev.process.pid}" in await refused(dev.folder)
    assert dev.run_file()["pid"] == dev.process.pid


async def test_it_ends_when_its_postgres_is_gone(tmp_path: Path) -> None:
    """When the embedded Postgres dies, all ends with 1 and the reason."""
    async with running(tmp_path) as dev:
        postmaster = int(
            await ask(dev.ready["database_url"], "select split_part(pg_read_file('postmaster.pid'), chr(10), 1)")
        )
        os.kill(postmaster, signal.SIGQUIT)
        assert await asyncio.wait_for(dev.process.wait(), timeout=10) == 1
    assert "The embedded Postgres ended" in (tmp_path / "stderr.txt").read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel ends children with their parent on Linux alone")
async def test_killed_itself_it_leaves_no_process(tmp_path: Path) -> None:
    """After kill -9 of pulser dev its functions and its Postgres end, and the next run starts."""
    async with running(tmp_path) as dev:
        pids = descendants(dev.process.pid)
        assert await dev.end(signal.SIGKILL) == -signal.SIGKILL
        await until(lambda: none_alive(pids))
    async with running(tmp_path) as again:
        assert again.run_file()["pid"] == again.process.pid


async def test_a_foreign_database_and_slack_serve(
    tmp_path: Path, plain_database_url: str, simulator: SlackSimulator
) -> None:
    """With a Postgres and a Slack that are not its own, an event arrives there, and the URLs are the given ones."""
    arguments = ("--database-url", plain_database_url, "--slack-api-url", simulator.api_url)
    async with running(tmp_path, *arguments, SLACK_BOT_TOKEN=simulator.bot_token) as dev:
        event_id = await emit(plain_database_url)
        await until(lambda: stands(simulator.url, event_id))
        assert (dev.ready["database_url"], dev.ready["slack_api_url"]) == (plain_database_url, simulator.api_url)


async def test_a_given_token_does_not_reach_a_function(
    tmp_path: Path, plain_database_url: str, simulator: SlackSimulator
) -> None:
    """The token goes into Vault; neither the function's environment nor the output shows it."""
    arguments = ("--database-url", plain_database_url, "--slack-api-url", simulator.api_url)
    async with running(tmp_path, *arguments, SLACK_BOT_TOKEN=simulator.bot_token) as dev:
        pid = dev.run_file()["children"]["notify-dispatch"]
        shown = shown_by_ps("eww", "-p", str(pid))
    assert "SUPABASE_DB_URL" in shown
    assert simulator.bot_token not in shown + (tmp_path / "stderr.txt").read_text()


async def test_a_foreign_slack_needs_a_token(tmp_path: Path, simulator: SlackSimulator) -> None:
    """--slack-api-url without a token anywhere is refused."""
    assert "SLACK_BOT_TOKEN" in await refused(tmp_path, "--slack-api-url", simulator.api_url)


async def test_an_installation_is_left_alone(tmp_path: Path, database_url: str) -> None:
    """A database whose Vault points to functions elsewhere is refused and stays as it is."""
    await _store(database_url, "pulser_functions_url", "https://abc.supabase.co/functions/v1")
    said = await refused(tmp_path, "--database-url", database_url)
    assert "belongs to an installation of pulser at https://abc.supabase.co/functions/v1" in said
    assert await _vault(database_url, "pulser_functions_url") == "https://abc.supabase.co/functions/v1"


async def test_a_real_token_is_not_overwritten(tmp_path: Path, database_url: str) -> None:
    """A real bot token in a foreign database's Vault is not replaced by the simulator's."""
    await _store(database_url, "slack_bot_token", "xoxb-of-a-real-workspace")
    assert "token of a real Slack" in await refused(tmp_path, "--database-url", database_url)
    assert await _vault(database_url, "slack_bot_token") == "xoxb-of-a-real-workspace"


async def test_an_unreachable_database_is_a_clear_error(tmp_path: Path) -> None:
    """A database that does not answer is named, without its password."""
    said = await refused(tmp_path, "--database-url", "postgresql://postgres:sesame@127.0.0.1:1/postgres")
    assert "127.0.0.1:1/postgres" in said
    assert "sesame" not in said


async def _said(folder: Path, text: str) -> bool:
    return text in (folder / "stderr.txt").read_text()


async def _store(database_url: str, name: str, value: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("select ops.store_secret_v1($1, $2)", name, value)
    await connection.close()


async def _vault(database_url: str, name: str) -> str:
    return await ask(database_url, "select ops.read_secret_v1($1)", name)
