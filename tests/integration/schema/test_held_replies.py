"""Slack's Retry-After for private answers: kept, shared by all, and no reason to lose the note (invariants 7 and 8)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.schema.acting import RESPONSE_URL, TEAM, click, settle
from tests.integration.schema.envelopes import claimed, command, row
from tests.integration.schema.helpers import Session

EPHEMERAL = {"via": "ephemeral", "channel": "C1", "user": "U1", "body": {"text": "too late"}}
BY_URL = {**EPHEMERAL, "via": "response_url", "url": RESPONSE_URL}
PUT_OFF = {"error": "Slack answered ratelimited", "in_doubt": False, "reason": "ratelimited", "retry_in_s": 600}
HELD = {**PUT_OFF, "hold_method": "chat.postEphemeral"}


async def owed(db: Session, reply: dict[str, Any], sent: dict[str, Any] | None = None) -> dict[str, str]:
    """What names an envelope that was settled with this reply."""
    sent = sent or click()
    await settle(db, (await claimed(db, sent))["claim_token"], reply=reply)
    return {"team_id": TEAM, "envelope_id": sent["envelope_id"]}


async def take(db: Session, named: dict[str, str]) -> Any:  # noqa: ANN401  JSON
    return (await db.call("claim_reply_v1", **named))["reply"]


async def left_behind(db: Session) -> list[Any]:
    answer = await db.call("claim_replies_v1", handler="action-handler", max_replies=10)
    return [it["reply"] for it in answer["replies"]]


async def confirm(db: Session, named: dict[str, str], outcome: dict[str, Any]) -> None:
    assert await db.call("confirm_reply_v1", **named, outcome=outcome) == {"confirmed": True}


async def wait_over(db: Session) -> None:
    """Every reply's own wait has ended; a hold has not."""
    await db.run("update ops.slack_envelopes set reply_due_at = clock_timestamp() where reply_status = 'due'")


async def due_in(db: Session, named: dict[str, str]) -> float:
    """Seconds until the reply is due."""
    seconds: float = await db.value(
        "select extract(epoch from reply_due_at - clock_timestamp())::float8 from ops.slack_envelopes"
        " where envelope_id = $1",
        named["envelope_id"],
    )
    return seconds


async def release(db: Session) -> None:
    """The time that Slack asked for is over."""
    await db.run("update ops.slack_holds set held_until = clock_timestamp()")
    await wait_over(db)


@pytest.mark.parametrize("reply", [BY_URL, EPHEMERAL])
async def test_it_is_due_when_slack_said(db: Session, reply: dict[str, Any]) -> None:
    """Neither the sweep nor whoever asks by the envelope's id sends it before."""
    named = await owed(db, reply)
    await take(db, named)
    await confirm(db, named, PUT_OFF)
    assert 590 < await due_in(db, named) <= 600
    assert (await take(db, named), await left_behind(db)) == (None, [])


async def test_a_try_that_slack_put_off_is_not_counted(db: Session) -> None:
    """Ten of them, and the note is still given."""
    named = await owed(db, EPHEMERAL)
    for _ in range(10):
        assert await take(db, named) == EPHEMERAL
        await confirm(db, named, PUT_OFF | {"retry_in_s": 1})
        await wait_over(db)
    assert await take(db, named) == EPHEMERAL
    await confirm(db, named, {})
    assert (await row(db, {**click(), **named}))["reply_status"] == "sent"


async def test_what_slack_puts_off_for_too_long_is_given_up(db: Session) -> None:
    """After half an hour nobody could be told any more: the ledger says so now, and forgets the address."""
    named = await owed(db, BY_URL)
    await take(db, named)
    await confirm(db, named, PUT_OFF | {"retry_in_s": 1810})
    stored = await row(db, {**click(), **named})
    assert (stored["reply_status"], "url" in stored["reply"]) == ("failed", False)
    assert "ratelimited" in stored["last_error"]


async def test_a_hold_is_everybodys(db: Session) -> None:
    """Another envelope's ephemeral note waits too, without a try, until Slack takes such messages again."""
    first, second = await owed(db, EPHEMERAL), await owed(db, EPHEMERAL)
    await take(db, first)
    await confirm(db, first, HELD)
    assert await take(db, second) is None
    await wait_over(db)
    assert await left_behind(db) == []
    assert 590 < await due_in(db, second) <= 600
    assert (await row(db, {**click(), **second}))["reply_attempts"] == 0
    assert await take(db, second) is None
    await release(db)
    assert len(await left_behind(db)) == 2


async def test_a_hold_of_all_methods_holds_ephemeral_notes(db: Session) -> None:
    """Slack refuses the token: a try would come to nothing."""
    named = await owed(db, EPHEMERAL)
    await db.run("select ops.hold_slack_v1('*', 20, 'invalid_auth')")
    assert (await take(db, named), (await row(db, {**click(), **named}))["reply_attempts"]) == (None, 0)


async def test_another_methods_hold_is_none_of_theirs(db: Session) -> None:
    """What Slack wants of posts is not said of notes."""
    named = await owed(db, EPHEMERAL)
    await db.run("select ops.hold_slack_v1('chat.postMessage', 20, 'ratelimited')")
    assert await take(db, named) == EPHEMERAL


async def test_a_note_with_an_address_is_given_and_told_of_the_hold(db: Session) -> None:
    """Its sender knows that there is no other way should Slack refuse the address, from both claims."""
    named = await owed(db, BY_URL)
    await db.run("select ops.hold_slack_v1('chat.postEphemeral', 600, 'ratelimited')")
    given = await take(db, named)
    await wait_over(db)
    for reply in (given, *await left_behind(db)):
        assert 590 < reply["ephemeral_held_s"] <= 600
        assert {name: reply[name] for name in BY_URL} == BY_URL
    assert (await row(db, {**click(), **named}))["reply_attempts"] == 2


async def test_what_an_address_puts_off_holds_nobody_else(db: Session) -> None:
    """A response_url's limit is its own."""
    first, second = await owed(db, BY_URL), await owed(db, EPHEMERAL, command(handler="action-handler"))
    await take(db, first)
    await confirm(db, first, PUT_OFF)
    assert await take(db, second) == EPHEMERAL
