from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from notify_dispatch.route import Route
from pulser_cli.dev_view import JsonView, TerminalView, View
from pulser_cli.reminders_file import Reminders, reminders_json
from pulser_cli.routes_file import find, load
from pulser_cli.services_file import FileService
from pulser_cli.stop_signals import until_stopped
from pulser_local.dev import LocalStack
from pulser_local.run_file import RunFile
from pulser_local.stack_options import DEFAULT_PORT, StackOptions


def dev(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of the gateway; 0 means any free one.")] = DEFAULT_PORT,
    database_url: Annotated[
        str | None, typer.Option(metavar="URL", help="A Postgres to use instead of the embedded one.")
    ] = None,
    slack_api_url: Annotated[
        str | None, typer.Option(metavar="URL", help="A Slack to use instead of the simulated workspace.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON when all is up.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show all that the functions log.")] = False,
) -> None:
    """Run all of pulser on this machine until Ctrl-C.

    With --slack-api-url, the tokens come from SLACK_BOT_TOKEN, SLACK_APP_TOKEN and SLACK_SIGNING_SECRET.
    """
    view: View = JsonView() if as_json else TerminalView(Console(), verbose=verbose)
    run_file = RunFile(Path.cwd())
    options = StackOptions(
        port=port,
        database_url=database_url,
        slack_api_url=slack_api_url,
        routes=[route.model_dump(mode="json", by_alias=True) for route in project_routes()],
        services=[service.to_json() for service in project_services()],
        canary=project_canary(),
        reminders=reminders_json(project_reminders()),
        data=run_file.path.parent / "postgres",
    )
    run_file.claim()
    try:
        asyncio.run(_DevRun(options, view, run_file).until_stopped())
    finally:
        view.close()
        run_file.release()


def project_routes() -> list[Route]:
    """The routes of the project that this folder is in. Raises RoutesFileError."""
    return load(find(Path.cwd())).positioned()


def project_services() -> tuple[FileService, ...]:
    """The services of the project that this folder is in. Raises RoutesFileError."""
    return load(find(Path.cwd())).services


def project_canary() -> dict[str, Any] | None:
    """The canary of the project that this folder is in. Raises RoutesFileError."""
    canary = load(find(Path.cwd())).canary
    return None if canary is None else {"channel": canary.channel, "every_s": canary.every_s}


def project_reminders() -> Reminders:
    """When alerts remind in the project that this folder is in. Raises RoutesFileError."""
    return load(find(Path.cwd())).reminders


class _DevRun:
    """One run: start, tell, write `.pulser/dev.json`, watch, stop."""

    def __init__(self, options: StackOptions, view: View, run_file: RunFile) -> None:
        self._view = view
        self._run_file = run_file
        self._is_up = False
        self._stack = LocalStack(options, on_step=view.step, on_line=view.line, on_ready=self._write_run_file)

    async def until_stopped(self) -> None:
        await until_stopped(self._serve(), on_stop=self._view.stopping, children=self._stack.children)

    async def _serve(self) -> None:
        async with self._stack as stack:
            self._is_up = True
            self._write_run_file()
            self._view.ready(stack.urls, simulated=stack.simulator is not None)
            await stack.wait_for_fault()

    def _write_run_file(self) -> None:
        if self._is_up:  # a restart writes it anew, with the new process; before that it would name half a stack
            self._run_file.write({**dataclasses.asdict(self._stack.urls), "children": self._stack.children()})
