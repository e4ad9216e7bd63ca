"""JSON lines on standard output. Secrets are redacted by type and by shape; bound ids stand on each line."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from pydantic import SecretBytes, SecretStr

REDACTED = "[redacted]"
# Slack's tokens, Supabase's secret keys, JSON web tokens, and passwords in URLs.
_SECRET_SHAPES = re.compile(
    r"xox[a-z]-[\w-]+|xapp-[\w-]+|sb_secret_\w+|eyJ[\w-]+\.[\w-]+\.[\w-]+|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"
)


def configure(level: str = "INFO") -> None:
    """From now on each line is one JSON object, and no secret passes."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )


def redact(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: no secret passes, whether it is marked by its type or known by its shape."""
    return {name: redacted(value) for name, value in line.items()}


def redacted(value: object) -> object:
    """`value` without secrets, through dicts and lists. What is no JSON value becomes its redacted text."""
    match value:
        case SecretStr() | SecretBytes():
            return REDACTED
        case None | bool() | int() | float():
            return value
        case str():
            return _SECRET_SHAPES.sub(REDACTED, value)
        case dict():
            return {str(redacted(str(key))): redacted(item) for key, item in value.items()}
        case list() | tuple():
            return [redacted(item) for item in value]
        case _:
            return _SECRET_SHAPES.sub(REDACTED, str(value))
