"""JSON lines on standard output. Secrets are redacted by type and by shape; bound ids stand on each line."""

from __future__ import annotations

import json
import logging
import math
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from pydantic import SecretBytes, SecretStr

REDACTED = "[redacted]"
_ENCODER = json.JSONEncoder(ensure_ascii=False)
DEEPEST = 20  # levels of dicts and lists: deeper, or in a circle, is shown as Python shows it
# Slack's tokens, Supabase's secret keys, JSON web tokens, bearer tokens, and passwords in URLs.
_SECRET_SHAPES = re.compile(
    r"xox[a-z]-[\w-]+|xapp-[\w-]+|sb_secret_[\w-]+|eyJ[\w-]+\.[\w-]+\.[\w-]+|(?<=[Bb]earer )[\w.~+/=-]{12,}"
    r"|(?<=://)[^/\s:@]*:[^/\s]+(?=@)"
)


def configure(level: str = "INFO") -> None:
    """From now on each line is one JSON object and no secret passes: ours, and warnings of the libraries."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            _render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        # Not bound to today's sys.stdout: it may be replaced, and a logger that is kept would write into the old one.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stdout),
        cache_logger_on_first_use=False,
    )
    _take_over(logging.getLogger())


def _take_over(root: logging.Logger) -> None:
    """What libraries log, a crash in the framework for instance, goes the same way as our own lines."""
    own = _StandardOutput(logging.WARNING)
    own.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.format_exc_info,
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                redact,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    others = [
        it for it in root.handlers if type(it) is not logging.StreamHandler and not isinstance(it, _StandardOutput)
    ]
    root.handlers = [*others, own]


class _StandardOutput(logging.Handler):
    """Writes to what sys.stdout is now, as structlog's PrintLogger above does."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        sys.stdout.write(f"{self.format(record)}\n")
        sys.stdout.flush()


def redact(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: no secret passes, whether it is marked by its type or known by its shape."""
    if _is_plain(line):
        return line
    return {_text(name): redacted(value) for name, value in line.items()}


def _render(_logger: object, _method: str, line: MutableMapping[str, Any]) -> str:
    """As structlog's JSONRenderer, by an encoder that is not made anew for each line: `redact` leaves JSON values."""
    return _ENCODER.encode(line)


def _is_plain(line: Mapping[str, Any]) -> bool:
    """Whether nothing in it is a secret or odd: one look at all its texts, as nearly every line is so."""
    texts: list[str] = []
    for name, value in line.items():
        if type(name) is not str:
            return False
        texts.append(name)
        kind = type(value)
        if kind is str:
            texts.append(value)
        elif value is not None and kind is not int and kind is not bool:
            return False
    together = "\n".join(texts)
    return together.isascii() and _SECRET_SHAPES.search(together) is None


def redacted(value: object, *, depth: int = 0) -> object:
    """`value` without secrets, as a JSON value. What is none becomes its redacted text."""
    match value:
        case None | bool() | int():
            return value
        case float() if math.isfinite(value):
            return value
        case dict() if depth < DEEPEST:
            return {_text(key): redacted(item, depth=depth + 1) for key, item in value.items()}
        case list() | tuple() if depth < DEEPEST:
            return [redacted(item, depth=depth + 1) for item in value]
        case _:
            return _text(value)


def _text(value: object) -> str:
    """The redacted text of anything. Half a surrogate pair, which no output takes, is written as its escape."""
    if isinstance(value, SecretStr | SecretBytes):
        return REDACTED
    try:
        text = str(value)
    except Exception as error:  # noqa: BLE001  a log line must not fail for what it shows
        text = f"<{type(value).__name__} whose text cannot be had: {type(error).__name__}>"
    return _SECRET_SHAPES.sub(REDACTED, text.encode(errors="backslashreplace").decode())
