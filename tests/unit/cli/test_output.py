from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from pulser_cli.output import ago, due, print_rows, shown, shown_id, status, table

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
ID = "1b4e28ba-2fa1-41d2-883f-0016d3cca427"


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


def printed(width: int, id_: str = ID) -> list[str]:
    """The lines of a table with a long text and an id, below its head."""
    made = table(["What", "Id"], flexible=["What"])
    made.add_row(shown("x" * 50), shown_id(id_))
    out = Console(file=io.StringIO(), width=width)
    print_rows(made, out)
    assert isinstance(out.file, io.StringIO)
    assert out.width == width
    return [line.rstrip() for line in out.file.getvalue().splitlines()[1:]]


def test_where_there_is_room_all_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row is a line."""
    monkeypatch.setenv("COLUMNS", "88")
    assert printed(88) == [f"{'x' * 50}  {ID}"]


def test_an_id_becomes_short_before_a_text_is_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first digits find it again; of what is no such id they do not."""
    monkeypatch.setenv("COLUMNS", "80")
    assert printed(87) == [f"{'x' * 50}  1b4e28ba"]
    assert printed(60) == [f"{'x' * 50}  1b4e28ba"]
    assert printed(40) == [f"{'x' * 30}  1b4e28ba", "x" * 20]
    assert printed(40, "http:9f86d081884c7d65") == [f"{'x' * 17}  http:9f86d081884c7d65", "x" * 17, "x" * 16]


def test_in_a_pipe_nothing_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """What reads it wants whole lines."""
    monkeypatch.delenv("COLUMNS", raising=False)
    assert printed(20) == [f"{'x' * 50}  {ID}"]
