"""Services and their status."""

from __future__ import annotations

from typing import Any

from tests.integration.schema.acting import WEBHOOK, acknowledged, act, requested_deploy, service
from tests.integration.schema.helpers import Session


async def tell(db: Session, event_type: str, **routing: Any) -> str:  # noqa: ANN401  # any JSON value
    """Emit an event and route it nowhere, with what its router read of it; its id."""
    [event] = await db.emit(1, event_type)
    claimed = await db.claim_events()
    routings = [{"event_id": e["event_id"], "deliveries": []} for e in claimed["events"]]
    for it in routings:
        it.update(routing if it["event_id"] == event else {})
    await db.call("record_deliveries_v1", claim_token=claimed["claim_token"], routings=routings)
    return event


def ci(what: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"service": "api", "environment": None, "aspect": "ci", "what": what, "branch": "main"} | changes


def deploy(what: str, version: str) -> dict[str, Any]:
    return {"service": "api", "environment": "production", "aspect": "deploy", "what": what, "version": version}


async def status(db: Session) -> dict[str, Any]:
    """Of the one service and environment there is."""
    [only] = await db.call("service_status_v1")
    return dict(only)


async def test_applying_says_what_changed(db: Session) -> None:
    """New, changed and gone ones are counted; the same again changes nothing."""
    one = {"service": "api", "environments": ["production"], "deploy": WEBHOOK}
    two = {"service": "web", "environments": ["production"]}
    assert await db.call("apply_services_v1", services=[one, two]) == {"inserted": 2, "updated": 0, "deleted": 0}
    assert await db.call("apply_services_v1", services=[one, two]) == {"inserted": 0, "updated": 0, "deleted": 0}
    changed = one | {"approvers": ["U1"]}
    assert await db.call("apply_services_v1", services=[changed]) == {"inserted": 0, "updated": 1, "deleted": 1}


async def test_a_policy_shows_no_hook(db: Session) -> None:
    """Only whether there is one."""
    await service(db, approvers=["U1"])
    policy = await db.call("service_policy_v1", service="api")
    assert (policy["can_deploy"], policy["approvers"]) == (True, ["U1"])
    assert "deploy" not in policy


async def test_an_unknown_service_has_no_policy(db: Session) -> None:
    """Null, not an error."""
    assert await db.call("service_policy_v1", service="nobody") is None


async def test_a_service_that_was_never_heard_of_is_listed(db: Session) -> None:
    """Configured is known."""
    await service(db)
    assert (await status(db))["deploy"] is None


async def test_the_newest_news_stay(db: Session) -> None:
    """Of each aspect the last one in the order of the events."""
    await service(db)
    await tell(db, "ci.failed", fact=ci("failed"))
    await tell(db, "ci.passed", fact=ci("passed"))
    await tell(db, "deploy.started", fact=deploy("started", "1.3"))
    told = await status(db)
    assert (told["ci"]["what"], told["deploy"]["what"], told["deploy"]["version"]) == ("passed", "started", "1.3")


async def test_a_started_deploy_is_no_release_yet(db: Session) -> None:
    """A rollback is pinned to what has been deployed, not to what is under way."""
    done = await tell(db, "deploy.completed", fact=deploy("completed", "1.2"), card={
        "kind": "release", "service": "api", "environment": "production", "release": "1.2",
    })  # fmt: skip
    await tell(db, "deploy.started", fact=deploy("started", "1.3"))
    assert (await db.call("card_for_event_v1", event_id=done))["current_release"] == "1.2"


async def test_a_service_known_by_its_events_alone_is_listed(db: Session) -> None:
    """Nobody has to configure it to see it."""
    await tell(db, "ci.failed", fact=ci("failed", service="elsewhere"))
    assert (await status(db))["service"] == "elsewhere"


async def test_open_alerts_are_counted(db: Session) -> None:
    """Acknowledged ones apart; those without an environment count for the service."""
    await service(db)
    alert = {"kind": "alert", "service": "api"}
    await tell(db, "error_rate.exceeded", card=alert)
    second = await tell(db, "error_rate.exceeded", card=alert | {"environment": "production"})
    await act(db, card=acknowledged(second))
    told = await status(db)
    assert (told["open_alerts"], told["acknowledged_alerts"]) == (1, 1)


async def test_what_names_no_environment_has_no_row_beside_one_that_has(db: Session) -> None:
    """An alert and a CI run of a service that nobody configured are told with the environment that a deploy named."""
    await tell(db, "deploy.completed", fact=deploy("completed", "1.2"))
    await tell(db, "ci.failed", fact=ci("failed"))
    await tell(db, "error_rate.exceeded", card={"kind": "alert", "service": "api"})
    told = await status(db)
    assert (told["environment"], told["open_alerts"], told["ci"]["what"]) == ("production", 1, "failed")


async def test_alerts_of_yesterday_do_not_count(db: Session) -> None:
    """Status is about now."""
    await service(db)
    await tell(db, "error_rate.exceeded", card={"kind": "alert", "service": "api"})
    await db.run("update ops.cards set created_at = now() - interval '25 hours', seen_at = now() - interval '25 hours'")
    assert (await status(db))["open_alerts"] == 0


async def test_a_running_deploy_is_shown(db: Session) -> None:
    """With its phase."""
    await service(db)
    await requested_deploy(db)
    assert (await status(db))["running_deploy"]["phase"] == "requested"
