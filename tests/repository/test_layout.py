"""Where things stand: migrations, functions, and how long a file may be."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.repository.tree import FUNCTION_FOLDERS, MIGRATIONS, ROOT, name_of, python_files

KINDS = "schema|extensions?|grants|table|sequence|function|trigger|index|view|cron"
MIGRATION = re.compile(rf"\d{{14}}_({KINDS})(_[a-z][a-z0-9_]*)?\.sql")
LONGEST = 400  # lines

functions = pytest.mark.parametrize("folder", FUNCTION_FOLDERS, ids=lambda it: it.name)


def test_there_are_functions_and_migrations() -> None:
    """The tests below have something to look at."""
    assert FUNCTION_FOLDERS
    assert MIGRATIONS


def test_each_migration_says_when_and_what() -> None:
    """A migration is named <14 digits>_<kind>_<object>.sql."""
    assert [it.name for it in MIGRATIONS if not MIGRATION.fullmatch(it.name)] == []


def test_no_two_migrations_have_one_version() -> None:
    """The history table has one row a version."""
    versions = [it.name[:14] for it in MIGRATIONS]
    assert len(versions) == len(set(versions))


def test_each_function_of_the_schema_has_its_version_in_its_name() -> None:
    """The migration of a SQL function ends in its version, and makes that function."""
    named = [(it, it.stem.partition("_function_")[2]) for it in MIGRATIONS if "_function_" in it.name]
    wrong = [
        it.name for it, name in named if f"function ops.{name}(" not in it.read_text() or not re.search(r"_v\d+$", name)
    ]
    assert wrong == []


@functions
def test_a_function_has_all_it_needs_to_be_deployed(folder: Path) -> None:
    """main.py, requirements.txt, README.md and one inner package stand in the folder of a function."""
    wanted = ["main.py", "requirements.txt", "README.md", f"{folder.name.replace('-', '_')}/__init__.py"]
    assert [it for it in wanted if not (folder / it).is_file()] == []


@functions
def test_an_entry_point_is_short(folder: Path) -> None:
    """main.py only hands over: it has less than 30 lines."""
    assert len((folder / "main.py").read_text().splitlines()) < 30


@functions
def test_a_readme_says_what_the_function_is(folder: Path) -> None:
    """The README of a function names it and its URL's parameters."""
    text = (folder / "README.md").read_text()
    assert folder.name in text
    assert "action=health" in text


@functions
def test_a_function_brings_the_library_and_the_framework(folder: Path) -> None:
    """What is deployed is made of the framework and shared/, by name and version and without an address."""
    lines = [it for it in (folder / "requirements.txt").read_text().splitlines() if it and not it.startswith("#")]
    assert "./shared" in lines
    assert [it for it in lines if it != "./shared" and not re.fullmatch(r"[a-z0-9-]+>=[0-9.]+", it)] == []


def test_each_function_is_part_of_the_workspace() -> None:
    """The editable install and the import rules know the package of every function."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    packages = {it.name.replace("-", "_") for it in FUNCTION_FOLDERS}
    assert {f"functions/{it.name}" for it in FUNCTION_FOLDERS} <= set(project["hatch"]["build"]["dev-mode-dirs"])
    assert packages <= set(project["importlinter"]["root_packages"])
    assert packages <= set(project["mypy"]["packages"])


def test_no_file_is_too_long_to_read() -> None:
    """A Python file has 400 lines at most."""
    lengths = {name_of(it): len(it.read_text().splitlines()) for it in python_files()}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}
