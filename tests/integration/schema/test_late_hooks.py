"""A deploy must not begin long after it was approved: a hook is called within its quarter of an hour, or never."""

from __future__ import annotations

import pytest

from tests.integration.schema.acting import acknowledged, act, audit, card, deliveries, sent_alert, service
from tests.integration.schema.helpers import Session


@pytest.fixture
async def queued(db: Session) -> Session:
    """A database with a hook in the outbox."""
    await service(db)
    alert = await sent_alert(db)
    hook = {"card": "card", "service": "api", "action": "deploy"}
    await act(db, events=[audit()], card=acknowledged(alert), hooks=[hook])
    return db


async def claimed_hook(db: Session) -> dict[str, object]:
    [hook] = [it for it in await db.claim() if it["purpose"] == "hook"]
    return hook


async def age(db: Session, interval: str) -> None:
    await db.run(
        "update ops.deliveries set retry_until = retry_until - $1::text::interval where kind = 'hook'", interval
    )


async def test_a_next_try_within_its_time_is_waited_for(queued: Session) -> None:
    """Ten minutes are not too long."""
    answer = await queued.settle(await claimed_hook(queued), "failed", retry_in_s=600)
    assert answer["status"] == "failed"


async def test_a_next_try_after_its_time_will_not_be_made(queued: Session) -> None:
    """Whoever asks to be left alone for an hour is not called then: it is dead at once, and the card says so."""
    hook = await claimed_hook(queued)
    answer = await queued.settle(hook, "failed", retry_in_s=3600)
    [row] = await deliveries(queued, "hook")
    assert answer["status"] == "dead"
    assert (await card(queued, row["card_id"]))["state"]["hook"]["status"] == "failed"


async def test_a_hook_that_is_claimed_in_time_is_to_be_called(queued: Session) -> None:
    """It is not given up."""
    assert (await claimed_hook(queued))["given_up"] is False


async def test_a_hook_that_nobody_came_for_in_time_is_given_up(queued: Session) -> None:
    """Whoever claims it is told so."""
    await age(queued, "15 minutes")
    assert (await claimed_hook(queued))["given_up"] is True
