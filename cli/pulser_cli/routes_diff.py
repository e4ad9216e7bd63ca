"""The difference between two sets of routes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

Route = Mapping[str, Any]
_TELLING = (
    "event_pattern",
    "minimum_severity",
    "service",
    "environment",
    "channel",
    "mention",
    "continue",
    "is_default",
)


@dataclass(frozen=True, slots=True)
class Change:
    """What applying would do to the route `name`; `keys` maps each changed key to (before, after)."""

    kind: Literal["added", "changed", "removed"]
    name: str
    keys: Mapping[str, tuple[Any, Any]]

    def to_json(self) -> dict[str, Any]:
        """As the commands print it with --json."""
        keys = {key: {"before": before, "after": after} for key, (before, after) in self.keys.items()}
        return {"kind": self.kind, "route": self.name, "keys": keys}

    def in_words(self) -> str:
        """One line: the name, and each key with its value or its change."""
        if self.kind == "changed":
            told = [f"{key} {_word(before)} → {_word(after)}" for key, (before, after) in self.keys.items()]
        else:
            side = 0 if self.kind == "removed" else 1
            told = [
                f"{key} {_word(self.keys[key][side])}" for key in _TELLING if self.keys[key][side] not in (None, False)
            ]
        return f"{self.name}: {', '.join(told)}"


def changes_between(held: Sequence[Route], wanted: Sequence[Route]) -> list[Change]:
    """What must change in `held` to become `wanted`: in the order of `wanted`, the removed ones last.

    Of positions only the order counts: a route that keeps its place among the others is unchanged.
    """
    before, after = _by_name(held), _by_name(wanted)
    moved = _moved([name for name in before if name in after], [name for name in after if name in before])
    changes = [_change(name, before.get(name), after[name], moved.get(name)) for name in after]
    changes += [_change(name, before[name], None) for name in before if name not in after]
    return [change for change in changes if change.keys]


def _by_name(routes: Sequence[Route]) -> dict[str, Route]:
    ordered = sorted(routes, key=lambda it: (it["is_default"], it["position"], it["name"]))
    return {str(route["name"]): route for route in ordered}


def _moved(before: list[str], after: list[str]) -> dict[str, tuple[int, int]]:
    """The fewest names that must move, with the place before and after (the first is 1)."""
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    stay = {name for block in blocks for name in before[block.a : block.a + block.size]}
    return {name: (before.index(name) + 1, after.index(name) + 1) for name in after if name not in stay}


def _change(name: str, before: Route | None, after: Route | None, places: tuple[int, int] | None = None) -> Change:
    old, new = before or {}, after or {}
    keys = {key: (old.get(key), new.get(key)) for key in _TELLING}
    if not before or not after:
        return Change("added" if after else "removed", name, keys)
    keys = {key: (was, becomes) for key, (was, becomes) in keys.items() if was != becomes}
    return Change("changed", name, keys | ({"place": places} if places else {}))


def _word(value: object) -> str:
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)
