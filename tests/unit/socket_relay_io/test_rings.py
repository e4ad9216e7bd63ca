"""Rings for envelopes that nobody waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from pulser.envelope import Envelope, Handler
from socket_relay.forward import Forwarder
from socket_relay.pace import Pace
from socket_relay.rings import Rings
from tests.unit.socket_relay_io.ledger import click


@dataclass(slots=True)
class Rung:
    """A forwarder that notes its rings."""

    rings: list[tuple[Handler, list[str]]] = field(default_factory=list)

    async def forward_all(self, handler: Handler, envelopes: Sequence[Envelope]) -> None:
        """One ring."""
        self.rings.append((handler, [it.envelope_id for it in envelopes]))


@dataclass(slots=True)
class Ringing:
    """Rings whose tasks are kept."""

    rung: Rung
    rings: Rings
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def add(self, *envelopes: Envelope) -> None:
        """Have them rung for."""
        for envelope in envelopes:
            self.rings.add(envelope, self._start)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(asyncio.create_task(work))

    async def done(self) -> list[tuple[Handler, list[str]]]:
        """All rings, once all were made."""
        await asyncio.gather(*self.tasks)
        return self.rung.rings


@pytest.fixture
def ringing() -> Ringing:
    """Two envelopes a ring, and a hundredth of a second between two."""
    rung = Rung()
    return Ringing(rung, Rings(cast("Forwarder", rung), Pace(together=0.01, ring_group=2)))


def command(envelope_id: str) -> Envelope:
    """One for the other handler."""
    return replace(click(envelope_id), type="slash_commands")


async def test_the_first_is_rung_for_at_once(ringing: Ringing) -> None:
    """Nothing is waited for when nothing was before it."""
    ringing.rings.pace = Pace(together=60.0)
    ringing.add(click("a"))
    assert await ringing.done() == [("action-handler", ["a"])]


async def test_those_of_a_moment_share_a_ring(ringing: Ringing) -> None:
    """What comes while the time since the last ring is not over."""
    ringing.add(click("a"))
    await ringing.done()
    ringing.add(click("b"))
    await asyncio.sleep(0)
    ringing.add(click("c"))
    assert await ringing.done() == [("action-handler", ["a"]), ("action-handler", ["b", "c"])]


async def test_a_ring_brings_no_more_than_it_may(ringing: Ringing) -> None:
    """The others have the next one."""
    ringing.add(*(click(it) for it in "abc"))
    assert await ringing.done() == [("action-handler", ["a", "b"]), ("action-handler", ["c"])]


async def test_each_handler_has_its_own(ringing: Ringing) -> None:
    """And none waits for the other."""
    ringing.rings.pace = Pace(together=60.0)
    ringing.add(click("a"), command("b"))
    assert sorted(await ringing.done()) == [("action-handler", ["a"]), ("command-handler", ["b"])]


async def test_what_no_handler_takes_rings_nobody(ringing: Ringing) -> None:
    """It is refused, and stands in the ledger."""
    ringing.add(replace(click("a"), refusal="odd"))
    assert await ringing.done() == []
