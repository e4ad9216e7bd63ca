"""How `pulser doctor` speaks to a person."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from pulser_cli.doctor.command import print_findings
from pulser_cli.doctor.finding import Finding, counts, not_checked, ok, warning, wrong
from tests.unit.cli.doctor.facts import HOSTILE

LONG = "the quick brown fox jumps over the lazy dog, " * 5


def printed(*found: Finding, width: int = 80) -> list[str]:
    """The lines on a terminal of that width."""
    out = io.StringIO()
    print_findings(list(found), Console(file=out, width=width, highlight=False))
    return out.getvalue().splitlines()


def test_what_is_wrong_comes_first() -> None:
    """Then the warnings, each with its remedy below it; then how much is right."""
    found = [ok("a", "fine"), warning("b", "odd", "look"), ok("c", "fine"), wrong("d", "bad", "mend")]
    assert printed(*found) == [
        "wrong    d: bad",
        "         → mend",
        "warning  b: odd",
        "         → look",
        "1 wrong, 1 warning; 2 of 4 checks are right.",
    ]


@pytest.mark.parametrize(
    ("found", "last"),
    [
        ([ok("a", "fine")], "All is right: 1 of 1 checks are right."),
        ([warning("a", "odd", "look")] * 2, "Nothing is wrong; 2 warnings; 0 of 2 checks are right."),
        ([wrong("a", "bad", "mend")] * 2, "2 wrong; 0 of 2 checks are right."),
    ],
)
def test_the_last_line(found: list[Finding], last: str) -> None:
    """Says it in a sentence."""
    assert printed(*found)[-1] == last


@pytest.mark.parametrize("width", [40, 80])
def test_it_fits_the_terminal(width: int) -> None:
    """Long texts go on below, indented; what comes after stands below too."""
    lines = printed(wrong("a", LONG, LONG), width=width)
    assert [line for line in lines if len(line) > width] == []
    assert all(line.startswith("         ") for line in lines[1:-1])


def test_a_word_that_is_to_be_copied_stays_whole() -> None:
    """However narrow the terminal."""
    assert any("x" * 100 in line for line in printed(wrong("a", "bad", "x" * 100)))


def test_no_text_steers_the_terminal_or_tells_a_token() -> None:
    """Nor is any of it read as Rich's markup."""
    text = "\n".join(printed(wrong("a", HOSTILE, f"[red]{HOSTILE}")))
    assert not any(it in text for it in ("\x1b", "\u202e", "sentinel"))
    assert "[red]" in text


def test_json_is_inert_too() -> None:
    """Each field of it."""
    text = str(wrong("a", HOSTILE, HOSTILE).to_json())
    assert "sentinel" not in text
    assert "\\x1b" not in text


def test_what_nobody_knows_is_a_warning_with_its_reason() -> None:
    """And has a remedy."""
    finding = not_checked("a", "nobody was there")
    assert (finding.level, finding.what) == ("warning", "not checked: nobody was there")
    assert finding.remedy


def test_nothing_found_is_counted() -> None:
    """As nothing."""
    assert counts([]) == {"wrong": 0, "warning": 0, "ok": 0}
