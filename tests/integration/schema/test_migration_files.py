"""The files of supabase/migrations: one object each, named as their file, short."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pulser_local.migrations import MIGRATIONS

FILES = sorted(MIGRATIONS.glob("*"))
NAME = re.compile(r"(\d{14})_(schema|table|sequence|function|trigger|index|view|cron)_([a-z0-9_]+)\.sql")
# What creates no object of ours.
TOGETHER = {
    "20260301000010_extensions.sql",
    "20260301000252_extension_pg_net.sql",
}
CREATES = re.compile(
    r"\bcreate\s+(?:or\s+replace\s+)?(?:constraint\s+)?"
    r"(schema|table|sequence|function|procedure|trigger|view|materialized view|type|domain|policy)\s+"
    r"(?:if\s+not\s+exists\s+)?(?:ops\.)?(\w+)"
)
# A table's own indexes stand in its file; one that is added for a reader has a file of its own.
INDEXES = re.compile(r"\bcreate\s+(?:unique\s+)?index\s+if\s+not\s+exists\s+(\w+)")
SCHEDULES = re.compile(r"\b(?:cron\.schedule|ops\.schedule_job_v1)\('(\w+)'")
OTHER_KINDS = {"cron": SCHEDULES, "index": INDEXES}
FUNCTION = re.compile(r"^create or replace function.*?^\$\$;$", re.MULTILINE | re.DOTALL)
MOST_LINES = 60
FUNCTIONS = [file for file in FILES if "_function_" in file.name]


def code(file: Path) -> str:
    """The file without its comments."""
    return re.sub(r"--.*", "", file.read_text()).lower()


@pytest.mark.parametrize("file", [file for file in FILES if file.name not in TOGETHER], ids=lambda file: file.name)
def test_a_file_creates_the_one_object_of_its_name(file: Path) -> None:
    """<14 digits>_<kind>_<object>.sql, and nothing else in it."""
    named = NAME.fullmatch(file.name)
    assert named
    created = CREATES.findall(code(file))
    if named[2] in OTHER_KINDS:
        created += [(named[2], name) for name in OTHER_KINDS[named[2]].findall(code(file))]
    assert created == [(named[2], named[3])]


@pytest.mark.parametrize("file", FUNCTIONS, ids=lambda file: file.name)
def test_a_function_is_at_most_sixty_lines(file: Path) -> None:
    """Longer ones are two."""
    [function] = FUNCTION.findall(file.read_text())
    assert len(function.splitlines()) <= MOST_LINES


@pytest.mark.parametrize("file", FUNCTIONS, ids=lambda file: file.name)
def test_a_function_is_named_with_its_version(file: Path) -> None:
    """A changed meaning is a new _v2, added before callers move."""
    assert re.search(r"_v\d+\.sql$", file.name)


@pytest.mark.parametrize("file", FUNCTIONS, ids=lambda file: file.name)
def test_a_function_asks_for_no_repetition_by_the_data_api(file: Path) -> None:
    """PostgREST up to 14 runs a call that failed with 40001 again and again, also when nobody waits any more."""
    assert not re.search(r"40001|serialization_failure|isolation level", code(file))


def test_versions_are_unique() -> None:
    """The history table's key is the version."""
    versions = [file.name[:14] for file in FILES]
    assert len(set(versions)) == len(versions)
