"""metrics_v1 about events and deliveries: what waits, what was tried, how long it took."""

from __future__ import annotations

import pytest

from tests.integration.schema.helpers import Session
from tests.integration.schema.metrics import metric, metrics, some

LATENCY = "pulser_recent_event_to_slack_seconds"
AGO = "update ops.event_dispatches set recorded_at = clock_timestamp() - make_interval(secs => $1)"


async def leases_over(db: Session) -> None:
    """As if all workers had vanished a minute ago."""
    for table in ("deliveries", "event_dispatches"):
        await db.run(f"update ops.{table} set lease_until = now() - interval '1 minute' where claim_token is not null")  # noqa: S608


async def test_pending_events_are_counted(db: Session) -> None:
    """As many as nobody has routed."""
    await db.emit(3)
    assert await metric(db, "pulser_pending_events") == 3


async def test_the_oldest_pending_event_is_dated(db: Session) -> None:
    """By when the ledger noted it."""
    await db.emit()
    await db.run(AGO, 70)
    age = await metric(db, "pulser_oldest_pending_event_seconds")
    assert age is not None
    assert 70 <= age < 100


async def test_counts_stop_at_ten_thousand(db: Session) -> None:
    """A scrape in a flood reads no more."""
    await db.run("insert into ops.platform_events (event_type) select 'ci.failed' from generate_series(1, 10001)")
    assert await metric(db, "pulser_pending_events") == 10_000


@pytest.mark.parametrize("status", ["queued", "sending", "in_doubt", "failed"])
async def test_open_deliveries_wait_by_status(db: Session, status: str) -> None:
    """Each under its own label, the others 0."""
    await db.bring(status)
    assert await some(db, "pulser_waiting_deliveries") == {(("kind", "post"), ("status", status)): 1}


@pytest.mark.parametrize("status", ["sent", "dead"])
async def test_ended_deliveries_do_not_wait(db: Session, status: str) -> None:
    """Neither those that stand in Slack nor those that were given up."""
    await db.bring(status)
    assert await some(db, "pulser_waiting_deliveries") == {}


async def test_the_oldest_waiting_post_is_dated_over_all_channels(db: Session) -> None:
    """Whichever channel holds it."""
    await db.queue(1, "#young")
    [old] = await db.queue(1, "#old")
    await db.run("update ops.deliveries set created_at = now() - interval '5 minutes' where delivery_id = $1", old)
    age = await metric(db, "pulser_oldest_waiting_post_seconds")
    assert age is not None
    assert 300 <= age < 330


async def test_a_post_in_doubt_does_not_wait_to_be_posted(db: Session) -> None:
    """It may stand in Slack already; it has a number of its own."""
    await db.bring("in_doubt")
    await db.run("update ops.deliveries set created_at = now() - interval '5 minutes'")
    assert await metric(db, "pulser_oldest_waiting_post_seconds") == 0


async def test_what_should_have_gone_is_overdue(db: Session) -> None:
    """So many seconds ago somebody should have taken it."""
    await db.queue()
    await db.run("update ops.deliveries set next_attempt_at = now() - interval '90 s'")
    overdue = await metric(db, "pulser_overdue_delivery_seconds")
    assert overdue is not None
    assert 90 <= overdue < 120


async def test_what_waits_for_its_time_is_not_overdue(db: Session) -> None:
    """A backoff is no delay of ours."""
    await db.queue()
    await db.settle(await db.claim_one(), "failed", retry_in_s=3600)
    assert await metric(db, "pulser_overdue_delivery_seconds") == 0


async def test_the_time_to_slack_is_measured_from_the_note_of_the_event(db: Session) -> None:
    """Of three messages that took 10, 20 and 30 seconds: the median and the longest."""
    await db.queue(3)
    for _ in range(3):
        await db.settle(await db.claim_one(), "sent")
    await db.run(
        "update ops.event_dispatches e set recorded_at = d.sent_at - make_interval(secs => 10 * n.place) from"
        " (select delivery_id, row_number() over (order by position) as place from ops.deliveries) n"
        " join ops.deliveries d using (delivery_id) where d.event_id = e.event_id"
    )
    found = {dict(labels)["percentile"]: value for labels, value in (await metrics(db, LATENCY)).items()}
    assert found == {"50": pytest.approx(20), "95": pytest.approx(29), "100": pytest.approx(30)}
    assert await metric(db, "pulser_recent_messages") == 3


async def test_an_adopted_message_counts_as_one_that_came(db: Session) -> None:
    """Its event took so long to be known in Slack."""
    await db.bring("in_doubt")
    await db.run("update ops.deliveries set next_attempt_at = now()")
    await db.settle(await db.claim_one(), "adopted")
    assert await metric(db, "pulser_recent_messages") == 1


async def test_without_messages_there_is_no_latency(db: Session) -> None:
    """Not 0: nothing was fast."""
    assert await metrics(db, LATENCY) == {}


async def test_messages_of_an_hour_ago_are_history(db: Session) -> None:
    """The window is ten minutes."""
    await db.bring("sent")
    await db.run("update ops.delivery_attempts set ended_at = ended_at - interval '1 hour'")
    assert await metric(db, "pulser_recent_messages") == 0
    assert await metrics(db, "pulser_recent_attempts") == {}


async def test_attempts_are_told_by_what_they_came_to(db: Session) -> None:
    """Purpose, outcome and Slack's word for it; a success needs no word."""
    for result in ("sent", "failed", "failed", "dead"):
        await db.queue(1, f"#{result}")
    for claimed in await db.claim():
        result = claimed["channel"].removeprefix("#")
        await db.settle(claimed, result, retry_in_s=0)
    failed = await db.claim_one()
    await db.settle(failed, "failed", retry_in_s=3600)
    assert await metrics(db, "pulser_recent_attempts") == {
        (("outcome", "sent"), ("purpose", "post"), ("reason", "")): 1,
        (("outcome", "failed"), ("purpose", "post"), ("reason", "reason_of_failed")): 2,
        (("outcome", "dead"), ("purpose", "post"), ("reason", "reason_of_dead")): 1,
    }


async def test_a_running_attempt_is_not_told(db: Session) -> None:
    """It has come to nothing yet."""
    await db.bring("sending")
    assert await metrics(db, "pulser_recent_attempts") == {}


async def test_the_rarest_reasons_are_put_together(db: Session) -> None:
    """Slack's words are not ours: a flood of new ones makes no flood of series, and loses no attempt."""
    await db.bring("sent")
    await db.run(
        "insert into ops.delivery_attempts (delivery_id, claim_token, attempt, purpose, worker, ended_at, outcome,"
        " reason) select d.delivery_id, gen_random_uuid(), n, 'post', 'w', now(), 'failed', 'word ' || n % 60"
        " from ops.deliveries d, generate_series(1, 120) n"
    )
    found = await metrics(db, "pulser_recent_attempts")
    assert (len(found), sum(found.values())) == (52, 121)
    assert found[(("outcome", "sent"), ("purpose", "post"), ("reason", ""))] == 1
    assert found[(("outcome", "failed"), ("purpose", "post"), ("reason", "other"))] == 20


async def test_the_dead_are_counted_by_kind(db: Session) -> None:
    """Those that were given up just now."""
    await db.bring("dead")
    assert await some(db, "pulser_recent_dead_deliveries") == {(("kind", "post"),): 1}


async def test_the_dead_of_an_hour_ago_are_history(db: Session) -> None:
    """An alarm about them ends by itself."""
    await db.bring("dead")
    await db.run("update ops.deliveries set dead_at = dead_at - interval '1 hour' where status = 'dead'")
    assert await some(db, "pulser_recent_dead_deliveries") == {}


async def test_a_vanished_worker_leaves_an_expired_lease(db: Session) -> None:
    """For as long as nobody takes it over."""
    await db.bring("sending")
    await leases_over(db)
    assert await some(db, "pulser_expired_leases") == {(("kind", "delivery"),): 1}


async def test_a_lease_that_was_taken_is_lost(db: Session) -> None:
    """And expired no more."""
    await db.bring("sending")
    await leases_over(db)
    await db.call("expire_delivery_leases_v1")
    assert await some(db, "pulser_recent_leases_lost") == {(("kind", "delivery"),): 1}
    assert await some(db, "pulser_expired_leases") == {}


async def test_a_vanished_router_leaves_expired_leases(db: Session) -> None:
    """One for each event that it held."""
    await db.emit(2)
    await db.claim_events()
    await leases_over(db)
    assert await some(db, "pulser_expired_leases") == {(("kind", "event"),): 2}


async def test_a_hold_is_told_for_as_long_as_it_lasts(db: Session) -> None:
    """Method and reason, and the seconds that are left; one that is over is not."""
    await db.call("hold_slack_v1", method="chat.postMessage", seconds=600, reason="ratelimited")
    await db.call("hold_slack_v1", method="conversations.history", seconds=-1, reason="ratelimited")
    [(labels, left)] = (await metrics(db, "pulser_slack_hold_seconds")).items()
    assert labels == (("method", "chat.postMessage"), ("reason", "ratelimited"))
    assert 500 < left <= 600
