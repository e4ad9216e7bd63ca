"""Deploys: asked for in the modal, approved or rejected, one at a time, and by whom."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.integration.action_handler.stage import SERVICE, Stage


async def requested(stage: Stage, user: str = "U0ALICE") -> str:
    """A deploy that waits for an approval, with its card in Slack; its id."""
    assert await stage.submit(user) is None
    await stage.settled()
    await stage.dispatch()
    (deploy,) = await stage.call("running_deploys_v1", service="api")
    return str(deploy["card_id"])


async def test_a_request_is_an_event_with_a_card_in_the_channel(stage: Stage) -> None:
    """It waits for an approval, and the requester is told whose."""
    deploy_id = await requested(stage)
    card = await stage.card(deploy_id)
    (audit,) = await stage.audits()
    assert (card["phase"], card["release"], card["state"]["requested"]["reason"]) == ("requested", "1.2.4", "a fix")
    assert (audit["type"], audit["slack_user"], audit["version"]) == ("deploy.requested", "U0ALICE", "1.2.4")
    assert (card["channel"], await stage.hooks()) == (stage.channel, [])
    assert "It waits for the approval of <!subteam^S0APPROVERS>" in stage.notes("U0ALICE")[0]


async def test_an_approval_calls_the_hook(stage: Stage) -> None:
    """By a member of the group; the card says who, and the hook who asked and who approved."""
    deploy_id = await requested(stage)
    assert await stage.click("approve", "U0BOB") == []
    (hook,) = await stage.hooks()
    assert hook["inputs"] == {
        "version": "1.2.4",
        "environment": "production",
        "reason": "a fix",
        "requested_by": "U0ALICE",
        "approved_by": "U0BOB",
        "deploy_id": deploy_id,
    }
    card = await stage.card(deploy_id)
    assert (card["phase"], card["state"]["approval"]["by"]["user"]) == ("approved", "U0BOB")
    assert (await stage.audits())[-1]["type"] == "deploy.approved"


async def test_the_requester_cannot_approve(stage: Stage) -> None:
    """Also when he is one of the approvers; he can withdraw."""
    deploy_id = await requested(stage, "U0BOB")
    notes = await stage.click("approve", "U0BOB")
    assert "somebody else must approve it" in notes[-1]
    assert (await stage.card(deploy_id))["phase"] == "requested"
    await stage.click("reject", "U0BOB")
    assert (await stage.card(deploy_id))["phase"] == "rejected"


async def test_who_is_not_in_the_group_cannot_approve(stage: Stage) -> None:
    """Alice may deploy, not approve."""
    deploy_id = await requested(stage, "U0BOB")
    assert (await stage.click("approve", "U0ALICE"))[-1].startswith("Only <!subteam^S0APPROVERS> may approve")
    assert ((await stage.card(deploy_id))["phase"], await stage.hooks()) == ("requested", [])


async def test_a_group_that_slack_does_not_know_grants_nothing(stage: Stage) -> None:
    """It could not be checked, and the note says so."""
    services: Any = [SERVICE | {"approvers": ["S0GONE"]}]
    await stage.call("apply_services_v1", services=services)
    deploy_id = await requested(stage)
    assert "Slack did not say whether you may" in (await stage.click("approve", "U0BOB"))[-1]
    assert (await stage.card(deploy_id))["phase"] == "requested"


async def test_two_approvers_at_once_are_one_deploy(stage: Stage) -> None:
    """One hook, one note."""
    await requested(stage)
    await asyncio.gather(stage.press("approve", "U0BOB"), stage.press("approve", "U0CAROL"))
    await stage.settled()
    assert len(await stage.hooks()) == 1
    assert len(stage.notes("U0BOB") + stage.notes("U0CAROL")) == 1


async def test_approve_and_reject_at_once_are_one_decision(stage: Stage) -> None:
    """Whichever comes first; the other one is told."""
    deploy_id = await requested(stage)
    await asyncio.gather(stage.press("approve", "U0BOB"), stage.press("reject", "U0CAROL"))
    await stage.settled()
    card = await stage.card(deploy_id)
    assert len(await stage.hooks()) == (1 if card["phase"] == "approved" else 0)
    assert len(stage.notes("U0BOB") + stage.notes("U0CAROL")) == 1


async def test_a_second_request_is_told_who_deploys(stage: Stage) -> None:
    """On the field, while the first one runs; another environment is free."""
    await requested(stage)
    ack = await stage.submit("U0CAROL", version="1.2.5")
    assert ack is not None
    assert "alice asked for 1.2.4 in production" in ack["errors"]["environment"]
    assert await stage.submit("U0CAROL", environment="staging") is None


async def test_of_ten_requests_at_once_one_is_taken(stage: Stage) -> None:
    """The others stand before a modal that says who was faster."""
    acks = await asyncio.gather(*(stage.submit("U0ALICE", version=f"1.2.{n}") for n in range(10)))
    await stage.settled()
    refused = [it for it in acks if it is not None]
    assert len(refused) == 9
    assert all("alice asked for" in it["errors"]["environment"] for it in refused)
    assert len(await stage.call("running_deploys_v1", service="api")) == 1


async def test_a_request_that_needs_no_approval_calls_the_hook(stage: Stage) -> None:
    """The card begins approved."""
    services: Any = [SERVICE | {"approval_required": False}]
    await stage.call("apply_services_v1", services=services)
    deploy_id = await requested(stage)
    (hook,) = await stage.hooks()
    assert (hook["inputs"]["approved_by"], hook["inputs"]["deploy_id"]) == (None, deploy_id)
    assert (await stage.card(deploy_id))["phase"] == "approved"


@pytest.mark.parametrize(("field", "value"), [("version", "$(reboot)"), ("environment", "moon"), ("service", "teapot")])
async def test_a_wrong_field_is_told_on_the_field(stage: Stage, field: str, value: str) -> None:
    """The modal stays open; nothing was asked for, and it is audited."""
    ack = await stage.submit("U0ALICE", **{field: value})
    assert ack is not None
    assert (ack["response_action"], list(ack["errors"])) == ("errors", [field])
    (audit,) = await stage.audits()
    assert (audit["type"], audit["outcome"], audit["reason"]) == ("slack.action", "refused", "form_errors")


async def test_who_may_not_deploy_is_told_on_the_field(stage: Stage) -> None:
    """By the policy's deployers."""
    services: Any = [SERVICE | {"deployers": ["U0CAROL"]}]
    await stage.call("apply_services_v1", services=services)
    ack = await stage.submit("U0ALICE")
    assert ack is not None
    assert "deployers in pulser.yaml" in ack["errors"]["service"]
