"""The stages and moves where envelopes meet deliveries and events: a deploy's card, changed by people and machines."""

from __future__ import annotations

from typing import Any

from tests.integration.schema.acting import WEBHOOK, act, audit, claim, click, record, requested_deploy, settle
from tests.integration.schema.helpers import Session
from tests.model.envelope_invariants import broken_invariants
from tests.model.interleaving import Move, Scene, Stage

EMPTY = """
delete from ops.deliveries;
delete from ops.event_dispatches;
delete from ops.cards;
delete from ops.service_facts;
delete from ops.slack_paces;
delete from ops.slack_envelopes;
delete from ops.platform_events;
delete from ops.slack_channels;
"""
STATE = """
select jsonb_build_object(
    'cards', (select jsonb_agg(jsonb_build_array(phase, version) order by created_at) from ops.cards),
    'deliveries', (
        select jsonb_agg(jsonb_build_array(kind, status, attempts, card_version) order by kind, status, attempts)
        from ops.deliveries
    ),
    'envelopes', (
        select jsonb_object_agg(envelope_id, jsonb_build_array(status, claimed_by))
        from ops.slack_envelopes where envelope_id in ('x', 'y')
    ),
    'events', (select jsonb_agg(event_type order by event_type) from ops.platform_events),
    'routed', (select count(*) from ops.event_dispatches where status <> 'pending')
)
"""
# A message shows its card's newest state, or an update of it is due.
BEHIND = """
select c.card_id::text from ops.cards c
join ops.deliveries p on p.event_id = c.card_id and p.kind = 'post'
    and p.status = 'sent' and p.thread_delivery_id is null
where not exists (
    select from ops.deliveries u
    where (u.target_delivery_id = p.delivery_id or u.delivery_id = p.delivery_id) and (
        u.status = 'sent' and u.card_version >= c.version
        or u.kind = 'update' and u.status in ('queued', 'sending', 'failed')
    )
)
"""
OF_OTHER_CHANGES = ("a card has changed", "a hook is queued")  # here not only envelopes change cards and queue hooks
WHERE = {"service": "api", "environment": "production"}
CHANNEL = "#ops-deploy"


async def broken_card_invariants(db: Session) -> list[str]:
    """Those of the envelopes, and that no message stays behind its card."""
    broken = [it for it in await broken_invariants(db) if not it.startswith(OF_OTHER_CHANGES)]
    return broken + [f"behind its card: {it}" for it in await db.column(BEHIND)]


async def _route(db: Session, event_id: str, **routing: Any) -> None:  # noqa: ANN401  # any JSON value
    """Route all events: this one so, the others to nowhere."""
    claimed = await db.claim_events()
    routings = [
        {"event_id": it["event_id"], "deliveries": []} | (routing if it["event_id"] == event_id else {})
        for it in claimed["events"]
    ]
    await db.call("record_deliveries_v1", claim_token=claimed["claim_token"], routings=routings)


async def running(db: Session) -> Scene:
    """A deploy was approved three hours ago; its hook and an update of its message are being sent, its result has come.

    Somebody presses a button of the card (x), somebody else asks for another deploy of the service (y).
    """
    await db.run(EMPTY)
    await db.call("apply_services_v1", services=[{"service": "api", "environments": ["production"], "deploy": WEBHOOK}])
    card_id = await requested_deploy(db)
    await _route(db, card_id, deliveries=[{"route": "deploys", "channel": CHANNEL}])
    await db.settle(await db.claim_one(), "sent", card_version=1)
    await act(db, events=[audit("deploy.approved")], card=_change(card_id, 1, "approved"), hooks=[CALL])
    scene = {"card": card_id}
    for claimed in await db.claim("old"):
        scene |= {claimed["purpose"]: claimed["delivery_id"], f"{claimed['purpose']}_token": claimed["claim_token"]}
    [scene["result"]] = await db.emit(1, "deploy.completed")
    scene["router_token"] = (await db.claim_events())["claim_token"]
    for name in ("x", "y"):
        await record(db, click(envelope_id=name, logical_key=name))
        scene[f"{name}_token"] = (await claim(db, click(envelope_id=name), "old"))["claim_token"]
    await db.run("update ops.cards set updated_at = clock_timestamp() - interval '3 hours'")
    return scene


async def abandoned(db: Session) -> Scene:
    """And whoever sent its hook and update has vanished."""
    scene = await running(db)
    await db.end_leases()
    return scene


STAGES = {
    "running": Stage("running", running, STATE),
    "abandoned": Stage("abandoned", abandoned, STATE, about="claim deliveries"),
}
CALL = {"card": "card", "service": "api", "action": "deploy", "inputs": {}}


def _change(card_id: str, version: int, phase: str) -> dict[str, Any]:
    return WHERE | {"card_id": card_id, "version": version, "kind": "deploy", "phase": phase, "state": {}}


async def _press(db: Session, scene: Scene, _: str) -> Any:  # noqa: ANN401
    return _brief(await settle(db, scene["x_token"], card=_change(scene["card"], 2, "rejected")))


async def _request(db: Session, scene: Scene, _: str) -> Any:  # noqa: ANN401
    card = WHERE | {"event": "main", "release": "2", "phase": "requested"}
    return _brief(await settle(db, scene["y_token"], events=[audit("deploy.requested")], new_card=card))


def _brief(answer: dict[str, Any]) -> dict[str, Any]:
    card = answer.pop("card", None)
    return answer | {"card": card and (card["phase"], card["version"])}


def _settles(purpose: str, result: str, **outcome: Any) -> Any:  # noqa: ANN401  # a call
    async def call(db: Session, scene: Scene, _: str) -> Any:  # noqa: ANN401
        claimed = {"delivery_id": scene[purpose], "claim_token": scene[f"{purpose}_token"]}
        return await db.settle(claimed, result, **outcome)

    return call


async def _hear(db: Session, scene: Scene, _: str) -> Any:  # noqa: ANN401
    told = WHERE | {"deploy_id": scene["card"], "version": "1.2", "what": "completed"}
    routing = {
        "event_id": scene["result"],
        "deliveries": [{"route": "deploys", "channel": CHANNEL}],
        "deploy_result": told,
    }
    return await db.call("record_deliveries_v1", claim_token=scene["router_token"], routings=[routing])


async def _expire(db: Session, _: Scene, __: str) -> Any:  # noqa: ANN401
    return await db.call("expire_deploys_v1")


async def _claim_deliveries(db: Session, _: Scene, __: str) -> Any:  # noqa: ANN401
    return await db.claim_work("next")


MOVES = (
    Move("press", "settle_envelope_v1", _press, tuple(STAGES)),
    Move("request", "settle_envelope_v1", _request, tuple(STAGES)),
    Move("expire", "expire_deploys_v1", _expire, tuple(STAGES), again=True),
    Move("hear of it", "record_deliveries_v1", _hear, tuple(STAGES)),
    Move("its hook dies", "settle_delivery_v1", _settles("hook", "dead", hook_text="no"), tuple(STAGES)),
    Move("its message is updated", "settle_delivery_v1", _settles("update", "sent", card_version=2), tuple(STAGES)),
    Move("claim deliveries", "claim_deliveries_v1", _claim_deliveries, ("abandoned",), again=True),
)
