"""A served action-handler for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from pulser_local.slack import SlackSimulator
from tests.fixtures.postgres import Call, Connection
from tests.integration.action_handler.stage import Stage, staged


@pytest.fixture
async def stage(
    database_url: str, connection: Connection, call: Call, simulator_unlimited: SlackSimulator
) -> AsyncIterator[Stage]:
    """action-handler, its ledger with one service, and a Slack that uses HTTP."""
    async with staged(database_url, connection, call, simulator_unlimited) as made:
        yield made
