"""The stages and moves where people who investigate meet the message of the alert, whose fate is still open."""

from __future__ import annotations

from typing import Any

from tests.integration.schema.acting import audit, claim, click, record, settle
from tests.integration.schema.helpers import CHANNEL, Session
from tests.model.envelope_card_moves import EMPTY, STATE, broken_card_invariants
from tests.model.interleaving import Move, Scene, Stage

BRIEFED = """
select format('%s briefings of a card whose message is %s', count(b.*), p.status)
from ops.cards c
join ops.deliveries p on p.event_id = c.card_id and p.kind = 'post' and p.thread_delivery_id is null
left join ops.deliveries b on b.thread_delivery_id = p.delivery_id
where c.phase = 'investigating' group by c.card_id, p.status
having count(b.*) > 1 or count(b.*) = 0 and p.status <> 'dead'
"""


async def broken_briefing_invariants(db: Session) -> list[str]:
    """Those of cards, and that who investigates has one briefing, unless the message was dead before."""
    return [*await broken_card_invariants(db), *await db.column(BRIEFED)]


async def posting(db: Session) -> Scene:
    """An alert's message is being posted; two people, to whom Slack shows it already, press Investigate."""
    await db.run(EMPTY)
    [event] = await db.emit()
    claimed = await db.claim_events()
    routing = {
        "event_id": event,
        "deliveries": [{"route": "alerts", "channel": CHANNEL}],
        "card": {"kind": "alert", "service": "api", "environment": "production"},
    }
    await db.call("record_deliveries_v1", claim_token=claimed["claim_token"], routings=[routing])
    post = await db.claim_one("old")
    scene = {"card": event, "post": post["delivery_id"], "token": post["claim_token"]}
    for name in ("x", "y"):
        await record(db, click(envelope_id=name, logical_key=name))
        scene[f"{name}_token"] = (await claim(db, click(envelope_id=name), "old"))["claim_token"]
    return scene


async def vanished(db: Session) -> Scene:
    """And whoever posts it has vanished."""
    scene = await posting(db)
    await db.end_leases()
    return scene


STAGES = {
    "posting": Stage("posting", posting, STATE),
    "vanished": Stage("vanished", vanished, STATE, about="claim deliveries"),
}


def _investigates(name: str) -> Any:  # noqa: ANN401  # a call
    async def call(db: Session, scene: Scene, _: str) -> Any:  # noqa: ANN401
        person = {"user": name, "name": name, "at": "2026-11-24T12:00:00Z"}
        change = {"card_id": scene["card"], "version": 0, "kind": "alert", "phase": "investigating"}
        answer = await settle(
            db,
            scene[f"{name}_token"],
            events=[audit("alert.investigating", payload={"card_id": scene["card"]})],
            card={**change, "state": {"investigating": person}},
            briefing={"channel": None},
        )
        return answer["settled"]

    return call


def _settles(result: str, **outcome: Any) -> Any:  # noqa: ANN401  # a call
    async def call(db: Session, scene: Scene, _: str) -> Any:  # noqa: ANN401
        claimed = {"delivery_id": scene["post"], "claim_token": scene["token"]}
        return await db.settle(claimed, result, **outcome)

    return call


async def _claim_deliveries(db: Session, _: Scene, __: str) -> Any:  # noqa: ANN401
    return len((await db.claim_work("next"))["deliveries"])


MOVES = (
    Move("x investigates", "settle_envelope_v1", _investigates("x"), tuple(STAGES)),
    Move("y investigates", "settle_envelope_v1", _investigates("y"), tuple(STAGES)),
    Move("its message is sent", "settle_delivery_v1", _settles("sent", card_version=0), tuple(STAGES)),
    Move("its message dies", "settle_delivery_v1", _settles("dead"), tuple(STAGES)),
    Move("claim deliveries", "claim_deliveries_v1", _claim_deliveries, ("vanished",), again=True),
)
