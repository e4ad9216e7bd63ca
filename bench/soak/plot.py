"""The times over the soak, and below them, on a line for each kind, when which fault was there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator

from bench.soak.faults import LANES, Lane, Strike
from bench.soak.figures import Sample
from bench.soak.outcome import Outcome

# Okabe and Ito's colours, which colour-blind people can tell apart.
COLOURS: dict[Lane, str] = {
    "processes": "#D55E00",
    "Slack's API": "#0072B2",
    "sockets": "#009E73",
    "database": "#CC79A7",
    "deploy hook": "#E69F00",
}
MESSAGES, ACKS, CHANGES = "#0072B2", "#56B4E9", "#D55E00"
SLACK_WAITS = 3.0  # seconds
WIDTH, PANEL, LINE = 13.0, 2.9, 0.165  # inches
STYLE: Any = {  # matplotlib's stubs ask for a dictionary of their own literals
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "pulser",
}


def draw(soak: Outcome, folder: Path) -> None:
    """Write latency.svg and latency.png into the folder."""
    kinds = _rows(soak.strikes)
    below = 0.6 + LINE * max(len(kinds), 4)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 2 * PANEL + below + 0.8), layout="constrained")
        messages, clicks, faults = figure.subplots(3, 1, sharex=True, height_ratios=[PANEL, PANEL, below])
        figure.suptitle(
            f"{soak.seconds:.0f} s of load and {sum(soak.faults.values())} faults, seed {soak.seed}", x=0.01, ha="left"
        )
        _messages(messages, soak)
        _clicks(clicks, soak)
        _faults(faults, soak.strikes, kinds)
        for axes in (messages, clicks):
            _marks(axes, soak.strikes)
        last = max([soak.seconds, *(strike.ended for strike in soak.strikes)])
        faults.set_xlim(-0.01 * last, 1.01 * last)
        faults.set_xlabel("seconds since the load began")
        figure.savefig(folder / "latency.svg", metadata={"Date": None})
        figure.savefig(folder / "latency.png", dpi=130)


def _messages(axes: Axes, soak: Outcome) -> None:
    axes.set_title("Event → message in Slack")
    _points(axes, soak.times.event_to_message, soak.began, c=MESSAGES, marker="o", label="one message")
    _seconds(axes)
    axes.legend(loc="upper right", frameon=False, ncols=3)


def _clicks(axes: Axes, soak: Outcome) -> None:
    axes.set_title("Click → ack, and click → changed message")
    _points(axes, soak.times.click_to_ack, soak.began, c=ACKS, marker="o", label="ack")
    _points(axes, soak.times.click_to_change, soak.began, c=CHANGES, marker="^", label="changed message")
    failed = [at - soak.began for at in soak.times.failed_clicks]
    axes.scatter(
        failed, [SLACK_WAITS] * len(failed), s=18, c="black", marker="x", linewidths=0.8, label="no ack", zorder=4
    )
    axes.axhline(SLACK_WAITS, color="black", linewidth=0.8, linestyle=(0, (4, 3)), label="so long Slack waits")
    _seconds(axes)
    axes.legend(loc="upper right", frameon=False, ncols=4)


def _points(axes: Axes, samples: Sequence[Sample], began: float, **how: Any) -> None:  # noqa: ANN401  # matplotlib's
    at = [sample.at - began for sample in samples]
    took = [max(sample.seconds, 0.001) for sample in samples]
    axes.scatter(at, took, s=11, alpha=0.65, linewidths=0, zorder=3, **how)


def _seconds(axes: Axes) -> None:
    axes.set_yscale("log")
    axes.set_ylabel("seconds")
    axes.yaxis.set_major_locator(LogLocator(base=10))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high * 2.5)  # room for the legend


def _marks(axes: Axes, strikes: Sequence[Strike]) -> None:
    """When each fault began."""
    for strike in strikes:
        axes.axvline(strike.began, color=COLOURS[strike.lane], linewidth=0.5, alpha=0.3, zorder=1)


def _rows(strikes: Sequence[Strike]) -> list[tuple[Lane, str]]:
    """A line for each kind that was there, lane by lane."""
    met = {(strike.lane, strike.kind) for strike in strikes}
    return [(lane, kind) for lane in LANES for kind in sorted(kind for of, kind in met if of == lane)]


def _faults(axes: Axes, strikes: Sequence[Strike], kinds: Sequence[tuple[Lane, str]]) -> None:
    axes.set_title("Faults (hollow: it met nothing)")
    places = {kind: place for place, (_, kind) in enumerate(kinds)}
    axes.set_yticks(range(len(kinds)), [kind for _, kind in kinds])
    axes.set_ylim(len(kinds) - 0.4, -0.6)
    for label, (lane, _) in zip(axes.get_yticklabels(), kinds, strict=True):
        label.set_color(COLOURS[lane])
        label.set_fontsize(8)
    for strike in strikes:
        place, colour = places[strike.kind], COLOURS[strike.lane]
        axes.plot(
            [strike.began, strike.ended], [place, place], color=colour, linewidth=2.5, solid_capstyle="butt", alpha=0.6
        )
        filled = colour if strike.hits else "white"
        axes.plot([strike.began], [place], marker="d", markersize=5, color=colour, markerfacecolor=filled)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", color="#eeeeee", linewidth=0.6)
    axes.set_axisbelow(True)
    for lane in LANES:
        axes.plot([], [], marker="d", markersize=5, linewidth=2.5, color=COLOURS[lane], label=lane)
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), frameon=False, ncols=5, borderaxespad=0.2)
