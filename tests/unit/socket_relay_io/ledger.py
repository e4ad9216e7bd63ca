"""A ledger for tests of the recorder: it answers as it is told, and notes each call."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pulser.database import JsonValue
from pulser.envelope import Envelope
from pulser.errors import DatabaseRefused, PulserError


@dataclass(slots=True)
class FakeLedger:
    """Records envelopes in memory. `troubles` are raised first, one a call; `poison` is refused; `open` lets it on."""

    troubles: list[PulserError] = field(default_factory=list)
    poison: set[str] = field(default_factory=set)
    written_before_trouble: bool = False
    open: asyncio.Event = field(default_factory=asyncio.Event)
    called: asyncio.Event = field(default_factory=asyncio.Event)
    groups: list[list[dict[str, Any]]] = field(default_factory=list)
    known: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Calls are let go unless a test says otherwise."""
        self.open.set()

    async def call(self, function: str, arguments: Mapping[str, JsonValue] | None = None) -> JsonValue:
        """As Database.call."""
        assert function == "record_envelopes_v1"
        assert arguments is not None
        envelopes = [dict(it) for it in arguments["envelopes"]]
        self.groups.append(envelopes)
        self.called.set()
        await self.open.wait()
        if self.troubles:
            if self.written_before_trouble:
                self._write(envelopes)
            raise self.troubles.pop(0)
        if any(it["envelope_id"] in self.poison and it["refused"] is None for it in envelopes):
            raise DatabaseRefused("22P05", "unsupported Unicode escape sequence")
        return {"now": 1000.0, "recorded": self._write(envelopes)}

    async def close(self) -> None:
        """As Database.close."""

    def _write(self, envelopes: list[dict[str, Any]]) -> list[dict[str, Any]]:
        said = []
        for it in envelopes:
            state = "duplicate" if it["envelope_id"] in self.known else "refused" if it["refused"] else "new"
            self.known.setdefault(it["envelope_id"], it)
            said.append({"envelope_id": it["envelope_id"], "state": state, "ack": None, "settled": False})
        return said


def event(envelope_id: str) -> Envelope:
    """An envelope that Slack sends again."""
    return Envelope(envelope_id, "T1", "events_api", {"event": {"type": "app_mention"}, "event_id": f"Ev{envelope_id}"})


def click(envelope_id: str) -> Envelope:
    """An envelope that Slack sends once."""
    return Envelope(envelope_id, "T1", "interactive", {"type": "block_actions", "trigger_id": f"t{envelope_id}"})
