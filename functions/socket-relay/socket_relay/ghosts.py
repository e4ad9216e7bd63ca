"""Connections that Slack counts and pulser does not know: half-open ones, or another program with our app token.

Slack tells its count once, in a connection's hello. It is compared with what was known around that moment: our own
connections when the hello came, and the most that the ledger knew of other relays' in the report before and the two
after it, for they report with a delay. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field

_REPORTS = 2  # after a hello, until its count is judged


@dataclass(slots=True)
class _Counted:
    connections: int
    own: int
    others: int
    reports: int = 0


@dataclass(slots=True)
class GhostWatch:
    """Fed with each hello and each report. `ghosts` is the verdict of the newest hello that could be judged."""

    ghosts: int = 0
    _others: int = 0
    _judging: list[_Counted] = field(default_factory=list)

    def greeted(self, connections: int, own: int) -> None:
        """A hello counted so many connections, when so many were our own."""
        self._judging.append(_Counted(connections, own, self._others))

    def reported(self, own: int, known: int) -> str | None:
        """The ledger knows so many open sessions, so many of them ours. The detail of an alarm, when there is one."""
        self._others = max(0, known - own)
        detail = None
        for counted in list(self._judging):
            counted.others = max(counted.others, self._others)
            counted.reports += 1
            if counted.reports >= _REPORTS:
                self._judging.remove(counted)
                ours = counted.own + counted.others
                self.ghosts = max(0, counted.connections - ours)
                detail = _said(counted.connections, ours) if self.ghosts else None
        return detail


def _said(connections: int, known: int) -> str:
    return (
        f"Slack counts {connections} connections of this app, pulser knows {known}: another program uses the app token,"
        f" or Slack still sends to {connections - known} connections that are gone"
    )
