"""A database that can be away, slow, or do something before or after a call."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from pulser.database import Database, JsonValue
from pulser.errors import DatabaseUnavailable


@dataclass(slots=True)
class TroubledDatabase:
    """Passes calls on to `real`. `away`: none comes through. `slow`: seconds before a function's call, by its name.

    `lost`: how many answers of a function do not come back, by its name.
    """

    real: Database
    away: bool = False
    slow: dict[str, float] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    calls: list[tuple[str, Mapping[str, JsonValue]]] = field(default_factory=list)

    async def call(self, function: str, arguments: Mapping[str, JsonValue] | None = None) -> JsonValue:
        """As Database.call."""
        if self.away:
            raise DatabaseUnavailable("the database is away")
        self.calls.append((function, arguments or {}))
        if function in self.slow:
            await asyncio.sleep(self.slow[function])
        answer = await self.real.call(function, arguments)
        if self.lost.get(function, 0) > 0:
            self.lost[function] -= 1
            raise DatabaseUnavailable("the answer was lost")
        return answer

    async def close(self) -> None:
        """As Database.close."""
        await self.real.close()
