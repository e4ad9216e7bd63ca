"""Who answers what an installation must know: a person at a terminal, or a file that was given."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import typer
from rich.text import Text

from pulser_cli.output import console
from pulser_cli.setup.values import Wanted, normal, problem
from pulser_local.errors import LocalError


class Asker(Protocol):
    """Answers questions."""

    def agrees(self, question: str) -> bool:
        """Whether it may be done. Raises LocalError where nobody can be asked."""

    def value(self, wanted: Wanted, *, held: str | None) -> str | None:
        """The value of a secret, checked; None: leave it as it is (`held`: what Vault has now)."""

    def tell(self, text: str) -> None:
        """Say what a person must know before the next question."""


@dataclass(frozen=True, slots=True)
class Person:
    """At a terminal: asked for what is missing, and for what `change` names. Secrets are not echoed."""

    yes: bool
    change: frozenset[str]

    def agrees(self, question: str) -> bool:
        """See Asker."""
        if self.yes:
            return True
        with _interruptible():
            return typer.confirm(question, default=True, err=True)

    def value(self, wanted: Wanted, *, held: str | None) -> str | None:
        """See Asker. Asks again until the value can be right; Enter alone leaves it."""
        if held and wanted.name not in self.change:
            return None
        leave = "Enter keeps the old one" if held else "Enter leaves it out"
        spare = "; only the other transport needs it" if wanted.is_spare else ""
        question = f"{wanted.name} ({wanted.where}{spare}; {leave})"
        while typed := self._typed(question, hidden=not wanted.is_shown):
            value = normal(wanted.name, typed)
            if (wrong := problem(wanted.name, value)) is None:
                return value or None
            self.tell(f"That cannot be {wanted.name}: {wrong}.")
        return None

    def tell(self, text: str) -> None:
        """See Asker."""
        console(stderr=True).print(Text(text), soft_wrap=True)

    def _typed(self, question: str, *, hidden: bool) -> str:
        with _interruptible():
            typed: str = typer.prompt(question, default="", show_default=False, hide_input=hidden, err=True)
        return typed


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C ends a question. asyncio's own handler only cancels the task, and the question waits on."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@dataclass(frozen=True, slots=True)
class Given:
    """No terminal: what was given counts, and nothing is asked."""

    yes: bool
    values: Mapping[str, str] = field(repr=False)

    def agrees(self, question: str) -> bool:
        """See Asker."""
        if not self.yes:
            raise LocalError(f"Nobody is here to answer: {question}", remedy="Give --yes.")
        return True

    def value(self, wanted: Wanted, *, held: str | None) -> str | None:  # noqa: ARG002  what is given replaces it
        """See Asker."""
        value = normal(wanted.name, self.values.get(wanted.name, ""))
        wrong = problem(wanted.name, value) if value else None
        if wrong is not None:
            raise LocalError(f"What was given cannot be {wanted.name}: {wrong}.")
        return value or None

    def tell(self, text: str) -> None:
        """See Asker: there is nobody."""
