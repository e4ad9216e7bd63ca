"""Bundles as their user has them: made by the tool, installed into a clean environment, started by the Procfile."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pulser_local.child import Child, start_child
from pulser_local.functions import first_answer
from pulser_local.ports import HOST, free_port
from tests.repository.tree import FUNCTION_FOLDERS, ROOT

READY_LIMIT = 60.0  # seconds, on a machine that does much else


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle outside the repository, and the environment that its own requirements made."""

    folder: Path
    environment: Path

    @property
    def name(self) -> str:
        """The function."""
        return self.folder.name

    @property
    def pins(self) -> list[str]:
        """The lines of its requirements.txt."""
        return (self.folder / "requirements.txt").read_text().splitlines()

    def python(self, *arguments: str) -> str:
        """What the environment's Python prints, started in the bundle."""
        return run([str(self.environment / "bin" / "python"), *arguments], self.folder)

    @asynccontextmanager
    async def serving(self, settings: Mapping[str, str], runtime: Path) -> AsyncIterator[tuple[Child, str]]:
        """The Procfile's command with this environment and nothing of ours, once it answers; and its URL."""
        command = (self.folder / "Procfile").read_text().removeprefix("web: ")
        program, *arguments = shlex.split(command)
        port = free_port()
        # No PYTHONPATH and no home, as in the image; gunicorn's control socket goes to `runtime`.
        own = {"PATH": str(self.environment / "bin"), "HOME": "/nonexistent", "XDG_RUNTIME_DIR": str(runtime)}
        lines: list[str] = []
        child = await start_child(
            [str(self.environment / "bin" / program), *arguments],
            environment={**own, **settings, "HOST": HOST, "PORT": str(port)},
            directory=self.folder,
            on_line=lines.append,
        )
        try:
            await _until_it_answers(child, f"http://{HOST}:{port}/?action=health", lines)
            yield child, f"http://{HOST}:{port}"
        finally:
            await child.stop()


async def _until_it_answers(child: Child, url: str, lines: Sequence[str]) -> None:
    ended = asyncio.create_task(child.wait())
    answered = asyncio.create_task(first_answer(url))
    try:
        await asyncio.wait({ended, answered}, timeout=READY_LIMIT, return_when=asyncio.FIRST_COMPLETED)
        assert answered.done(), "\n".join(lines)
    finally:
        for task in (ended, answered):
            task.cancel()
        await asyncio.gather(ended, answered, return_exceptions=True)


def run(command: Sequence[str], folder: Path) -> str:
    """What a command prints; nothing of the test's own Python reaches it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout


def installed(name: str, folder: Path) -> Bundle:
    """The bundle of this function, in `folder`, which all processes of a test run share: what is there is not redone.

    Bundles that require the same share one environment, which is as clean for each: a bundle's code is not in it.
    """
    with _alone(folder):
        bundles = folder / "bundles"
        if not bundles.exists():
            names = [it.name for it in FUNCTION_FOLDERS]
            run([sys.executable, "-m", "tools.bundle", *names], ROOT)
            for one in names:
                shutil.copytree(ROOT / "build" / one, bundles / one)
        bundle = bundles / name
        digest = hashlib.sha256((bundle / "requirements.txt").read_bytes())
        for wheel in (bundle / "wheels").iterdir():
            digest.update(wheel.read_bytes())
        environment = folder / digest.hexdigest()[:12]
        if not environment.exists():
            _install(bundle, environment)
        return Bundle(bundle, environment)


def _install(bundle: Path, environment: Path) -> None:
    """As the Dockerfile says, in the bundle's folder."""
    (words,) = re.findall(r"^RUN (pip install .*)$", (bundle / "Dockerfile").read_text(), re.MULTILINE)
    try:
        run([sys.executable, "-m", "venv", str(environment)], bundle)
        run([str(environment / "bin" / "python"), "-m", *shlex.split(words)], bundle)
    except BaseException:
        shutil.rmtree(environment, ignore_errors=True)
        raise


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time."""
    with (folder / "bundles.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
