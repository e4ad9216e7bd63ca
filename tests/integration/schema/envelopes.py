"""What the tests of the envelopes' SQL share: kinds of envelopes, claims, time that has passed, audit events."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.integration.schema.acting import RESPONSE_URL, claim, click, record
from tests.integration.schema.helpers import Session

# click, command or mention: makes an envelope, with these changes.
Kind = Callable[..., dict[str, Any]]


def command(text: str = "status", **changes: Any) -> dict[str, Any]:  # noqa: ANN401  # any JSON value
    """A slash command as record_envelopes_v1 takes it, each time another one."""
    payload = {
        "command": "/pulser",
        "text": text,
        "user_id": "U1",
        "user_name": "ada",
        "channel_id": "C1",
        "response_url": RESPONSE_URL,
    }
    return click(type="slash_commands", payload=payload, handler="command-handler") | changes


def mention(**changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """An event of the Events API."""
    payload = {"event": {"type": "app_mention", "user": "U2", "channel": "C2", "ts": "1.1", "thread_ts": "1.0"}}
    return click(type="events_api", payload=payload, handler="command-handler") | changes


def old(age_s: float, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """A click that arrived so many seconds ago."""
    return click(received_at=time.time() - age_s, **changes)


async def row(db: Session, envelope: dict[str, Any]) -> dict[str, Any]:
    """The row of an envelope."""
    return await db.row(
        "select * from ops.slack_envelopes where team_id = $1 and envelope_id = $2",
        envelope["team_id"],
        envelope["envelope_id"],
    )


async def claimed(db: Session, envelope: dict[str, Any] | None = None, worker: str = "w") -> dict[str, Any]:
    """The claim of an envelope (a new click) that was recorded for it."""
    envelope = envelope or click()
    await record(db, envelope)
    answer = await claim(db, envelope, worker)
    assert answer["state"] == "claimed", answer
    return answer


async def due(
    db: Session, handler: str = "action-handler", most: int = 16, worker: str = "sweeper"
) -> list[dict[str, Any]]:
    """What claim_envelopes_v1 gives."""
    answer = await db.call("claim_envelopes_v1", handler=handler, worker=worker, max_envelopes=most, lease_seconds=30)
    envelopes: list[dict[str, Any]] = answer["envelopes"]
    return envelopes


async def wait_over(db: Session) -> None:
    """As if the time had passed that each pending envelope waits for."""
    await db.run("update ops.slack_envelopes set next_attempt_at = clock_timestamp() where status = 'pending'")


async def leases_over(db: Session) -> None:
    """As if all handlers had vanished some time ago."""
    await db.run("update ops.slack_envelopes set lease_until = '-infinity' where claim_token is not null")


async def audited(db: Session) -> list[dict[str, Any]]:
    """The events, oldest first."""
    found: list[dict[str, Any]] = (
        await db.value("select jsonb_agg(to_jsonb(e) order by e.created_at) from ops.platform_events e") or []
    )
    return found
