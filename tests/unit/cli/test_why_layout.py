"""A story on the terminal: fits 80 columns, cannot steer it, ends with how the thing stands."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from pulser.why import Story
from pulser.why_moment import Moment, Who
from pulser_cli.why import print_timeline

BEGIN = datetime(2026, 11, 24, 23, 59, 58, tzinfo=UTC)


def printed(*moments: Moment, now: str = "It stands.", left_out: tuple[str, ...] = (), columns: int = 80) -> list[str]:
    """The lines on a terminal of so many columns."""
    out = io.StringIO()
    console = Console(file=out, width=columns, highlight=False, color_system=None)
    print_timeline(Story("ci.failed api", moments, now, left_out, {}), console)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def a_moment(seconds: float | None, what: str, detail: str | None = None, who: Who | None = None) -> Moment:
    return Moment(None if seconds is None else BEGIN + timedelta(seconds=seconds), what, detail, who)


def test_each_moment_has_the_time_since_the_first_and_the_clocks() -> None:
    """The day stands where it begins; a moment without a time has none."""
    assert printed(
        a_moment(0, "It was written", "severity error", Who(None, "ci")),
        a_moment(0.042, "It was routed"),
        a_moment(None, "Somebody asked for another try"),
        a_moment(3, "It was posted", None, Who("U1", "ada")),
    ) == [
        "ci.failed api",
        "                  2026-11-24 UTC",
        " +0 ms  23:59:58  It was written · ci",
        "                  severity error",
        "+42 ms  23:59:58  It was routed",
        "                  Somebody asked for another try",
        "                  2026-11-25 UTC",
        "+3.0 s  00:00:01  It was posted · ada U1",
        "",
        "It stands.",
    ]


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_no_line_is_wider_than_the_terminal(columns: int) -> None:
    """Long words and other scripts are broken, none is lost."""
    long = "x" * 300 + " мониторинг 監視の警告 שלום"
    lines = printed(a_moment(0, long, long, Who("U1", "y" * 100)), now=long, columns=columns)
    assert all(len(line) <= columns for line in lines)
    assert "".join(lines).count("x") == 900


def test_the_last_line_says_how_it_stands() -> None:
    """What is not told comes before it."""
    lines = printed(a_moment(0, "It was written"), left_out=("7 more clicks on its card",))
    assert lines[-3:] == ["Not told: 7 more clicks on its card.", "", "It stands."]


def test_markup_is_text() -> None:
    """Rich's own brackets in an event style nothing and fail nothing."""
    [line] = [it for it in printed(a_moment(0, "[bold]x[/nope] [link=evil]")) if "bold" in it]
    assert line.endswith("[bold]x[/nope] [link=evil]")


def test_a_story_without_any_moment_still_ends_with_how_it_stands() -> None:
    """As one that the ledger has only half of."""
    assert printed()[-1] == "It stands."
