"""The pictures: SVG with text that stays text, drawn from the raw figures alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.report.tables import OURS, SHOWN, at, rates_of
from bench.soak.plot import STYLE

Figures = Mapping[str, Any]
# Okabe and Ito's colours, which colour-blind people can tell apart; ours is the one that stands out.
COLOURS = {"pulser": "#D55E00", "sdk-aiohttp": "#0072B2", "bolt-aiohttp": "#009E73", "bolt-websockets": "#CC79A7"}
WIDTH, HEIGHT = 11.0, 3.8  # inches


def draw(contents: Mapping[str, Figures], folder: Path) -> list[Path]:
    """A picture for each part that was measured; their files."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    pictures: dict[str, Callable[[Figure, Figures], None]] = {
        "envelopes": _envelopes,
        "events": _events,
        "growth": _growth,
    }
    for part, picture in pictures.items():
        if part not in contents:
            continue
        height = 0.7 + 0.22 * len(contents[part]["figures"]["growth"]) if part == "growth" else HEIGHT
        with mpl.rc_context(STYLE):
            figure = Figure(figsize=(WIDTH, height), layout="constrained")
            picture(figure, contents[part]["figures"])
            made.append(folder / f"bench-{part}.svg")
            figure.savefig(made[-1], metadata={"Date": None})
    return made


def _envelopes(figure: Figure, figures: Figures) -> None:
    peers = figures["peers"]
    panels = (("processor seconds per 1,000 envelopes", ("cpu_s_per_1000",)), ("ack p99, ms", ("ack", "p99_ms")))
    for axes, (title, path) in zip(figure.subplots(1, 2), panels, strict=True):
        rates = rates_of(peers)
        for name, measured in peers.items():
            values = [at(measured, rate, *path) for rate in rates]
            axes.plot(
                range(len(rates)), values, marker="o", color=COLOURS.get(name), label=SHOWN.get(name, name).strip("*")
            )
        _axes(axes, title, rates, "envelopes a second")
    figure.axes[1].set_yscale("log")
    figure.axes[0].set_ylim(bottom=0)
    figure.axes[0].legend(frameon=False)


def _events(figure: Figure, figures: Figures) -> None:
    rates = list(at(figures, OURS) or {})
    for axes, cut in zip(figure.subplots(1, 2), ("p50_ms", "p99_ms"), strict=True):
        for place, (who, colour) in enumerate({OURS: COLOURS[OURS], "floor": "#999999"}.items()):
            values = [at(figures, who, rate, "to_slack", cut) or 0.0 for rate in rates]
            label = who if who == OURS else "empty function"
            axes.bar([it + (place - 0.5) * 0.38 for it in range(len(rates))], values, 0.36, color=colour, label=label)
        _axes(axes, f"Commit → message in Slack, {cut.removesuffix('_ms')}, ms", rates, "events a second")
    figure.axes[0].legend(frameon=False)


def _growth(figure: Figure, figures: Figures) -> None:
    sizes = sorted(figures["rows"], key=int)
    names = list(figures["growth"])
    for axes, key in zip(figure.subplots(1, 2, sharey=True), ("buffers", "ms"), strict=True):
        for place, size in enumerate(sizes):
            values = [max(figures["rows"][size][name][key], 0.01) for name in names]
            offset = (place - (len(sizes) - 1) / 2) * 0.26
            axes.scatter(values, [it + offset for it in range(len(names))], s=16, label=f"{int(size):,} rows")
        axes.set_xscale("log")
        axes.set_title("buffers read by a call" if key == "buffers" else "ms of a call")
        axes.set_yticks(range(len(names)), names, fontsize=7)
        axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    figure.axes[0].invert_yaxis()
    figure.axes[1].legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _axes(axes: Axes, title: str, names: list[str], label: str) -> None:
    axes.set_title(title)
    axes.set_xticks(range(len(names)), names)
    axes.set_xlabel(label)
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
