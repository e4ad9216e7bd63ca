"""Channels as people type them."""

from __future__ import annotations

import re

_CHANNEL_ID = re.compile(r"[CDG][A-Z0-9]{8,}")  # names have no capitals


def as_routed(given: str | None) -> str | None:
    """As the ledger has it: an ID, or a name with the "#" that a shell takes for a comment."""
    if not given or given.startswith("#") or _CHANNEL_ID.fullmatch(given):
        return given
    return f"#{given}"
