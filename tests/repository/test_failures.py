"""docs/failures.md names tests that are there."""

from __future__ import annotations

import re

import pytest

from tests.repository.tree import ROOT

ROWS = re.findall(r"^\| (\d+) \|.*?\| (.*) \|$", (ROOT / "docs" / "failures.md").read_text(), re.MULTILINE)


def test_all_forty_failures_are_listed() -> None:
    """None is left out, none stands twice."""
    assert [int(number) for number, _ in ROWS] == list(range(1, 41))


@pytest.mark.parametrize(("number", "cell"), ROWS, ids=[number for number, _ in ROWS])
def test_the_tests_of_a_failure_are_there(number: str, cell: str) -> None:
    """Each file is there and has each test that is named for it."""
    assert cell, number
    for part in cell.split("; "):
        file, *names = re.findall(r"`([^`]+)`", part)
        code = (ROOT / "tests" / file).read_text()
        assert [name for name in names if f"def {name}(" not in code] == []
