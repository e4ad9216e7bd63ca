from __future__ import annotations

import json

import pytest

from pulser_cli.dev_view import shown_line
from pulser_cli.log_line import read_line

WARNING = json.dumps(
    {"channel": "#ops-ci", "retry_after": 30, "event": "slack said wait", "level": "warning", "timestamp": "2026"}
)


def test_a_warning_is_shown_with_its_fields() -> None:
    """A JSON line becomes its text and its fields."""
    assert shown_line(read_line("notify-dispatch", WARNING)).plain.endswith(
        "notify-dispatch slack said wait channel=#ops-ci retry_after=30"
    )


def test_the_traceback_follows_its_line() -> None:
    """An exception stands below the line that logged it."""
    line = json.dumps({"event": "failed", "level": "error", "exception": "Traceback …\nValueError: 1"})
    assert shown_line(read_line("notify-dispatch", line)).plain.endswith("failed\nTraceback …\nValueError: 1")


@pytest.mark.parametrize(("level", "quiet"), [("debug", True), ("info", True), ("warning", False), ("error", False)])
def test_only_warnings_and_errors_are_worth_a_line(level: str, quiet: bool) -> None:  # noqa: FBT001  # a parameter of the case
    """Below warning, a line is for those who asked for all."""
    assert read_line("notify-dispatch", json.dumps({"event": "x", "level": level})).is_quiet is quiet


@pytest.mark.parametrize("text", ["Traceback (most recent call last):", "{not json", '{"no": "event"}', "[1]", ""])
def test_other_text_is_shown_as_it_is(text: str) -> None:
    """What is no log line of ours is shown unchanged and never swallowed."""
    said = read_line("notify-dispatch", text)
    assert (said.text, said.is_quiet) == (text, False)


def test_a_line_cannot_steer_the_terminal() -> None:
    """Escape sequences in a log line are not printed."""
    line = json.dumps({"event": "a\u001b[2Jb", "level": "error", "title": "\u001b]0;x\u0007"})
    assert "\u001b" not in shown_line(read_line("notify-dispatch", line)).plain


def test_markup_in_a_line_is_text() -> None:
    """A line that looks like Rich's markup is printed as it is."""
    assert "[red]boo" in shown_line(read_line("notify-dispatch", "[red]boo")).plain
