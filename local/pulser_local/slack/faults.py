"""Faults a test or a person switches on: how the simulated Slack can fail, and for which calls."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Collection
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pulser_local.slack.workspace import Json

FaultKind = Literal[
    "http_status",  # an HTTP error before Slack's API is reached; body is a page or JSON
    "slack_error",  # ok: false with `error`
    "rate_limited",  # 429 with `retry_after` as it stands; None sends no header
    "reset_before",  # the connection is reset, nothing is stored
    "reset_after",  # the call has its effect, then the connection is reset
    "stall",  # no answer until released or for `seconds`; with `stored` the call has its effect first
    "slow",  # `seconds` pass, then the call has its effect (late) and is answered
    "garbage",  # 200 with a page that is not JSON; with `stored` the call has its effect first
    "answer",  # 200 with `answer` as it stands, and no effect: {"ok": true, "url": ""}
    "internal_error_after",  # the call has its effect, then ok: false internal_error
]

_CHOICES: Final[dict[str, set[str]]] = {
    "http_status": {"status", "body"},
    "slack_error": {"error"},
    "rate_limited": {"retry_after"},
    "stall": {"seconds", "stored"},
    "slow": {"seconds"},
    "garbage": {"stored"},
    "answer": {"answer"},
}
_COMMON: Final = {"method", "channel", "kind", "times"}


class Fault(BaseModel):
    """One way to fail. It fits calls of `method` (a glob) in `channel` (ID or name; None is any).

    It strikes `times` times (None: until it is taken away). A fault whose call has its effect first strikes
    only where the call succeeds: a call that Slack would refuse is refused, and the fault waits.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: str = "*"
    channel: str | None = None
    kind: FaultKind
    times: int | None = Field(default=None, ge=1)
    status: Literal[500, 502, 503, 504] = 503
    body: Literal["html", "json"] = "html"
    error: str = "internal_error"
    retry_after: str | None = "30"
    seconds: float | None = Field(default=None, gt=0)
    stored: bool = False
    answer: Json | None = None

    @model_validator(mode="after")
    def _fits_kind(self) -> Self:
        strange = self.model_fields_set - _COMMON - _CHOICES.get(self.kind, set())
        if strange:
            raise ValueError(f"a fault of kind {self.kind} has no {', '.join(sorted(strange))}")
        if self.kind == "slow" and self.seconds is None:
            raise ValueError("a fault of kind slow needs seconds")
        if self.kind == "answer" and self.answer is None:
            raise ValueError("a fault of kind answer needs an answer")
        return self

    @property
    def after_effect(self) -> bool:
        """Whether the call has its effect before the fault strikes."""
        return self.kind in {"reset_after", "internal_error_after"} or self.stored

    def fits(self, method: str, channels: Collection[str]) -> bool:
        """Whether it concerns a call of this method in a channel known by these names."""
        names = {name.removeprefix("#") for name in channels}
        right_channel = self.channel is None or self.channel.removeprefix("#") in names
        return right_channel and fnmatchcase(method, self.method)


@dataclass(slots=True)
class SetFault:
    """A fault that is switched on. `released` lets the calls it holds go."""

    id: str
    fault: Fault
    used: int = 0
    struck: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def strike(self) -> None:
        """Count one call as struck."""
        self.used += 1
        self.struck.set()

    @property
    def spent(self) -> bool:
        """Whether it has struck as often as it shall."""
        return self.fault.times is not None and self.used >= self.fault.times

    def to_json(self) -> Json:
        """The fault with its ID and how often it has struck."""
        return {"id": self.id, "used": self.used, "spent": self.spent, **self.fault.model_dump()}


class Faults:
    """The faults that are switched on, in order; of several that fit a call, the first strikes."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._set: dict[str, SetFault] = {}

    def add(self, fault: Fault) -> str:
        """Switch a fault on; its ID."""
        fault_id = f"fault-{next(self._numbers)}"
        self._set[fault_id] = SetFault(fault_id, fault)
        return fault_id

    def remove(self, fault_id: str) -> None:
        """Switch a fault off and let the calls it holds go. KeyError for an unknown ID."""
        self._set.pop(fault_id).released.set()

    def clear(self) -> None:
        """Switch all off and let all held calls go."""
        for fault_id in list(self._set):
            self.remove(fault_id)

    def find(self, method: str, channels: Collection[str]) -> SetFault | None:
        """The fault that is to strike this call, if any. The caller says `strike()` when it does."""
        fitting = (one for one in self._set.values() if not one.spent and one.fault.fits(method, channels))
        return next(fitting, None)

    def used(self, fault_id: str) -> int:
        """How often a fault has struck. KeyError for an unknown ID."""
        return self._set[fault_id].used

    async def until_struck(self, fault_id: str) -> None:
        """Wait for the first call that a fault strikes. KeyError for an unknown ID."""
        await self._set[fault_id].struck.wait()

    def to_json(self) -> list[Json]:
        """All that are set, spent ones too."""
        return [one.to_json() for one in self._set.values()]
