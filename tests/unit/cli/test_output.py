from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from pulser_cli.output import ago, due, shown, status, table

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("2026-11-24T11:59:48+00:00", "12 s ago"),
        ("2026-11-24T11:56:59+00:00", "3 min ago"),
        ("2026-11-24T09:00:00+00:00", "3 h ago"),
        ("2026-11-20T12:00:00+00:00", "4 d ago"),
        ("2026-11-24T12:00:30+00:00", "in 30 s"),
        ("2026-11-24T12:00:00.400000+00:00", "now"),
        ("2026-11-24T13:59:48+02:00", "12 s ago"),
        (None, ""),
    ],
)
def test_times_are_relative(written: str | None, seen: str) -> None:
    """A time is told by its distance from now, in the largest unit that fits."""
    assert ago(written, NOW) == seen


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("2026-11-24T11:59:48+00:00", "overdue by 12 s"),
        ("2026-11-24T12:00:30+00:00", "in 30 s"),
        ("2026-11-24T12:00:00+00:00", "now"),
        (None, ""),
    ],
)
def test_what_was_to_happen_by_now_is_overdue(written: str | None, seen: str) -> None:
    """What Slack's refusal or pace holds back has not happened: its time is not told like the past."""
    assert due(written, NOW) == seen


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), ("", "–"), (0, "0"), ("a\nb\tc", "a b c"), ("\x1b[2J", "[2J")]
)
def test_what_is_shown_is_one_harmless_line(value: object, text: str) -> None:
    """Line breaks and control characters of the data do not reach the terminal."""
    assert shown(value).plain == text


def test_trouble_is_red() -> None:
    """A status has its colour, an unknown one none."""
    assert (str(status("dead").style), str(status("in_doubt").style), str(status("odd").style)) == (
        "bold red",
        "yellow",
        "",
    )


@pytest.mark.parametrize("width", [40, 80, 200])
def test_only_flexible_columns_give_way(width: int) -> None:
    """In a narrow terminal the long text is cut, the id stays whole, and a row stays a line."""
    made = table(["What", "Id"], flexible=["What"])
    made.add_row(shown("x" * 150), shown("1b4e28ba-2fa1"))
    out = io.StringIO()
    Console(file=out, width=width).print(made)
    _, line = out.getvalue().splitlines()
    assert line.rstrip().endswith("1b4e28ba-2fa1")
    assert len(line) <= width
