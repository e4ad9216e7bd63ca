"""What the tests of digests share: posts that may fold, and how the ledger keeps them."""

from __future__ import annotations

from typing import Any

from tests.integration.schema.helpers import CHANNEL, Session


async def storm(
    db: Session, count: int, channel: str = CHANNEL, *, event_type: str = "ci.failed", card: bool = False
) -> list[str]:
    """So many events of a type, each with a post that may fold; the deliveries' ids in order."""
    events = await db.emit(count, event_type)
    claim = await db.claim_events(max_events=1000)
    routings = [
        {
            "event_id": it["event_id"],
            "deliveries": [
                {"route": "test", "channel": channel, "fold_type": event_type, "fold_service": f"s{number % 3}"}
            ]
            if it["event_id"] in events
            else [],
            "card": {"kind": "alert", "service": "api"} if card else None,
        }
        for number, it in enumerate(claim["events"])
    ]
    await db.call("record_deliveries_v1", claim_token=claim["claim_token"], routings=routings)
    return await db.column(
        "select delivery_id::text from ops.deliveries where event_id = any ($1) order by position", events
    )


async def digest_of(db: Session, count: int = 6, channel: str = CHANNEL) -> tuple[dict[str, Any], list[str]]:
    """A storm of which the channel's turn has made a claimed digest; and its deliveries."""
    deliveries = await storm(db, count, channel)
    [claimed] = await db.claim()
    return claimed, deliveries


async def standing(db: Session, count: int = 6) -> tuple[dict[str, Any], list[str]]:
    """A digest that stands as the newest message of its channel."""
    claimed, deliveries = await digest_of(db, count)
    await db.settle(claimed, "sent")
    return claimed, deliveries


async def members(db: Session, digest: str) -> list[str]:
    """What is in a digest, with itself, in order."""
    query = "select delivery_id::text from ops.deliveries where digest_id = $1 and kind = 'post' order by position"
    return await db.column(query, digest)


async def states(db: Session) -> dict[str, int]:
    """How many posts there are in each status."""
    rows = await db.connection.fetch(
        "select status, count(*) from ops.deliveries where kind = 'post' and channel = $1 group by 1", CHANNEL
    )
    return {row["status"]: row["count"] for row in rows}
