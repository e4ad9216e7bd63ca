"""Which envelopes failed for who made them."""

from __future__ import annotations

import pytest

from pulser.envelope import Envelope
from pulser.errors import DatabaseRefused, DatabaseUnavailable, PulserError
from pulser.handling_late import ANSWER_WITHIN, is_lost
from tests.unit.shared.handling_door import COMMAND

TYPED = Envelope.from_command_form(COMMAND, "e")


@pytest.mark.parametrize(
    ("waited", "error", "lost"),
    [
        (ANSWER_WITHIN, None, False),
        (ANSWER_WITHIN + 0.1, None, True),
        (0.0, DatabaseUnavailable("away"), True),
        (0.0, DatabaseRefused("22023", "no"), False),
    ],
)
def test_a_command(waited: float, error: PulserError | None, lost: bool) -> None:  # noqa: FBT001
    """Recorded and told too late, or perhaps recorded and never told; a refusal has recorded nothing."""
    assert is_lost(TYPED, waited, error) is lost
