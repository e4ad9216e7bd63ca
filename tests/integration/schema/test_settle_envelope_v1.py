"""settle_envelope_v1: an envelope ends with all its effects, in one transaction, once."""

from __future__ import annotations

import asyncpg
import pytest

from tests.integration.schema.acting import (
    RESPONSE_URL,
    TEAM,
    acknowledged,
    audit,
    claim,
    click,
    sent_alert,
    settle,
)
from tests.integration.schema.envelopes import Kind, audited, claimed, command, leases_over, mention, row
from tests.integration.schema.helpers import Session


async def test_a_settled_envelope_is_completed(db: Session) -> None:
    """Nobody has it any more."""
    sent = click()
    answer = await settle(db, (await claimed(db, sent))["claim_token"])
    assert (answer["settled"], answer["card"]) == (True, None)
    stored = await row(db, sent)
    assert (stored["status"], stored["last_error"], stored["claim_token"]) == ("completed", None, None)
    assert (stored["claimed_by"], stored["lease_until"]) == (None, None)
    assert stored["processed_at"] >= stored["recorded_at"]


async def test_its_audit_event_says_who_did_what(db: Session) -> None:
    """The function that processed it, the Slack user, the envelope (invariant 10)."""
    sent = click()
    answer = await settle(db, (await claimed(db, sent))["claim_token"], events=[audit(payload={"outcome": "too_late"})])
    [event] = await audited(db)
    assert (event["event_id"], event["event_type"], event["actor"]) == (
        answer["event_ids"]["main"],
        "slack.action",
        "action-handler",
    )
    assert event["payload"] == {
        "outcome": "too_late",
        "envelope_id": sent["envelope_id"],
        "team_id": TEAM,
        "slack_user": "U1",
        "slack_user_name": "ada",
    }
    assert (await row(db, sent))["event_ids"] == [event["event_id"]]


@pytest.mark.parametrize(("kind", "user"), [(command, "U1"), (mention, "U2"), (click, "U1")])
async def test_the_user_is_found_in_each_kind_of_envelope(db: Session, kind: Kind, user: str) -> None:
    """Slack names him in another place each time."""
    await settle(db, (await claimed(db, kind()))["claim_token"])
    assert (await audited(db))[0]["payload"]["slack_user"] == user


async def test_a_handler_cannot_change_who_did_it(db: Session) -> None:
    """What the ledger knows of the envelope goes before what is said of it."""
    forged = {"slack_user": "U9", "envelope_id": "other", "team_id": "T9"}
    sent = click()
    await settle(db, (await claimed(db, sent))["claim_token"], events=[audit(payload=forged)])
    payload = (await audited(db))[0]["payload"]
    assert (payload["slack_user"], payload["envelope_id"], payload["team_id"]) == ("U1", sent["envelope_id"], TEAM)


async def test_each_event_has_its_key(db: Session) -> None:
    """The ids come back by it."""
    events = [audit("deploy.requested"), audit("deploy.approved", key="second", target="api", status="error")]
    answer = await settle(db, (await claimed(db))["claim_token"], events=events)
    assert [(it["event_id"], it["event_type"]) for it in await audited(db)] == [
        (answer["event_ids"]["main"], "deploy.requested"),
        (answer["event_ids"]["second"], "deploy.approved"),
    ]
    assert ((await audited(db))[1]["target"], (await audited(db))[1]["status"]) == ("api", "error")


@pytest.mark.parametrize("events", [[], None])
async def test_no_envelope_ends_without_an_audit_event(db: Session, events: list[object] | None) -> None:
    """Where its handler gives none, it gets a plain one."""
    await settle(db, (await claimed(db))["claim_token"], events=events)
    assert [it["event_type"] for it in await audited(db)] == ["slack.action"]


async def test_the_ack_is_kept(db: Session) -> None:
    """For the duplicates that may still come."""
    sent = command()
    await settle(db, (await claimed(db, sent))["claim_token"], ack={"text": "well"})
    assert (await row(db, sent))["ack"] == {"text": "well"}


async def test_a_failure_of_the_business_is_completed_with_its_error(db: Session) -> None:
    """It is not tried again."""
    sent = click()
    await settle(db, (await claimed(db, sent))["claim_token"], error="ada may not approve her own request")
    stored = await row(db, sent)
    assert (stored["status"], stored["last_error"]) == ("completed", "ada may not approve her own request")


async def test_the_address_to_answer_to_is_not_kept(db: Session) -> None:
    """It lets anybody speak in our name; the rest of the payload stays for the story."""
    sent = click()
    await settle(db, (await claimed(db, sent))["claim_token"])
    stored = await row(db, sent)
    assert stored["payload"] == {name: it for name, it in sent["payload"].items() if name != "response_url"}
    assert RESPONSE_URL not in str(stored)


async def test_an_old_token_settles_nothing(db: Session) -> None:
    """Neither event nor card nor ack (invariant 6)."""
    alert = await sent_alert(db)
    sent = click()
    old = (await claimed(db, sent))["claim_token"]
    await leases_over(db)
    await claim(db, sent, "second")
    before = await audited(db)
    answer = await settle(db, old, ack={"text": "x"}, card=acknowledged(alert))
    assert answer == {"settled": False, "reason": "stale_claim"}
    assert await audited(db) == before
    assert (await row(db, sent))["ack"] is None
    assert await db.value("select count(*) from ops.cards where phase = 'acknowledged'") == 0


async def test_a_token_settles_once(db: Session) -> None:
    """A repeated call says so and adds nothing."""
    token = (await claimed(db))["claim_token"]
    assert [(await settle(db, token))["settled"] for _ in range(2)] == [True, False]
    assert len(await audited(db)) == 1


async def test_a_lease_that_ran_out_settles_while_nobody_has_taken_over(db: Session) -> None:
    """A slow handler's work is not done twice for nothing."""
    token = (await claimed(db))["claim_token"]
    await leases_over(db)
    assert (await settle(db, token))["settled"]


async def test_a_token_that_never_was_settles_nothing(db: Session) -> None:
    """No error."""
    assert (await settle(db, "8f3b0c9e-0000-4000-8000-000000000001"))["reason"] == "stale_claim"


async def test_the_effects_commit_together_or_not_at_all(db: Session) -> None:
    """A hook that cannot be queued takes the card and the event with it; the claim stays (invariant 3)."""
    alert = await sent_alert(db)
    sent = click()
    token = (await claimed(db, sent))["claim_token"]
    before = await audited(db)
    with pytest.raises(asyncpg.PostgresError, match="no hook"):
        await settle(
            db,
            token,
            card=acknowledged(alert),
            hooks=[{"card": "card", "service": "nobody", "action": "deploy", "inputs": {}}],
        )
    assert await audited(db) == before
    assert await db.value("select count(*) from ops.cards where phase = 'acknowledged'") == 0
    assert (await row(db, sent))["claim_token"] == token


async def test_a_crash_before_the_commit_leaves_the_envelope_to_be_claimed_again(db: Session) -> None:
    """And the card as it was."""
    alert = await sent_alert(db)
    sent = click()
    token = (await claimed(db, sent))["claim_token"]
    transaction = db.connection.transaction()
    await transaction.start()
    assert (await settle(db, token, card=acknowledged(alert)))["settled"]
    await transaction.rollback()
    await leases_over(db)
    again = await claim(db, sent, "second")
    assert (await settle(db, again["claim_token"], card=acknowledged(alert)))["card"]["version"] == 1


async def test_a_reply_is_due(db: Session) -> None:
    """Its handler sends it now; the sweep would do it after a quarter of a minute."""
    sent = click()
    reply = {"via": "response_url", "url": RESPONSE_URL, "body": {"text": "too late"}}
    await settle(db, (await claimed(db, sent))["claim_token"], reply=reply)
    stored = await row(db, sent)
    assert (stored["reply"], stored["reply_status"], stored["reply_attempts"]) == (reply, "due", 0)


@pytest.mark.parametrize("reply", [None, {}])
async def test_without_a_reply_none_is_due(db: Session, reply: dict[str, object] | None) -> None:
    """Many a click is answered by its card alone."""
    sent = click()
    outcome = {"reply": reply} if reply is None else {}
    await settle(db, (await claimed(db, sent))["claim_token"], **outcome)
    assert (await row(db, sent))["reply_status"] is None


async def test_the_ledger_holds_no_address_once_all_is_done(db: Session) -> None:
    """Neither in the payload nor in the reply, also where a modal has several."""
    sent = click()
    sent["payload"] = {
        "type": "view_submission",
        "user": {"id": "U1"},
        "response_urls": [{"response_url": RESPONSE_URL}],
    }
    await settle(db, (await claimed(db, sent))["claim_token"])
    assert RESPONSE_URL not in str(await row(db, sent))
