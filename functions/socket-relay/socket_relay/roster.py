"""The sessions of one relay: what it has open, and what of them the ledger has yet to hear."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from socket_relay.session import State
from socket_relay.websocket import Connection

_SAID: dict[State, str] = {
    "connecting": "connecting",
    "waiting_for_hello": "connecting",
    "live": "live",
    "retiring": "retiring",
    "closed": "retiring",  # until the websocket is really gone
}


@dataclass(slots=True)
class _Entry:
    connection: Connection | None = None
    end_reason: str | None = None
    granted: bool = False


@dataclass(slots=True)
class Roster:
    """`retiring`: the whole relay is, and the ledger grants its place to others. `changed`: there is news to report."""

    retiring: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    _entries: dict[str, _Entry] = field(default_factory=dict)

    def ask(self, session_id: str) -> None:
        """A lease is asked for. Its end is told even if it was never granted, as far as we know."""
        self._entries[session_id] = _Entry()

    def grant(self, session_id: str) -> None:
        """It is ours."""
        self._entries[session_id].granted = True

    def add(self, connection: Connection) -> None:
        """Its websocket is open."""
        self._entries[connection.id].connection = connection

    def end(self, session_id: str, reason: str) -> None:
        """It is over; the first reason is the one that counts."""
        entry = self._entries.get(session_id)
        if entry is not None and entry.end_reason is None:
            entry.end_reason = reason
            self.changed.set()

    def connections(self) -> Iterator[Connection]:
        """Those that have not ended."""
        for entry in list(self._entries.values()):
            if entry.connection is not None and entry.end_reason is None:
                yield entry.connection

    def alive(self) -> list[Connection]:
        """Those that Slack can reach us by."""
        return [it for it in self.connections() if it.is_alive]

    def find(self, session_id: str) -> Connection | None:
        """An open connection by its session's id."""
        return next((it for it in self.connections() if it.id == session_id), None)

    def open(self) -> int:
        """How many of ours Slack may count."""
        return sum(it.is_open for it in self.connections())

    def rows(self) -> list[dict[str, Any]]:
        """All there is to report, as report_relay_sessions_v1 takes it."""
        return [
            self._row(session_id, entry)
            for session_id, entry in self._entries.items()
            if entry.granted or entry.end_reason is not None
        ]

    def reported(self, rows: list[dict[str, Any]]) -> None:
        """The ledger has taken these: what has ended is forgotten."""
        for row in rows:
            if row["state"] == "ended":
                self._entries.pop(row["session_id"], None)

    def _row(self, session_id: str, entry: _Entry) -> dict[str, Any]:
        session = entry.connection.session if entry.connection else None
        hello = session.hello if session else None
        return {
            "session_id": session_id,
            "state": self._state(entry),
            "alive": entry.end_reason is None and entry.connection is not None and entry.connection.is_alive,
            "hello": hello
            and {
                "num_connections": hello.num_connections,
                "approximate_connection_time": hello.approximate_connection_time,
                "host": hello.host,
                "app_id": hello.app_id,
            },
            "envelopes": session.envelopes if session else 0,
            "end_reason": entry.end_reason,
        }

    def _state(self, entry: _Entry) -> str:
        if entry.end_reason is not None:
            return "ended"
        said = _SAID[entry.connection.session.state] if entry.connection else "connecting"
        return "retiring" if self.retiring and said == "live" else said
