"""settle_delivery_v1: how a claimed delivery ended, recorded once."""

from __future__ import annotations

import uuid
from typing import Any

import asyncpg
import pytest

from tests.integration.schema.helpers import CHANNEL, SENT, Session


@pytest.mark.parametrize("result", ["sent", "failed", "in_doubt", "dead"])
async def test_a_post_ends_as_its_result_says(db: Session, result: str) -> None:
    """sent, failed, in_doubt and dead are statuses of their own."""
    [delivery] = await db.queue()
    assert await db.settle(await db.claim_one(), result) == {"settled": True, "status": result}
    assert await db.status(delivery) == result


@pytest.mark.parametrize(("result", "status"), [("adopted", "sent"), ("absent", "queued"), ("unknown", "in_doubt")])
async def test_a_probe_ends_as_its_result_says(db: Session, result: str, status: str) -> None:
    """Found means sent, surely absent means queued again, unknown stays in doubt."""
    delivery = await db.bring("in_doubt")
    assert await db.settle(await db.claim_one(), result) == {"settled": True, "status": status}
    assert await db.status(delivery) == status


@pytest.mark.parametrize("result", ["sent", "failed", "in_doubt", "dead"])
async def test_a_settle_ends_the_claim(db: Session, result: str) -> None:
    """Token, worker and lease are gone."""
    [delivery] = await db.queue()
    await db.settle(await db.claim_one(), result)
    row = await db.delivery(delivery)
    assert [row["claim_token"], row["claimed_by"], row["lease_until"]] == [None, None, None]


async def test_a_sent_delivery_names_its_message(db: Session) -> None:
    """Channel ID and ts of Slack are kept, and when it was."""
    delivery = await db.bring("sent")
    row = await db.delivery(delivery)
    assert {name: row[name] for name in SENT} == SENT
    assert row["sent_at"] is not None


async def test_only_a_found_message_is_adopted(db: Session) -> None:
    """A message found by a probe says so; one that was posted does not."""
    posted, found = await db.bring("sent", "#a"), await db.bring("in_doubt", "#b")
    await db.settle(await db.claim_one(), "adopted")
    assert [(await db.delivery(each))["adopted"] for each in (posted, found)] == [False, True]


async def test_a_success_clears_the_trouble_before(db: Session) -> None:
    """Reason and error of an earlier attempt do not stand on a sent delivery."""
    delivery = await db.bring("failed")
    await db.settle(await db.claim_one(), "sent")
    row = await db.delivery(delivery)
    assert (row["reason"], row["error"]) == (None, None)


async def test_trouble_is_kept_with_its_reason(db: Session) -> None:
    """The error class and Slack's words stand on the delivery."""
    [delivery] = await db.queue()
    await db.settle(await db.claim_one(), "failed", reason="internal_error", error="Slack said so")
    row = await db.delivery(delivery)
    assert (row["reason"], row["error"]) == ("internal_error", "Slack said so")


async def test_a_settle_ends_the_attempt(db: Session) -> None:
    """The log shows the outcome, its reason and that it is over."""
    await db.queue()
    await db.settle(await db.claim_one(), "failed", reason="internal_error")
    attempt = await db.row("select outcome, reason, ended_at is not null as ended from ops.delivery_attempts")
    assert attempt == {"outcome": "failed", "reason": "internal_error", "ended": True}


async def test_retry_in_s_sets_the_next_attempt(db: Session) -> None:
    """The next attempt is so many seconds away."""
    [delivery] = await db.queue()
    await db.settle(await db.claim_one(), "failed", retry_in_s=40)
    away = "select next_attempt_at - now() between '30 s' and '40 s' from ops.deliveries where delivery_id = $1"
    assert await db.value(away, delivery)


async def test_an_unknown_token_changes_nothing(db: Session) -> None:
    """It is told that nothing was settled."""
    [delivery] = await db.queue()
    claimed = await db.claim_one()
    assert await db.settle(claimed | {"claim_token": str(uuid.uuid4())}, "sent") == {"settled": False}
    assert await db.status(delivery) == "sending"


async def test_a_token_that_was_taken_over_changes_nothing(db: Session) -> None:
    """The vanished worker comes back too late: the probe of the next one counts."""
    [delivery] = await db.queue()
    old = await db.claim_one("lost")
    await db.end_leases()
    await db.claim_one("second")
    assert await db.settle(old, "failed") == {"settled": False}
    assert await db.status(delivery) == "in_doubt"


async def test_the_second_settle_of_a_token_changes_nothing(db: Session) -> None:
    """A settle that is repeated after a lost answer does no harm."""
    [delivery] = await db.queue()
    claimed = await db.claim_one()
    await db.settle(claimed, "sent")
    assert await db.settle(claimed, "dead") == {"settled": False}
    assert await db.status(delivery) == "sent"


async def test_a_token_opens_its_own_delivery_only(db: Session) -> None:
    """The token of one delivery does not settle another."""
    await db.queue(1, "#a", "#b")
    one, two = await db.claim()
    assert await db.settle(two | {"claim_token": one["claim_token"]}, "sent") == {"settled": False}


@pytest.mark.parametrize("result", ["absent", "queued", "sending", "nonsense", None])
async def test_a_result_that_a_post_cannot_have_is_refused(db: Session, result: str | None) -> None:
    """The state machine refuses it, and the claim stays."""
    [delivery] = await db.queue()
    claimed = await db.claim_one()
    outcome: dict[str, Any] = {"result": result, "reason": "x"}
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await db.call("settle_delivery_v1", delivery_id=delivery, claim_token=claimed["claim_token"], outcome=outcome)
    assert await db.status(delivery) == "sending"


async def test_retry_after_is_shared_with_all_workers(db: Session) -> None:
    """A 429 in one channel holds the method for every worker and channel."""
    await db.queue(1, "#a")
    await db.settle(await db.claim_one(), "failed", reason="ratelimited", hold_method="chat.postMessage", hold_s=30)
    await db.queue(1, "#b")
    assert await db.claim("second") == []
    assert await db.row("select method, reason from ops.slack_holds") == {
        "method": "chat.postMessage",
        "reason": "ratelimited",
    }


async def test_a_shorter_hold_does_not_shorten_a_longer_one(db: Session) -> None:
    """Of two holds the later end counts."""
    await db.call("hold_slack_v1", method="chat.postMessage", seconds=100, reason="ratelimited")
    await db.call("hold_slack_v1", method="chat.postMessage", seconds=1, reason="ratelimited")
    assert await db.value("select held_until - clock_timestamp() > '90 s' from ops.slack_holds")


async def test_a_hold_that_goes_on_keeps_its_beginning(db: Session) -> None:
    """While a hold is renewed without a gap, held_since tells when it began."""
    await db.call("hold_slack_v1", method="*", seconds=100, reason="invalid_auth")
    began = await db.value("select held_since from ops.slack_holds")
    await db.call("hold_slack_v1", method="*", seconds=200, reason="invalid_auth")
    assert await db.value("select held_since from ops.slack_holds") == began


async def test_a_new_hold_begins_anew(db: Session) -> None:
    """After a gap held_since is the new beginning."""
    await db.call("hold_slack_v1", method="*", seconds=-1, reason="invalid_auth")
    began = await db.value("select held_since from ops.slack_holds")
    await db.call("hold_slack_v1", method="*", seconds=100, reason="invalid_auth")
    assert await db.value("select held_since from ops.slack_holds") > began


async def test_a_failure_after_retry_until_is_the_end(db: Session) -> None:
    """When the day is over, one more failure makes it dead, in the log too."""
    [delivery] = await db.queue()
    claimed = await db.claim_one()
    await db.run("update ops.deliveries set retry_until = '-infinity'")
    assert (await db.settle(claimed, "failed"))["status"] == "dead"
    assert await db.value("select outcome from ops.delivery_attempts where delivery_id = $1", delivery) == "dead"


async def test_a_doubt_after_retry_until_stays_a_doubt(db: Session) -> None:
    """What may be in Slack is never given up as if it were not."""
    delivery = await db.bring("in_doubt")
    await db.run("update ops.deliveries set retry_until = '-infinity'")
    await db.settle(await db.claim_one(), "unknown")
    assert await db.status(delivery) == "in_doubt"


async def test_a_post_after_retry_until_can_still_succeed(db: Session) -> None:
    """Giving up is for failures."""
    [delivery] = await db.queue()
    claimed = await db.claim_one()
    await db.run("update ops.deliveries set retry_until = '-infinity'")
    await db.settle(claimed, "sent")
    assert await db.status(delivery) == "sent"


async def test_a_probe_does_not_slow_the_channel(db: Session) -> None:
    """A look into the history is no message: the pace is for posts."""
    await db.bring("in_doubt")
    await db.settle(await db.claim_one(), "absent")
    assert await db.value("select next_post_at <= clock_timestamp() from ops.slack_channels")


@pytest.mark.parametrize("reason", ["channel_not_found", "is_archived"])
@pytest.mark.parametrize("result", ["failed", "dead"])
async def test_an_id_that_leads_nowhere_is_forgotten(db: Session, result: str, reason: str) -> None:
    """The channel's name may lead to a new one."""
    await db.bring("sent")
    await db.bring("queued")
    await db.settle(await db.claim_one(), result, reason=reason)
    assert await db.value("select slack_channel_id from ops.slack_channels where channel = $1", CHANNEL) is None


@pytest.mark.parametrize(("hours", "seconds"), [(0, 15), (1, 360), (100, 600)])
async def test_an_old_doubt_is_looked_at_less_often(db: Session, hours: int, seconds: int) -> None:
    """Looks that say nothing grow rare, so that they leave Slack's limit to others; never rarer than ten minutes."""
    delivery = await db.bring("in_doubt")
    await db.age_doubts(hours * 3600)
    await db.settle(await db.claim_one(), "unknown", retry_in_s=15)
    waits = "select extract(epoch from next_attempt_at - now())::float8 from ops.deliveries where delivery_id = $1"
    assert await db.value(waits, delivery) == pytest.approx(seconds, abs=2)
