"""Whoever moves several cards in one call, while another one moves the same: nobody waits for ever."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.integration.schema.acting import WORKFLOW, act, audit, card, requested_deploy
from tests.integration.schema.helpers import CHANNEL, Session, is_waiting, session, until


@pytest.fixture
async def lost(db: Session) -> dict[str, str]:
    """Two deploys whose calls of GitHub a vanished worker had: their cards by service, as the hooks expire."""
    services = [{"service": it, "environments": ["production"], "deploy": WORKFLOW} for it in ("api", "web")]
    await db.call("apply_services_v1", services=services)
    cards = {}
    for service in ("api", "web"):
        card_id = cards[service] = await requested_deploy(db, service=service)
        change = {"card_id": card_id, "version": 1, "kind": "deploy", "service": service, "phase": "approved"}
        place = {"environment": "production", "state": {}}
        hook = {"card": "card", "service": service, "action": "deploy"}
        assert (await act(db, events=[audit()], card=change | place, hooks=[hook]))["settled"]
    assert len(await db.claim()) == 2
    await db.end_leases()
    return cards


async def result(db: Session, card_id: str) -> None:
    """As record_deliveries_v1 applies what a deployer tells of a deploy."""
    told = {"deploy_id": card_id, "what": "started"}
    await db.value("select ops.apply_deploy_result_v1(gen_random_uuid(), $1)", told)


async def test_results_and_lost_hooks_of_the_same_cards_do_not_lock_each_other_out(
    db: Session, other: Session, lost: dict[str, str]
) -> None:
    """The results come in another order than the hooks expire: both go through, and no hook is forgotten."""

    async def ended_or_waits() -> bool:
        return expiring.done() or await is_waiting(db, other)

    async with db.connection.transaction():
        await result(db, lost["web"])
        expiring = asyncio.create_task(other.value("select ops.expire_delivery_leases_v1()"))
        await until(ended_or_waits)
        await result(db, lost["api"])
    assert await expiring + await db.value("select ops.expire_delivery_leases_v1()") == 2
    for card_id in lost.values():
        assert (await card(db, card_id))["state"]["hook"]["status"] == "failed"


async def posting(db: Session) -> tuple[dict[str, Any], str, dict[str, Any]]:
    """A card whose message is being posted, and news of it that is being routed: claim, token and routing."""
    [card_id] = await db.emit()
    token = (await db.claim_events())["claim_token"]
    told = {"event_id": card_id, "deliveries": [{"route": "test", "channel": CHANNEL}], "card": {"kind": "alert"}}
    await db.call("record_deliveries_v1", claim_token=token, routings=[told])
    claimed = await db.claim_one()
    [news] = await db.emit(event_type="alert.acknowledged")
    router = (await db.claim_events())["claim_token"]
    routing = {"event_id": news, "deliveries": [{"route": "test", "channel": CHANNEL}], "card_id": card_id}
    return claimed, router, routing


async def test_news_of_a_card_and_the_settle_of_its_post_do_not_lock_each_other_out(
    db: Session, other: Session, shared_database_url: str
) -> None:
    """Both come while a third has the card: the news has it first then, and the settle has the channel already."""
    claimed, router, routing = await posting(db)
    async with session(shared_database_url) as third:
        async with third.connection.transaction():
            await third.value("select c.version from ops.cards c where c.card_id = $1 for update", routing["card_id"])
            news = asyncio.create_task(db.call("record_deliveries_v1", claim_token=router, routings=[routing]))
            await until(lambda: is_waiting(third, db))
            settled = asyncio.create_task(other.settle(claimed, "sent", card_version=0))
            await until(lambda: is_waiting(third, other))
        assert [(await news)["settled"], (await settled)["settled"]] == [1, True]
