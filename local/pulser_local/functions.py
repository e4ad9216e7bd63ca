from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from pulser_local.backoff import Backoff
from pulser_local.child import Child, start_child
from pulser_local.errors import LocalError
from pulser_local.ports import HOST
from pulser_local.urls import is_loopback

READY_LIMIT = 30.0  # seconds from the start to the first answer; a cold disk imports slowly
READY_POLL = 0.03  # seconds
HEALTH_LIMIT = 5.0  # seconds
TAIL = 12  # lines of output kept for the error text

PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")


@dataclass(frozen=True, slots=True)
class FunctionSource:
    """A function that can be served: its name in URLs and its main.py."""

    name: str
    main: Path

    @property
    def target(self) -> str:
        """The name of the Python function in main.py."""
        return self.name.replace("-", "_")


def find_functions(directory: Path) -> list[FunctionSource]:
    """Each folder of `directory` that has a main.py, by name."""
    return [FunctionSource(main.parent.name, main) for main in sorted(directory.glob("*/main.py"))]


def function_environment(own: Mapping[str, str], settings: Mapping[str, str]) -> dict[str, str]:
    """What a function sees of the environment: little of the developer's own, and its settings.

    The developer's SLACK_* tokens stay out: a function reads its secrets from Vault.
    """
    names: tuple[str, ...] = PASSED_ON
    if not is_loopback(settings.get("SLACK_API_URL", "")):
        names += PROXIES  # slack_sdk would send even a call to this machine through a proxy
    return {
        **{name: own[name] for name in names if name in own},
        "PYTHONUNBUFFERED": "1",
        **settings,
    }


class FunctionProcess:
    """One function under the real functions framework: started, watched, restarted, stopped.

    `on_line` gets each line of its output, and one of ours when it ends and is restarted; `on_ready` is
    called after the start and each restart.
    """

    def __init__(
        self,
        source: FunctionSource,
        *,
        port: int,
        environment: Mapping[str, str],
        on_line: Callable[[str], None],
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:
        self.source = source
        self.url = f"http://{HOST}:{port}"
        self.starts = 0
        self._port = port
        self._environment = environment
        self._on_line = on_line
        self._on_ready = on_ready
        self._tail: deque[str] = deque(maxlen=TAIL)
        self._child: Child | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._runtime = tempfile.TemporaryDirectory(prefix="pulser-fn-")

    @property
    def pid(self) -> int | None:
        """The process id of the running function; None between two lives."""
        return self._child.pid if self._child else None

    async def start(self) -> None:
        """Start it and wait until it answers. Raises LocalError with its last lines when it does not."""
        self._child = await self._launch()
        self._on_ready()
        self._keeper = asyncio.create_task(self._keep(), name=f"keep {self.source.name}")

    async def stop(self) -> None:
        """End the function and all its processes. Safe to call at any time, and twice."""
        if self._keeper:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
        if self._child:
            await self._child.stop()
            self._child = None
        self._runtime.cleanup()

    async def _keep(self) -> None:
        backoff = Backoff()
        while True:
            if self._child:
                code = await self._child.wait()
                await self._child.stop()
                self._child = None
                delay = backoff.after_failure()
                self._on_line(f"{_how_it_ended(code)}; restarting in {delay:.1f} s")
            else:
                delay = backoff.after_failure()
            await asyncio.sleep(delay)
            backoff.started()
            try:
                self._child = await self._launch()
            except LocalError as error:
                self._on_line(str(error))
            else:
                self._on_line("answers again")
                self._on_ready()

    async def _launch(self) -> Child:
        self.starts += 1
        self._tail.clear()
        command = [
            *(sys.executable, "-m", "functions_framework"),
            *("--source", str(self.source.main), "--target", self.source.target),
            *("--host", HOST, "--port", str(self._port)),
        ]
        # gunicorn puts a control socket into this folder, else into the home folder, one for all.
        environment = {**self._environment, "XDG_RUNTIME_DIR": self._runtime.name}
        try:
            child = await start_child(
                command, environment=environment, directory=self.source.main.parent, on_line=self._take
            )
        except OSError as error:
            raise LocalError(f"{self.source.name} cannot be started: {error}") from error
        try:
            await self._wait_until_ready(child)
        except BaseException:
            await child.stop()
            raise
        return child

    async def _wait_until_ready(self, child: Child) -> None:
        ended = asyncio.create_task(child.wait())
        answered = asyncio.create_task(first_answer(f"{self.url}/?action=health"))
        try:
            await asyncio.wait({ended, answered}, timeout=READY_LIMIT, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                await child.stop()  # and with it, its last lines are read
                how = _how_it_ended(ended.result())
                raise LocalError(f"{self.source.name} {how} before it was ready{self._last_lines()}")
            if not answered.done():
                raise LocalError(f"{self.source.name} did not answer within {READY_LIMIT:.0f} s{self._last_lines()}")
        finally:
            for task in (ended, answered):
                task.cancel()
            await asyncio.gather(ended, answered, return_exceptions=True)

    def _take(self, line: str) -> None:
        self._tail.append(line)
        self._on_line(line)

    def _last_lines(self) -> str:
        return "".join(f"\n    {line}" for line in self._tail)


async def first_answer(url: str) -> int:
    """Ask until something answers; the HTTP status. An unhealthy function has answered, too."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as http:
        while True:
            try:
                async with http.get(url) as response:
                    return response.status
            except (aiohttp.ClientError, TimeoutError):
                await asyncio.sleep(READY_POLL)


async def read_health(url: str) -> list[str]:
    """The checks that fail at a function, "name: why"; empty when it is well. An odd answer counts as one."""
    timeout = aiohttp.ClientTimeout(total=HEALTH_LIMIT)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as http,
            http.get(f"{url}/?action=health") as response,
        ):
            if response.ok:
                return []
            answer = await response.json()
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        return [f"no health answer ({type(error).__name__})"]
    checks = answer.get("checks") if isinstance(answer, dict) else None
    failing = [
        f"{name}: {check.get('message', 'fails')}"
        for name, check in (checks.items() if isinstance(checks, dict) else ())
        if isinstance(check, dict) and not check.get("ok")
    ]
    return failing or [f"health answers with HTTP {response.status}"]


def _how_it_ended(code: int) -> str:
    return f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
