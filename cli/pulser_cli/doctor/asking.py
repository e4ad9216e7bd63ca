"""Gathers facts from the database. What cannot be had is told with its reason, never raised."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from pulser.database import Database
from pulser.errors import PulserError
from pulser_cli.doctor.facts import Answer, Server, Unasked
from pulser_cli.doctor.function_checks import FUNCTIONS

Fact = TypeVar("Fact")
LOOK = 0.2  # seconds between two looks for answers
_SERVER = TypeAdapter(Server)
_REQUESTS: TypeAdapter[dict[str, int] | None] = TypeAdapter(dict[str, int] | None)
_ANSWERS = TypeAdapter(tuple[Answer, ...])


async def server_facts(ledger: Database) -> tuple[Server, float]:
    """The server, and how many seconds its clock is ahead of ours. Raises PulserError: then nothing can be asked."""
    began = time.time()
    told = await ledger.call("doctor_server_v1")
    between = (began + time.time()) / 2
    server = _SERVER.validate_python(told)
    return server, server.now - between


async def ask(ledger: Database, function: str, kind: TypeAdapter[Fact], **arguments: Any) -> Fact | Unasked:  # noqa: ANN401  JSON
    """What the SQL function says, as facts of this kind."""
    try:
        return kind.validate_python(await ledger.call(function, arguments))
    except PulserError as error:
        return Unasked(str(error))
    except ValidationError:
        return Unasked(f"ops.{function} answers what this version does not understand")


async def function_answers(
    ledger: Database, *, within: float
) -> tuple[dict[str, int] | None, Mapping[int, Answer]] | Unasked:
    """The requests by function (None: Vault has no address), and what pg_net has for them within this time."""
    asked = await ask(ledger, "doctor_ask_functions_v1", _REQUESTS, functions=list(FUNCTIONS))
    if isinstance(asked, Unasked):
        return asked
    if asked is None:
        return None, {}
    deadline = time.monotonic() + within
    while True:
        told = await ask(ledger, "doctor_function_answers_v1", _ANSWERS, request_ids=list(asked.values()))
        if isinstance(told, Unasked):
            return told
        if len(told) >= len(asked) or time.monotonic() > deadline:
            return asked, {it.id: it for it in told}
        await asyncio.sleep(LOOK)
