"""The log of calls that clients made, for tests to count."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Final

from pulser_local.slack.workspace import Json

CALLS_KEPT: Final = 50_000
ABORTED: Final = 0


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `at` in seconds since 1970; `status` is HTTP's, 0 when the connection was reset.

    `channel` is the channel's ID, or what the client called it when there is none; `error` is Slack's code
    of the answer, `fault` the kind of the fault that struck.
    """

    at: float
    method: str
    channel: str | None
    status: int
    error: str | None = None
    fault: str | None = None

    def to_json(self) -> Json:
        """The call as the controls give it."""
        return asdict(self)


class CallLog:
    """The last calls, oldest first. A call is entered when it is answered."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=CALLS_KEPT)

    def __iter__(self) -> Iterator[Call]:
        return iter(list(self._calls))

    def __len__(self) -> int:
        return len(self._calls)

    def add(self, call: Call) -> None:
        """Enter one call."""
        self._calls.append(call)

    def clear(self) -> None:
        """Forget all."""
        self._calls.clear()

    def of(self, method: str | None = None, *, status: int | None = None) -> list[Call]:
        """The calls of a method, with an HTTP status, or both."""
        return [call for call in self._calls if method in {None, call.method} and status in {None, call.status}]
