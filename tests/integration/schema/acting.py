"""What the tests of cards and envelopes share: a click that is recorded, claimed and settled."""

from __future__ import annotations

import itertools
import time
from typing import Any

from tests.integration.schema.helpers import CHANNEL, Session

TEAM = "T0TEST"
RESPONSE_URL = "https://hooks.slack.example/actions/1"
WEBHOOK = {"type": "webhook", "url": "https://deployer.example/hook", "secret": "pulser_hook_x"}
WORKFLOW = {"type": "github_workflow", "repository": "o/r", "workflow": "deploy.yml", "secret": "pulser_hook_x"}
_numbers = itertools.count(1)


def click(**changes: Any) -> dict[str, Any]:  # noqa: ANN401  # any JSON value
    """A click as record_envelopes_v1 takes it, each time another one."""
    number = next(_numbers)
    payload = {
        "type": "block_actions",
        "user": {"id": "U1", "username": "ada"},
        "channel": {"id": "C1"},
        "actions": [{"action_id": "pulser_acknowledge"}],
        "response_url": RESPONSE_URL,
    }
    return {
        "envelope_id": f"envelope-{number:06}",  # two of one click are recorded in the order of their ids
        "team_id": TEAM,
        "type": "interactive",
        "payload": payload,
        "logical_key": f"trigger:{number}",
        "handler": "action-handler",
        "transport": "socket",
        "received_at": time.time(),
    } | changes


async def record(db: Session, *envelopes: dict[str, Any]) -> list[dict[str, Any]]:
    """Record them; what became of each."""
    answer = await db.call("record_envelopes_v1", envelopes=list(envelopes), worker="socket-relay@test")
    recorded: list[dict[str, Any]] = answer["recorded"]
    return recorded


async def claim(db: Session, envelope: dict[str, Any], worker: str = "w", lease_seconds: int = 30) -> dict[str, Any]:
    """Claim one recorded envelope, whatever comes of it."""
    claimed: dict[str, Any] = await db.call(
        "claim_envelope_v1",
        team_id=envelope["team_id"],
        envelope_id=envelope["envelope_id"],
        worker=worker,
        lease_seconds=lease_seconds,
    )
    return claimed


async def claimed_click(db: Session, **changes: Any) -> str:  # noqa: ANN401
    """The token of a click that was recorded and claimed."""
    envelope = click(**changes)
    await record(db, envelope)
    token: str = (await claim(db, envelope))["claim_token"]
    return token


def audit(event_type: str = "slack.action", **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"key": "main", "event_type": event_type} | changes


async def settle(db: Session, token: str, **outcome: Any) -> dict[str, Any]:  # noqa: ANN401
    """Settle with these effects and an audit event."""
    settled: dict[str, Any] = await db.call(
        "settle_envelope_v1", claim_token=token, outcome={"events": [audit()]} | outcome
    )
    return settled


async def act(db: Session, **outcome: Any) -> dict[str, Any]:  # noqa: ANN401
    """A click, from its record to its settle."""
    return await settle(db, await claimed_click(db), **outcome)


def acknowledged(card_id: str, version: int = 0) -> dict[str, Any]:
    """The change of an alert's card that Acknowledge makes."""
    state = {"acknowledged": {"user": "U1", "name": "ada", "at": "2026-11-24T12:00:00Z"}}
    return {"card_id": card_id, "version": version, "kind": "alert", "phase": "acknowledged", "state": state}


async def sent_alert(db: Session, channel: str = CHANNEL) -> str:
    """An alert whose message stands in Slack; the id of its event."""
    delivery = await db.bring("sent", channel)
    event: str = await db.value("select event_id from ops.deliveries where delivery_id = $1", delivery)
    return event


async def requested_deploy(db: Session, **changes: Any) -> str:  # noqa: ANN401
    """A deploy that somebody asked for; the id of its card."""
    card = {"event": "main", "service": "api", "environment": "production", "release": "1.2", "phase": "requested"}
    answer = await act(db, events=[audit("deploy.requested")], new_card=card | changes)
    card_id: str = answer["card"]["card_id"]
    return card_id


async def service(db: Session, name: str = "api", **changes: Any) -> None:  # noqa: ANN401
    """Make this the one service."""
    described = {"service": name, "environments": ["production"], "deploy": WEBHOOK, "rollback": WEBHOOK}
    await db.call("apply_services_v1", services=[described | changes])


async def card(db: Session, card_id: str) -> dict[str, Any]:
    found: dict[str, Any] = await db.call("card_for_event_v1", event_id=card_id)
    return found


async def deliveries(db: Session, kind: str) -> list[dict[str, Any]]:
    rows = await db.connection.fetch("select * from ops.deliveries where kind = $1 order by position", kind)
    return [dict(row) for row in rows]
