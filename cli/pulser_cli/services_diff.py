"""The difference between two sets of services. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Service = Mapping[str, Any]
_TELLING = (
    *("environments", "approval_required", "approvals", "approvers", "deployers", "rollback_by"),
    *("runbook_url", "escalation", "deploy", "rollback"),
)


@dataclass(frozen=True, slots=True)
class Change:
    """What applying would do to the service `name`; `keys` maps each changed key to (before, after)."""

    kind: Literal["added", "changed", "removed"]
    name: str
    keys: Mapping[str, tuple[Any, Any]]

    def to_json(self) -> dict[str, Any]:
        """As the commands print it with --json."""
        keys = {key: {"before": before, "after": after} for key, (before, after) in self.keys.items()}
        return {"kind": self.kind, "service": self.name, "keys": keys}

    def in_words(self) -> str:
        """One line: the name, and each key with its value or its change."""
        if self.kind == "changed":
            told = [f"{key} {in_a_word(before)} → {in_a_word(after)}" for key, (before, after) in self.keys.items()]
        else:
            side = 0 if self.kind == "removed" else 1
            told = [f"{key} {in_a_word(both[side])}" for key, both in self.keys.items() if both[side] not in (None, [])]
        return f"{self.name}: {', '.join(told)}"


def changes_between(held: Sequence[Service], wanted: Sequence[Service]) -> list[Change]:
    """What must change in `held` to become `wanted`: in the order of `wanted`, the removed ones last."""
    before, after = ({str(it["service"]): it for it in services} for services in (held, wanted))
    changes = [_change(name, before.get(name), after[name]) for name in after]
    changes += [_change(name, before[name], None) for name in before if name not in after]
    return [change for change in changes if change.keys]


def _change(name: str, before: Service | None, after: Service | None) -> Change:
    keys = {key: ((before or {}).get(key), (after or {}).get(key)) for key in _TELLING}
    if before is None or after is None:
        return Change("added" if after else "removed", name, keys)
    return Change("changed", name, {key: (was, becomes) for key, (was, becomes) in keys.items() if was != becomes})


def in_a_word(value: object) -> str:
    """A value of a service as a person writes it: "staging production", "webhook https://… (pulser_hook_x)"."""
    match value:
        case None | []:
            return "none"
        case bool():
            return str(value).lower()
        case [*names]:
            return " ".join(map(str, names))
        case {"type": kind, "secret": secret, **where}:
            return f"{kind} {' '.join(str(it) for it in where.values())} ({secret})"
        case Mapping():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)
