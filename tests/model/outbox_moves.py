"""The stages and moves of the outbox: events x and y, with posts in #a and #b. What waits is due, and unpaced."""

from __future__ import annotations

from typing import Any

from tests.integration.schema.acting import WORKFLOW
from tests.integration.schema.helpers import Session
from tests.model.interleaving import Move, Scene, Stage
from tests.model.outbox_ledger import EMPTY

IDS = {name: f"00000000-0000-4000-8000-00000000000{at}" for at, name in enumerate("xyz")}
CHANNELS = {"x": "#a", "y": "#b", "z": "#a"}
STATE = """
select jsonb_build_object(
    'events', (
        select jsonb_object_agg(e.event_id, jsonb_build_array(e.status, e.claimed_by, e.card_id))
        from ops.event_dispatches e where e.event_id::text like '00000000%'
    ),
    'others', (
        select jsonb_agg(p.event_type || e.status order by p.event_type, e.status)
        from ops.event_dispatches e join ops.platform_events p using (event_id)
        where e.event_id::text not like '00000000%'
    ),
    'deliveries', (
        select jsonb_object_agg(concat_ws(' ', d.event_id, d.kind, d.nth), jsonb_build_array(
            d.status, d.attempts, d.claimed_by, d.lease_until > clock_timestamp(), d.reason, d.adopted, d.card_version,
            d.next_attempt_at > clock_timestamp(), d.doubtful_since is not null
        ))
        from (
            select *, row_number() over (partition by event_id, kind, channel order by position) as nth
            from ops.deliveries
        ) d
    ),
    'attempts', (
        select jsonb_object_agg(a.of, a.ended) from (
            select concat_ws(' ', d.channel, d.event_id, a.purpose) as of,
                jsonb_agg(concat_ws(' ', a.worker, a.outcome) order by a.worker, a.outcome) as ended
            from ops.delivery_attempts a join ops.deliveries d using (delivery_id) group by 1
        ) a
    ),
    'channels', (
        select jsonb_object_agg(channel, jsonb_build_array(slack_channel_id, next_post_at > '-infinity'))
        from ops.slack_channels
    ),
    'holds', (select jsonb_object_agg(method, reason) from ops.slack_holds),
    'cards', (select jsonb_object_agg(card_id, version) from ops.cards)
)
"""
# Where a ring is what counts: work that waits, while nobody is awake and nobody comes, is lost.
RINGS = """
select jsonb_build_object(
    'waits', (select count(*) from ops.event_dispatches where status = 'pending'),
    'somebody comes', exists (select from net.http_request_queue)
        or (select last_value > extract(epoch from clock_timestamp()) * 1000 + 1500 from ops.doorbell)
)
"""


async def awake(db: Session) -> Scene:
    """There is nothing to do, and a dispatcher that asks again and again."""
    await db.run(EMPTY)
    if not await db.value("select exists (select from ops.services)"):
        services = [{"service": "api", "environments": ["production"], "deploy": WORKFLOW}]
        await db.call("apply_services_v1", services=services)
        await db.equip_doorbell()
    await db.doorbell_is_quiet_for(9000)
    return {}


async def pending(db: Session, names: str = "xy") -> Scene:
    """Two events that nobody has routed."""
    scene = await awake(db)
    await _emit(db, names)
    return scene


async def _emit(db: Session, names: str) -> None:
    await db.run(
        "insert into ops.platform_events (event_id, event_type) select unnest($1::uuid[]), 'ci.failed'",
        [IDS[name] for name in names],
    )


async def missed(db: Session) -> Scene:
    """Two that the trigger has not seen."""
    scene = await pending(db)
    await db.run("delete from ops.event_dispatches")
    return scene


async def routing(db: Session) -> Scene:
    """A router has them."""
    return await pending(db) | {"router": (await db.claim_events("old"))["claim_token"]}


async def left(db: Session) -> Scene:
    """It has vanished."""
    scene = await routing(db)
    await db.end_leases()
    return scene


async def queued(db: Session) -> Scene:
    """Both are to be posted; another event is being routed."""
    return await _route_z(db, await _routed(db))


async def _routed(db: Session) -> Scene:
    scene = await routing(db)
    await _record(db, scene, "")
    return scene


async def _route_z(db: Session, scene: Scene) -> Scene:
    await _emit(db, "z")
    return scene | {"router": (await db.claim_events("old"))["claim_token"]}


async def sending(db: Session) -> Scene:
    """Both are being posted."""
    return await _claimed(db, await _routed(db)) | {"version": "0"}


async def _claimed(db: Session, scene: Scene) -> Scene:
    for it in await db.claim("old"):
        name = next(name for name, of in IDS.items() if of == it["event"]["event_id"])
        scene |= {f"{it['kind']} {name}": it["delivery_id"], f"{it['kind']} {name} token": it["claim_token"]}
    await db.forget_pace()
    return scene


async def calling(db: Session) -> Scene:
    """Both stand in Slack, have a hook called, and their message changed."""
    scene = await sending(db)
    for name in "xy":
        await _settles(f"post {name}", "sent", card_version=0)(db, scene, "")
        call = {"service": "api", "action": "deploy"}
        await db.call("queue_hook_v1", card_id=IDS[name], call=call)
        await db.call("change_card_v1", change=_change(name, 0))
    return await _claimed(db, scene) | {"version": "1"}


async def abandoned(db: Session) -> Scene:
    """Whoever did so has vanished."""
    scene = await calling(db)
    await db.end_leases()
    return scene


async def unanswered(db: Session) -> Scene:
    """Whoever posted both has vanished."""
    scene = await sending(db)
    await db.end_leases()
    return scene


async def doubtful(db: Session) -> Scene:
    """Nobody knows whether they are in Slack."""
    scene = await sending(db)
    for name in "xy":
        await _settles(f"post {name}", "in_doubt")(db, scene, "")
    await db.forget_pace()
    return scene


async def probing(db: Session) -> Scene:
    """Somebody looks for them."""
    return await _claimed(db, await doubtful(db))


async def dead(db: Session) -> Scene:
    """The first of #a is dead, the next is being posted."""
    scene = await sending(db)
    await _settles("post x", "dead")(db, scene, "")
    await db.run(
        "update ops.event_dispatches set status = 'unrouted', routed_at = recorded_at where status = 'pending'"
    )
    scene = await _route_z(db, scene)
    await _record_z(db, scene, "")
    return await _claimed(db, scene)


STAGES = {
    stage.__name__: Stage(stage.__name__, stage, RINGS if stage is awake else STATE, about)
    for stage, about in (
        (awake, None),
        (pending, None),
        (missed, None),
        (routing, None),
        (left, None),
        (queued, None),
        (sending, None),
        (calling, None),
        (unanswered, "claim"),
        (abandoned, "claim"),
        (doubtful, None),
        (probing, None),
        (dead, None),
    )
}


def _change(name: str, version: int) -> dict[str, Any]:
    return {"card_id": IDS[name], "version": version, "kind": "alert", "phase": "acknowledged", "state": {}}


async def _append(db: Session, _: Scene, __: str) -> Any:  # noqa: ANN401  # any JSON value
    await db.emit(1, "ci.passed")


async def _reconcile(db: Session, _: Scene, __: str) -> Any:  # noqa: ANN401
    return await db.call("reconcile_events_v1")


async def _claim_events(db: Session, _: Scene, role: str) -> Any:  # noqa: ANN401
    return await db.claim_events(role)


async def _record(db: Session, scene: Scene, _: str, *, names: str = "xy") -> Any:  # noqa: ANN401
    """Each event to its channel, and its card."""
    routings = [
        {
            "event_id": IDS[name],
            "deliveries": [{"route": "test", "channel": CHANNELS[name]}],
            "verdicts": [{"route": "test", "channel": CHANNELS[name], "used": True, "why": "test"}],
            "card": {"kind": "alert"},
        }
        for name in names
    ]
    return await db.call("record_deliveries_v1", claim_token=scene["router"], routings=routings)


async def _record_z(db: Session, scene: Scene, role: str) -> Any:  # noqa: ANN401
    return await _record(db, scene, role, names="z")


async def _claim(db: Session, _: Scene, role: str) -> Any:  # noqa: ANN401
    return await db.claim_work(role)


def _settles(what: str, result: str, **outcome: Any) -> Any:  # noqa: ANN401  # a call
    """What waits after it, waits for longer than a test."""

    async def call(db: Session, scene: Scene, _: str) -> Any:  # noqa: ANN401
        claimed = {"delivery_id": scene[what], "claim_token": scene[f"{what} token"]}
        waits = {} if what.startswith("post") and result == "in_doubt" else {"retry_in_s": 60}
        return await db.settle(claimed, result, **waits | outcome)

    return call


async def _change_x(db: Session, scene: Scene, _: str) -> Any:  # noqa: ANN401
    return await db.call("change_card_v1", change=_change("x", int(scene["version"])))


async def _retry(db: Session, scene: Scene, role: str) -> Any:  # noqa: ANN401
    return await db.call("retry_delivery_v1", delivery_id=scene["post x"], actor=role)


async def _rest(db: Session, _: Scene, __: str) -> Any:  # noqa: ANN401
    return await db.call("rest_v1")


async def _sweep(db: Session, _: Scene, __: str) -> Any:  # noqa: ANN401
    return await db.call("sweep_v1")


WAITING = ("queued", "unanswered", "abandoned", "doubtful")
HELD = {"hold_method": "chat.postMessage", "hold_s": 60}
MOVES = (
    Move("append", "append_event_v1", _append, ("awake", "pending", "missed")),
    Move("reconcile", "reconcile_events_v1", _reconcile, ("missed",)),
    Move("claim events", "claim_events_v1", _claim_events, ("pending", "missed", "routing", "left"), again=True),
    Move("record", "record_deliveries_v1", _record, ("routing", "left")),
    Move("record z", "record_deliveries_v1", _record_z, ("queued",)),
    Move("claim", "claim_deliveries_v1", _claim, (*WAITING, "sending", "dead"), again=True),
    Move("x is sent", "settle_delivery_v1", _settles("post x", "sent", card_version=0), ("sending", "unanswered")),
    Move("x is held", "settle_delivery_v1", _settles("post x", "failed", **HELD), ("sending",)),
    Move("y is held", "settle_delivery_v1", _settles("post y", "failed", **HELD), ("sending",)),
    Move("x is adopted", "settle_delivery_v1", _settles("post x", "adopted"), ("probing",)),
    Move("x is absent", "settle_delivery_v1", _settles("post x", "absent"), ("probing",)),
    Move("x is unknown", "settle_delivery_v1", _settles("post x", "unknown"), ("probing",)),
    Move("z is sent", "settle_delivery_v1", _settles("post z", "sent", card_version=0), ("dead",)),
    Move("the hook of x dies", "settle_delivery_v1", _settles("hook x", "dead"), ("calling", "abandoned")),
    Move("the hook of y dies", "settle_delivery_v1", _settles("hook y", "dead"), ("calling", "abandoned")),
    Move("x is updated", "settle_delivery_v1", _settles("update x", "sent", card_version=1), ("calling", "abandoned")),
    Move("the update of x dies", "settle_delivery_v1", _settles("update x", "dead"), ("calling",)),
    Move("change x", "change_card_v1", _change_x, ("sending", "calling", "abandoned")),
    Move("retry", "retry_delivery_v1", _retry, ("sending", "unanswered", "doubtful", "probing", "dead")),
    Move("rest", "rest_v1", _rest, ("awake", "pending", "left", "queued", "doubtful", "dead")),
    Move("sweep", "sweep_v1", _sweep, ("left", "unanswered", "abandoned"), again=True),
)
