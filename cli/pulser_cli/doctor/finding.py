"""What a check found. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pulser.blocks import clean
from pulser.logs import redacted

Level = Literal["ok", "warning", "wrong"]
ORDER: tuple[Level, ...] = ("wrong", "warning", "ok")
LONGEST = 300  # characters of a text that another system gave


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: how it is in `what`, and what to do about it where it is not right."""

    check: str
    level: Level
    what: str
    remedy: str = ""

    def to_json(self) -> dict[str, Any]:
        """As `pulser doctor --json` prints it: no secret passes, whoever said it."""
        return {name: shown(value) for name, value in asdict(self).items()}


def ok(check: str, what: str) -> Finding:
    """All right."""
    return Finding(check, "ok", what)


def warning(check: str, what: str, remedy: str) -> Finding:
    """It works, but a person should know."""
    return Finding(check, "warning", what, remedy)


def wrong(check: str, what: str, remedy: str) -> Finding:
    """It does not work."""
    return Finding(check, "wrong", what, remedy)


def not_checked(check: str, reason: str, remedy: str = "ask again when that is mended") -> Finding:
    """Nobody knows. What the cause is stands in a finding of its own where it is one."""
    return Finding(check, "warning", f"not checked: {reason}", remedy)


def shown(text: str) -> str:
    """A text on one line, without a secret by its shape, and unable to steer a terminal."""
    return " ".join(clean(str(redacted(text))).split())


def short(text: object) -> str:
    """What another system said, cut where it is long."""
    said = shown(str(text))
    return said if len(said) <= LONGEST else f"{said[: LONGEST - 1]}…"


def counts(findings: Iterable[Finding]) -> Mapping[Level, int]:
    """How many of each level."""
    levels = [it.level for it in findings]
    return {level: levels.count(level) for level in ORDER}
