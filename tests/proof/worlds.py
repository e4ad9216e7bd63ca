"""Worlds for the tests of one module or function."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Generic

from pulser_local.postgres import PostgresServer
from tests.fixtures.postgres import fresh_database
from tests.proof.world import Made, world


@dataclass(slots=True)
class Worlds(Generic[Made]):
    """One world for many plays, and a fresh one after a play that went wrong: one failure must not make others."""

    kind: type[Made]
    server: PostgresServer
    template: str
    name: str
    _parts: AsyncExitStack = field(default_factory=AsyncExitStack)
    _world: Made | None = field(default=None, repr=False)  # it remembers a whole story
    _made: int = 0

    async def get(self) -> Made:
        """The world to play in."""
        if self._world is None:
            self._made += 1
            fresh = fresh_database(self.server, f"{self.name}_{self._made}", template=self.template)
            url = await self._parts.enter_async_context(fresh)
            self._world = await self._parts.enter_async_context(world(url, self.kind))
        return self._world

    async def close(self) -> None:
        """End it."""
        self._world = None
        await self._parts.aclose()
