"""The bench's arithmetic."""

from __future__ import annotations

from typing import Any

import pytest

from bench.figures import best, medians, ratio, spread


def test_percentiles_are_in_milliseconds() -> None:
    """Of a hundred and one times, the percentiles are the times themselves."""
    found = spread([it / 1000 for it in range(101)])
    assert found == {"count": 101, "p50_ms": 50.0, "p95_ms": 95.0, "p99_ms": 99.0, "worst_ms": 100.0}


@pytest.mark.parametrize(("times", "found"), [([], {"count": 0}), ([0.002], {"count": 1, "p50_ms": 2.0})])
def test_few_times_have_figures_too(times: list[float], found: dict[str, float]) -> None:
    """None has a count; one is each of its percentiles."""
    assert spread(times).items() >= found.items()


def test_medians_are_of_each_figure() -> None:
    """Also of those within others; a run that lacks one is left out of it, and what is no number is the first's."""
    runs: list[dict[str, Any]] = [
        {"a": {"b": 1.0}, "n": 3, "x": "one"},
        {"a": {"b": 5.0}, "n": 1, "x": "two"},
        {"a": {"b": 2.0}, "n": None},
    ]
    assert medians(runs) == {"a": {"b": 2.0}, "n": 2, "x": "one"}


def test_what_nobody_measured_has_no_median() -> None:
    """And no ratio, and is not the best."""
    assert medians([{"a": None}]) == {"a": None}
    assert (ratio(None, 1.0), ratio(1.0, None), ratio(1.0, 0.0)) == (None, None, None)
    assert best([{"a": None}, {"a": 2}, {"a": 1}], "a") == 1


def test_ratios_are_how_many_times_as_much() -> None:
    """Half of it is 0.5."""
    assert ratio(1.0, 2.0) == 0.5
