"""What the tests of reminders share: an alert whose message stands in Slack, and the time that passes."""

from __future__ import annotations

from typing import Any

from tests.integration.schema.acting import act, service
from tests.integration.schema.helpers import CHANNEL, Session

SNOOZED = {"user": "U0BOB", "name": "bob", "at": "2026-11-24T12:00:00Z"}


async def alert(
    db: Session, severity: str | None = "critical", channels: tuple[str, ...] = (CHANNEL,), service: str = "api"
) -> str:
    """An alert of api whose messages stand in Slack, routed as a router does; the id of its event."""
    [event] = await db.emit()
    claimed = await db.claim_events()
    routings = [
        {
            "event_id": event,
            "deliveries": [{"route": "test", "channel": it} for it in channels],
            "card": {"kind": "alert", "service": service, "environment": "production", "severity": severity},
        }
    ]
    routings += [{"event_id": it["event_id"], "deliveries": []} for it in claimed["events"] if it["event_id"] != event]
    await db.call("record_deliveries_v1", claim_token=claimed["claim_token"], routings=routings)
    await send(db)
    return event


async def send(db: Session, result: str = "sent") -> list[dict[str, Any]]:
    """A dispatcher posts what is due; what it claimed."""
    claimed = await db.claim()
    for it in claimed:
        await db.settle(it, result)
    return claimed


async def pass_time(db: Session, minutes: float) -> None:
    """As if all that reminders know of was so much longer ago."""
    apart = f"make_interval(secs => {minutes * 60})"
    await db.run(f"update ops.reminder_plans set due_at = due_at - {apart}")  # noqa: S608  ours
    await db.run(
        f"update ops.deliveries set created_at = created_at - {apart}, sent_at = sent_at - {apart}"  # noqa: S608
    )


async def remind(db: Session) -> int:
    """One run of the cron job."""
    reminded: int = await db.call("remind_alerts_v1")
    return reminded


async def reminders(db: Session) -> list[dict[str, Any]]:
    """The deliveries that remind, in order."""
    rows = await db.connection.fetch("""
        select d.*, r.step, r.after_snooze from ops.deliveries d join ops.reminders r on r.delivery_id = d.delivery_id
        order by r.queued_at
    """)
    return [dict(it) for it in rows]


async def mentions(db: Session) -> list[str | None]:
    """Whom the reminders so far mention."""
    return [it["mention"] for it in await reminders(db)]


def snooze(card_id: str, version: int = 0, until: str = "2100-01-01T00:00:00Z") -> dict[str, Any]:
    """The change of an alert's card that Snooze makes."""
    state = {"snoozed": {**SNOOZED, "until": until}}
    return {"card_id": card_id, "version": version, "kind": "alert", "phase": "open", "state": state}


async def snoozed(db: Session, card_id: str, version: int = 0, until: str = "2100-01-01T00:00:00Z") -> dict[str, Any]:
    """Somebody snoozes it."""
    return await act(db, card=snooze(card_id, version, until))


async def escalating(db: Session, *steps: str) -> None:
    """api has this escalation list."""
    await service(db, escalation=list(steps))
