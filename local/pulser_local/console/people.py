"""What each person alone sees, and whether pulser listens: as JSON, and on the stream when it changes."""

from __future__ import annotations

from typing import Any

from pulser_local.console.hands import Hands, Line, Private
from pulser_local.console.watch import Events, Watch

Json = dict[str, Any]
POLL_SECONDS = 0.1  # a look into the simulator's own memory


class People:
    """The people of the workspace with what is private to each."""

    def __init__(self, hands: Hands) -> None:
        self.hands = hands

    def to_json(self) -> Json:
        """All of it, for a page that has just opened."""
        people = self.hands.people()
        return {
            "users": [person.to_json() for person in people],
            "mentioned": [other.to_json() for other in [self.hands.app(), *self.hands.groups()]],
            "line": self.hands.line().to_json(),
            "private": [self.private(person.id) for person in people],
        }

    def private(self, user_id: str) -> Json:
        """`{user_id, ephemerals, modals}` of one person."""
        seen: Private = self.hands.private(user_id)
        return {"user_id": user_id, "ephemerals": list(seen.ephemerals), "modals": list(seen.modals)}


class PeopleWatch(Watch):
    """Tells `("private", {user_id, …})` for whom something private changed, and `("line", {…})`."""

    def __init__(self, people: People, *, poll_seconds: float = POLL_SECONDS) -> None:
        super().__init__(poll_seconds=poll_seconds)
        self._people = people
        self._known: dict[str, Json] = {}
        self._line: Line | None = None

    def greet(self, queue: Events) -> None:
        """The state of the line, in case nothing changes for long."""
        queue.put_nowait(("line", self._people.hands.line().to_json()))

    async def look(self) -> None:
        """Compare with what was last told."""
        line = self._people.hands.line()
        if line != self._line:
            self._line = line
            self.tell("line", line.to_json())
        for person in self._people.hands.people():
            now = self._people.private(person.id)
            if now != self._known.get(person.id):
                self._known[person.id] = now
                self.tell("private", now)
