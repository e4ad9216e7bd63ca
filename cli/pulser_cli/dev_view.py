from __future__ import annotations

import contextlib
import dataclasses
import json
import shutil
import sys
from datetime import datetime
from pathlib import Path
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.progress import Progress, SpinnerColumn, Task, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from pulser.blocks import clean
from pulser_cli.log_line import LEVELS, LogLine, read_line
from pulser_local.stack_options import StackUrls
from pulser_local.steps import StepChange
from pulser_local.urls import place

NAME_WIDTH = 16
MARKS = {"done": "[green]✓", "warned": "[yellow]!", "failed": "[red]✗", "stopped": "[dim]–"}


class View(Protocol):
    """What `pulser dev` tells the one who started it."""

    def step(self, change: StepChange) -> None:
        """A step of the start began, ended or failed."""

    def line(self, name: str, text: str) -> None:
        """A part of the stack said something."""

    def ready(self, urls: StackUrls, *, simulated: bool) -> None:
        """All is up."""

    def stopping(self) -> None:
        """The end was asked for."""

    def close(self) -> None:
        """Nothing more is coming."""


class JsonView:
    """For programs: one line on standard output when all is up, everything else on standard error."""

    def step(self, change: StepChange) -> None:
        """See View."""
        if change.state != "started":
            detail = f": {change.detail}" if change.detail else ""
            self._say(f"{change.name} {change.state} in {change.seconds:.2f} s{detail}")

    def line(self, name: str, text: str) -> None:
        """See View."""
        self._say(f"{name}: {text}")

    def ready(self, urls: StackUrls, *, simulated: bool) -> None:  # noqa: ARG002  # the line tells it by its URL
        """See View."""
        sys.stdout.write(json.dumps({"ready": True, **dataclasses.asdict(urls)}) + "\n")
        sys.stdout.flush()

    def stopping(self) -> None:
        """See View."""
        self._say("stopping")

    def close(self) -> None:
        """See View."""

    def _say(self, text: str) -> None:
        with contextlib.suppress(OSError):  # nobody reads them any more
            sys.stderr.write(text + "\n")
            sys.stderr.flush()


class TerminalView:
    """For people: the steps with their times, where to look, then what goes wrong (or all, with `verbose`)."""

    def __init__(self, console: Console, *, verbose: bool = False) -> None:
        self._console = console
        self._verbose = verbose
        self._tasks: dict[str, TaskID] = {}
        self._progress = Progress(
            _MarkColumn(),
            TextColumn("{task.description}"),
            TextColumn("[dim]{task.fields[detail]}"),
            TextColumn("[cyan]{task.fields[took]}", justify="right"),
            console=console,
        )
        self._live = console.is_terminal

    def step(self, change: StepChange) -> None:
        """See View."""
        if not self._live:
            self._plain_step(change)
            return
        if change.state == "started":
            self._progress.start()
            name = f"{change.name:<{NAME_WIDTH}}"
            self._tasks[change.name] = self._progress.add_task(name, mark="", detail="", took="")
            return
        took = f"{change.seconds:.1f} s"
        task = self._tasks[change.name]
        self._progress.update(task, mark=MARKS[change.state], detail=escape(change.detail), took=took)

    def line(self, name: str, text: str) -> None:
        """See View."""
        said = read_line(name, text)
        if self._verbose or not said.is_quiet:
            # A terminal that is gone must not stop the one who reads the function's output.
            with contextlib.suppress(OSError):
                self._console.print(shown_line(said), soft_wrap=True)

    def ready(self, urls: StackUrls, *, simulated: bool) -> None:
        """See View."""
        self.close()
        self._console.print(Panel(where_to_look(urls, simulated=simulated), title="pulser is up", expand=False))

    def stopping(self) -> None:
        """See View."""
        self.close()
        self._console.print("Stopping …  [dim](Ctrl-C again ends at once)")

    def close(self) -> None:
        """See View."""
        if self._progress.live.is_started:
            self._progress.stop()

    def _plain_step(self, change: StepChange) -> None:
        if change.state != "started":
            shown = Text.from_markup(MARKS[change.state])
            shown.append(f" {change.name:<{NAME_WIDTH}} {change.seconds:.1f} s  {change.detail}".rstrip())
            self._console.print(shown, soft_wrap=True)


class _MarkColumn(SpinnerColumn):
    """A spinner until the step has its mark."""

    def render(self, task: Task) -> RenderableType:
        return task.fields["mark"] or super().render(task)


def where_to_look(urls: StackUrls, *, simulated: bool) -> Group:
    """What a person sees when all is up: where to look, what to type next, how to end it."""
    places = Table.grid(padding=(0, 2))
    places.add_row("[bold]Look here", f"[bold link={urls.console_url}]{urls.console_url}[/]")
    places.add_row("Slack", escape(f"{urls.slack_api_url}{'  (simulated)' if simulated else ''}"))
    places.add_row("Gateway", escape(urls.gateway_url))
    places.add_row("Database", escape(f"{place(urls.database_url)}  (URL in .pulser/dev.json)"))
    command = own_command()
    following = Table.grid(padding=(0, 2))
    following.add_row("In another terminal", f"[green]{escape(command)} emit ci.failed")
    following.add_row("", f"[green]{escape(command)} ledger list")
    following.add_row("To end it", "Ctrl-C")
    return Group(places, "", following)


def shown_line(said: LogLine) -> Text:
    """A log line as a person reads it: time, who, what, and the fields."""
    style = "red" if said.level >= LEVELS["error"] else "yellow" if said.level == LEVELS["warning"] else ""
    shown = Text.assemble(
        (datetime.now().astimezone().strftime("%H:%M:%S "), "dim"), (f"{said.name} ", "cyan"), (clean(said.text), style)
    )
    for key, value in said.fields:
        shown.append(f" {key}=", "dim").append(clean(value))
    if said.detail:
        shown.append("\n" + clean(said.detail), "dim")
    return shown


def own_command() -> str:
    """How this person calls pulser: by its name where a shell finds it, else by the path they used."""
    if shutil.which("pulser"):
        return "pulser"
    path = Path(sys.argv[0]).resolve()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
