from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from pulser_local.errors import LocalError
from pulser_local.functions import FunctionProcess, find_functions, function_environment, read_health
from pulser_local.ports import free_port

WELL = """
import os, functions_framework.aio

@functions_framework.aio.http
async def hello_world(request):
    print("hello, terminal")
    if request.query_params.get("action") == "health":
        return {"ok": False, "checks": {"database": {"ok": True}, "slack": {"ok": False, "message": "no token"}}}, 503
    return {"pid": os.getpid(), "environment": dict(os.environ)}
"""
STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(os.getpid(), flush=True)
time.sleep(600)
"""
SUPERVISOR = """
import asyncio, os, pathlib, aiohttp
from pulser_local.functions import FunctionProcess, find_functions, function_environment
from pulser_local.ports import free_port

async def main():
    [source] = find_functions(pathlib.Path({folder!r}))
    function = FunctionProcess(
        source, port=free_port(), environment=function_environment(os.environ, {{}}), on_line=lambda _: None
    )
    await function.start()
    async with aiohttp.ClientSession() as http, http.get(function.url) as response:
        print(function.pid, (await response.json())["pid"], flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""
BROKEN = "raise RuntimeError('there is a typo in main.py')\n"


def folder_with(tmp_path: Path, code: str) -> Path:
    (tmp_path / "hello-world").mkdir()
    (tmp_path / "hello-world" / "main.py").write_text(code)
    return tmp_path


@asynccontextmanager
async def serving(folder: Path, lines: list[str]) -> AsyncIterator[FunctionProcess]:
    environment = function_environment(os.environ, {"SLACK_API_URL": "http://127.0.0.1:1/api/"})
    [source] = find_functions(folder)
    function = FunctionProcess(source, port=free_port(), environment=environment, on_line=lines.append)
    try:
        yield function
    finally:
        await function.stop()


async def answer(function: FunctionProcess) -> dict[str, object]:
    async with aiohttp.ClientSession() as http, http.get(function.url) as response:
        content: dict[str, object] = await response.json()
        return content


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  # a process outside sets no event of ours
            await asyncio.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie that nobody has reaped yet still takes a signal.
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(state.stdout) and not state.stdout.startswith("Z")


def test_a_folder_without_main_is_no_function(tmp_path: Path) -> None:
    """Only a folder that has a main.py is served."""
    (tmp_path / "notes").mkdir()
    assert [source.target for source in find_functions(folder_with(tmp_path, WELL))] == ["hello_world"]


async def test_a_started_function_answers(tmp_path: Path) -> None:
    """After start() the function answers at its URL."""
    async with serving(folder_with(tmp_path, WELL), []) as function:
        await function.start()
        assert "pid" in await answer(function)


async def test_a_function_does_not_see_the_developers_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SLACK_BOT_TOKEN of the developer's shell does not reach a function."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-of-the-developer")
    async with serving(folder_with(tmp_path, WELL), []) as function:
        await function.start()
        seen = (await answer(function))["environment"]
    assert "xoxb-of-the-developer" not in str(seen)


async def test_output_arrives_as_lines(tmp_path: Path) -> None:
    """What a function prints arrives line by line."""
    lines: list[str] = []
    async with serving(folder_with(tmp_path, WELL), lines) as function:
        await function.start()
    assert "hello, terminal" in lines


async def test_a_broken_function_says_why(tmp_path: Path) -> None:
    """A function that ends before it is ready is an error with its last lines."""
    async with serving(folder_with(tmp_path, BROKEN), []) as function:
        with pytest.raises(LocalError, match=r"there is a typo in main\.py"):
            await function.start()


async def test_a_killed_function_is_restarted(tmp_path: Path) -> None:
    """kill -9 of the function's process brings a new one at the same URL."""
    lines: list[str] = []
    async with serving(folder_with(tmp_path, WELL), lines) as function:
        await function.start()
        first = function.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await until(lambda: function.pid not in (None, first))
        assert "pid" in await answer(function)


async def test_the_worker_of_a_killed_function_is_ended(tmp_path: Path) -> None:
    """The worker of a killed master does not live on and hold the port."""
    async with serving(folder_with(tmp_path, WELL), []) as function:
        await function.start()
        worker = (await answer(function))["pid"]
        first = function.pid
        assert isinstance(worker, int)
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await until(lambda: function.pid not in (None, first))
        assert not is_alive(worker)


async def test_stop_leaves_nothing_behind(tmp_path: Path) -> None:
    """After stop() no process of the function lives and its port is free."""
    async with serving(folder_with(tmp_path, WELL), []) as function:
        await function.start()
        worker = (await answer(function))["pid"]
    assert isinstance(worker, int)
    assert not is_alive(worker)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(function.url.rpartition(":")[2]))) != 0


async def test_a_function_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    """Giving up a start ends even a process that refuses SIGTERM."""
    lines: list[str] = []
    async with serving(folder_with(tmp_path, STUBBORN), lines) as function:
        starting = asyncio.create_task(function.start())
        await until(lambda: bool(lines))
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
    assert not is_alive(int(lines[0]))


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel ends children with their parent on Linux alone")
async def test_a_function_dies_with_its_supervisor(tmp_path: Path) -> None:
    """kill -9 of the supervisor ends the function and its worker."""
    script = SUPERVISOR.format(folder=str(folder_with(tmp_path, WELL)))
    supervisor = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE)
    assert supervisor.stdout is not None
    pids = [int(word) for word in (await supervisor.stdout.readline()).split()]
    supervisor.kill()
    await supervisor.wait()
    await until(lambda: not any(is_alive(pid) for pid in pids))
    assert len(pids) == 2


async def test_health_names_the_failing_checks(tmp_path: Path) -> None:
    """read_health gives the checks that fail, with their reasons."""
    async with serving(folder_with(tmp_path, WELL), []) as function:
        await function.start()
        assert await read_health(function.url) == ["slack: no token"]


async def test_no_answer_counts_as_unhealthy() -> None:
    """read_health of a function that is gone says so and does not raise."""
    assert await read_health(f"http://127.0.0.1:{free_port()}") == ["no health answer (ClientConnectorError)"]


def test_a_proxy_stays_out_of_calls_to_this_machine() -> None:
    """The developer's proxy reaches a function only where Slack is elsewhere."""
    own = {"HTTPS_PROXY": "http://proxy:3128"}
    assert "HTTPS_PROXY" not in function_environment(own, {"SLACK_API_URL": "http://127.0.0.1:5/api/"})
    assert "HTTPS_PROXY" in function_environment(own, {"SLACK_API_URL": "https://slack.com/api/"})
