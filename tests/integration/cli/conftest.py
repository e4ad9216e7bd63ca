"""The `pulser` command against a real database, and deliveries in every status, got there by the functions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol

import pytest
from pydantic import JsonValue
from typer.testing import CliRunner, Result

from pulser_cli.main import app
from tests.fixtures.postgres import Call

SENT: dict[str, JsonValue] = {"result": "sent", "slack_channel_id": "C0000000001", "slack_ts": "1700000000.000100"}
NO_ENVIRONMENT = dict.fromkeys(
    ["SUPABASE_DB_URL", "SUPABASE_URL", "SUPABASE_SERVICE_ROLE_KEY", "SUPABASE_SECRET_KEYS", "FORCE_COLOR"]
)


class Pulser(Protocol):
    """`await pulser("ledger", "list", columns=200, SUPABASE_DB_URL=…)`: runs the command."""

    def __call__(self, *arguments: str, columns: int = 80, **environment: str) -> Awaitable[Result]: ...


Bring = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def bare_pulser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pulser:
    """The command in an empty folder, with nothing in the environment that names a database."""
    monkeypatch.chdir(tmp_path)

    async def run(*arguments: str, columns: int = 80, **environment: str) -> Result:
        given = NO_ENVIRONMENT | {"COLUMNS": str(columns)} | environment
        return await asyncio.to_thread(lambda: CliRunner().invoke(app, list(arguments), env=given))

    return run


@pytest.fixture
def pulser(bare_pulser: Pulser, database_url: str) -> Pulser:
    """The command, with this test's database in the environment."""

    async def run(*arguments: str, columns: int = 80, **environment: str) -> Result:
        return await bare_pulser(*arguments, columns=columns, **{"SUPABASE_DB_URL": database_url, **environment})

    return run


@pytest.fixture
def bring(call: Call) -> Bring:
    """`await bring("dead", "#ops-ci")`: an event whose one delivery is in that status; its ids."""

    async def bring_one(status: str, channel: str, **event: JsonValue) -> dict[str, Any]:
        event_id = await call("append_event_v1", **{"event_type": "ci.failed", **event})
        events = await call("claim_events_v1", worker="t", max_events=10, lease_seconds=30)
        routing = {"event_id": event_id, "deliveries": [{"route": "test", "channel": channel, "mention": None}]}
        token = events["claim_token"]
        await call("record_deliveries_v1", claim_token=token, routings=[routing])
        [delivery] = await call("list_deliveries_v1", filter={"limit": 1})
        if status != "queued":
            await _settle(call, status)
        return {"event_id": event_id, "delivery_id": delivery["delivery_id"]}

    return bring_one


async def _settle(call: Call, status: str) -> None:
    work = await call("claim_deliveries_v1", worker="t", max_deliveries=1, lease_seconds=30)
    [claimed] = work["deliveries"]
    trouble: dict[str, JsonValue] = {"result": status, "reason": f"reason_of_{status}", "error": "told so"}
    outcome = {"retry_in_s": 3600, **(SENT if status == "sent" else trouble)}
    await call(
        "settle_delivery_v1",
        delivery_id=claimed["delivery_id"],
        claim_token=claimed["claim_token"],
        outcome=outcome,
    )
