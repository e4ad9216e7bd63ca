"""record_envelopes_v1 and expire_envelopes_v1: what Slack sent is in the ledger once, before it is acknowledged."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.integration.schema.acting import RESPONSE_URL, TEAM, act, claim, claimed_click, click, record, settle
from tests.integration.schema.envelopes import Kind, audited, claimed, command, due, mention, old, row
from tests.integration.schema.helpers import Session

COUNT = "select count(*) from ops.slack_envelopes"


async def expire(db: Session, *envelopes: dict[str, Any]) -> int:
    named = [{"team_id": it["team_id"], "envelope_id": it["envelope_id"]} for it in envelopes]
    answer = await db.call("expire_envelopes_v1", envelopes=named, worker="socket-relay@test")
    expired: int = answer["expired"]
    return expired


async def test_a_new_envelope_is_pending(db: Session) -> None:
    """All that was said of it is kept."""
    session = "8f3b0c9e-0000-4000-8000-000000000001"
    sent = click(app_id="A1", session_id=session, retry_attempt=2, retry_reason="timeout")
    [answer] = await record(db, sent)
    assert answer == {
        "team_id": TEAM,
        "envelope_id": sent["envelope_id"],
        "state": "new",
        "ack": None,
        "settled": False,
        "same_id": False,
    }
    stored = await row(db, sent)
    kept = ("payload", "handler", "logical_key", "transport", "app_id", "session_id", "retry_attempt", "retry_reason")
    assert {name: stored[name] for name in kept} == {name: sent[name] for name in kept}
    assert (stored["status"], stored["event_type"], stored["attempts"]) == ("pending", "interactive", 0)
    assert (stored["recorded_by"], stored["processed_at"]) == ("socket-relay@test", None)


async def test_the_answers_are_in_the_order_of_the_questions(db: Session) -> None:
    """Whatever the order is in which they are written."""
    sent = [click(logical_key=key) for key in ("trigger:z", None, "trigger:a", "trigger:m")]
    assert [it["envelope_id"] for it in await record(db, *sent)] == [it["envelope_id"] for it in sent]


async def test_many_envelopes_are_recorded_in_one_call(db: Session) -> None:
    """All that waited while the call before was in flight."""
    assert {it["state"] for it in await record(db, *(click() for _ in range(300)))} == {"new"}
    assert await db.value(COUNT) == 300


async def test_no_envelope_is_no_error(db: Session) -> None:
    """The answer still tells the time."""
    answer = await db.call("record_envelopes_v1", envelopes=[], worker="w")
    assert answer["recorded"] == []
    assert abs(answer["now"] - time.time()) < 10


async def test_the_same_envelope_again_is_a_duplicate(db: Session) -> None:
    """One row, which counts them; not settled yet, so there is no ack."""
    sent = click()
    answers = [(await record(db, sent))[0] for _ in range(3)]
    assert [it["state"] for it in answers] == ["new", "duplicate", "duplicate"]
    assert (answers[2]["ack"], answers[2]["settled"]) == (None, False)
    assert (await row(db, sent))["duplicates"] == 2
    assert await db.value(COUNT) == 1


async def test_a_duplicate_gets_the_stored_ack(db: Session) -> None:
    """The same answer as the first had (invariant 2)."""
    sent = command()
    ack = {"response_type": "ephemeral", "text": "all is well"}
    await settle(db, (await claimed(db, sent))["claim_token"], ack=ack)
    [again] = await record(db, sent)
    assert (again["state"], again["ack"], again["settled"]) == ("duplicate", ack, True)


async def test_a_duplicate_says_whether_it_has_the_same_id(db: Session) -> None:
    """By HTTP the same id is a replay, another one a redelivery."""
    first = click()
    await record(db, first)
    answers = await record(db, first, click(logical_key=first["logical_key"]))
    assert [it["same_id"] for it in answers] == [True, False]


async def test_the_same_click_under_another_id_is_a_duplicate(db: Session) -> None:
    """It has a row of its own, which points to the first and is never run."""
    first = click()
    second = click(logical_key=first["logical_key"])
    await record(db, first)
    assert (await record(db, second))[0]["state"] == "duplicate"
    stored = await row(db, second)
    assert (stored["duplicate_of"], stored["status"]) == ((await row(db, first))["id"], "completed")
    assert (await row(db, first))["duplicates"] == 1


async def test_the_same_click_under_another_id_gets_the_stored_ack(db: Session) -> None:
    """Slack cannot tell them apart, nor can its user."""
    first = command()
    await settle(db, (await claimed(db, first))["claim_token"], ack={"text": "done"})
    [again] = await record(db, command(logical_key=first["logical_key"]))
    assert (again["ack"], again["settled"]) == ({"text": "done"}, True)


async def test_a_duplicate_that_comes_again_counts_for_the_first(db: Session) -> None:
    """However often, and under whichever of the two ids."""
    first = click()
    second = click(logical_key=first["logical_key"])
    await record(db, first)
    for _ in range(3):
        await record(db, second)
    assert (await row(db, first))["duplicates"] == 3
    assert (await row(db, second))["duplicates"] == 0


async def test_duplicates_within_one_call_are_seen(db: Session) -> None:
    """The same id, and the same click under two ids."""
    first, other_id = click(), click()
    twin = click(logical_key=first["logical_key"])
    states = [it["state"] for it in await record(db, first, other_id, twin, first)]
    assert sorted(states) == ["duplicate", "duplicate", "new", "new"]
    assert states[1] == "new"


async def test_envelopes_without_a_logical_key_are_told_apart_by_their_id(db: Session) -> None:
    """Nothing is known that two of them share."""
    assert [it["state"] for it in await record(db, click(logical_key=None), click(logical_key=None))] == ["new"] * 2


async def test_another_team_is_another_ledger(db: Session) -> None:
    """The same ids and keys there are not ours."""
    sent = click()
    assert [it["state"] for it in await record(db, sent, sent | {"team_id": "T0OTHER"})] == ["new", "new"]


async def test_a_redelivery_whose_first_was_never_recorded_is_new(db: Session) -> None:
    """A retry may be the only delivery: it is run."""
    [answer] = await record(db, mention(retry_attempt=1, retry_reason="timeout"))
    assert answer["state"] == "new"


@pytest.mark.parametrize("kind", [click, command])
async def test_what_slack_has_given_up_is_not_run(db: Session, kind: Kind) -> None:
    """A click or command that was recorded after 2.5 s: its user has seen a failure."""
    sent = kind(received_at=time.time() - 3)
    [answer] = await record(db, sent)
    assert (answer["state"], answer["ack"], answer["settled"]) == ("expired", None, True)
    stored = await row(db, sent)
    assert (stored["status"], stored["last_error"]) == (
        "failed",
        "expired: it was recorded too late to be acknowledged",
    )
    assert stored["processed_at"] is not None
    assert (await claim(db, sent))["state"] == "settled"
    assert await due(db, sent["handler"]) == []


async def test_who_clicked_too_late_is_told_privately(db: Session) -> None:
    """By the address that Slack gave, which then stands only there."""
    sent = old(3)
    await record(db, sent)
    stored = await row(db, sent)
    assert (stored["reply_status"], stored["reply"]["url"]) == ("due", RESPONSE_URL)
    assert "try again" in stored["reply"]["body"]["text"]
    assert RESPONSE_URL not in str(stored["payload"])


async def test_an_event_does_not_expire(db: Session) -> None:
    """Slack sends it again, and it is as true as before."""
    assert (await record(db, mention(received_at=time.time() - 60)))[0]["state"] == "new"


async def test_just_in_time_is_in_time(db: Session) -> None:
    """Two seconds are not too late."""
    assert (await record(db, old(2)))[0]["state"] == "new"


@pytest.mark.parametrize("ahead", [3600, None])
async def test_an_envelope_is_never_from_the_future(db: Session, ahead: float | None) -> None:
    """A receiver's clock that is ahead, or says nothing: it is of now."""
    sent = click(received_at=None if ahead is None else time.time() + ahead)
    assert (await record(db, sent))[0]["state"] == "new"
    assert await db.value(
        "select abs(extract(epoch from clock_timestamp() - received_at)) < 5 from ops.slack_envelopes"
    )


@pytest.mark.parametrize(
    ("kind", "event_type", "target"),
    [(click, "slack.action", "button acknowledge"), (command, "slack.command", "/pulser status")],
)
async def test_what_expired_is_audited(db: Session, kind: Kind, event_type: str, target: str) -> None:
    """Who, what, which envelope (invariant 10); no alarm: nothing is broken."""
    sent = kind(received_at=time.time() - 3)
    await record(db, sent)
    [event] = await audited(db)
    said = {name: event[name] for name in ("event_type", "actor", "target", "status")}
    assert said == {"event_type": event_type, "actor": "socket-relay", "target": target, "status": "error"}
    payload = event["payload"]
    assert {name: payload[name] for name in ("outcome", "severity", "slack_user", "team_id", "envelope_id")} == {
        "outcome": "expired",
        "severity": "info",
        "slack_user": "U1",
        "team_id": TEAM,
        "envelope_id": sent["envelope_id"],
    }


async def test_what_is_refused_is_kept_and_never_run(db: Session) -> None:
    """A dead letter with its reason and its payload, but for the address to answer to."""
    sent = click(refused="the envelope is of another app", handler=None)
    [answer] = await record(db, sent)
    assert (answer["state"], answer["settled"]) == ("refused", True)
    stored = await row(db, sent)
    assert (stored["status"], stored["last_error"]) == ("failed", "refused: the envelope is of another app")
    assert stored["payload"] == {name: it for name, it in sent["payload"].items() if name != "response_url"}
    assert (await claim(db, sent))["state"] in ("unknown", "settled")
    assert await due(db) == []


async def test_what_is_refused_is_audited_and_answered_to_nobody(db: Session) -> None:
    """Who sent it is not ours to write to."""
    sent = click(refused="the envelope is of another team", handler=None)
    await record(db, sent)
    [event] = await audited(db)
    assert (event["payload"]["outcome"], event["payload"]["reason"]) == ("refused", "the envelope is of another team")
    assert event["payload"]["envelope_id"] == sent["envelope_id"]
    assert (await row(db, sent))["reply_status"] is None


async def test_what_was_refused_once_is_not_audited_again(db: Session) -> None:
    """It comes again: a duplicate that is settled."""
    sent = click(refused="no", handler=None)
    await record(db, sent)
    [again] = await record(db, sent)
    assert (again["state"], again["settled"]) == ("duplicate", True)
    assert len(await audited(db)) == 1


@pytest.mark.parametrize("payload", [None, {}, {"a": {"b": [None]}}], ids=repr)
async def test_any_payload_is_stored(db: Session, payload: object) -> None:
    """Also of a type that nobody knows."""
    sent = click(type="dancing", payload=payload, handler=None, refused="no handler takes this envelope")
    assert (await record(db, sent))[0]["state"] == "refused"
    assert (await row(db, sent))["payload"] == payload


@pytest.mark.parametrize("payload", [[1, 2], "text", 7], ids=repr)
async def test_a_payload_that_is_no_object_is_stored(db: Session, payload: object) -> None:
    """Raw, as it came."""
    sent = click(type="raw", payload=payload, handler=None, refused="no handler takes this envelope")
    await record(db, sent)
    assert (await row(db, sent))["payload"] == payload


async def test_a_refused_neighbour_does_not_harm(db: Session) -> None:
    """Each of a group on its own terms."""
    states = [it["state"] for it in await record(db, click(refused="no", handler=None), old(3), click())]
    assert states == ["refused", "expired", "new"]


async def test_a_record_that_is_rolled_back_leaves_nothing(db: Session) -> None:
    """What is not committed was not acknowledged either: Slack's next try is the first."""
    sent = click()
    transaction = db.connection.transaction()
    await transaction.start()
    await record(db, sent)
    await transaction.rollback()
    assert (await record(db, sent))[0]["state"] == "new"


async def test_a_recorded_envelope_whose_answer_came_too_late_is_expired(db: Session) -> None:
    """Slack got no ack: its user has seen a failure and is told why."""
    late, fine = click(), click()
    await record(db, late, fine)
    assert await expire(db, late) == 1
    stored = await row(db, late)
    assert (stored["status"], stored["reply_status"]) == ("failed", "due")
    assert (await row(db, fine))["status"] == "pending"


async def test_what_is_expired_twice_is_expired_once(db: Session) -> None:
    """One audit event, one note."""
    late = click()
    await record(db, late)
    assert [await expire(db, late) for _ in range(2)] == [1, 0]
    assert len(await audited(db)) == 1


async def test_what_a_handler_has_taken_does_not_expire(db: Session) -> None:
    """It may have had its effect: it goes on, and answers."""
    sent = click()
    await claimed(db, sent)
    assert await expire(db, sent) == 0
    assert (await row(db, sent))["status"] == "processing"


async def test_what_was_carried_out_does_not_expire(db: Session) -> None:
    """Its effect stands."""
    sent = click()
    await settle(db, (await claimed(db, sent))["claim_token"])
    assert await expire(db, sent) == 0
    assert (await row(db, sent))["status"] == "completed"


async def test_an_event_whose_record_came_late_does_not_expire(db: Session) -> None:
    """Slack sends it again, and gets the ack of a duplicate."""
    sent = mention()
    await record(db, sent)
    assert await expire(db, sent) == 0


async def test_an_envelope_that_nobody_knows_cannot_expire(db: Session) -> None:
    """No error: the record may have been rolled back."""
    assert await expire(db, click()) == 0


async def test_an_act_leaves_one_row_and_one_event(db: Session) -> None:
    """From the record to the settle."""
    await act(db)
    assert await db.value(COUNT) == 1
    assert len(await audited(db)) == 1


async def test_the_token_of_a_claim_is_no_envelope(db: Session) -> None:
    """Two clicks have two tokens."""
    assert await claimed_click(db) != await claimed_click(db)


async def test_a_click_whose_twin_was_in_time_is_not_expired(db: Session) -> None:
    """Slack has the twin's ack: its user has seen no failure."""
    first = click()
    twin = first | {"envelope_id": "twin"}
    await record(db, first, twin)
    assert await expire(db, first) == 0


async def test_the_note_of_an_expired_command_knows_channel_and_user(db: Session) -> None:
    """For when Slack refuses the address."""
    sent = command(received_at=time.time() - 10)
    await record(db, sent)
    reply = (await row(db, sent))["reply"]
    assert (reply["channel"], reply["user"], reply["via"]) == ("C1", "U1", "response_url")


async def test_the_same_id_again_in_time_keeps_a_click_from_expiring(db: Session) -> None:
    """It came on another connection, which acknowledged it."""
    sent = click()
    await record(db, sent)
    await record(db, sent)
    assert await expire(db, sent) == 0


async def test_a_twin_that_is_late_as_well_keeps_nothing(db: Session) -> None:
    """Nobody acknowledged either."""
    sent = click()
    await record(db, sent, sent | {"received_at": time.time() - 10})
    assert await expire(db, sent) == 1


async def test_a_duplicate_of_what_was_expired_is_expired(db: Session) -> None:
    """It is not run, so it must not be acknowledged."""
    late = old(10)
    await record(db, late)
    twin = late | {"envelope_id": "twin", "received_at": time.time()}
    assert [it["state"] for it in await record(db, twin)] == ["expired"]
