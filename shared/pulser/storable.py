"""Any JSON value as Postgres's jsonb takes it. Pure.

jsonb refuses the NUL character, half a surrogate pair, infinite numbers and very deep nesting, all of which Python's
json reads. One such envelope must not make the ledger refuse the others that are recorded with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

DEEPEST = 64  # levels; Slack's own payloads have about ten
TOO_DEEP = "(nested too deeply)"
_LONGEST_NUMBER = 10**400  # jsonb takes more; nothing that Slack sends is that long
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(value: object, *, depth: int = 0) -> Any:  # noqa: ANN401  it is JSON
    """`value` with what jsonb refuses replaced: characters by "�", numbers by their text, depths by a remark."""
    match value:
        case str():
            return _text(value)
        case dict() | Mapping() | list() | tuple():
            return _nested(value, depth) if depth < DEEPEST else TOO_DEEP
        case None | bool():
            return value
        case int() | float() if -_LONGEST_NUMBER < value < _LONGEST_NUMBER:
            return value
        case int():
            return "(a very long number)"
        case _:
            return _text(str(value))


def _text(text: str) -> str:
    # Nearly all that Slack sends is plain.
    return text if text.isascii() and "\0" not in text else _UNSTORABLE.sub("\ufffd", text)


def _nested(value: Mapping[Any, Any] | Sequence[Any], depth: int) -> dict[str, Any] | list[Any]:
    """Texts, which are most of it, are looked at here: a call for each would cost more than the look."""
    if isinstance(value, dict | Mapping):
        return {
            _text(str(name)): item
            if type(item) is str and item.isascii() and "\0" not in item
            else storable(item, depth=depth + 1)
            for name, item in value.items()
        }
    return [storable(item, depth=depth + 1) for item in value]
