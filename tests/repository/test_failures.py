"""docs/failures.md, docs/security.md and the contract name tests that are there."""

from __future__ import annotations

import re

import pytest

from tests.repository.tree import ROOT

ROWS = re.findall(r"^\| (\d+) \|.*?\| (.*) \|$", (ROOT / "docs" / "failures.md").read_text(), re.MULTILINE)

BOUNDARIES = re.findall(
    r"^\| (.*?) \| .*? \| .*? \| (`.*) \|$", (ROOT / "docs" / "security.md").read_text(), re.MULTILINE
)

CONTRACT = (ROOT / "docs" / "contracts" / "SLACK_PULSER_CONTRACT.md").read_text()
CLAUSES = re.findall(r"^\| .*? \| .*? \| (`.*) \|$", CONTRACT, re.MULTILINE)


def test_all_forty_failures_are_listed() -> None:
    """None is left out, none stands twice."""
    assert [int(number) for number, _ in ROWS] == list(range(1, 41))


@pytest.mark.parametrize(("number", "cell"), ROWS, ids=[number for number, _ in ROWS])
def test_the_tests_of_a_failure_are_there(number: str, cell: str) -> None:
    """Each file is there and has each test that is named for it."""
    assert cell, number
    assert _absent(cell) == []


@pytest.mark.parametrize("cell", [cell for _, cell in BOUNDARIES])
def test_the_tests_of_a_boundary_are_there(cell: str) -> None:
    """Of each row of the threat model."""
    assert _absent(cell) == []


@pytest.mark.parametrize("cell", CLAUSES)
def test_the_tests_of_a_clause_are_there(cell: str) -> None:
    """Of each row of the contract."""
    assert _absent(cell) == []


def test_the_clauses_have_tests() -> None:
    """No clause of the contract is without."""
    assert len(CLAUSES) == CONTRACT.count("\n| ") - 1  # the head


def test_the_boundaries_have_tests() -> None:
    """No row of the threat model, and no secret's change, is without."""
    rows = (ROOT / "docs" / "security.md").read_text().count("\n| ")
    assert len(BOUNDARIES) == rows - 2  # the heads of two tables


def _absent(cell: str) -> list[str]:
    """The tests of a cell that are not there. A file that is not there is an error."""
    absent = []
    for part in cell.split("; "):
        file, *names = re.findall(r"`([^`]+)`", part)
        code = (ROOT / "tests" / file).read_text()
        absent += [name for name in names if f"def {name}(" not in code]
    return absent
