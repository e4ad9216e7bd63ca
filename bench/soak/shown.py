"""The figures as a person reads them on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

MOST_LINES = 12  # findings of one kind that are printed
LATENCIES = {
    "event_to_message_s": "event → message",
    "click_to_ack_s": "click → ack",
    "click_to_changed_message_s": "click → changed message",
}


def show(figures: Mapping[str, Any], console: Console) -> None:
    """Counts, times, faults, and whether all is right."""
    console.print(_counts(figures), _times(figures["latencies"]), _faults(figures["faults"]))
    if figures["given_up"]:
        told = ", ".join(f"{reason} ({count})" for reason, count in figures["given_up"].items())
        console.print(Text(f"given up, with their reason: {told}"))
    for kind in ("lost", "double", "wrong"):
        found = figures["verdict"][kind]
        for finding in found[:MOST_LINES]:
            console.print(Text.assemble((f"{kind}  ", "bold red"), f"{finding['what']}: {finding['which']}"))
        if len(found) > MOST_LINES:
            console.print(f"{kind}  … {len(found) - MOST_LINES} more: build/soak/figures.json shows all")
    console.print(_conclusion(figures))


def _conclusion(figures: Mapping[str, Any]) -> Text:
    numbers = {kind: len(figures["verdict"][kind]) for kind in ("lost", "double", "wrong")}
    told = ", ".join(f"{count} {kind}" for kind, count in numbers.items())
    style = "bold red" if any(numbers.values()) else "bold green"
    return Text(f"{told}. Seed {figures['seed']}; build/soak/latency.svg shows the times.", style=style)


def _counts(figures: Mapping[str, Any]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in figures["counts"].items():
        table.add_row(name, f"{value:,}")
    table.add_row("deploys to their end", str(figures["deploys"]))
    table.add_row("deploys that people gave up", str(len(figures["deploys_given_up"])))
    table.add_row("settled after the load", f"{figures['settled_after_s']:.1f} s")
    table.add_row("slowest insert of events", f"{figures['slowest_insert_s']:.2f} s")
    return table


def _times(latencies: Mapping[str, Mapping[str, float]]) -> Table:
    table = Table("seconds", *(("count", "p50", "p95", "p99", "worst")), box=None, pad_edge=False, header_style="dim")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, label in LATENCIES.items():
        told = latencies[name]
        cells = (f"{told[cut]:.2f}" if cut in told else "–" for cut in ("p50", "p95", "p99", "worst"))
        table.add_row(label, str(int(told["count"])), *cells)
    return table


def _faults(faults: Mapping[str, int]) -> Text:
    told = ", ".join(f"{kind} {count}" for kind, count in faults.items() if count)
    missed = ", ".join(kind for kind, count in faults.items() if not count)
    lines = f"\n{sum(faults.values())} faults that met something: {told}"
    return Text(lines + (f"\nset, and met nothing: {missed}" if missed else ""))
