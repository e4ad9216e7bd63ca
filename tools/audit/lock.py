"""The versions that the lock names, for every system and Python: a marker hides none from the audit. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date


def layers_of(texts: Iterable[str]) -> list[list[str]]:
    """The lines `name==version` of these files, each once, no name twice in one layer: pip-audit takes none twice.

    The first layer is nearly all; a later one has the versions for another Python.
    """
    layers: list[dict[str, str]] = []
    lines = {line.partition(";")[0].strip() for text in texts for line in text.splitlines()}
    for line in sorted(lines - {""}):
        name = line.partition("==")[0]
        layer = next((it for it in layers if name not in it), None)
        if layer is None:
            layers.append(layer := {})
        layer[name] = line
    return [list(it.values()) for it in layers]


def key_of(layers: Iterable[Iterable[str]], day: date) -> str:
    """What an audit of these versions on this day is remembered by."""
    text = "\n".join(line for layer in layers for line in layer)
    return f"{day.isoformat()}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
