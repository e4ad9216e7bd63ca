"""What happens to a card without a click is an event in the audit, too, and names the card."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.schema.acting import WORKFLOW, act, audit, card, requested_deploy, service
from tests.integration.schema.helpers import Session

TOLD = """
select event_type, actor, target, status, error_detail, payload from ops.platform_events
where event_type like any (array['%.expired', '%.hook_failed']) order by created_at, event_id
"""
PLACE = {"service": "api", "environment": "production"}


@pytest.fixture
async def known(db: Session) -> Session:
    """A database with the service api, deployed by a webhook."""
    await service(db)
    return db


async def told(db: Session) -> list[dict[str, Any]]:
    """The events of the ledger itself about cards, oldest first."""
    return [dict(row) for row in await db.connection.fetch(TOLD)]


async def change(db: Session, card_id: str, action: str, **changed: Any) -> None:  # noqa: ANN401  # any JSON value
    """Somebody approves the deploy, or asks for its rollback: its hook is queued."""
    seen = {"card_id": card_id, "version": (await card(db, card_id))["version"], "kind": "deploy", "state": {}}
    hook = {"card": "card", "service": "api", "action": action}
    await act(db, events=[audit()], card=seen | PLACE | changed, hooks=[hook])


async def approve(db: Session, **of: Any) -> str:  # noqa: ANN401
    """A deploy that was asked for and approved; its card's id."""
    card_id = await requested_deploy(db, **of)
    await change(db, card_id, "deploy", phase="approved")
    return card_id


async def fail(db: Session) -> str:
    """The hook that is due cannot be called; the id of its delivery."""
    hook = await db.claim_one()
    await db.settle(hook, "dead", reason="http_404", error="no such path", hook_status="failed", hook_text="not there")
    delivery: str = hook["delivery_id"]
    return delivery


async def test_a_request_that_expires_is_an_event(known: Session) -> None:
    """It says whose, and why."""
    card_id = await requested_deploy(known)
    await known.run("update ops.cards set updated_at = now() - interval '25 hours'")
    await known.call("expire_deploys_v1")
    [event] = await told(known)
    assert event == {
        "event_type": "deploy.expired",
        "actor": "ops_deploy_expire",
        "target": "api",
        "status": "ok",
        "error_detail": None,
        "payload": PLACE
        | {"severity": "warning", "card_id": card_id, "deploy_id": card_id, "version": "1.2"}
        | {"reason": "nobody decided in a day"},
    }


async def test_a_deploy_that_expires_is_an_event_once(known: Session) -> None:
    """The next run finds nothing to tell."""
    await approve(known)
    await known.run("update ops.cards set updated_at = now() - interval '121 minutes'")
    assert [await known.call("expire_deploys_v1") for _ in range(2)] == [1, 0]
    [event] = await told(known)
    assert (event["event_type"], event["payload"]["reason"]) == ("deploy.expired", "nothing was heard for two hours")


async def test_a_rollback_that_expires_is_an_event(known: Session) -> None:
    """Of whichever card it was."""
    card_id = await requested_deploy(known)
    await change(known, card_id, "rollback", phase="completed", state={"rollback": {"user": "U1"}})
    await known.run("update ops.cards set updated_at = now() - interval '121 minutes'")
    await known.call("expire_deploys_v1")
    [event] = await told(known)
    assert (event["event_type"], event["payload"]["card_id"]) == ("rollback.expired", card_id)


async def test_each_hook_that_fails_is_an_event(known: Session) -> None:
    """Two in the same minute, of the same reason: announced once in a channel, told twice in the audit."""
    cards, deliveries = [], []
    for release in ("1.2", "1.3"):
        cards.append(await approve(known, release=release))
        deliveries.append(await fail(known))
    events = await told(known)
    assert [it["event_type"] for it in events] == ["deploy.hook_failed"] * 2
    assert [it["payload"]["card_id"] for it in events] == cards
    assert [it["payload"]["delivery_id"] for it in events] == deliveries
    assert {(it["actor"], it["status"], it["error_detail"]) for it in events} == {
        ("notify-dispatch", "error", "no such path")
    }
    assert {(it["payload"]["reason"], it["payload"]["summary"]) for it in events} == {("http_404", "not there")}


async def test_a_rollback_whose_hook_fails_says_so(known: Session) -> None:
    """By its type."""
    card_id = await requested_deploy(known)
    await change(known, card_id, "rollback", phase="completed", state={"rollback": {"user": "U1"}})
    await fail(known)
    assert [it["event_type"] for it in await told(known)] == ["rollback.hook_failed"]


async def test_a_call_that_nobody_knows_of_is_an_event(db: Session) -> None:
    """Its worker vanished, and GitHub may have taken it."""
    await service(db, deploy=WORKFLOW)
    card_id = await approve(db)
    await db.claim_one()
    await db.end_leases()
    await db.claim()
    [event] = await told(db)
    assert (event["payload"]["card_id"], "Look there" in event["payload"]["summary"]) == (card_id, True)


async def test_a_hook_that_was_taken_is_none(known: Session) -> None:
    """What comes of it, its deployer tells."""
    await approve(known)
    await known.settle(await known.claim_one(), "sent", hook_status="accepted")
    assert await told(known) == []


async def test_a_table_that_refuses_the_event_keeps_nothing_from_ending(own: Session) -> None:
    """The platform's table may have rules of its own: the deploy is over all the same."""
    await service(own)
    await own.run("alter table ops.platform_events add constraint no_such_news check (event_type not like '%failed')")
    card_id = await approve(own)
    delivery = await fail(own)
    assert (await own.status(delivery), (await card(own, card_id))["phase"]) == ("dead", "failed")
