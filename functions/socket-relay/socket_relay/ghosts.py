"""Connections that Slack counts and pulser does not know: half-open ones, or another program with our app token.

Slack tells its count once, in a connection's hello. It is compared with what the ledger knew around that moment:
the most of the report before and of the two after, for other relays report with a delay. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field

_REPORTS = 2  # after a hello, until its count is judged


@dataclass(slots=True)
class _Counted:
    connections: int
    known: int
    reports: int = 0


@dataclass(slots=True)
class GhostWatch:
    """Fed with each report; `ghosts` is the verdict of the newest hello that could be judged."""

    ghosts: int = 0
    _last_known: int = 0
    _judging: dict[str, _Counted] = field(default_factory=dict)
    _judged: set[str] = field(default_factory=set)

    def reported(self, hellos: dict[str, int], known: int) -> str | None:
        """A report came back: our sessions' counts by session id, and the open sessions that the ledger knows.

        The detail of an alarm, when a hello has just been judged to count too many.
        """
        self._judged &= hellos.keys()
        for session_id in self._judging.keys() - hellos.keys():
            del self._judging[session_id]
        detail = None
        for session_id, connections in hellos.items():
            if session_id in self._judged:
                continue
            counted = self._judging.setdefault(session_id, _Counted(connections, self._last_known))
            counted.known = max(counted.known, known)
            counted.reports += 1
            if counted.reports >= _REPORTS:
                del self._judging[session_id]
                self._judged.add(session_id)
                self.ghosts = max(0, connections - counted.known)
                detail = _said(connections, counted.known) if self.ghosts else None
        self._last_known = known
        return detail


def _said(connections: int, known: int) -> str:
    return (
        f"Slack counts {connections} connections of this app, pulser knows {known}: another program uses the app token,"
        f" or Slack still sends to {connections - known} connections that are gone"
    )
