"""A click that the ledger took, while Slack heard nothing in time: its user saw a failure, so it is not done."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from pulser.database import Database, JsonValue
from pulser.errors import DatabaseUnavailable
from pulser.handling_late import ANSWER_WITHIN
from tests.integration.action_handler.stage import Stage


class SlowToTell:
    """A ledger that does at once what it is told, and says so late, or never."""

    def __init__(self, real: Database, *, seconds: float = 0.0, never: bool = False) -> None:
        self._real, self._seconds, self._never = real, seconds, never

    async def call(self, function: str, arguments: Mapping[str, JsonValue] | None = None) -> JsonValue:
        """As Database.call."""
        told = await self._real.call(function, arguments)
        if (arguments or {}).get("envelopes"):
            await asyncio.sleep(self._seconds)
            if self._never:
                raise DatabaseUnavailable("the connection broke")
        return told

    async def close(self) -> None:
        """As Database.close."""
        await self._real.close()


async def pressed_in_vain(stage: Stage, ledger: SlowToTell) -> str:
    """Bob presses Acknowledge; the event of the card, once all is quiet."""
    event_id = await stage.emit("ci.failed")
    stage.service._recorder.ledger = ledger
    await stage.press("acknowledge", "U0BOB")
    await stage.settled()
    return event_id


async def test_a_click_whose_record_is_told_too_late_is_not_done(stage: Stage) -> None:
    """And its user is told so in private."""
    event_id = await pressed_in_vain(stage, SlowToTell(stage.service._ledger, seconds=ANSWER_WITHIN + 0.1))
    assert (await stage.card(event_id))["phase"] == "open"
    assert len(stage.notes("U0BOB")) == 1


async def test_a_click_whose_record_is_never_told_is_not_done(stage: Stage) -> None:
    """Slack hears 503; the sweep does not run the click a moment later."""
    event_id = await pressed_in_vain(stage, SlowToTell(stage.service._ledger, never=True))
    await stage.drain()
    assert (await stage.card(event_id))["phase"] == "open"
    assert len(stage.notes("U0BOB")) == 1
