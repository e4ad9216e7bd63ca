from __future__ import annotations

import json
from dataclasses import dataclass

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
OWN_KEYS = ("event", "level", "timestamp", "logger")


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line that a part of the stack said: its level (0 where it has none), its text, its fields in order."""

    name: str
    level: int
    text: str
    fields: tuple[tuple[str, str], ...] = ()
    detail: str = ""  # of several lines: a traceback

    @property
    def is_quiet(self) -> bool:
        """Whether a person who did not ask for all lines is spared it. A line without a level is shown."""
        return 0 < self.level < LEVELS["warning"]


def read_line(name: str, text: str) -> LogLine:
    """Understand a line: one JSON object as pulser.logs writes it, or any other text as it is."""
    try:
        said = json.loads(text) if text.startswith("{") else None
    except ValueError:
        said = None
    if not isinstance(said, dict) or "event" not in said:
        return LogLine(name, 0, text)
    fields = [(key, value) for key, value in said.items() if key not in (*OWN_KEYS, "exception")]
    return LogLine(
        name,
        LEVELS.get(str(said.get("level")), LEVELS["info"]),
        str(said["event"]),
        tuple((key, value if isinstance(value, str) else json.dumps(value)) for key, value in fields),
        str(said.get("exception", "")),
    )
