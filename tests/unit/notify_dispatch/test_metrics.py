"""?action=metrics while the ledger is away: 503 in the usual form, without the words of the database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from notify_dispatch import metrics
from pulser.database import JsonValue
from pulser.errors import DatabaseRefused, DatabaseUnavailable, PulserError

WORDS = 'password authentication failed for user "sentinel"'


@dataclass
class TroubledLedger:
    """Raises its trouble, or never answers."""

    trouble: PulserError | None

    async def call(self, function: str, arguments: Mapping[str, JsonValue] | None = None) -> JsonValue:
        """As Database.call."""
        assert (function, arguments) == ("metrics_v1", None)
        if self.trouble is not None:
            raise self.trouble
        await asyncio.Event().wait()

    async def close(self) -> None:
        """As Database.close."""


@pytest.mark.parametrize(
    "trouble",
    [DatabaseUnavailable(WORDS), DatabaseRefused("28P01", WORDS), DatabaseRefused("42883", "no metrics_v1"), None],
    ids=["away", "refuses", "older than we", "silent"],
)
async def test_without_its_ledger_there_are_no_metrics(
    monkeypatch: pytest.MonkeyPatch, trouble: PulserError | None
) -> None:
    """A scrape fails as a whole: half the numbers would look like good news."""
    monkeypatch.setattr(metrics, "METRICS_TIMEOUT", 0.01)
    answer = await metrics.answer_metrics(TroubledLedger(trouble))
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/json")
    wanted = {"ok": False, "error": "unavailable", "message": "the database does not answer"}
    assert json.loads(bytes(answer.body)) == wanted
