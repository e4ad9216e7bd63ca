"""What this checkout wants to find: told by the migrations and by ssot/, not by a list of its own. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_JOB = re.compile(r"\b(cron\.schedule|ops\.schedule_job_v1)\(\s*'(ops_\w+)',\s*(?:'([^']+)'|(\d+)),\s*'([^']+)'\s*\)")
_UNSCHEDULED = re.compile(r"\bcron\.unschedule\(\s*'(ops_\w+)'")
_CREATED = re.compile(r"\bcreate (?:or replace )?(?:function|table|view)(?: if not exists)? ops\.(\w+)")
_DROPPED = re.compile(r"\bdrop (?:function|table|view)(?: if exists)? ops\.(\w+)")
_RIGHT = re.compile(
    r"\b(grant|revoke) ([a-z, ]+?) on (function|table)\s+((?:ops\.\w+(?:\([^)]*\))?[\s,]*)+)\s*(?:to|from) ([a-z_, ]+)"
)
_ARGUMENTS = re.compile(r"\([^)]*\)")
_NAME = re.compile(r"ops\.(\w+)")
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
    views: Mapping[str, frozenset[str]]
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
    return {name: bool(rights) for name, rights in _rights("function", texts).items()}


def tables_of(texts: Iterable[str]) -> dict[str, frozenset[str]]:
    """Each table of schema ops that stands at the end, and what the service role may do with it."""
    return {name: frozenset(rights) for name, rights in _rights("table", texts).items()}


def views_of(texts: Iterable[str]) -> dict[str, frozenset[str]]:
    """Each view of schema ops that stands at the end, and what the service role may do with it."""
    return {name: frozenset(rights) for name, rights in _rights("view", texts).items()}


def _rights(kind: str, texts: Iterable[str]) -> dict[str, set[str]]:
    """What the service role may do with each object of a kind, by what the migrations say one after the other."""
    found: dict[str, set[str]] = {}
    granted_on = "table" if kind == "view" else kind  # SQL has no other word for a view
    for text in map(_code, texts):
        for name in _named(_DROPPED, kind, text):
            found.pop(name, None)
        for name in _named(_CREATED, kind, text):
            found.setdefault(name, set())
        for verb, rights, what, names, roles in _RIGHT.findall(text):
            if what == granted_on and "service_role" in roles:
                for name in found.keys() & set(_NAME.findall(_ARGUMENTS.sub("", names))):
                    _change(found[name], verb, {it.strip() for it in rights.split(",")})
    return found


def _named(pattern: re.Pattern[str], kind: str, text: str) -> list[str]:
    return [it[1] for it in pattern.finditer(text) if f" {kind} " in it[0]]


def _change(held: set[str], verb: str, rights: set[str]) -> None:
    if verb == "grant":
        held |= rights
    elif rights == {"all"}:
        held.clear()
    else:
        held -= rights


def _code(text: str) -> str:
    return _COMMENT.sub("", text)
