"""People who investigate and the message of the alert, two at once: it is as if one came after the other."""

from __future__ import annotations

import pytest

from tests.integration.schema.helpers import Session
from tests.model.briefing_moves import MOVES, STAGES, broken_briefing_invariants
from tests.model.interleaving import Move
from tests.model.pairs import Repertoire, paused_database_url, sessions

pytestmark = pytest.mark.asyncio(loop_scope="module")
__all__ = ["paused_database_url", "sessions"]  # fixtures
PLAYED = Repertoire(STAGES, MOVES, broken_briefing_invariants)


@PLAYED.each_pair()
async def test_two_at_once_are_as_one_after_the_other(
    sessions: list[Session],  # a fixture
    stage: str,
    first: Move,
    second: Move,
) -> None:
    """One briefing at most, and nobody is a deadlock's victim."""
    await PLAYED.check(sessions, stage, first, second)
