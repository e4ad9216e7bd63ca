from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class StepChange:
    """A start-up step began, ended (well, or with a warning), failed or was stopped.

    `seconds` is its duration so far, `detail` what came of it.
    """

    name: str
    state: Literal["started", "done", "warned", "failed", "stopped"]
    seconds: float = 0.0
    detail: str = ""


@dataclass(slots=True)
class Step:
    """A step under way: set `detail` to say what came of it, and `warned` when a person should look at it."""

    name: str
    detail: str = ""
    warned: bool = False


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
        except asyncio.CancelledError:
            self.on_change(StepChange(name, "stopped", time.monotonic() - began))
            raise
        except BaseException:
            self.on_change(StepChange(name, "failed", time.monotonic() - began))
            raise
        state: Literal["done", "warned"] = "warned" if step.warned else "done"
        self.on_change(StepChange(name, state, time.monotonic() - began, step.detail))
