"""What this checkout wants to find: told by the migrations and by ssot/, not by a list of its own. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_JOB = re.compile(r"\b(cron\.schedule|ops\.schedule_job_v1)\(\s*'(ops_\w+)',\s*(?:'([^']+)'|(\d+)),\s*'([^']+)'\s*\)")
_UNSCHEDULED = re.compile(r"\bcron\.unschedule\(\s*'(ops_\w+)'")
_CREATED = re.compile(r"\bcreate (?:or replace )?function ops\.(\w+)")
_CALLABLE = re.compile(r"\bgrant execute on function ops\.(\w+)\(.*?\) to service_role")
_DROPPED = re.compile(r"\bdrop function (?:if exists )?ops\.(\w+)")
_TABLE = re.compile(r"\bcreate table (?:if not exists )?ops\.(\w+)")
_TABLE_GRANT = re.compile(r"\bgrant ([a-z, ]+) on table ops\.(\w+) to service_role")
_COMMENT = re.compile(r"--[^\n]*")


@dataclass(frozen=True, slots=True)
class ExpectedJob:
    """A cron job as its migration schedules it. `each_minute_will_do`: where pg_cron knows no seconds."""

    name: str
    schedule: str
    command: str
    each_minute_will_do: bool = False


@dataclass(frozen=True, slots=True)
class Expected:
    """All that is wanted. `functions`: name to whether the service role calls it. `scopes`: with the reason of each."""

    migrations: tuple[str, ...]
    jobs: tuple[ExpectedJob, ...]
    functions: Mapping[str, bool]
    tables: Mapping[str, frozenset[str]]
    secrets: tuple[str, ...]
    bot_scopes: Mapping[str, str]
    version: str


def jobs_of(texts: Iterable[str]) -> tuple[ExpectedJob, ...]:
    """The cron jobs that stand at the end of these migrations."""
    found: dict[str, ExpectedJob] = {}
    for text in map(_code, texts):
        for name in _UNSCHEDULED.findall(text):
            found.pop(name, None)
        for how, name, schedule, seconds, command in _JOB.findall(text):
            asked = schedule or f"{seconds} seconds"
            found[name] = ExpectedJob(name, asked, command, each_minute_will_do=how.startswith("ops."))
    return tuple(found.values())


def functions_of(texts: Iterable[str]) -> dict[str, bool]:
    """Each function of schema ops that stands at the end, and whether the service role may call it."""
    found: dict[str, bool] = {}
    for text in map(_code, texts):
        for name in _DROPPED.findall(text):
            found.pop(name, None)
        for name in _CREATED.findall(text):
            found.setdefault(name, False)
        found |= dict.fromkeys(_CALLABLE.findall(text), True)
    return found


def tables_of(texts: Iterable[str]) -> dict[str, frozenset[str]]:
    """Each table of schema ops, and what the service role may do with it."""
    found: dict[str, frozenset[str]] = {}
    for text in map(_code, texts):
        for name in _TABLE.findall(text):
            found.setdefault(name, frozenset())
        for granted, name in _TABLE_GRANT.findall(text):
            found[name] = frozenset(it.strip() for it in granted.split(","))
    return found


def _code(text: str) -> str:
    return _COMMENT.sub("", text)
