"""What the tests of retention share: a ledger in which everything happened so many days ago."""

from __future__ import annotations

from tests.integration.schema.helpers import Session

OVER = 91  # days: one more than the ledger keeps
TIMES = {
    "platform_events": ("created_at",),
    "event_dispatches": ("recorded_at", "routed_at"),
    "deliveries": ("created_at", "sent_at", "dead_at", "doubtful_since", "next_attempt_at"),
    "delivery_attempts": ("started_at", "ended_at"),
    "cards": ("created_at", "updated_at", "seen_at"),
    "service_facts": ("at",),
}


async def age(db: Session, days: int = OVER) -> None:
    """As if all that is in the ledger had happened so many days earlier."""
    for table, columns in TIMES.items():
        moved = ", ".join(f"{it} = {it} - make_interval(days => $1)" for it in columns)
        await db.run(f"update ops.{table} set {moved}", days)  # noqa: S608  # ours


async def left(db: Session) -> dict[str, int]:
    """How many rows stand in each table of the ledger; those that are empty are left out."""
    tables = ("event_dispatches", "deliveries", "delivery_attempts", "routing_verdicts", "told_doubts", "cards")
    counts = {it: await db.value(f"select count(*) from ops.{it}") for it in tables}  # noqa: S608  # ours
    return {table: count for table, count in counts.items() if count}


async def kept(db: Session) -> list[str]:
    """The events of which it is known what became of them."""
    return await db.column("select event_id::text from ops.event_dispatches order by position")
