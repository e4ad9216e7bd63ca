"""Somebody's hands without a workspace behind them: a test says what becomes of each deed."""

from __future__ import annotations

import asyncio
from typing import Any

from pulser_local.console.hands import Deed, Line, Person, Press, Private, Unusable

Json = dict[str, Any]
ALICE, BOB = Person("U0ALICE", "alice", "Alice"), Person("U0BOB", "bob", "Bob")


class FakeHands:
    """Remembers what was done in `done`; answers with `deed`, once `hold` is set."""

    def __init__(self) -> None:
        self.now = Line("socket", 2)
        self.deed = Deed("acked", "envelope-1", 0.042)
        self.hold = asyncio.Event()
        self.hold.set()
        self.begun = asyncio.Event()  # set once a deed was asked for
        self.ended = asyncio.Event()  # set once a deed has its outcome
        self.refusal: str | None = None  # why a press cannot be
        self.done: list[tuple[object, ...]] = []
        self.ephemerals: dict[str, list[Json]] = {}
        self.modals: dict[str, list[Json]] = {}

    def whisper(self, user_id: str, channel_id: str, text: str, **message: object) -> str:
        """An ephemeral message for a person; its ts."""
        told = self.ephemerals.setdefault(user_id, [])
        ts = f"{1_900_000_000 + len(told)}.000100"
        told.append({"ts": ts, "channel_id": channel_id, "text": text, "bot_id": "B1", "bot_name": "pulser", **message})
        return ts

    def open(self, user_id: str, view: Json) -> None:
        """A modal on top of the person's others."""
        self.modals.setdefault(user_id, []).append({"id": "V1", "type": "modal", **view})

    def people(self) -> list[Person]:
        """See Hands."""
        return [ALICE, BOB]

    def app(self) -> Person:
        """See Hands."""
        return Person("U0PULSER", "pulser")

    def groups(self) -> list[Person]:
        """See Hands."""
        return [Person("S0OPS", "ops")]

    def line(self) -> Line:
        """See Hands."""
        return self.now

    def private(self, user_id: str) -> Private:
        """See Hands."""
        return Private(tuple(self.ephemerals.get(user_id, ())), tuple(self.modals.get(user_id, ())))

    def seen(self, envelope_id: str) -> Deed | None:
        """See Hands."""
        return self.deed if envelope_id == self.deed.envelope_id else None

    def dismiss(self, channel_id: str, ts: str, user_id: str) -> None:
        """See Hands."""
        told = self.ephemerals[user_id]
        self.ephemerals[user_id] = [each for each in told if (each["channel_id"], each["ts"]) != (channel_id, ts)]

    async def press(self, press: Press, user_id: str) -> Deed:
        """See Hands."""
        if self.refusal:
            raise Unusable(self.refusal)
        return await self._do("press", press.action_id, user_id)

    async def command(self, text: str, channel_id: str, user_id: str) -> Deed:  # noqa: ARG002  the channel is not looked at
        """See Hands."""
        return await self._do("command", text, user_id)

    async def submit(self, view_id: str, values: Json, user_id: str) -> Deed:
        """See Hands. An ack without errors closes the modal."""
        deed = await self._do("submit", view_id, values, user_id)
        if deed.outcome == "acked" and not deed.field_errors:
            self.modals[user_id].pop()
        return deed

    async def close(self, view_id: str, user_id: str) -> None:
        """See Hands."""
        if not self.modals.get(user_id):
            raise Unusable("This modal is not open.")
        self.modals[user_id].pop()
        await self._do("close", view_id, user_id)

    async def say(self, text: str, channel_id: str, user_id: str) -> None:  # noqa: ARG002  the channel is not looked at
        """See Hands."""
        await self._do("say", text, user_id)

    async def _do(self, *deed: object) -> Deed:
        self.done.append(deed)
        self.begun.set()
        await self.hold.wait()
        self.ended.set()
        return self.deed
