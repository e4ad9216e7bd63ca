"""What a replay finds: differences, grouped, and what could not be compared. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

Aspect = Literal["channels", "mention", "card", "layout", "understood", "outcome"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which then and now differ. `subject`: the type of an event, or what somebody did."""

    subject: str
    aspect: Aspect
    then: str
    now: str


@dataclass(frozen=True, slots=True)
class Compared:
    """One stored thing, compared. `not_compared`: what of it, or that all of it, was not, and why, in a few words."""

    differences: tuple[Difference, ...] = ()
    not_compared: str | None = None
    is_left_out: bool = False

    @classmethod
    def left_out(cls, why: str) -> Compared:
        """Nothing of it could be compared."""
        return cls(not_compared=why, is_left_out=True)


@dataclass(slots=True)
class Tally:
    """Events, or envelopes, counted. `first`: of each difference the newest id that has it. `cut`: there were more."""

    seen: int = 0
    compared: int = 0
    differ: int = 0
    groups: Counter[Difference] = field(default_factory=Counter)
    first: dict[Difference, str] = field(default_factory=dict)
    not_compared: Counter[str] = field(default_factory=Counter)
    cut: bool = False

    def count(self, identifier: str, found: Compared) -> None:
        """Add one."""
        self.seen += 1
        if found.not_compared:
            self.not_compared[found.not_compared] += 1
        if found.is_left_out:
            return
        self.compared += 1
        self.differ += bool(found.differences)
        for one in found.differences:
            self.groups[one] += 1
            self.first.setdefault(one, identifier)

    def sorted(self) -> Iterable[tuple[Difference, int]]:
        """The groups, the largest first."""
        return sorted(self.groups.items(), key=lambda it: (-it[1], it[0].subject, it[0].aspect, it[0].then, it[0].now))

    def to_json(self) -> dict[str, Any]:
        """As `pulser replay --json` prints it."""
        groups = [
            {
                "count": count, "subject": one.subject, "aspect": one.aspect, "then": one.then, "now": one.now,
                "newest": self.first[one],
            }
            for one, count in self.sorted()
        ]  # fmt: skip
        counts = {"compared": self.compared, "differ": self.differ, "cut": self.cut}
        return {**counts, "differences": groups, "not_compared": dict(self.not_compared.most_common())}
