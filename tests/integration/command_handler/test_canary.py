"""The canary over HTTP: what went out comes back as Slack's own signed request."""

from __future__ import annotations

import asyncio
from typing import Any

from notify_dispatch.canary import Canary
from pulser.canary import METADATA_TYPE
from pulser.database import DirectDatabase
from pulser.slack import SlackApi
from pulser.vault import Vault
from tests.integration.command_handler.conftest import Stand, text_of


async def test_the_way_back_by_requests_is_measured(stand: Stand, database_url: str) -> None:
    """The same canary; /pulser health tells of it."""
    stand.slack.workspace.create_channel("pulser-canary", is_private=True)
    stand.slack.sockets.settings.metadata_events = (METADATA_TYPE,)
    await stand.call("set_transport_v1", transport="http", actor="ada")
    await stand.call("apply_canary_v1", channel="#pulser-canary", every_s=300, actor="ada")
    await stand.sql.execute("select ops.tend_canary_v1()")
    ledger = DirectDatabase(database_url)
    slack = SlackApi(Vault(ledger), stand.slack.api_url)
    await Canary(ledger, slack, "dispatcher").wake()
    async with asyncio.timeout(20):
        found: Any = None
        while not found:
            found = (await stand.call("canary_status_v1"))["heard"]
            await asyncio.sleep(0.01)
    await slack.close()
    await ledger.close()
    assert found["transport"] == "http"
    told = text_of((await stand.type("health")).ack_payload)
    assert "🟢 *Canary*: 0." in told
    assert "there and back, just now" in told
