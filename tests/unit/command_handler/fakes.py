"""A ledger and a Slack that say what a test wants, and remember what they were asked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from pulser.database import JsonValue
from pulser.errors import DatabaseRefused
from pulser.slack import SlackApi
from pulser.vault import Vault


class FakeLedger:
    """`answers`: by function, a value, an error to raise, or an Event: then nothing comes until it is set."""

    def __init__(self, **answers: Any) -> None:  # noqa: ANN401  JSON, errors or events
        self.answers: dict[str, Any] = answers
        self.secrets = {"pulser_functions_url": "http://127.0.0.1:1/functions/v1", "slack_bot_token": "xoxb-sentinel"}

    async def call(self, function: str, arguments: Mapping[str, JsonValue] | None = None) -> JsonValue:
        """As Database.call."""
        if function == "read_secret_v1" and function not in self.answers:
            return self.secrets.get((arguments or {})["name"])
        if function not in self.answers:
            raise DatabaseRefused("42883", f"no function {function}")
        return await _said(self.answers[function])

    async def close(self) -> None:
        """As Database.close."""


class FakeSlack(SlackApi):
    """`answers`: by method, as of the ledger; a function is called with the arguments."""

    def __init__(self, **answers: Any) -> None:  # noqa: ANN401  JSON, errors, events or functions
        super().__init__(Vault(FakeLedger()))
        self.answers: dict[str, Any] = {name.replace("_", "."): answer for name, answer in answers.items()}
        self.calls: list[tuple[str, dict[str, Any]]] = []

    async def call(self, method: str, *, start_by: float = 0, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401, ARG002
        """As SlackApi.call."""
        self.calls.append((method, arguments))
        answer = self.answers.get(method, {})
        said = await _said(answer(arguments) if callable(answer) else answer)
        return {"ok": True, **(said or {})}


async def _said(answer: Any) -> Any:  # noqa: ANN401  JSON
    if isinstance(answer, asyncio.Event):
        await answer.wait()
        return None
    if isinstance(answer, Exception):
        raise answer
    return answer
