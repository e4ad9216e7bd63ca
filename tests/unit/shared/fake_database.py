"""A Database for tests of what reads Vault: secrets in a dict, and every call in a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pulser.database import JsonValue
from pulser.errors import PulserError


@dataclass(slots=True)
class FakeDatabase:
    """Answers read_secret_v1 from `secrets`, or raises `trouble`."""

    secrets: dict[str, str] = field(default_factory=dict)
    trouble: PulserError | None = None
    reads: list[str] = field(default_factory=list)

    async def call(self, function: str, arguments: Mapping[str, JsonValue] | None = None) -> JsonValue:
        """As Database.call."""
        assert function == "read_secret_v1"
        assert arguments is not None
        self.reads.append(arguments["name"])
        if self.trouble is not None:
            raise self.trouble
        return self.secrets.get(arguments["name"])

    async def close(self) -> None:
        """As Database.close."""


@dataclass(slots=True)
class FakeClock:
    """Seconds that pass when a test says so."""

    now: float = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now
