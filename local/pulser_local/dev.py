from __future__ import annotations

import asyncio
import secrets
import tempfile
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pulser.database import Database, DirectDatabase
from pulser_local.canary import welcome
from pulser_local.connecting import CONNECT_PATIENCE, live_connections, ring_relay
from pulser_local.console import Console
from pulser_local.cron_worker import CronWorker
from pulser_local.database_setup import DatabaseSetup
from pulser_local.deploy_hook import DeployHook
from pulser_local.errors import LocalError
from pulser_local.functions import (
    FunctionProcess,
    FunctionSource,
    find_functions,
    function_environment,
    read_health,
)
from pulser_local.gateway import Gateway
from pulser_local.net_worker import NetWorker
from pulser_local.ports import HOST, free_port, preferred_port, required_port
from pulser_local.postgres import PostgresServer
from pulser_local.routes import channels_for
from pulser_local.secrets import SlackSecrets
from pulser_local.services import demo_services
from pulser_local.slack import SlackSimulator
from pulser_local.stack_options import StackOptions, StackUrls
from pulser_local.steps import StepChange, Steps
from pulser_local.supervise import keep_running, together
from pulser_local.urls import place


class LocalStack:
    """All of pulser on this machine: `async with LocalStack(options) as stack`.

    Entering starts it and raises LocalError when it cannot be; leaving stops it. `on_step` hears of each
    step of the start, `on_line` of each line that a part says (name, text), `on_ready` of each (re)start
    of a function.
    """

    urls: StackUrls
    database: Database
    simulator: SlackSimulator | None

    def __init__(
        self,
        options: StackOptions,
        *,
        on_step: Callable[[StepChange], None] = lambda _change: None,
        on_line: Callable[[str, str], None] = lambda _name, _text: None,
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:
        self.functions: list[FunctionProcess] = []
        self._options = options
        self._steps = Steps(on_step)
        self._on_line = on_line
        self._on_ready = on_ready
        self._watchers: set[asyncio.Task[None]] = set()
        self._parts = AsyncExitStack()
        self._key = f"sb_secret_{secrets.token_hex(24)}"

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as parts:
            await self._start(parts)
            self._parts = parts.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._parts.aclose()

    async def wait_for_fault(self) -> None:
        """Wait until something ends that cannot be restarted, and raise its LocalError."""
        if not self._watchers:
            await asyncio.Event().wait()
        done, _ = await asyncio.wait(self._watchers, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    def children(self) -> dict[str, int]:
        """Process ids of the functions that run now, by name; each is also the id of a process group."""
        return {function.source.name: function.pid for function in self.functions if function.pid}

    async def _start(self, parts: AsyncExitStack) -> None:
        port = required_port(self._options.port)
        setup = self._setup(port)
        await setup.check()
        if setup.own:
            server = await self._start_postgres(parts, preferred_port(port + 1))
            setup = replace(setup, url=server.url)
        console_port = preferred_port(port + 2)
        console_url = f"http://{HOST}:{console_port}"
        self.urls = StackUrls(
            gateway_url=f"http://{HOST}:{port}",
            database_url=setup.url,
            slack_api_url=self._options.slack_api_url or f"{console_url}/api/",
            console_url=console_url,
        )
        self.simulator = None
        if setup.simulated:
            self.simulator = SlackSimulator(
                bot_token=setup.slack.bot_token or "",
                app_token=setup.slack.app_token or "",
                signing_secret=setup.slack.signing_secret or "",
                channels=channels_for(setup.routes),
                public_url=console_url,
            )
            welcome(self.simulator, self._options.canary)
        self.database = DirectDatabase(setup.url)
        parts.push_async_callback(self.database.close)
        if setup.simulated:
            setup = replace(setup, services=[*setup.services, *await self._start_deploy_hook(parts, setup.hook_secret)])
        await self._start_servers(parts, setup, port=port, console_port=console_port)
        await self._connect_to_slack(setup)
        await self._report_health()

    def _setup(self, port: int) -> DatabaseSetup:
        options = self._options
        given = SlackSecrets.from_environment(options.environment)
        simulated = options.slack_api_url is None
        return DatabaseSetup(
            url=options.database_url or "",
            own=options.database_url is None,
            given=given,
            slack=given.completed_by(SlackSecrets.simulated()) if simulated else given,
            simulated=simulated,
            functions_url=f"http://{HOST}:{port}/functions/v1",
            function_key=secrets.token_hex(24),
            routes=options.routes,
            services=options.services,
            canary=options.canary,
            reminders=options.reminders,
            hook_secret=secrets.token_hex(24),
            steps=self._steps,
        )

    async def _start_postgres(self, parts: AsyncExitStack, port: int) -> PostgresServer:
        with self._steps.step("Postgres") as step:
            data = self._options.data
            if data is None:
                folder = tempfile.TemporaryDirectory(prefix="pulser-", ignore_cleanup_errors=True)
                data = Path(parts.enter_context(folder)) / "postgres"
            server = await PostgresServer.start(data, port=port)
            parts.push_async_callback(server.stop)
            step.detail = place(server.url)
        self._watch("Postgres", _ended(server))
        return server

    async def _start_deploy_hook(self, parts: AsyncExitStack, secret: str) -> list[dict[str, Any]]:
        with self._steps.step("Deploy hook") as step:
            hook = DeployHook(self.database, secret)
            await hook.start()
            parts.push_async_callback(hook.stop)
            step.detail = hook.url
        return demo_services(hook.url)

    async def _connect_to_slack(self, setup: DatabaseSetup) -> None:
        """Let the relay dial at once instead of at cron's next turn, and say how far it has come."""
        with self._steps.step("Slack") as step:
            if not setup.slack.app_token and not await self.database.call(
                "read_secret_v1", {"name": "slack_app_token"}
            ):
                step.detail, step.warned = "no app token: buttons and commands stay unanswered", True
                return
            await ring_relay(setup.functions_url, setup.function_key)
            live = await live_connections(self.database, within=CONNECT_PATIENCE)
            step.detail, step.warned = f"{live} connections" if live else "not connected yet", not live

    async def _start_servers(
        self, parts: AsyncExitStack, setup: DatabaseSetup, *, port: int, console_port: int
    ) -> None:
        self.functions = [self._function(source) for source in find_functions(self._options.functions)]
        console = Console(simulator=self.simulator, ledger=self.database)
        gateway = Gateway(
            setup.url,
            key=self._key,
            functions={function.source.name: function.url for function in self.functions},
        )
        # The last to be pushed is the first to stop: functions, then workers, then what they call.
        for stop in (console.stop, gateway.stop, self._stop_watchers, self._stop_functions):
            parts.push_async_callback(stop)
        await together(
            self._prepare_database(setup),
            self._listen("Console", console.start, console_port),
            self._listen("Gateway", gateway.start, port),
            *(self._start_function(function) for function in self.functions),
        )

    async def _prepare_database(self, setup: DatabaseSetup) -> None:
        standins = await setup.prepare(self.database)
        if standins.net:
            self._watch("net worker", self._keep("net worker", NetWorker(setup.url).run))
        if standins.cron:
            self._watch("cron worker", self._keep("cron worker", CronWorker(setup.url).run))

    async def _listen(self, name: str, start: Callable[[int], Awaitable[None]], port: int) -> None:
        with self._steps.step(name) as step:
            try:
                await start(port)
            except OSError as error:
                raise LocalError(f"The {name.lower()} cannot listen on port {port}: {error.strerror}") from error
            step.detail = f"http://{HOST}:{port}"

    def _function(self, source: FunctionSource) -> FunctionProcess:
        settings = {
            "SUPABASE_URL": self.urls.gateway_url,
            "SUPABASE_SERVICE_ROLE_KEY": self._key,
            "SUPABASE_DB_URL": self.urls.database_url,
            "SLACK_API_URL": self.urls.slack_api_url,
            "PULSER_STOP_SECONDS": "1",  # nobody takes over when all of it ends
        }
        return FunctionProcess(
            source,
            port=free_port(),
            environment=function_environment(self._options.environment, settings),
            on_line=lambda text: self._on_line(source.name, text),
            on_ready=self._on_ready,
        )

    async def _start_function(self, function: FunctionProcess) -> None:
        with self._steps.step(function.source.name) as step:
            await function.start()
            step.detail = function.url

    async def _report_health(self) -> None:
        with self._steps.step("Health") as step:
            answers = await asyncio.gather(*(read_health(function.url) for function in self.functions))
            failing = [problem for problems in answers for problem in problems]
            step.warned = bool(failing)
            step.detail = "; ".join(failing) or "all checks pass"

    def _watch(self, name: str, running: Coroutine[Any, Any, None]) -> None:
        self._watchers.add(asyncio.create_task(running, name=name))

    def _keep(self, name: str, run: Callable[[], Awaitable[None]]) -> Coroutine[Any, Any, None]:
        return keep_running(name, run, on_line=lambda text: self._on_line(name, text))

    async def _stop_watchers(self) -> None:
        for task in self._watchers:
            task.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)

    async def _stop_functions(self) -> None:
        await asyncio.gather(*(function.stop() for function in self.functions))


async def _ended(server: PostgresServer) -> None:
    status = await server.wait()
    raise LocalError(f"The embedded Postgres ended (exit code {status}). Its log ends with:\n{server.log_tail()}")
