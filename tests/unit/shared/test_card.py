"""Cards as the ledger tells them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pulser.card import Card, Person, moment

AT = "2026-03-01T07:33:00+00:00"
JSON: dict[str, Any] = {
    "card_id": "c", "version": 3, "kind": "deploy", "service": "api", "environment": "production", "release": "1.2.3",
    "phase": "approved", "event": {"event_id": "c"}, "current_release": None, "channel": "C1", "ts": "1.1",
    "state": {"approval": {"by": {"user": "U1", "name": "alice", "at": AT}, "decision": "approved"}},
}  # fmt: skip


def test_a_card_is_read() -> None:
    """All that the ledger says of it."""
    card = Card.from_json(JSON)
    assert (card.card_id, card.version, card.kind, card.phase) == ("c", 3, "deploy", "approved")
    assert card.person("approval", "by") == Person("U1", "alice", datetime(2026, 3, 1, 7, 33, tzinfo=UTC))


@pytest.mark.parametrize("state", [{}, {"acknowledged": None}, {"acknowledged": {"user": 7}}, {"acknowledged": "x"}])
def test_who_is_not_told_is_nobody(state: dict[str, Any]) -> None:
    """A state that somebody else wrote does not make it fail."""
    assert Card.from_json(JSON | {"state": state}).person("acknowledged") is None


def test_a_person_is_written_as_it_is_read() -> None:
    """The state holds what a card gives back."""
    person = Person("U1", None, datetime(2026, 3, 1, 7, 33, tzinfo=UTC))
    assert Person.from_json(person.to_json()) == person


@pytest.mark.parametrize("text", [None, 7, "", "yesterday", "2026-13-01"])
def test_what_is_no_time_is_none(text: object) -> None:
    """Odd times are not known, not an error."""
    assert moment(text) is None
    assert Person.from_json({"user": "U1", "at": text}) == Person("U1", None, None)


def test_a_time_without_a_zone_is_utc() -> None:
    """All times of the ledger are."""
    assert moment("2026-03-01T07:33:00") == datetime(2026, 3, 1, 7, 33, tzinfo=UTC)
