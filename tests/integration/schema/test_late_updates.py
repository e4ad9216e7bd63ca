"""An update whose try broke off may land at Slack after a newer one: the newest is repeated when that is over."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.schema.acting import acknowledged, act, deliveries, sent_alert
from tests.integration.schema.helpers import Session

IN_DOUBT = {"reason": "timeout", "error": "no answer within 8 s", "may_land_late": True}
DUE = """
select extract(epoch from next_attempt_at - clock_timestamp())::float8 from ops.deliveries
where kind = 'update' and status = 'queued'
"""


async def doubtful(db: Session, how: str = "failed") -> str:
    """An alert whose update broke off, by what Slack said or with its worker; the alert's card."""
    event = await sent_alert(db)
    await act(db, card=acknowledged(event))
    update = await db.claim_one()
    if how == "failed":
        await db.settle(update, "failed", **IN_DOUBT)
    else:
        await db.end_leases()
    return event


async def send(db: Session, version: int) -> None:
    """The update that is due is confirmed, and shows this version of the card."""
    update: dict[str, Any] = await db.claim_one()
    assert update["purpose"] == "update"
    await db.settle(update, "sent", card_version=version)


async def pass_time(db: Session, seconds: float) -> None:
    await db.run(
        "update ops.deliveries set next_attempt_at = next_attempt_at - make_interval(secs => $1),"
        " may_land_until = may_land_until - make_interval(secs => $1) where kind = 'update'",
        seconds,
    )


async def statuses(db: Session) -> list[str]:
    return [it["status"] for it in await deliveries(db, "update")]


@pytest.mark.parametrize("how", ["failed", "vanished"])
async def test_what_is_confirmed_soon_after_is_repeated_once(db: Session, how: str) -> None:
    """Half a minute after the one that broke off, whoever is there then: the ledger has it."""
    await doubtful(db, how)
    await send(db, 1)
    assert await statuses(db) == ["sent", "queued"]
    assert 25 < await db.value(DUE) <= 30
    await pass_time(db, 31)
    await send(db, 1)
    assert await statuses(db) == ["sent", "sent"]


async def test_what_is_confirmed_long_after_needs_no_repeat(db: Session) -> None:
    """It came last."""
    await doubtful(db)
    await pass_time(db, 31)
    await send(db, 1)
    assert await statuses(db) == ["sent"]


async def test_an_update_that_surely_did_nothing_needs_no_repeat(db: Session) -> None:
    """Slack was not reached, or said no."""
    event = await sent_alert(db)
    await act(db, card=acknowledged(event))
    await db.settle(await db.claim_one(), "failed", reason="not_connected", error="no way")
    await send(db, 1)
    assert await statuses(db) == ["sent"]


async def test_a_change_does_not_wait_for_the_repeat(db: Session) -> None:
    """It is shown at once, and the repeat comes in its time all the same."""
    event = await doubtful(db)
    await send(db, 1)
    await act(db, card=acknowledged(event, 1))
    await send(db, 2)
    assert await statuses(db) == ["sent", "sent", "queued"]
    assert 20 < await db.value(DUE) <= 30


async def test_a_change_while_the_confirmed_one_was_sent_is_shown_at_once(db: Session) -> None:
    """Its update and the repeat are one."""
    event = await doubtful(db)
    update = await db.claim_one()
    await act(db, card=acknowledged(event, 1))
    await db.settle(update, "sent", card_version=1)
    assert await statuses(db) == ["sent", "queued"]
    assert await db.value(DUE) <= 0
