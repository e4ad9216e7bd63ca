"""The arithmetic of the bench: percentiles, medians of runs, ratios. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median, quantiles
from typing import Any


def spread(seconds: Iterable[float]) -> dict[str, float]:
    """Count, p50, p95, p99 and the worst in milliseconds; only the count where there are none."""
    times = sorted(1000 * it for it in seconds)
    if not times:
        return {"count": 0}
    cuts = quantiles(times, n=100, method="inclusive") if len(times) > 1 else times * 99
    named = {"p50_ms": cuts[49], "p95_ms": cuts[94], "p99_ms": cuts[98], "worst_ms": times[-1]}
    return {"count": len(times)} | {name: round(value, 2) for name, value in named.items()}


def medians(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One run that has of each figure the median of all runs that have it; what is no number is the first run's."""
    merged: dict[str, Any] = {}
    for name in dict.fromkeys(key for run in runs for key in run):
        values = [run[name] for run in runs if run.get(name) is not None]
        merged[name] = _merged(values) if values else None
    return merged


def ratio(value: float | None, to: float | None) -> float | None:
    """How many times as much; None where one of the two is not there."""
    return None if value is None or not to else round(value / to, 2)


def best(rows: Iterable[Mapping[str, Any]], name: str) -> float | None:
    """The smallest figure of that name."""
    return min((row[name] for row in rows if row.get(name) is not None), default=None)


def _merged(values: Sequence[Any]) -> Any:  # noqa: ANN401  # whatever a run measures
    if all(isinstance(it, Mapping) for it in values):
        return medians(values)
    if all(isinstance(it, int | float) and not isinstance(it, bool) for it in values):
        return round(median(values), 3)
    return values[0]
