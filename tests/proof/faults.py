"""What goes wrong where a worker meets the outside: the kinds of faults, and those that wait for their crossing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.proof.seams import Crossing

Where = Literal["database", "slack", "hook", "forward", "socket", "sleep"]

# How each way out can fail. Of the database: nothing is done ("refused", "read_only", "serialization"), or the function
# is not there since its migration comes later ("behind"); it is done late ("slow"), it is done and nobody hears of it
# ("answer_lost"), or all connections are cut ("failover").
KINDS: dict[Where, tuple[str, ...]] = {
    "database": ("answer_lost", "behind", "refused", "serialization", "read_only", "slow", "failover"),
    "slack": (
        *("reset_after", "timeout_after", "garbage_after", "internal_error_after", "rate_limited", "empty_ok"),
        *("reset_before", "timeout_before", "garbage_before", "late", "slow", "http_500", "http_503"),
    ),
    "hook": ("reset_after", "mute", "garbage", "cut", "reset_before", "closed", "http_500", "http_503", "rate_limited"),
    "forward": ("cut_after", "http_500_after", "http_503", "garbage", "slow"),
    "socket": ("reset", "all_reset", "mute", "refresh"),
    "sleep": ("past_the_lease",),
}
DOUBLES = ("same_id", "new_id")  # Slack sends an envelope twice, under one id or two


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that goes wrong, once. `name`: what is called; of sockets and sleep with "before" or "after"."""

    where: Where
    worker: str
    name: str
    kind: str

    def __str__(self) -> str:
        return f"{self.worker} {self.name} {self.kind}"


@dataclass(slots=True)
class Faults:
    """Faults that wait for their crossing. `struck`: those that have met it.

    `on_sleep`: what others do while a worker sleeps; it gives the tokens of the claims that were slept over, which
    `slept` remembers. `late`: what the ledger said to their settles. `on_socket`: breaks connections to Slack.
    """

    waiting: list[Fault] = field(default_factory=list)
    struck: list[Fault] = field(default_factory=list)
    slept: set[str] = field(default_factory=set)
    late: list[Any] = field(default_factory=list)
    on_sleep: Callable[[str, Any], Awaitable[set[str]]] | None = None
    on_socket: Callable[[str], None] | None = None

    def begin(self, faults: Iterable[Fault] = ()) -> None:
        """Forget what was; these are to come."""
        self.waiting, self.struck, self.slept, self.late = list(faults), [], set(), []

    def meet(self, where: Where, worker: str, name: str) -> Fault | None:
        """The fault that strikes here now."""
        for fault in self.waiting:
            if (fault.where, fault.worker, fault.name) == (where, worker, name):
                self.waiting.remove(fault)
                self.struck.append(fault)
                return fault
        return None


def faults_at(crossings: Iterable[Crossing]) -> list[Fault]:
    """All that can go wrong at these crossings, once for each call that a worker makes."""
    found = (fault for crossing in crossings for fault in _at(*crossing.what))
    return list(dict.fromkeys(found))


def _at(worker: str, seam: str, name: str) -> list[Fault]:
    match seam:
        case "database":
            return [*_each("database", worker, name), *_around(worker, name)]
        case "slack":
            return _each("slack", "any", name)
        case "reply":
            return _each("slack", "any", "response_url")
        case "hook":
            return _each("hook", "dispatcher", "hook")
        case "forward":
            return _each("forward", "relay", name)
    return []  # of dials and frames, what is around record_envelopes_v1 is enough


def _each(where: Where, worker: str, name: str) -> list[Fault]:
    return [Fault(where, worker, name, kind) for kind in KINDS[where]]


def _around(worker: str, name: str) -> list[Fault]:
    """What can happen to a worker around a call to the ledger."""
    if worker == "relay":
        if name != "record_envelopes_v1":
            return []
        broken = [it for when in ("before", "after") for it in _each("socket", worker, f"{when} {name}")]
        return broken + [Fault("socket", "any", "envelope", kind) for kind in DOUBLES]
    if name.startswith("claim_"):
        return _each("sleep", worker, f"after {name}")
    if name.startswith(("settle_", "record_")):
        return _each("sleep", worker, f"before {name}")
    return []
