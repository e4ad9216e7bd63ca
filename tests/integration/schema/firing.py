"""What the tests of repeats share: events that are written, read, routed and recorded as notify-dispatch does."""

from __future__ import annotations

from typing import Any

from notify_dispatch.event import Event
from notify_dispatch.intended import intended
from notify_dispatch.route import Route
from tests.integration.schema.helpers import CHANNEL, Session

ALERT = {"service": "api", "environment": "production", "title": "Too many errors", "error_rate": 0.05}
CI = {"service": "api", "branch": "main"}
DEPLOY = {"service": "api", "environment": "production", "version": "1.2"}


async def write(db: Session, event_type: str, payload: dict[str, Any]) -> str:
    event_id: str = await db.call("append_event_v1", event_type=event_type, payload=payload)
    return event_id


def routing(described: dict[str, Any], *channels: str) -> dict[str, Any]:
    """What the router means to do with an event that routes bring to these channels."""
    routes = [Route(name=it, channel=it, continue_=True, position=n) for n, it in enumerate(channels or (CHANNEL,))]
    return {"event_id": described["event_id"], **intended(Event.from_json(described), routes)}


async def route(db: Session, *channels: str) -> None:
    """Record whatever is pending."""
    claim = await db.claim_events()
    routings = [routing(it, *channels) for it in claim["events"]]
    await db.call("record_deliveries_v1", claim_token=claim["claim_token"], routings=routings)


async def fire(
    db: Session,
    event_type: str = "error_rate.exceeded",
    /,
    *channels: str,
    of: dict[str, Any] = ALERT,
    **payload: Any,  # noqa: ANN401
) -> str:
    """An event, written and recorded."""
    event = await write(db, event_type, of | payload)
    await route(db, *channels)
    return event


async def send(db: Session, **outcome: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    """All that is due is sent; what it was."""
    sent = []
    while claimed := await db.claim():
        for it in claimed:
            version = (it["card"] or {}).get("version")
            message = {"slack_channel_id": f"C{it['channel']}", "slack_ts": it["slack_ts"] or f"1.{len(it['event'])}"}
            await db.settle(it, "sent", card_version=version, **message | outcome)
        sent += claimed
    return sent


async def stored(db: Session, card_id: str) -> dict[str, Any]:
    return await db.row("select * from ops.cards where card_id = $1", card_id)


async def posts(db: Session) -> list[tuple[str, str]]:
    """The event and channel of each post that begins no thread's part, in order."""
    rows = await db.connection.fetch(
        "select event_id, channel from ops.deliveries where kind = 'post' and thread_part is null order by position"
    )
    return [(row["event_id"], row["channel"]) for row in rows]


async def updates(db: Session) -> list[dict[str, Any]]:
    rows = await db.connection.fetch("select * from ops.deliveries where kind = 'update' order by position")
    return [dict(row) for row in rows]


async def age(db: Session, seconds: float) -> None:
    """As if all that was sent, seen and queued were so much older."""
    back = "make_interval(secs => $1)"
    await db.run(f"update ops.cards set seen_at = seen_at - {back}", seconds)  # noqa: S608  # ours
    await db.run(
        f"update ops.deliveries set created_at = created_at - {back}, sent_at = sent_at - {back}, "  # noqa: S608  # ours
        f"next_attempt_at = next_attempt_at - {back}",
        seconds,
    )
