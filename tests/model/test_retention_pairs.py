"""A prune and whatever happens to what it would remove, two at once: it is as if one came after the other."""

from __future__ import annotations

import pytest

from tests.integration.schema.helpers import Session
from tests.model.interleaving import Move
from tests.model.pairs import Repertoire, paused_database_url, sessions
from tests.model.retention_moves import MOVES, STAGES, torn

pytestmark = pytest.mark.asyncio(loop_scope="module")
__all__ = ["paused_database_url", "sessions"]  # fixtures
PLAYED = Repertoire(STAGES, MOVES, torn)


@PLAYED.each_pair()
async def test_two_at_once_are_as_one_after_the_other(
    sessions: list[Session],  # a fixture
    stage: str,
    first: Move,
    second: Move,
) -> None:
    """What two moves come to is what they come to in one order or the other."""
    await PLAYED.check(sessions, stage, first, second)
