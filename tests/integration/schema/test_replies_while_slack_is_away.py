"""A private answer while Slack cannot be reached: tried for as long as it is of use, and given up by its age."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.schema.acting import RESPONSE_URL, TEAM, click, settle
from tests.integration.schema.envelopes import claimed, row
from tests.integration.schema.helpers import Session

REPLY = {"via": "response_url", "url": RESPONSE_URL, "body": {"text": "too late"}}
AWAY = {"error": "Slack cannot be reached", "in_doubt": False, "nothing_done": True}
PAUSE = "select extract(epoch from reply_due_at - clock_timestamp())::float8 from ops.slack_envelopes"


async def owed(db: Session) -> dict[str, Any]:
    """An envelope that was settled with a reply."""
    sent = click()
    await settle(db, (await claimed(db, sent))["claim_token"], reply=REPLY)
    return sent


async def fail(db: Session, sent: dict[str, Any]) -> dict[str, Any]:
    """The reply is taken, and Slack is away; the row afterwards."""
    named = {"team_id": TEAM, "envelope_id": sent["envelope_id"]}
    await db.run("update ops.slack_envelopes set reply_due_at = clock_timestamp()")
    assert (await db.call("claim_reply_v1", **named))["reply"] == REPLY
    assert await db.call("confirm_reply_v1", **named, outcome=AWAY) == {"confirmed": True}
    return await row(db, sent)


async def age(db: Session, seconds: float) -> None:
    await db.run("update ops.slack_envelopes set received_at = clock_timestamp() - make_interval(secs => $1)", seconds)


async def test_a_try_that_reached_nobody_is_not_counted(db: Session) -> None:
    """Ten of them, and the reply is still given: its address has been used by none."""
    sent = await owed(db)
    for _ in range(10):
        stored = await fail(db, sent)
    assert (stored["reply_status"], stored["reply"], stored["reply_attempts"]) == ("due", REPLY, 1)


@pytest.mark.parametrize(("age_s", "pause"), [(0, 10), (120, 30), (1500, 60)])
async def test_the_older_it_is_the_longer_it_waits(db: Session, age_s: float, pause: float) -> None:
    """But never for more than a minute: who waits for it has half an hour."""
    sent = await owed(db)
    await age(db, age_s)
    await fail(db, sent)
    assert pause - 3 < await db.value(PAUSE) < pause + 3


async def test_it_is_given_up_when_it_would_come_too_late(db: Session) -> None:
    """Half an hour after the click Slack takes the address no more: the ledger says so, and forgets it."""
    sent = await owed(db)
    await age(db, 1770)
    stored = await fail(db, sent)
    assert (stored["reply_status"], "url" in stored["reply"]) == ("failed", False)
    assert stored["last_error"] == "the private answer: Slack cannot be reached"
