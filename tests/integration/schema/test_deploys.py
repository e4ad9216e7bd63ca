"""Deploys: one at a time per service and environment, a hook through the outbox, results on the same card."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import pytest

from tests.integration.schema.acting import (
    WORKFLOW,
    act,
    audit,
    card,
    claimed_click,
    deliveries,
    requested_deploy,
    service,
    settle,
)
from tests.integration.schema.helpers import Session

CALL = {"card": "card", "service": "api", "action": "deploy", "inputs": {"version": "1.2"}}
NEW = {"event": "main", "service": "api", "environment": "production", "release": "1.2", "phase": "requested"}


@pytest.fixture
async def known(db: Session) -> Session:
    """A database with the service api, deployed by a webhook."""
    await service(db)
    return db


async def approve(db: Session, card_id: str, version: int = 1) -> dict[str, Any]:
    change = {"card_id": card_id, "version": version, "kind": "deploy", "phase": "approved", "state": {"a": 1}}
    return await act(
        db,
        events=[audit("deploy.approved")],
        card=change | {"service": "api", "environment": "production"},
        hooks=[CALL],
    )


async def result(db: Session, what: str, **told: Any) -> str:  # noqa: ANN401  # any JSON value
    """A deploy.* event that comes back, routed to #ops-deploy; its id."""
    [event] = await db.emit(1, f"deploy.{what}")
    claimed = await db.claim_events()
    described = {"service": "api", "environment": "production", "version": "1.2", "what": what} | told
    ours = [e["event_id"] for e in claimed["events"]]
    routings = [
        {"event_id": e, "deliveries": [{"route": "deploys", "channel": "#ops-deploy"}] if e == event else []}
        | ({"deploy_result": described} if e == event else {})
        for e in ours
    ]
    await db.call("record_deliveries_v1", claim_token=claimed["claim_token"], routings=routings)
    return event


async def stand(db: Session, card_id: str) -> None:
    """Route the request and let its message stand in #ops-deploy."""
    claimed = await db.claim_events()
    routings = [
        {
            "event_id": e["event_id"],
            "deliveries": [{"route": "deploys", "channel": "#ops-deploy"}] if e["event_id"] == card_id else [],
        }
        for e in claimed["events"]
    ]
    await db.call("record_deliveries_v1", claim_token=claimed["claim_token"], routings=routings)
    await db.settle(await db.claim_one(), "sent", card_version=1)


async def test_a_request_makes_a_card_of_its_event(known: Session) -> None:
    """The event deploy.requested and its card have one id."""
    found = await card(known, await requested_deploy(known))
    assert (found["event"]["event_type"], found["phase"], found["release"]) == ("deploy.requested", "requested", "1.2")


async def test_a_second_deploy_of_the_same_is_refused(known: Session) -> None:
    """It says which one runs, and writes nothing."""
    first = await requested_deploy(known)
    second = await act(known, events=[audit("deploy.requested")], new_card=NEW)
    assert (second["settled"], second["reason"], second["card"]["card_id"]) == (False, "deploy_running", first)


async def test_another_environment_is_free(known: Session) -> None:
    """The lock is of a service and an environment."""
    await requested_deploy(known)
    assert await requested_deploy(known, environment="staging")


async def test_of_two_requests_at_once_one_wins(known: Session, other: Session) -> None:
    """The second waits for the first to commit and then sees it."""
    mine, theirs = await claimed_click(known), await claimed_click(known)
    transaction = known.connection.transaction()
    await transaction.start()
    request = {"events": [audit("deploy.requested")], "new_card": NEW}
    first = await settle(known, mine, **request)
    second = asyncio.create_task(settle(other, theirs, **request))
    await asyncio.sleep(0)
    await transaction.commit()
    assert (first["settled"], (await second)["reason"]) == (True, "deploy_running")


async def test_a_hook_is_queued_with_the_settle(known: Session) -> None:
    """It carries the id by which its results find the card."""
    card_id = await requested_deploy(known)
    await approve(known, card_id)
    [hook] = await deliveries(known, "hook")
    assert (hook["hook"]["action"], hook["hook"]["inputs"]) == ("deploy", {"version": "1.2", "deploy_id": card_id})


async def test_a_claimed_hook_has_its_address_and_key(known: Session) -> None:
    """The key stays the same for each try."""
    await approve(known, await requested_deploy(known))
    claimed = await known.claim_one()
    assert (claimed["purpose"], claimed["hook"]["hook"]["type"]) == ("hook", "webhook")
    assert claimed["hook"]["idempotency_key"] == claimed["delivery_id"]


async def test_a_service_without_a_hook_cannot_be_deployed(db: Session) -> None:
    """The whole settle is undone."""
    await service(db, deploy=None)
    card_id = await requested_deploy(db)
    with pytest.raises(Exception, match="has no hook for deploy"):
        await approve(db, card_id)
    assert (await card(db, card_id))["phase"] == "requested"


async def test_an_accepted_hook_shows_on_the_card(known: Session) -> None:
    """With what the deployer said."""
    card_id = await requested_deploy(known)
    await approve(known, card_id)
    await known.settle(
        await known.claim_one(), "sent", hook_status="accepted", hook_text="run 7", hook_url="https://x/7"
    )
    found = await card(known, card_id)
    assert (found["phase"], found["state"]["hook"]["status"], found["state"]["hook"]["text"]) == (
        "approved", "accepted", "run 7",
    )  # fmt: skip


async def test_a_hook_that_failed_ends_the_deploy(known: Session) -> None:
    """The card says failed, and the next request is free."""
    card_id = await requested_deploy(known)
    await approve(known, card_id)
    await known.settle(await known.claim_one(), "dead", hook_status="failed", hook_text="no such workflow")
    assert (await card(known, card_id))["phase"] == "failed"
    assert await requested_deploy(known)


async def test_a_webhook_of_a_vanished_worker_is_called_again(known: Session) -> None:
    """Its receiver knows the key."""
    await approve(known, await requested_deploy(known))
    first = await known.claim_one()
    await known.end_leases()
    assert (await known.claim_one())["hook"]["idempotency_key"] == first["hook"]["idempotency_key"]


async def test_a_call_that_github_may_have_taken_is_not_made_again(db: Session) -> None:
    """GitHub knows no key: people look, and the card says so."""
    await service(db, deploy=WORKFLOW)
    card_id = await requested_deploy(db)
    await approve(db, card_id)
    await db.claim_one()
    await db.end_leases()
    assert await db.claim() == []
    found = await card(db, card_id)
    assert found["phase"] == "failed"
    assert "Look there" in found["state"]["hook"]["text"]


@pytest.mark.parametrize("what", ["started", "completed", "failed"])
async def test_a_result_moves_the_card_that_asked_for_it(known: Session, what: str) -> None:
    """Found by the id that the hook was given."""
    card_id = await requested_deploy(known)
    await approve(known, card_id)
    await result(known, what, deploy_id=card_id)
    assert (await card(known, card_id))["phase"] == what


async def test_a_result_without_an_id_is_found_by_service_and_version(known: Session) -> None:
    """A deployer that knows nothing of pulser reports as before."""
    card_id = await requested_deploy(known)
    await approve(known, card_id)
    await result(known, "started")
    assert (await card(known, card_id))["phase"] == "started"


async def test_a_result_of_another_version_is_news_of_its_own(known: Session) -> None:
    """Somebody deployed by other means."""
    card_id = await requested_deploy(known)
    await approve(known, card_id)
    await result(known, "started", version="9.9")
    assert (await card(known, card_id))["phase"] == "approved"


@pytest.mark.parametrize("left_open", ["environment", "version"])
@pytest.mark.parametrize("what", ["started", "completed", "failed"])
async def test_a_result_that_leaves_open_what_it_is_of_ends_nobodys_deploy(
    known: Session, what: str, left_open: str
) -> None:
    """It may be of staging, or of another release: it is news of its own, and posted."""
    card_id = await requested_deploy(known)
    await stand(known, card_id)
    await approve(known, card_id)
    event = await result(known, what, **{left_open: None})
    assert (await card(known, card_id))["phase"] == "approved"
    assert await known.column("select channel from ops.deliveries where event_id = $1", event) == ["#ops-deploy"]


async def test_a_result_with_the_id_need_say_nothing_else(known: Session) -> None:
    """The id alone tells which deploy it is of."""
    card_id = await requested_deploy(known)
    await approve(known, card_id)
    await result(known, "completed", deploy_id=card_id, environment=None, version=None)
    assert (await card(known, card_id))["phase"] == "completed"


async def test_a_deploy_of_no_version_is_found_without_one(known: Session) -> None:
    """Neither its request nor the deployer names one, from the start to the end."""
    card_id = await requested_deploy(known, release=None)
    await approve(known, card_id)
    await result(known, "started", version=None)
    await result(known, "completed", version=None)
    assert (await card(known, card_id))["phase"] == "completed"


async def test_a_deploy_of_no_version_learns_it_from_its_result(known: Session) -> None:
    """And from then on only that version's results are its own."""
    card_id = await requested_deploy(known, release=None)
    await approve(known, card_id)
    await result(known, "started", version="1.2")
    await result(known, "completed", version=None)
    found = await card(known, card_id)
    assert (found["phase"], found["release"]) == ("started", "1.2")


async def test_a_result_makes_no_second_message_where_the_card_stands(known: Session) -> None:
    """The card changes in place."""
    card_id = await requested_deploy(known)
    await stand(known, card_id)
    await approve(known, card_id)
    event = await result(known, "started", deploy_id=card_id)
    assert await known.column("select channel from ops.deliveries where event_id = $1", event) == []
    assert len(await deliveries(known, "update")) == 1
    assert await known.value("select status from ops.event_dispatches where event_id = $1", event) == "routed"


async def test_a_result_that_nobody_asked_for_is_posted(known: Session) -> None:
    """A deploy from elsewhere is told as always."""
    event = await result(known, "started")
    assert await known.column("select channel from ops.deliveries where event_id = $1", event) == ["#ops-deploy"]


async def test_a_late_start_does_not_reopen_a_finished_deploy(known: Session) -> None:
    """Results may come in the wrong order."""
    card_id = await requested_deploy(known)
    await approve(known, card_id)
    await result(known, "completed", deploy_id=card_id)
    await result(known, "started", deploy_id=card_id)
    assert (await card(known, card_id))["phase"] == "completed"


async def test_a_request_that_nobody_decides_expires(known: Session) -> None:
    """After a day it is in nobody's way."""
    card_id = await requested_deploy(known)
    await known.run("update ops.cards set updated_at = now() - interval '25 hours'")
    assert await known.call("expire_deploys_v1") == 1
    assert (await card(known, card_id))["phase"] == "expired"


async def test_a_deploy_that_says_nothing_for_two_hours_expires(known: Session) -> None:
    """A deployer may die."""
    await approve(known, await requested_deploy(known))
    await known.run("update ops.cards set updated_at = now() - interval '119 minutes'")
    assert await known.call("expire_deploys_v1") == 0
    await known.run("update ops.cards set updated_at = now() - interval '121 minutes'")
    assert await known.call("expire_deploys_v1") == 1


async def test_who_deploys_is_told(known: Session) -> None:
    """With the environment and since when."""
    await requested_deploy(known)
    [running] = await known.call("running_deploys_v1", service="api")
    assert (running["environment"], running["version"], running["phase"]) == ("production", "1.2", "requested")


async def test_what_is_approved_counts_from_then(known: Session) -> None:
    """Not from the request, which may have waited for a night; once its hook has accepted it, from that."""
    card_id = await requested_deploy(known)
    await known.run("update ops.cards set created_at = now() - interval '9 hours' where card_id = $1", card_id)
    [waits] = await known.call("running_deploys_v1", service="api")
    await approve(known, card_id)
    approved_at = "2026-03-01T07:30:00+00:00"
    hook = {"status": "queued", "action": "deploy", "at": approved_at}
    await known.run("update ops.cards set state = state || $2 where card_id = $1", card_id, {"hook": hook})
    [approved] = await known.call("running_deploys_v1", service="api")
    await known.settle(await known.claim_one(), "sent", hook_status="accepted")
    [accepted] = await known.call("running_deploys_v1", service="api")
    accepted_at = (await card(known, card_id))["state"]["hook"]["at"]
    asked = await known.value("select created_at from ops.cards where card_id = $1", card_id)
    told = [datetime.fromisoformat(it["since"]) for it in (waits, approved, accepted)]
    assert told == [asked, *map(datetime.fromisoformat, (approved_at, accepted_at))]


async def ask_for_rollback(db: Session, card_id: str) -> None:
    """Deployed, and then rolled back from the same card."""
    await approve(db, card_id)
    await db.settle(await db.claim_one(), "sent", hook_status="accepted")
    await result(db, "completed", deploy_id=card_id)
    version = (await card(db, card_id))["version"]
    change = {"card_id": card_id, "version": version, "kind": "deploy", "phase": "completed"}
    await act(
        db,
        events=[audit("rollback.requested")],
        card=change | {"service": "api", "environment": "production", "state": {"rollback": {"user": "U1"}}},
        hooks=[CALL | {"action": "rollback"}],
    )


async def test_a_rollback_ends_on_the_card_that_asked_for_it(known: Session) -> None:
    """Its result belongs there, and is no message of its own."""
    card_id = await requested_deploy(known)
    await ask_for_rollback(known, card_id)
    await known.claim()
    await result(known, "completed", deploy_id=card_id, version=None)
    found = await card(known, card_id)
    assert (found["phase"], found["state"]["rollback"]["ended"], found["state"]["result"]["what"]) == (
        "completed", True, "completed",
    )  # fmt: skip


async def test_a_rollback_that_failed_can_be_asked_for_again(known: Session) -> None:
    """Nothing of it stays in the way."""
    card_id = await requested_deploy(known)
    await ask_for_rollback(known, card_id)
    await result(known, "failed", deploy_id=card_id, version=None)
    assert "rollback" not in (await card(known, card_id))["state"]


async def test_a_rollback_whose_hook_failed_can_be_asked_for_again(known: Session) -> None:
    """The deploy itself stays completed."""
    card_id = await requested_deploy(known)
    await ask_for_rollback(known, card_id)
    [hook] = [it for it in await known.claim() if it["purpose"] == "hook"]
    await known.settle(hook, "dead", hook_status="failed", hook_text="no such workflow")
    found = await card(known, card_id)
    assert (found["phase"], "rollback" in found["state"]) == ("completed", False)


async def test_a_rollback_is_not_in_the_way_of_the_next_request(known: Session) -> None:
    """An ended deploy can be rolled back while another one of the same service waits for approval."""
    card_id = await requested_deploy(known)
    await approve(known, card_id)
    await known.settle(await known.claim_one(), "sent", hook_status="accepted")
    await result(known, "completed", deploy_id=card_id)
    await requested_deploy(known, release="1.3")
    change = {"card_id": card_id, "kind": "deploy", "phase": "completed", "state": {"rollback": {"user": "U1"}}}
    version = (await card(known, card_id))["version"]
    told = change | {"version": version, "service": "api", "environment": "production"}
    assert (await act(known, card=told, hooks=[CALL | {"action": "rollback"}]))["settled"]


async def test_a_rollback_that_says_nothing_for_two_hours_can_be_asked_for_again(known: Session) -> None:
    """Its deployer may have died."""
    card_id = await requested_deploy(known)
    await ask_for_rollback(known, card_id)
    await known.run("update ops.cards set updated_at = now() - interval '121 minutes'")
    assert await known.call("expire_deploys_v1") == 1
    assert "rollback" not in (await card(known, card_id))["state"]


@pytest.mark.parametrize("odd", ["", "7", "not-a-uuid", "11111111-1111-4111-8111-11111111111g"])
async def test_a_result_of_an_odd_deploy_is_news_of_its_own(known: Session, odd: str) -> None:
    """An id that is none finds no card, and breaks nothing."""
    card_id = await requested_deploy(known)
    await approve(known, card_id)
    await result(known, "started", deploy_id=odd)
    assert (await card(known, card_id))["phase"] == "approved"
