from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from pulser.database import JsonValue
from pulser.errors import DatabaseRefused, DatabaseUnavailable, PulserError
from pulser_cli.doctor.asking import ask, function_answers, server_facts
from pulser_cli.doctor.facts import Unasked
from tests.unit.cli.doctor.facts import server

NUMBER = TypeAdapter(int)


class Telling:
    """A database that gives one answer to each function, or fails."""

    def __init__(self, **answers: Any) -> None:  # noqa: ANN401  JSON
        self._answers = answers

    async def call(self, function: str, _arguments: Mapping[str, JsonValue] | None = None) -> JsonValue:
        """See Database.call."""
        answer = self._answers[function]
        if isinstance(answer, PulserError):
            raise answer
        return answer

    async def close(self) -> None:
        """See Database.close."""


@pytest.mark.parametrize("ahead", [-100.0, 0.0, 100.0])
async def test_the_databases_clock_is_compared_with_ours(ahead: float) -> None:
    """To within what the question took."""
    told = server(now=time.time() + ahead).model_dump()
    _, found = await server_facts(Telling(doctor_server_v1=told))
    assert abs(found - ahead) < 10


async def test_a_server_that_cannot_be_asked_is_an_error() -> None:
    """For then nothing can be."""
    for error in (DatabaseUnavailable("away"), DatabaseRefused("42883", "no such function")):
        with pytest.raises(type(error)):
            await server_facts(Telling(doctor_server_v1=error))
    with pytest.raises(ValidationError):
        await server_facts(Telling(doctor_server_v1={"now": "then"}))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (DatabaseRefused("3F000", 'schema "cron" does not exist'), 'schema "cron" does not exist'),
        (DatabaseUnavailable("the database does not answer"), "does not answer"),
        ("sentinel", "does not understand"),
        (None, "does not understand"),
    ],
)
async def test_what_cannot_be_had_has_a_reason(answer: object, reason: str) -> None:
    """Which quotes no answer."""
    facts = await ask(Telling(some_v1=answer), "some_v1", NUMBER)
    assert isinstance(facts, Unasked)
    assert reason in facts.reason
    assert "sentinel" not in facts.reason


async def test_answers_are_waited_for_no_longer_than_said() -> None:
    """What is there by then is told."""
    one = {"id": 1, "status": 200, "timed_out": False, "error": None, "content": "{}"}
    asked = {"socket-relay": 1, "action-handler": 2}
    database = Telling(doctor_ask_functions_v1=asked, doctor_function_answers_v1=[one])
    told = await function_answers(database, within=0.0)
    assert not isinstance(told, Unasked)
    assert (told[0], set(told[1])) == (asked, {1})


async def test_without_an_address_no_answer_is_waited_for() -> None:
    """Vault has none."""
    assert await function_answers(Telling(doctor_ask_functions_v1=None), within=60.0) == (None, {})
