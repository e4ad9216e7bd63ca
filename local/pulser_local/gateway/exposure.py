"""What the project lets its Data API serve: the settings of supabase/config.toml, as the Supabase CLI applies them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from pulser_local.migrations import SUPABASE_FOLDER


@dataclass(frozen=True, slots=True)
class Exposure:
    """The schemas in their order, of which the first is for who names none, and the most rows of one answer."""

    schemas: tuple[str, ...]
    max_rows: int

    @classmethod
    def of_the_project(cls, config: Path = SUPABASE_FOLDER / "config.toml") -> Exposure:
        """As the checkout has it."""
        api = tomllib.loads(config.read_text())["api"]
        return cls(tuple(api["schemas"]), api["max_rows"])
