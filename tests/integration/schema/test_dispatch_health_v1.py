"""dispatch_health_v1: what waits, how long, and what Slack holds up."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.schema.helpers import Session

IDLE: dict[str, Any] = {
    "pending_events": 0,
    "oldest_pending_s": None,
    "waiting_deliveries": 0,
    "overdue_s": 0,
    "in_doubt": 0,
    "dead_last_hour": 0,
    "holds": [],
}


async def test_an_idle_ledger_is_all_zero(db: Session) -> None:
    """Nothing waits."""
    assert await db.call("dispatch_health_v1") == IDLE


async def test_pending_events_are_counted(db: Session) -> None:
    """And the oldest is dated."""
    await db.emit(2)
    await db.run("update ops.event_dispatches set recorded_at = recorded_at - '50 s'::interval")
    health = await db.call("dispatch_health_v1")
    assert health["pending_events"] == 2
    assert 50 <= health["oldest_pending_s"] < 60


@pytest.mark.parametrize("status", ["queued", "sending", "in_doubt", "failed"])
async def test_open_deliveries_wait(db: Session, status: str) -> None:
    """Whatever has not ended counts."""
    await db.bring(status)
    assert (await db.call("dispatch_health_v1"))["waiting_deliveries"] == 1


@pytest.mark.parametrize("status", ["sent", "dead"])
async def test_ended_deliveries_do_not_wait(db: Session, status: str) -> None:
    """Neither a success nor a failure for good."""
    await db.bring(status)
    assert (await db.call("dispatch_health_v1"))["waiting_deliveries"] == 0


async def test_doubts_are_counted(db: Session) -> None:
    """They need a person's eye when they stay."""
    await db.bring("in_doubt")
    assert (await db.call("dispatch_health_v1"))["in_doubt"] == 1


async def test_what_should_have_gone_is_overdue(db: Session) -> None:
    """So many seconds ago somebody should have posted it."""
    await db.queue()
    await db.run("update ops.deliveries set next_attempt_at = now() - '90 s'::interval")
    assert 90 <= (await db.call("dispatch_health_v1"))["overdue_s"] < 100


async def test_what_waits_for_its_time_is_not_overdue(db: Session) -> None:
    """A backoff is no delay of ours."""
    await db.queue()
    await db.settle(await db.claim_one(), "failed", retry_in_s=60)
    assert (await db.call("dispatch_health_v1"))["overdue_s"] == 0


async def test_the_dead_of_the_last_hour_are_counted(db: Session) -> None:
    """By when they died, however old they were."""
    await db.queue()
    await db.run("update ops.deliveries set created_at = now() - '1 day'::interval, retry_until = '-infinity'")
    await db.settle(await db.claim_one(), "failed")
    assert (await db.call("dispatch_health_v1"))["dead_last_hour"] == 1


async def test_the_dead_of_yesterday_are_not_counted(db: Session) -> None:
    """They are history."""
    await db.bring("dead")
    await db.run("update ops.deliveries set dead_at = dead_at - '61 minutes'::interval where status = 'dead'")
    assert (await db.call("dispatch_health_v1"))["dead_last_hour"] == 0


async def test_holds_are_told(db: Session) -> None:
    """Which method, why, since when and until when; those that are over are not."""
    await db.call("hold_slack_v1", method="chat.postMessage", seconds=30, reason="ratelimited")
    await db.call("hold_slack_v1", method="conversations.history", seconds=-1, reason="ratelimited")
    [hold] = (await db.call("dispatch_health_v1"))["holds"]
    assert set(hold) == {"method", "reason", "since", "until"}
    assert (hold["method"], hold["reason"]) == ("chat.postMessage", "ratelimited")


async def test_counts_stop_at_a_thousand(db: Session) -> None:
    """Health is cheap, also in a flood."""
    await db.run("insert into ops.platform_events (event_type) select 'ci.failed' from generate_series(1, 1001)")
    assert (await db.call("dispatch_health_v1"))["pending_events"] == 1000
