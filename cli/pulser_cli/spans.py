"""Spans of time as people type them: 90s, 15min, 1h, 2d."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from pulser_cli.output import USAGE, fail

_SPAN = re.compile(r"(\d{1,6})(s|min|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}


def since_of(span: str | None, option: str = "--since") -> str | None:
    """When `span` before now was, as ISO text; None for None. Ends the command when it is no span."""
    if span is None:
        return None
    found = _SPAN.fullmatch(span.replace(" ", ""))
    if not found:
        return fail(f"{option}: {span!r} is not a span of time; write 90s, 15min, 1h or 2d", code=USAGE)
    return (datetime.now(UTC) - timedelta(seconds=int(found[1]) * _SECONDS[found[2]])).isoformat()
