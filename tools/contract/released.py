"""What the contract holds, and whether a schema keeps it. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

REMEDY = "add a _v2 beside it, move the callers, drop this one after the next release (docs/upgrade.md)"


@dataclass(frozen=True, slots=True)
class Function:
    """A function as callers know it. `arguments`: by name, the type and the default if there is one."""

    arguments: Mapping[str, str]
    result: str
    service_role: bool  # whether it may call it


@dataclass(frozen=True, slots=True)
class Contract:
    """The SQL functions that the code of a release calls."""

    version: str
    functions: Mapping[str, Function]

    def to_json(self) -> str:
        """The file's text, the same for the same contract."""
        return json.dumps(asdict(self), indent=2, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Contract:
        """Raises ValueError, KeyError or TypeError where it is none."""
        read: dict[str, Any] = json.loads(text)
        return cls(read["version"], {name: Function(**told) for name, told in read["functions"].items()})


def broken(released: Contract, now: Mapping[str, Function]) -> list[str]:
    """What a call of the released code would meet otherwise than it knows it; each in words, with what to do."""
    found = [
        (name, what)
        for name, function in released.functions.items()
        for what in (_changes(function, now[name]) if name in now else ["is gone"])
    ]
    return [f"ops.{name} {what}. Release {released.version} calls it: {REMEDY}" for name, what in found]


def _changes(was: Function, now: Function) -> list[str]:
    gone = [f"has no argument {it} any more" for it in was.arguments if it not in now.arguments]
    other = [
        f"takes {it} {now.arguments[it]}, not {told}"
        for it, told in was.arguments.items()
        if now.arguments.get(it, told) != told
    ]
    # One with a default may come: who does not know it leaves it out.
    wanted = [
        f"wants an argument {it} more"
        for it, told in now.arguments.items()
        if it not in was.arguments and " default " not in told
    ]
    result = [f"gives {now.result}, not {was.result}"] if now.result != was.result else []
    refused = ["is closed to the service role"] if was.service_role and not now.service_role else []
    return [*gone, *other, *wanted, *result, *refused]
