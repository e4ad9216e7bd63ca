"""The stages and moves of the relays' leases: relay a has what stands there, b and c come to it."""

from __future__ import annotations

import uuid
from typing import Any

from tests.integration.schema.helpers import Session
from tests.integration.schema.relay import claim, connecting, live, report, said
from tests.model.interleaving import Move, Scene, Stage

EMPTY = """
delete from ops.relay_sessions;
delete from ops.relay_standbys;
delete from ops.relay_alarms;
delete from ops.slack_holds;
delete from ops.event_dispatches;
delete from ops.platform_events;
update ops.relay_control
set transport = 'socket', changed_at = clock_timestamp(), changed_by = null, dials_paid_until = '-infinity';
select setval('ops.relay_doorbell', 0);
"""
STATE = """
select jsonb_build_object(
    'sessions', (
        select jsonb_object_agg(s.session_id, jsonb_build_array(
            s.worker, s.state, s.replaces, s.lease_until > clock_timestamp(), s.hello_at is not null, s.end_reason
        ))
        from ops.relay_sessions s
    ),
    'standbys', (select jsonb_agg(worker order by worker) from ops.relay_standbys),
    'alarms', (select jsonb_object_agg(reason, worker) from ops.relay_alarms),
    'holds', (select jsonb_agg(method) from ops.slack_holds where held_until > clock_timestamp()),
    'events', (select jsonb_agg(event_type order by event_type) from ops.platform_events),
    'transport', (select transport from ops.relay_control),
    'dials', (
        select greatest(0, round(extract(epoch from dials_paid_until - clock_timestamp()) / 15))
        from ops.relay_control where dials_paid_until > '-infinity'
    )
)
"""
# What no order of calls may bring about.
INVARIANTS = {
    "never more than four hold a connection": """
        select count(*)::text from ops.open_relay_sessions_v1() having count(*) > 4
    """,
    "two who are not retiring are enough, but for successors": """
        select count(*)::text from ops.open_relay_sessions_v1() o
        where o.state <> 'retiring' and o.replaces is null having count(*) > 2
    """,
    "a session has one successor": """
        select o.replaces::text from ops.open_relay_sessions_v1() o
        where o.replaces is not null group by o.replaces having count(*) > 1
    """,
    "who holds a connection does not stand by": """
        select b.worker from ops.relay_standbys b join ops.open_relay_sessions_v1() o on o.worker = b.worker
    """,
    "an alarm is an event, once": """
        select a.reason from ops.relay_alarms a
        where (select count(*) from ops.platform_events p where p.payload ->> 'reason' = a.reason) <> 1
    """,
}


async def broken_relay_invariants(db: Session) -> list[str]:
    """Those that do not hold, and for what."""
    return [f"{name}: {who}" for name, query in INVARIANTS.items() for who in await db.column(query)]


async def one(db: Session) -> Scene:
    """Relay a holds one connection."""
    await db.run(EMPTY)
    await db.run("delete from vault.secrets where name like 'pulser_function%'")
    await db.equip_doorbell()
    new = {name: str(uuid.uuid4()) for name in ("b", "c", "next")}
    return new | {"mine": await live(db, "a"), "other": str(uuid.uuid4())}


async def two(db: Session) -> Scene:
    """Relay a holds two."""
    return await one(db) | {"other": await live(db, "a")}


async def dialling(db: Session) -> Scene:
    """Relay a has one that is not past its hello."""
    return await one(db) | {"other": await connecting(db, "a")}


async def over(db: Session) -> Scene:
    """Relay a has not been heard of."""
    scene = await two(db)
    # At two times: which of them is given up first is no matter of chance.
    await db.run("update ops.relay_sessions set lease_until = clock_timestamp() where session_id = $1", scene["mine"])
    await db.run("update ops.relay_sessions set lease_until = clock_timestamp() where session_id = $1", scene["other"])
    return scene


async def waited_for(db: Session) -> Scene:
    """Relay b stands by for one of a's two."""
    scene = await two(db)
    assert not (await claim(db, "b"))["granted"]
    return scene


async def paid(db: Session) -> Scene:
    """One dial is left in the budget."""
    scene = await dialling(db)
    await db.run("update ops.relay_control set dials_paid_until = clock_timestamp() + interval '104 seconds'")
    return scene


async def forgotten(db: Session) -> Scene:
    """What relay a had ended a month ago, or its lease did."""
    scene = await over(db)
    await db.run("update ops.relay_sessions set lease_until = lease_until - interval '31 days'")
    return scene


STAGES = {
    stage.__name__: Stage(stage.__name__, stage, STATE)
    for stage in (one, two, dialling, over, waited_for, paid, forgotten)
}


def _claims(worker: str, name: str, replaces: str | None = None) -> Any:  # noqa: ANN401  # a call
    async def call(db: Session, scene: Scene, _: str) -> Any:  # noqa: ANN401
        replaced = replaces and scene[replaces]
        return await claim(db, worker, replaced, session_id=scene[name])

    return call


async def _dial_again(db: Session, scene: Scene, _: str) -> Any:  # noqa: ANN401
    return await db.call("dial_again_v1", worker="a", session_id=scene["other"])


def _reports(*states: tuple[str, str]) -> Any:  # noqa: ANN401  # a call
    async def call(db: Session, scene: Scene, _: str) -> Any:  # noqa: ANN401
        answer = await report(db, "a", *(said(scene[name], state) for name, state in states))
        return answer | {"lost": sorted(answer["lost"], key=list(scene.values()).index)}

    return call


async def _prune(db: Session, _: Scene, __: str) -> Any:  # noqa: ANN401
    return await db.call("prune_relay_sessions_v1")


def _switches(transport: str) -> Any:  # noqa: ANN401  # a call
    async def call(db: Session, _: Scene, role: str) -> Any:  # noqa: ANN401
        return await db.call("set_transport_v1", transport=transport, actor=role)

    return call


async def _hold(db: Session, _: Scene, __: str) -> Any:  # noqa: ANN401
    return await db.call("hold_connections_open_v1", seconds=60, reason="link_disabled")


async def _alarm(db: Session, _: Scene, role: str) -> Any:  # noqa: ANN401
    return await db.call("raise_relay_alarm_v1", reason="link_disabled", detail="off", worker=role)


async def _cover(db: Session, _: Scene, __: str) -> Any:  # noqa: ANN401
    return await db.call("cover_relay_v1")


LEASED = ("one", "two", "dialling", "over", "waited_for")
MOVES = (
    Move("claim by b", "claim_relay_session_v1", _claims("b", "b"), tuple(STAGES)),
    Move("claim by c", "claim_relay_session_v1", _claims("c", "c"), ("one", "over")),
    Move("claim a successor", "claim_relay_session_v1", _claims("a", "next", "mine"), ("two", "waited_for")),
    Move("claim again", "claim_relay_session_v1", _claims("a", "other"), ("dialling", "paid")),
    Move("dial again", "dial_again_v1", _dial_again, ("dialling", "paid")),
    Move("report", "report_relay_sessions_v1", _reports(("mine", "live"), ("other", "live")), LEASED),
    Move(
        "report the other way",
        "report_relay_sessions_v1",
        _reports(("other", "live"), ("mine", "live")),
        ("two", "over"),
    ),
    Move("report an end", "report_relay_sessions_v1", _reports(("mine", "ended"), ("other", "retiring")), LEASED),
    Move("report after a month", "report_relay_sessions_v1", _reports(("mine", "live")), ("forgotten",)),
    Move("prune", "prune_relay_sessions_v1", _prune, ("forgotten",), again=True),
    Move("switch off", "set_transport_v1", _switches("http"), ("one", "dialling")),
    Move("switch on", "set_transport_v1", _switches("socket"), ("one",)),
    Move("hold", "hold_connections_open_v1", _hold, ("one", "dialling")),
    Move("alarm", "raise_relay_alarm_v1", _alarm, ("one",)),
    # A ring lasts, also when who rang rolls back: it is repeated in three seconds.
    Move("cover", "cover_relay_v1", _cover, ("one",), again=True),
)
