"""Deploy hooks for the tests, as claim_deliveries_v1 gives them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from notify_dispatch.claimed import ClaimedDelivery
from notify_dispatch.hook_request import HookCall
from tests.unit.notify_dispatch.events import DELIVERY_ID, EVENT_ID

SECRET = "sentinel-hook-secret"
WORKFLOW = {
    "type": "github_workflow",
    "repository": "acme/shop",
    "workflow": "deploy.yml",
    "ref": "main",
    "secret": "pulser_hook_shop",
}
DISPATCH = {
    "type": "github_dispatch",
    "repository": "acme/shop",
    "event_type": "pulser-deploy",
    "secret": "pulser_hook_shop",
}
WEBHOOK = {"type": "webhook", "url": "https://deployer.example/hook", "secret": "pulser_hook_shop"}
INPUTS = {
    "version": "1.2.3",
    "environment": "production",
    "reason": "hotfix",
    "requested_by": "U0ALICE001",
    "approved_by": None,
    "deploy_id": EVENT_ID,
}


def described(hook: dict[str, Any], **changed: Any) -> dict[str, Any]:  # noqa: ANN401  it is JSON
    """The call of a hook."""
    told = {"hook": hook, "service": "api", "action": "deploy", "inputs": INPUTS}
    return {**told, "idempotency_key": DELIVERY_ID, "card_id": EVENT_ID, **changed}


def call_of(hook: dict[str, Any], **changed: Any) -> HookCall:  # noqa: ANN401  it is JSON
    """The call, understood."""
    return HookCall.from_json(described(hook, **changed))


def delivery_of(
    call: dict[str, Any], *, attempt: int = 1, last_reason: str | None = None, given_up: bool = False
) -> ClaimedDelivery:
    """The delivery that makes the call."""
    return ClaimedDelivery(
        delivery_id=DELIVERY_ID,
        claim_token="t-1",
        purpose="hook",
        attempt=attempt,
        channel="hook:api",
        slack_channel_id=None,
        mention=None,
        last_reason=last_reason,
        doubtful_since=datetime(2026, 3, 1, tzinfo=UTC),
        given_up=given_up,
        waited_s=1.0,
        event={"event_id": EVENT_ID},
        hook=call,
    )
