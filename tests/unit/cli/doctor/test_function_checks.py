from __future__ import annotations

import json
from typing import Any

import pytest

from pulser_cli.doctor.facts import Answer
from pulser_cli.doctor.function_checks import function_findings
from tests.unit.cli.doctor.facts import HOSTILE, answer, is_inert, levels

NAME = "notify-dispatch"


def health(**changes: Any) -> str:  # noqa: ANN401  JSON
    """What a function says of itself."""
    return json.dumps({"ok": True, "function": NAME, "version": "1.0", "checks": {}} | changes)


@pytest.mark.parametrize(
    ("told", "level"),
    [
        (answer(health()), "ok"),
        (answer(health(version="0.9")), "warning"),
        (answer(health(version=None)), "warning"),
        (answer(health(ok=False), status=503), "wrong"),
        (answer(health(ok="yes")), "wrong"),
        (answer(health(function="socket-relay")), "wrong"),
        (answer('{"ok": true}'), "wrong"),
        (answer("[]"), "wrong"),
        (answer("<html>"), "wrong"),
        (answer("[" * 100_000), "wrong"),
        (answer(None, status=404), "wrong"),
        (answer(None, status=None, error="Couldn't resolve host name"), "wrong"),
        (answer(health()).model_copy(update={"timed_out": True}), "wrong"),
    ],
)
def test_an_answer(told: Answer, level: str) -> None:
    """Healthy, of another version, ill, somebody else's, or none."""
    assert levels(function_findings({NAME: 1}, {1: told}, "1.0")) == [level]


def test_what_fails_is_told() -> None:
    """Each check that fails, in its own words."""
    checks = {"a": {"ok": True}, "b": {"ok": False, "message": "it is late"}, "c": {"ok": False}, "d": 1}
    (finding,) = function_findings({NAME: 1}, {1: answer(health(ok=False, checks=checks))}, "1.0")
    assert finding.what == f"{NAME} is not well: b: it is late; c: fails"


def test_one_that_did_not_answer_yet() -> None:
    """While others did, it is late."""
    found = function_findings({NAME: 1, "socket-relay": 2}, {1: answer(health())}, "1.0")
    assert levels(found) == ["ok", "wrong"]


def test_no_answer_at_all_is_pg_nets() -> None:
    """One finding."""
    (finding,) = function_findings({NAME: 1, "socket-relay": 2}, {}, "1.0")
    assert "pg_net" in finding.what


def test_no_address() -> None:
    """Is not checked: Vault has its own finding."""
    (finding,) = function_findings(None, {}, "1.0")
    assert finding.what.startswith("not checked: ")


def test_hostile_answers_are_inert() -> None:
    """Whoever answers there."""
    hostile = {"version": HOSTILE, "ok": False, "checks": {HOSTILE: {"ok": False, "message": HOSTILE}}}
    told = [health(**hostile), health(function=HOSTILE), health(version=HOSTILE), health(ok=False, message=[HOSTILE])]
    answers = [*map(answer, told), answer(None, status=None, error=HOSTILE)]
    assert all(is_inert(it) for one in answers for it in function_findings({NAME: 1}, {1: one}, "1.0"))
