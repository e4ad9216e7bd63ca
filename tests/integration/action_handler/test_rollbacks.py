"""One failed deploy has two cards with the shipped routes, and is rolled back once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.action_handler.stage import Stage
from tests.integration.action_handler.test_deploys import requested

SHIPPED = Path("ssot/integrations/slack/pulser.yaml")
DEPLOYS, ALERTS = "ops-deploy", "ops-alerts"


def shipped_routes() -> Any:  # noqa: ANN401  as apply_routes_v1 takes them
    """Those of pulser.yaml, in their order."""
    described = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))["routes"]
    return [{**it, "continues": it.get("continue", False), "position": number} for number, it in enumerate(described)]


@pytest.fixture
async def failed(stage: Stage) -> Stage:
    """A deploy from Slack that failed: its card stands in #ops-deploy, and an alert in #ops-alerts."""
    await stage.call("apply_routes_v1", routes=shipped_routes())
    deploy_id = await requested(stage)
    await press(stage, DEPLOYS, "approve")
    await stage.settled()
    await stage.dispatch()
    told: Any = {"service": "api", "environment": "production", "version": "1.2.4", "deploy_id": deploy_id}
    await stage.call("append_event_v1", event_type="deploy.failed", payload=told)
    await stage.dispatch()
    return stage


async def press(stage: Stage, channel: str, verb: str, user: str = "U0BOB") -> None:
    """Press a button of the newest message there that has it."""
    found, action = stage.slack.workspace.find(channel), f"pulser_{verb}"
    assert found is not None
    newest = [it for it in stage.slack.workspace.history(found.id) if action in str(it.blocks)][-1]
    await stage.slack.press(found.id, newest.ts, action, user_id=user)


def rollbacks(stage: Stage) -> int:
    """How often the deployer was told to roll back."""
    return [it["action"] for it in stage.deployer.called].count("rollback")


@pytest.mark.parametrize(("first", "second"), [(DEPLOYS, ALERTS), (ALERTS, DEPLOYS)])
async def test_a_rollback_from_the_other_card_is_told_who_asked_for_it(failed: Stage, first: str, second: str) -> None:
    """One call, and a private note."""
    await press(failed, first, "rollback")
    await failed.settled()
    await failed.dispatch()
    await press(failed, second, "rollback")
    await failed.settled()
    await failed.dispatch()
    (note,) = failed.notes("U0BOB")
    assert note.startswith("You asked to roll back `api` from `1.2.4` already, on another message")
    assert rollbacks(failed) == 1


async def test_two_rollbacks_from_two_cards_at_once_are_one(failed: Stage) -> None:
    """Whoever comes second decides again, and is told."""
    await asyncio.gather(press(failed, DEPLOYS, "rollback"), press(failed, ALERTS, "rollback"))
    await failed.settled()
    await failed.dispatch()
    assert (rollbacks(failed), len(failed.notes("U0BOB"))) == (1, 1)
    assert [it["type"] for it in await failed.audits()].count("rollback.requested") == 1


async def test_a_failed_deploy_that_went_well_since_is_not_rolled_back(stage: Stage) -> None:
    """The deployer tried again. The button was still drawn when the person pressed it."""
    failed = await stage.emit("deploy.failed", version="2.0")
    (value,) = (
        it["value"]
        for block in stage.message().blocks
        for it in block.get("elements", [])
        if it.get("action_id") == "pulser_rollback"
    )
    await stage.emit("deploy.completed", version="2.0")
    payload = {
        "type": "block_actions",
        "user": {"id": "U0BOB", "username": "bob"},
        "channel": {"id": stage.channel},
        "actions": [{"action_id": "pulser_rollback", "value": value}],
    }
    await stage.forward(await stage.record(payload))
    await stage.settled()
    (note,) = stage.notes("U0BOB")
    assert note.startswith("This alert was resolved already, ")
    assert ((await stage.card(failed))["phase"], await stage.hooks()) == ("resolved", [])
