"""The stages and moves of the envelopes: x and y, of which x has the lower id and y the lower key."""

from __future__ import annotations

import time
import uuid
from typing import Any

from tests.integration.schema.acting import RESPONSE_URL, TEAM, WEBHOOK, claim, click, record, settle
from tests.integration.schema.envelopes import mention
from tests.integration.schema.helpers import Session
from tests.model.interleaving import Move, Scene, Stage

ALERT = "00000000-0000-4000-8000-00000000000a"
KEYS = {"x": "key-b", "y": "key-a"}
REPLY = {"via": "response_url", "url": RESPONSE_URL, "body": {"text": "hi"}}
NOT_REACHED = {"error": "Slack cannot be reached", "nothing_done": True}
PUT_OFF = {"error": "a rate limit", "reason": "ratelimited", "retry_in_s": 60}
A_MONTH_S = 31 * 86400
EMPTY = """
delete from ops.deliveries;
delete from ops.event_dispatches;
delete from ops.cards;
delete from ops.slack_envelopes;
delete from ops.platform_events;
"""
STATE = """
select jsonb_build_object(
    'envelopes', (
        select jsonb_object_agg(e.envelope_id, jsonb_build_array(
            e.status, e.attempts, e.duplicates, e.twin_in_time, e.claimed_by, e.lease_until > clock_timestamp(),
            e.last_error, e.ack, e.reply_status, e.reply_attempts, e.reply ? 'url', e.recorded_by,
            cardinality(e.event_ids),
            (select f.envelope_id from ops.slack_envelopes f where f.id = e.duplicate_of)
        ))
        from ops.slack_envelopes e
    ),
    'events', (
        select jsonb_object_agg(p.envelope_id, p.types) from (
            select payload ->> 'envelope_id' as envelope_id, jsonb_agg(event_type order by event_type) as types
            from ops.platform_events group by 1
        ) p where p.envelope_id is not null
    ),
    'cards', (select jsonb_agg(jsonb_build_array(kind, service, phase, version) order by kind) from ops.cards),
    'hooks', (select count(*) from ops.deliveries where kind = 'hook')
)
"""


def described(name: str, age_s: float = 0, **changes: Any) -> dict[str, Any]:  # noqa: ANN401  # any JSON value
    """x or y as a relay records it, or its twin."""
    made = {"envelope_id": name, "logical_key": KEYS[name[0]], "received_at": time.time() - age_s}
    return (mention if age_s == A_MONTH_S else click)(handler="action-handler", **made) | changes


async def nothing(db: Session) -> Scene:
    """No envelope yet."""
    await db.run(EMPTY)
    if not await db.value("select exists (select from ops.services)"):
        services = [{"service": "api", "environments": ["production"], "deploy": WEBHOOK}]
        await db.call("apply_services_v1", services=services)
        await db.equip_doorbell()
    return {"x_token": str(uuid.uuid4()), "y_token": str(uuid.uuid4())}


async def recorded(db: Session, age_s: float = 0) -> Scene:
    """Both are due."""
    scene = await nothing(db)
    for name in KEYS:
        await record(db, described(name, age_s))
    await db.run("update ops.slack_envelopes set next_attempt_at = clock_timestamp()")
    return scene


async def begun(db: Session) -> Scene:
    """Both are claimed."""
    scene = await recorded(db)
    for name in KEYS:
        scene[f"{name}_token"] = (await claim(db, described(name), "old"))["claim_token"]
    return scene


async def left(db: Session) -> Scene:
    """Whoever had them has vanished."""
    scene = await begun(db)
    await db.run("update ops.slack_envelopes set lease_until = '-infinity'")
    return scene


async def spent(db: Session) -> Scene:
    """Whoever had them has vanished once too often."""
    scene = await left(db)
    await db.run("update ops.slack_envelopes set attempts = 8")
    return scene


async def owing(db: Session, attempts: int = 0) -> Scene:
    """Both are settled, and their answers are due."""
    scene = await begun(db)
    for name in KEYS:
        await settle(db, scene[f"{name}_token"], reply=REPLY)
    await db.run("update ops.slack_envelopes set reply_due_at = clock_timestamp(), reply_attempts = $1", attempts)
    return scene


async def owing_for_long(db: Session) -> Scene:
    """The answers have been tried as often as Slack allows."""
    return await owing(db, attempts=5)


async def old(db: Session) -> Scene:
    """Both have waited for a month."""
    return await recorded(db, A_MONTH_S)


STAGES = {
    stage.__name__: Stage(stage.__name__, stage, STATE)
    for stage in (nothing, recorded, begun, left, spent, owing, owing_for_long, old)
}


async def _record(db: Session, _: Scene, role: str, *, names: tuple[str, ...] = ("x", "y")) -> Any:  # noqa: ANN401
    return await db.call("record_envelopes_v1", envelopes=[described(it) for it in names], worker=role)


async def _record_twins(db: Session, scene: Scene, role: str) -> Any:  # noqa: ANN401
    return await _record(db, scene, role, names=("x-twin", "y-twin"))


async def _expire(db: Session, _: Scene, role: str) -> Any:  # noqa: ANN401
    named = [{"team_id": TEAM, "envelope_id": it} for it in ("y", "x")]
    return await db.call("expire_envelopes_v1", envelopes=named, worker=role)


async def _claim(db: Session, _: Scene, role: str) -> Any:  # noqa: ANN401
    return _brief(await claim(db, described("x"), role))


async def _claim_due(db: Session, _: Scene, role: str) -> Any:  # noqa: ANN401
    return await db.call(
        "claim_envelopes_v1", handler="action-handler", worker=role, max_envelopes=16, lease_seconds=30
    )


def _brief(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: it for name, it in answer.items() if name != "envelope"}


def _settles(name: str, what: str) -> Any:  # noqa: ANN401  # a call
    """x or y is settled with nothing more, with a change of one card, or with a request to deploy one service."""
    where = {"service": "api", "environment": "production"}
    change = {"card_id": ALERT, "version": 0, "kind": "alert", "phase": "acknowledged", "state": {}}
    outcomes: dict[str, dict[str, Any]] = {
        "plainly": {"reply": REPLY, "ack": {"text": name}},
        "card": {"card": change, "events": [{"key": "main", "event_type": "e", "payload": {"card_id": ALERT}}]},
        "deploy": {
            "new_card": where | {"event": "main", "phase": "requested"},
            "events": [{"key": "main", "event_type": "deploy.requested"}],
        },
    }

    async def call(db: Session, scene: Scene, _: str) -> Any:  # noqa: ANN401
        token = scene[f"{name}_token"]
        answer = await db.call("settle_envelope_v1", claim_token=token, outcome=outcomes[what])
        card = answer.pop("card", None)
        return answer | {"card": card and (card["phase"], card["version"])}

    return call


async def _fail(db: Session, scene: Scene, _: str) -> Any:  # noqa: ANN401
    return await db.call("fail_envelope_v1", claim_token=scene["x_token"], error="it broke")


async def _claim_reply(db: Session, _: Scene, __: str) -> Any:  # noqa: ANN401
    return await db.call("claim_reply_v1", team_id=TEAM, envelope_id="x")


def _confirms(outcome: dict[str, Any]) -> Any:  # noqa: ANN401  # a call
    async def call(db: Session, _: Scene, __: str) -> Any:  # noqa: ANN401
        return await db.call("confirm_reply_v1", team_id=TEAM, envelope_id="x", outcome=outcome)

    return call


async def _claim_replies(db: Session, _: Scene, __: str) -> Any:  # noqa: ANN401
    return await db.call("claim_replies_v1", handler="action-handler", max_replies=16)


async def _sweep(db: Session, _: Scene, __: str) -> Any:  # noqa: ANN401
    return await db.call("sweep_envelopes_v1")


async def _prune(db: Session, _: Scene, __: str) -> Any:  # noqa: ANN401
    return await db.call("prune_envelopes_v1")


CLAIMED = ("begun", "left")
MOVES = (
    Move("record", "record_envelopes_v1", _record, tuple(STAGES)),
    Move("record twins", "record_envelopes_v1", _record_twins, ("nothing", "recorded", "left", "owing", "old")),
    Move("expire", "expire_envelopes_v1", _expire, ("recorded", "begun")),
    Move("claim", "claim_envelope_v1", _claim, ("recorded", "begun", "left", "spent", "old")),
    Move("claim due", "claim_envelopes_v1", _claim_due, ("recorded", "left", "spent", "old"), again=True),
    Move("settle", "settle_envelope_v1", _settles("x", "plainly"), (*CLAIMED, "spent")),
    Move("settle with the card", "settle_envelope_v1", _settles("x", "card"), CLAIMED),
    Move("settle y with the card", "settle_envelope_v1", _settles("y", "card"), CLAIMED),
    Move("settle with a deploy", "settle_envelope_v1", _settles("x", "deploy"), ("begun",)),
    Move("settle y with a deploy", "settle_envelope_v1", _settles("y", "deploy"), ("begun",)),
    Move("fail", "fail_envelope_v1", _fail, (*CLAIMED, "spent")),
    Move("claim the reply", "claim_reply_v1", _claim_reply, ("owing", "owing_for_long")),
    Move("confirm the reply", "confirm_reply_v1", _confirms({}), ("owing", "owing_for_long")),
    Move("fail the reply", "confirm_reply_v1", _confirms({"error": "it broke"}), ("owing", "owing_for_long")),
    Move("put the reply off", "confirm_reply_v1", _confirms(PUT_OFF), ("owing", "owing_for_long")),
    Move("not reach Slack", "confirm_reply_v1", _confirms(NOT_REACHED), ("owing", "owing_for_long")),
    Move("doubt the reply", "confirm_reply_v1", _confirms({"error": "reset", "in_doubt": True}), ("owing",)),
    Move("claim replies", "claim_replies_v1", _claim_replies, ("owing", "owing_for_long"), again=True),
    Move("sweep", "sweep_envelopes_v1", _sweep, ("recorded", "left", "owing")),
    Move("prune", "prune_envelopes_v1", _prune, ("old",), again=True),
)
