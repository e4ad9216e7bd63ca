"""claim_reply_v1, confirm_reply_v1, claim_replies_v1: each click is answered, by one at a time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.schema.acting import RESPONSE_URL, TEAM, click, record, settle
from tests.integration.schema.envelopes import claimed, command, old, row
from tests.integration.schema.helpers import Session

REPLY = {"via": "response_url", "url": RESPONSE_URL, "body": {"text": "too late"}}


async def owed(db: Session, sent: dict[str, Any] | None = None) -> dict[str, Any]:
    """An envelope that was settled with a reply."""
    sent = sent or click()
    await settle(db, (await claimed(db, sent))["claim_token"], reply=REPLY)
    return sent


def named(sent: dict[str, Any]) -> dict[str, str]:
    return {"team_id": sent["team_id"], "envelope_id": sent["envelope_id"]}


async def take(db: Session, sent: dict[str, Any]) -> Any:  # noqa: ANN401
    return (await db.call("claim_reply_v1", **named(sent)))["reply"]


async def confirm(db: Session, sent: dict[str, Any], error: str | None = None) -> bool:
    answer = await db.call("confirm_reply_v1", outcome={"error": error} if error else {}, **named(sent))
    confirmed: bool = answer["confirmed"]
    return confirmed


async def left_behind(db: Session, handler: str = "action-handler", most: int = 10) -> list[Any]:
    answer = await db.call("claim_replies_v1", handler=handler, max_replies=most)
    replies: list[Any] = answer["replies"]
    return replies


async def wait_over(db: Session) -> None:
    await db.run("update ops.slack_envelopes set reply_due_at = clock_timestamp() where reply_status = 'due'")


async def age(db: Session, minutes: int) -> None:
    await db.run("update ops.slack_envelopes set received_at = received_at - make_interval(mins => $1)", minutes)


async def test_a_reply_is_given_to_one(db: Session) -> None:
    """Whoever asks next gets nothing."""
    sent = await owed(db)
    assert await take(db, sent) == REPLY
    assert await take(db, sent) is None


async def test_a_reply_of_a_vanished_sender_is_given_again(db: Session) -> None:
    """After twenty seconds."""
    sent = await owed(db)
    await take(db, sent)
    await wait_over(db)
    assert await take(db, sent) == REPLY
    assert (await row(db, sent))["reply_attempts"] == 2


async def test_a_confirmed_reply_is_sent(db: Session) -> None:
    """Nobody sends it again; the address is forgotten, the text is kept."""
    sent = await owed(db)
    await take(db, sent)
    assert await confirm(db, sent)
    stored = await row(db, sent)
    assert (stored["reply_status"], stored["reply"]["body"]) == ("sent", REPLY["body"])
    assert RESPONSE_URL not in str(stored)
    await db.run("update ops.slack_envelopes set reply_due_at = now() - interval '1 hour'")
    assert (await take(db, sent), await left_behind(db)) == (None, [])


async def test_a_reply_is_confirmed_once(db: Session) -> None:
    """The second time there is none."""
    sent = await owed(db)
    await take(db, sent)
    assert [await confirm(db, sent) for _ in range(2)] == [True, False]


async def test_an_envelope_without_a_reply_has_none(db: Session) -> None:
    """Nor has one that nobody knows."""
    sent = click()
    assert await take(db, sent) is None
    await settle(db, (await claimed(db, sent))["claim_token"])
    assert await take(db, sent) is None
    assert not await confirm(db, sent)


async def test_a_reply_that_failed_is_due_again(db: Session) -> None:
    """Not at once; the error stands in the ledger, the envelope stays completed."""
    sent = await owed(db)
    await take(db, sent)
    assert await confirm(db, sent, "HTTP 503")
    stored = await row(db, sent)
    assert (stored["status"], stored["reply_status"], stored["reply"]) == ("completed", "due", REPLY)
    assert "HTTP 503" in stored["last_error"]
    assert await take(db, sent) is None
    await wait_over(db)
    assert await take(db, sent) == REPLY


async def test_a_reply_in_doubt_is_not_sent_again(db: Session) -> None:
    """Slack may have shown it: why it is not known stands in the ledger, the address is forgotten."""
    sent = await owed(db)
    await take(db, sent)
    told = {"error": "no answer within 5 s", "in_doubt": True}
    answer = await db.call("confirm_reply_v1", outcome=told, **named(sent))
    stored = await row(db, sent)
    assert (answer, stored["reply_status"], "url" in stored["reply"]) == ({"confirmed": True}, "failed", False)
    assert "no answer within 5 s" in stored["last_error"]
    await db.run("update ops.slack_envelopes set reply_due_at = now() - interval '1 hour'")
    assert (await take(db, sent), await left_behind(db)) == (None, [])


async def test_five_tries_are_all(db: Session) -> None:
    """So often Slack's address can be used; then it is forgotten."""
    sent = await owed(db)
    for _ in range(5):
        await wait_over(db)
        assert await take(db, sent) == REPLY
        await confirm(db, sent, "HTTP 503")
    stored = await row(db, sent)
    assert (stored["reply_status"], "url" in stored["reply"]) == ("failed", False)


async def test_after_half_an_hour_a_failure_is_the_last(db: Session) -> None:
    """The address is worth nothing any more."""
    sent = await owed(db)
    await take(db, sent)
    await age(db, 31)
    await confirm(db, sent, "HTTP 404")
    assert (await row(db, sent))["reply_status"] == "failed"


async def test_a_reply_is_left_to_whoever_settled(db: Session) -> None:
    """For a quarter of a minute; then the sweep takes it."""
    sent = await owed(db)
    assert await left_behind(db) == []
    await wait_over(db)
    assert await left_behind(db) == [{"team_id": TEAM, "envelope_id": sent["envelope_id"], "reply": REPLY}]
    assert await left_behind(db) == []


async def test_a_reply_that_the_sweep_took_is_nobody_elses(db: Session) -> None:
    """Whoever settled it came back late."""
    sent = await owed(db)
    await wait_over(db)
    await left_behind(db)
    assert await take(db, sent) is None


async def test_each_handler_sends_its_own(db: Session) -> None:
    """Clicks here, commands there."""
    await owed(db)
    command_sent = await owed(db, command())
    await wait_over(db)
    assert [it["envelope_id"] for it in await left_behind(db, "command-handler")] == [command_sent["envelope_id"]]


async def test_at_most_so_many_are_taken(db: Session) -> None:
    """The rest comes next."""
    for _ in range(3):
        await owed(db)
    await wait_over(db)
    assert [len(await left_behind(db, most=2)) for _ in range(3)] == [2, 1, 0]


@pytest.mark.parametrize("over", ["five tries", "half an hour"])
async def test_what_cannot_be_sent_any_more_is_given_up(db: Session, over: str) -> None:
    """The sweep does not give it out, and forgets the address."""
    sent = await owed(db)
    if over == "five tries":
        await db.run("update ops.slack_envelopes set reply_attempts = 5")
    else:
        await age(db, 31)
    await wait_over(db)
    assert await left_behind(db) == []
    stored = await row(db, sent)
    assert (stored["reply_status"], "url" in stored["reply"]) == ("failed", False)
    assert stored["last_error"].startswith("the private answer: ")


async def test_nobody_sends_a_sixth_time(db: Session) -> None:
    """Neither does whoever asks by the envelope's id."""
    sent = await owed(db)
    await db.run("update ops.slack_envelopes set reply_attempts = 5")
    await wait_over(db)
    assert await take(db, sent) is None


async def test_the_note_of_an_expired_click_is_due_at_once(db: Session) -> None:
    """No handler has it: the sweep sends it."""
    sent = old(3)
    await record(db, sent)
    [note] = await left_behind(db)
    assert (note["envelope_id"], note["reply"]["url"]) == (sent["envelope_id"], RESPONSE_URL)
    assert note["reply"]["body"]["replace_original"] is False


async def test_a_note_that_is_due_wakes_its_handler(db: Session) -> None:
    """The sweep rings it."""
    await db.equip_doorbell()
    await record(db, old(3))
    await db.run("delete from net.http_request_queue")
    assert await db.call("sweep_envelopes_v1") == 1
    assert (await db.value("select url from net.http_request_queue")).endswith("/action-handler")


async def owe_late(db: Session, sent: dict[str, Any]) -> bool:
    owed: bool = (await db.call("owe_late_reply_v1", **named(sent), reply=REPLY))["owed"]
    return owed


async def test_an_ack_that_came_too_late_is_owed_as_a_reply(db: Session) -> None:
    """Its handler sends it at once; a duplicate gets no payload any more, or it would be given twice."""
    sent = click()
    await settle(db, (await claimed(db, sent))["claim_token"], ack={"text": "done"})
    assert await owe_late(db, sent)
    assert (await row(db, sent))["ack"] is None
    assert await take(db, sent) == REPLY


async def test_a_late_answer_is_owed_once(db: Session) -> None:
    """Also when it has been sent meanwhile, and where another reply is owed; nor by what is not settled."""
    running = click()
    await claimed(db, running)
    assert not await owe_late(db, running)
    sent = await owed(db)
    assert not await owe_late(db, sent)
    await take(db, sent)
    await confirm(db, sent)
    assert not await owe_late(db, sent)
