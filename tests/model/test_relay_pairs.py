"""Each two functions of the relays' leases that can meet on one row, at once: it is as if one came after the other."""

from __future__ import annotations

import pytest

from tests.integration.schema.helpers import Session
from tests.model.envelope_interleaving import Move, Theatre, check_overlaps
from tests.model.envelope_pairs import named, pairs, paused_database_url, sessions
from tests.model.relay_moves import MOVES, STAGES, broken_relay_invariants

pytestmark = pytest.mark.asyncio(loop_scope="module")
__all__ = ["paused_database_url", "sessions"]  # fixtures


@pytest.mark.parametrize(("stage", "first", "second"), pairs(STAGES, MOVES), ids=named)
async def test_two_at_once_are_as_one_after_the_other(
    sessions: list[Session],  # a fixture
    stage: str,
    first: Move,
    second: Move,
) -> None:
    """Whether the first commits, rolls back or is stopped at any of its writes; and nobody is a deadlock's victim."""
    one, two, watcher = sessions
    theatre = Theatre(one, two, watcher, STAGES[stage], first, second)
    await check_overlaps(theatre, lambda: broken_relay_invariants(watcher))
