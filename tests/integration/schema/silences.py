"""What the tests of silences share: a silence that lasts, and events that are recorded under it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.integration.schema.helpers import CHANNEL, Session

ADA = {"user": "U1", "name": "ada"}
BOB = {"user": "U2", "name": "bob"}


async def begin(db: Session, lasts: float = 3600, **changes: Any) -> str:  # noqa: ANN401  JSON
    """A silence of api for so many seconds; its id."""
    ends_at = datetime.now(UTC) + timedelta(seconds=lasts)
    told = {"service": "api", "event_pattern": "*", "ends_at": ends_at.isoformat(), "created_by": ADA, **changes}
    answer = await db.call("start_silence_v1", silence=told, actor="ada")
    assert answer["started"]
    await settle_news(db)
    silence_id: str = answer["silence"]["silence_id"]
    return silence_id


async def end(db: Session, silence_id: str, by: dict[str, Any] | None = BOB) -> Any:  # noqa: ANN401  JSON
    """What end_silence_v1 says."""
    return await db.call("end_silence_v1", silence_id=silence_id, ended_by=by, actor="bob")


async def let_it_pass(db: Session, silence_id: str) -> None:
    """Move it back, until its time is over."""
    await db.run(
        "update ops.silences set created_at = created_at - interval '7 days', "
        "ends_at = clock_timestamp() - interval '1 second' where silence_id = $1",
        silence_id,
    )


async def settle_news(db: Session) -> None:
    """Route the silences' own events nowhere, so that a test claims only what it emits."""
    claim = await db.claim_events()
    await db.record(claim["claim_token"], [(it["event_id"], []) for it in claim["events"]])


async def record(db: Session, *silences: str, event_type: str = "ci.failed", **routing: Any) -> str:  # noqa: ANN401
    """An event of api that its router found covered by these; the event's id."""
    event = await db.call("append_event_v1", event_type=event_type, payload={"service": "api", "title": "t"})
    claim = await db.claim_events()
    await write(db, claim["claim_token"], event, *silences, **routing)
    event_id: str = event
    return event_id


async def write(db: Session, token: str, event: str, *silences: str, **routing: Any) -> Any:  # noqa: ANN401  JSON
    """What record_deliveries_v1 says of one routing to the usual channel."""
    delivery = {"route": "test", "channel": CHANNEL}
    given = {"event_id": event, "deliveries": [delivery], "silences": list(silences), **routing}
    return await db.call("record_deliveries_v1", claim_token=token, routings=[given])


async def dispatch(db: Session, event: str) -> tuple[str, str | None, int]:
    """(status, silence, number of deliveries) of an event."""
    row = await db.row("select status, silence_id from ops.event_dispatches where event_id = $1", event)
    posts = await db.value("select count(*) from ops.deliveries where event_id = $1", event)
    return row["status"], row["silence_id"], posts


async def news(db: Session, event_type: str) -> list[dict[str, Any]]:
    """The payloads of pulser's own events of this type, the oldest first."""
    return await db.column(
        "select payload from ops.platform_events where event_type = $1 order by created_at, event_id", event_type
    )
