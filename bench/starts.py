"""python -m bench.starts [--quick]: process start to the first 200, and memory after requests. build/bench/starts.json.

Each bundle is made by the tool that makes what is deployed, and started by its Procfile's command with its own library
before ours on the path; what it requires is installed here in the versions that it pins.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg

from bench.figures import medians, ratio
from bench.processes import taken
from bench.results import write
from pulser.database import DirectDatabase
from pulser_local.child import start_child
from pulser_local.migrations import migrate
from pulser_local.ports import HOST, free_port
from pulser_local.postgres import PostgresServer
from pulser_local.slack import SlackSimulator
from pulser_local.standins import install_standins

FUNCTIONS = ("notify-dispatch", "socket-relay", "action-handler", "command-handler")
HELLO = "hello"
COMMAND_LINES = ("rich", "typer")
LIMIT = 40.0  # seconds for a start
POLL = 0.005
AT_ONCE = 10  # requests


@dataclass(frozen=True, slots=True)
class Started:
    """A function with its own folder and the command that starts it."""

    name: str
    folder: Path
    command: list[str]
    path: str  # of Python, before all else


def bundles(folder: Path) -> list[Started]:
    """All functions as they are deployed, and the hello that does nothing."""
    subprocess.run([sys.executable, "-m", "tools.bundle", *FUNCTIONS], check=True, capture_output=True)
    made = []
    for name in FUNCTIONS:
        source, library = Path("build") / name, folder / name
        for wheel in (source / "wheels").glob("*.whl"):
            zipfile.ZipFile(wheel).extractall(library)
        _hide(library)
        command = shlex.split((source / "Procfile").read_text().removeprefix("web: "))
        made.append(Started(name, source.resolve(), command, str(library)))
    hello = folder / HELLO
    hello.mkdir()
    shutil.copyfile(Path(__file__).with_name("hello.py"), hello / "main.py")
    command = ["functions-framework", "--source", "main.py", "--target", HELLO]
    return [*made, Started(HELLO, hello, command, "")]


def _hide(library: Path) -> None:
    """What is installed here for the command line is in no bundle: structlog would take the time to import it."""
    for name in COMMAND_LINES:
        (library / name).mkdir(parents=True)
        (library / name / "__init__.py").write_text(f'raise ImportError("{name} is not in the bundle")\n')


async def measured(one: Started, settings: Mapping[str, str], requests: int) -> dict[str, Any]:
    """One life: started, asked until it says 200, asked so often again, ended."""
    port = free_port()
    program, *arguments = one.command
    with tempfile.TemporaryDirectory(prefix="pulser-run-") as runtime:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "XDG_RUNTIME_DIR": runtime,
            "PYTHONPATH": one.path,
            "HOST": HOST,
            "PORT": str(port),
            **settings,
        }
        began = time.monotonic()
        child = await start_child(
            [str(Path(sys.executable).with_name(program)), *arguments],
            environment=environment,
            directory=one.folder,
            on_line=lambda _: None,
        )
        try:
            url = f"http://{HOST}:{port}/?action=health"
            await _first_200(url)
            first = time.monotonic() - began
            at_first = taken(child.pid)
            await _ask(url, requests)
            after = taken(child.pid)
        finally:
            await child.stop()
    return {
        "first_200_s": round(first, 3),
        "cpu_s": round(at_first.seconds, 3),
        "mb_at_first": round(at_first.mb, 1),
        "mb_after": round(after.mb, 1),
        "requests": requests,
    }


async def _first_200(url: str) -> None:
    async with asyncio.timeout(LIMIT), aiohttp.ClientSession() as http:
        while True:
            try:
                async with http.get(url) as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(POLL)


async def _ask(url: str, requests: int) -> None:
    async with aiohttp.ClientSession() as http:

        async def some(number: int) -> None:
            for _ in range(number):
                async with http.get(url) as answer:
                    await answer.read()

        await asyncio.gather(*(some(requests // AT_ONCE) for _ in range(AT_ONCE)))


@asynccontextmanager
async def surroundings(folder: Path) -> AsyncIterator[tuple[dict[str, str], str]]:
    """A database with all that a healthy function asks for, and a Slack; as settings. And the server's version."""
    async with await PostgresServer.start(folder) as server:
        await install_standins(server.url)
        await migrate(server.url)
        slack = SlackSimulator(rate_limit=False)
        await slack.start()
        ledger = DirectDatabase(server.url)
        named = {
            "slack_bot_token": slack.bot_token,
            "slack_app_token": slack.app_token,
            "slack_signing_secret": slack.signing_secret,
            "pulser_functions_url": f"http://{HOST}:9/functions/v1",
            "pulser_function_key": secrets.token_hex(16),
        }
        for name, value in named.items():
            await ledger.call("store_secret_v1", {"name": name, "value": value})
        await ledger.close()
        connection = await asyncpg.connect(server.url)
        version = str(await connection.fetchval("show server_version"))
        await connection.close()
        try:
            yield {"SUPABASE_DB_URL": server.url, "SLACK_API_URL": slack.api_url}, version
        finally:
            await slack.stop()


async def run(folder: Path, rounds: int, requests: int) -> tuple[dict[str, Any], str]:
    """All of them in turns; the first round only fills the caches."""
    runs: dict[str, list[dict[str, Any]]] = {}
    async with surroundings(folder / "postgres") as (settings, version):
        made = bundles(folder)
        for turn in range(rounds + 1):
            for one in made:
                found = await measured(one, settings, requests if turn else AT_ONCE)
                if turn or rounds == 0:
                    runs.setdefault(one.name, []).append(found)
    figures = {name: medians(those) for name, those in runs.items()}
    for found in figures.values():
        found["ratio_to_hello"] = ratio(found["first_200_s"], figures[HELLO]["first_200_s"])
    return {"functions": figures, "runs": runs}, version


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(prog="python -m bench.starts", description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory(prefix="pulser-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        figures, version = asyncio.run(run(folder, 0 if quick else 3, AT_ONCE if quick else 1000))
    write("starts", figures, postgres=version, quick=quick)


if __name__ == "__main__":
    main()
