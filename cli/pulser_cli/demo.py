from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from notify_dispatch.event import Event
from notify_dispatch.route import Route, route
from pulser_cli.dev import project_routes
from pulser_cli.dev_view import JsonView, TerminalView, View
from pulser_cli.output import console as terminal
from pulser_cli.output import print_json, table
from pulser_cli.stop_signals import until_stopped
from pulser_local.demo import Demo
from pulser_local.demo_acts import Act
from pulser_local.demo_events import DEMO_EVENTS, DemoEvent
from pulser_local.demo_report import DemoReport
from pulser_local.demo_storm import EVENTS
from pulser_local.dev import LocalStack
from pulser_local.stack_options import StackOptions
from pulser_local.storm import StormReport

WIDE = 120  # columns in which a whole permalink has room


def demo(
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show all that the functions log.")] = False,
) -> None:
    """Start everything, emit one event of each type, act as people do, raise a storm, and check what is seen when.

    Works beside a running `pulser dev`: it takes free ports and a database of its own.
    """
    console = terminal()
    view: View = JsonView() if as_json else TerminalView(console, verbose=verbose)
    report = asyncio.run(_run(view, console, as_json=as_json))
    if report is None:
        return
    if as_json:
        print_json(report.to_json())
    else:
        console.print(report_table(report, width=console.width))
        console.print()
        console.print(acts_table(report.acts))
        console.print()
        if report.storm:
            console.print(storm_lines(report.storm), soft_wrap=True)
            console.print()
        for problem in report.all_problems:
            console.print(f"[red]✗[/] {escape(problem)}", soft_wrap=True)
        console.print(verdict(report))
    if not report.ok:
        raise typer.Exit(1)


async def _run(view: View, console: Console, *, as_json: bool) -> DemoReport | None:
    routes = project_routes()
    options = StackOptions(port=0, routes=[route.model_dump(mode="json", by_alias=True) for route in routes])
    stack = LocalStack(options, on_step=view.step, on_line=view.line)
    events = [replace(event, channels=expected_channels(event, routes)) for event in DEMO_EVENTS]

    async def emit_all() -> DemoReport:
        async with stack:
            view.close()
            with _event_progress(console, hidden=as_json) as progress:
                task = progress.add_task("One event of each type", total=len(DEMO_EVENTS))
                demo = Demo(stack, events=events, storm=EVENTS, on_settled=lambda _event: progress.advance(task))
                return await _unless_faulty(demo.run(), stack)

    try:
        return await until_stopped(emit_all(), on_stop=view.stopping, children=stack.children)
    finally:
        view.close()


def expected_channels(event: DemoEvent, routes: Sequence[Route]) -> tuple[str, ...]:
    """Where the project's routes, which a person may have changed, bring an event."""
    read = Event.from_json({"event_type": event.event_type, "payload": event.payload, "status": event.status})
    return tuple(sorted(routing.channel.removeprefix("#") for routing in route(read, routes)))


async def _unless_faulty(running: Coroutine[Any, Any, DemoReport], stack: LocalStack) -> DemoReport:
    work, fault = asyncio.create_task(running), asyncio.create_task(stack.wait_for_fault())
    try:
        await asyncio.wait({work, fault}, return_when=asyncio.FIRST_COMPLETED)
        if fault.done():
            fault.result()
        return await work
    finally:
        work.cancel()
        fault.cancel()
        await asyncio.gather(work, fault, return_exceptions=True)


def _event_progress(console: Console, *, hidden: bool) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, console=console, transient=True, disable=hidden or not console.is_terminal)


def report_table(report: DemoReport, *, width: int) -> Table:
    """The messages that arrived; on a narrow terminal the permalinks lose the console's address."""
    made = table(["event type", "channel", "ms", "permalink"], right=["ms"])
    for arrival in report.arrivals:
        link = arrival.permalink if width >= WIDE else urlsplit(arrival.permalink).path
        latency = "?" if arrival.latency_ms is None else f"{arrival.latency_ms:.0f}"
        made.add_row(arrival.event_type, arrival.channel, latency, Text(link, f"link {arrival.permalink}"))
    return made


def acts_table(acts: Sequence[Act]) -> Table:
    """What people did, how soon Slack had its ack, and how soon they saw what became of it."""
    made = table(["who", "does", "ack ms", "seen ms", "and sees"], flexible=["and sees"], right=["ack ms", "seen ms"])
    for act in acts:
        made.add_row(act.who, act.what, _ms(act.ack_ms), _ms(act.seen_ms), act.problem or act.saw)
    return made


def storm_lines(storm: StormReport) -> str:
    """How long each event of the storm waited, and in how many messages all of them are."""
    named = (("p50", storm.p50_ms), ("p95", storm.p95_ms), ("p99", storm.p99_ms), ("max", storm.max_ms))
    times = "  ".join(f"{name} {value:,.0f} ms" for name, value in named if value is not None)
    return (
        f"a storm of {storm.events:,} events: each in one of {storm.messages} messages, "
        f"{storm.digests} of them digests ({storm.updates} times changed)\n"
        f"  from commit to visible in Slack: {times or 'nothing was seen'}"
    )


def _ms(milliseconds: float | None) -> str:
    return "" if milliseconds is None else f"{milliseconds:.0f}"


def verdict(report: DemoReport) -> str:
    """The last lines: whether all is well, and the times."""
    sign = "[green]✓[/]" if report.ok else "[red]✗[/]"
    count = len(report.arrivals)
    wrong = len(report.all_problems)
    said = f"{count} messages, each once and where it belongs; {len(report.acts)} deeds, each answered"
    said = said if report.ok else f"{wrong} problem{'' if wrong == 1 else 's'}"
    named = (("p50", report.p50_ms), ("p95", report.p95_ms), ("max", report.max_ms))
    times = "  ".join(f"{name} {value:.0f} ms" for name, value in named if value is not None)
    return f"{sign} {said}\n  from commit to Slack's ok: {times or 'no message arrived'}"
