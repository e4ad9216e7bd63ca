"""The stage and moves of retention: an alert that is over, with its card, its message and a dead letter beside it."""

from __future__ import annotations

from typing import Any

from tests.integration.schema.acting import acknowledged, claim, click, record, settle
from tests.integration.schema.ageing import age
from tests.integration.schema.helpers import SENT, Session
from tests.model.interleaving import Move, Scene, Stage

EMPTY = """
delete from ops.deliveries;
delete from ops.event_dispatches;
delete from ops.cards;
delete from ops.slack_envelopes;
delete from ops.platform_events;
delete from ops.slack_channels;
"""
STATE = """
select jsonb_build_object(
    'dispatches', (
        select jsonb_agg(jsonb_build_array(p.event_type, e.status, e.card_id) order by p.event_type)
        from ops.event_dispatches e join ops.platform_events p using (event_id)
    ),
    'deliveries', (
        select jsonb_agg(jsonb_build_array(kind, channel, status) order by kind, channel, status) from ops.deliveries
    ),
    'cards', (select jsonb_agg(jsonb_build_array(phase, version)) from ops.cards),
    'clicks', (select jsonb_agg(status) from ops.slack_envelopes)
)
"""
# An event goes whole: what hangs on it has it, and of an event that is routed to a channel the deliveries stand.
TORN = """
select 'a card without its event: ' || c.card_id from ops.cards c
where not exists (select from ops.event_dispatches e where e.event_id = c.card_id)
union all
select 'an event tells of a card that is gone: ' || e.event_id from ops.event_dispatches e
where e.card_id is not null and not exists (select from ops.cards c where c.card_id = e.card_id)
union all
select 'a message without its card: ' || p.delivery_id from ops.deliveries p
where p.channel = '#a' and p.event_id in (select event_id from ops.platform_events where event_type = 'x')
    and not exists (select from ops.cards c where c.card_id = p.event_id)
"""


async def torn(db: Session) -> list[str]:
    """What half a prune would have left."""
    return await db.column(TORN)


async def over(db: Session) -> Scene:
    """Its message stands in #a, its letter to #b is dead. A click is being handled, news of it are being routed."""
    await db.run(EMPTY)
    [event] = await db.emit(1, "x")
    token = (await db.claim_events())["claim_token"]
    deliveries = [{"route": "test", "channel": it} for it in ("#a", "#b")]
    routing = {"event_id": event, "deliveries": deliveries, "card": {"kind": "alert"}}
    await db.call("record_deliveries_v1", claim_token=token, routings=[routing])
    scene = {"card": event}
    for claimed in await db.claim():
        await (db.settle(claimed, "sent", card_version=0) if claimed["channel"] == "#a" else db.settle(claimed, "dead"))
        scene |= {claimed["channel"]: claimed["delivery_id"]}
    await db.run("update ops.event_dispatches set status = 'unrouted', routed_at = now() where status = 'pending'")
    await age(db)
    await record(db, click(envelope_id="click", logical_key="click"))
    scene["click"] = (await claim(db, click(envelope_id="click"), "old"))["claim_token"]
    [scene["news"]] = await db.emit(1, "y")
    scene["router"] = (await db.claim_events("old"))["claim_token"]
    return scene


STAGES = {"over": Stage("over", over, STATE)}


async def _prune(db: Session, _: Scene, __: str) -> Any:  # noqa: ANN401  # any JSON value
    return await db.call("prune_ledger_v1")


async def _press(db: Session, scene: Scene, _: str) -> Any:  # noqa: ANN401
    """His handler has read the card already; where it has changed or gone, he is told so instead."""
    answer = await settle(db, scene["click"], card=acknowledged(scene["card"]))
    if not answer["settled"]:
        await settle(db, scene["click"])
    return answer["settled"]


async def _retry(db: Session, scene: Scene, role: str) -> Any:  # noqa: ANN401
    return await db.call("retry_delivery_v1", delivery_id=scene["#b"], actor=role)


async def _hear(db: Session, scene: Scene, _: str) -> Any:  # noqa: ANN401
    routing = {
        "event_id": scene["news"],
        "deliveries": [{"route": "test", "channel": SENT["slack_channel_id"]}],
        "card_id": scene["card"],
    }
    return await db.call("record_deliveries_v1", claim_token=scene["router"], routings=[routing])


MOVES = (
    Move("prune", "prune_ledger_v1", _prune, ("over",), again=True),
    Move("press", "settle_envelope_v1", _press, ("over",)),
    Move("retry", "retry_delivery_v1", _retry, ("over",)),
    Move("hear", "record_deliveries_v1", _hear, ("over",)),
)
