from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class StepChange:
    """A start-up step began, ended or failed. `seconds` is its duration so far, `detail` what came of it."""

    name: str
    state: Literal["started", "done", "failed"]
    seconds: float = 0.0
    detail: str = ""


@dataclass(slots=True)
class Step:
    """A step under way: set `detail` to say what came of it."""

    name: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Steps:
    """Tells a callback about each step of a start-up."""

    on_change: Callable[[StepChange], None] = lambda _change: None

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Report the block as one step."""
        step = Step(name)
        began = time.monotonic()
        self.on_change(StepChange(name, "started"))
        try:
            yield step
        except BaseException:
            self.on_change(StepChange(name, "failed", time.monotonic() - began))
            raise
        self.on_change(StepChange(name, "done", time.monotonic() - began, step.detail))
