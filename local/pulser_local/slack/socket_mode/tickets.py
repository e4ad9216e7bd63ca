"""The single-use tickets that apps.connections.open gives out."""

from __future__ import annotations

import uuid


class Tickets:
    """Which tickets are good: each for one dial, whatever becomes of it."""

    def __init__(self) -> None:
        self._good: set[str] = set()
        self.issued = 0
        self.used = 0

    def issue(self) -> str:
        """A new ticket."""
        ticket = str(uuid.uuid4())
        self._good.add(ticket)
        self.issued += 1
        return ticket

    def redeem(self, ticket: str) -> bool:
        """Use a ticket up; whether it was good."""
        good = ticket in self._good
        self.used += good
        self._good.discard(ticket)
        return good
