"""metrics_v1 about envelopes: what waits, what became of them, how often Slack sent them again."""

from __future__ import annotations

import pytest

from tests.integration.schema.acting import click, record, settle
from tests.integration.schema.envelopes import claimed, command, leases_over, mention, old
from tests.integration.schema.helpers import Session
from tests.integration.schema.metrics import metric, metrics, some

HANDLERS = {"click": (click, "action-handler"), "command": (command, "command-handler")}


@pytest.mark.parametrize("kind", HANDLERS)
async def test_pending_envelopes_are_counted_by_handler(db: Session, kind: str) -> None:
    """So that it is plain which one does not come."""
    make, handler = HANDLERS[kind]
    await record(db, make(), make())
    assert await some(db, "pulser_pending_envelopes") == {(("handler", handler),): 2}


async def test_the_oldest_pending_envelope_is_dated(db: Session) -> None:
    """By when it was received; an event of Slack's may wait for long."""
    await record(db, mention(received_at=old(80)["received_at"]), mention())
    age = await metric(db, "pulser_oldest_pending_envelope_seconds", handler="command-handler")
    assert age is not None
    assert 80 <= age < 110


async def test_what_became_of_envelopes_is_told_by_type(db: Session) -> None:
    """Completed, running, waiting, expired and refused."""
    await settle(db, (await claimed(db))["claim_token"])
    await claimed(db, command())
    await record(db, mention(), old(5), click(refused="another team"))
    assert await metrics(db, "pulser_recent_envelopes") == {
        (("outcome", "completed"), ("type", "interactive")): 1,
        (("outcome", "processing"), ("type", "slash_commands")): 1,
        (("outcome", "pending"), ("type", "events_api")): 1,
        (("outcome", "expired"), ("type", "interactive")): 1,
        (("outcome", "refused"), ("type", "interactive")): 1,
    }


async def test_what_was_given_up_is_told(db: Session) -> None:
    """After its last try."""
    token = (await claimed(db))["claim_token"]
    await db.run("update ops.slack_envelopes set attempts = 8")
    await db.call("fail_envelope_v1", claim_token=token, error="no")
    assert await metrics(db, "pulser_recent_envelopes") == {(("outcome", "gave_up"), ("type", "interactive")): 1}


async def test_a_type_that_is_not_known_is_other(db: Session) -> None:
    """What Slack invents makes no new series."""
    await record(db, click(type="hologram"))
    assert await metrics(db, "pulser_recent_envelopes") == {(("outcome", "pending"), ("type", "other")): 1}


async def test_duplicates_are_counted_under_either_id(db: Session) -> None:
    """The same envelope again, and the same click under another id."""
    sent = click()
    await record(db, sent)
    await record(db, sent, click(logical_key=sent["logical_key"]))
    assert await metric(db, "pulser_recent_duplicates") == 2


async def test_a_duplicate_is_not_counted_as_work(db: Session) -> None:
    """Its first row is what runs."""
    sent = click()
    await record(db, sent)
    await record(db, click(logical_key=sent["logical_key"]))
    assert await some(db, "pulser_pending_envelopes") == {(("handler", "action-handler"),): 1}
    assert (await metrics(db, "pulser_recent_envelopes"))[(("outcome", "duplicate"), ("type", "interactive"))] == 1


async def test_the_time_to_the_record_is_measured(db: Session) -> None:
    """From receiving to the row, after which the ack goes out."""
    await record(db, mention())
    await db.run("update ops.slack_envelopes set received_at = recorded_at - interval '1.5 s'")
    found = await metrics(db, "pulser_recent_record_seconds")
    assert found == {
        (("percentile", percentile), ("type", "events_api")): pytest.approx(1.5) for percentile in ("50", "95", "100")
    }


async def test_the_time_to_the_answer_is_measured(db: Session) -> None:
    """From receiving to the settle, of what was completed."""
    await settle(db, (await claimed(db, command()))["claim_token"])
    await record(db, command())
    await db.run(
        "update ops.slack_envelopes set processed_at = received_at + interval '2 s' where status = 'completed'"
    )
    found = await metrics(db, "pulser_recent_answer_seconds")
    assert found == {
        (("percentile", percentile), ("type", "slash_commands")): pytest.approx(2) for percentile in ("50", "95", "100")
    }


async def test_envelopes_of_an_hour_ago_are_history(db: Session) -> None:
    """The window is ten minutes."""
    await record(db, mention())
    await db.run("update ops.slack_envelopes set received_at = received_at - interval '1 hour'")
    assert await metrics(db, "pulser_recent_envelopes") == {}


async def test_a_reply_that_nobody_sent_is_overdue(db: Session) -> None:
    """From when the sweep should have sent it."""
    await settle(db, (await claimed(db))["claim_token"], reply={"text": "done"})
    assert await metric(db, "pulser_overdue_reply_seconds") == 0
    await db.run("update ops.slack_envelopes set reply_due_at = now() - interval '40 s'")
    overdue = await metric(db, "pulser_overdue_reply_seconds")
    assert overdue is not None
    assert 40 <= overdue < 70


async def test_a_vanished_handler_leaves_an_expired_lease(db: Session) -> None:
    """For as long as nobody takes it over."""
    await claimed(db)
    await leases_over(db)
    assert await some(db, "pulser_expired_leases") == {(("kind", "envelope"),): 1}
