"""A deploy that a deployer begins by himself: its started event is its card, until it ends."""

from __future__ import annotations

from tests.integration.schema.acting import act, requested_deploy, service
from tests.integration.schema.firing import DEPLOY, fire, posts, send, stored
from tests.integration.schema.helpers import CHANNEL, Session


async def test_it_ends_on_its_card(db: Session) -> None:
    """The result has no message where the card stands."""
    begun = await fire(db, "deploy.started", of=DEPLOY)
    await send(db)
    assert (await stored(db, begun))["phase"] == "started"
    await fire(db, "deploy.completed", of=DEPLOY)
    card = await stored(db, begun)
    assert (card["kind"], card["phase"], card["release"], card["state"]["result"]["what"]) == (
        "deploy", "completed", "1.2", "completed",
    )  # fmt: skip
    assert await posts(db) == [(begun, CHANNEL)]
    assert [it["purpose"] for it in await send(db)] == ["update"]


async def test_a_failure_says_why_on_the_card(db: Session) -> None:
    """And is posted where the card does not stand."""
    begun = await fire(db, "deploy.started", of=DEPLOY)
    failed = await fire(db, "deploy.failed", CHANNEL, "#alerts", of=DEPLOY, summary="The probe failed.")
    card = await stored(db, begun)
    assert (card["phase"], card["state"]["result"]["text"]) == ("failed", "The probe failed.")
    assert await posts(db) == [(begun, CHANNEL), (failed, "#alerts")]


async def test_it_is_found_by_the_deployers_own_name(db: Session) -> None:
    """A result of another deploy changes nothing, whatever its version."""
    begun = await fire(db, "deploy.started", of=DEPLOY, deploy_id="run-7")
    await fire(db, "deploy.completed", of=DEPLOY, deploy_id="run-6")
    assert (await stored(db, begun))["phase"] == "started"
    await fire(db, "deploy.completed", of=DEPLOY, deploy_id="run-7", version="1.2.0")
    assert (await stored(db, begun))["phase"] == "completed"


async def test_a_result_without_a_version_is_of_the_one_that_runs(db: Session) -> None:
    """No other runs in that environment."""
    begun = await fire(db, "deploy.started", of=DEPLOY)
    await fire(db, "deploy.failed", of=DEPLOY | {"version": None})
    assert (await stored(db, begun))["phase"] == "failed"


async def test_beside_another_that_runs_it_is_a_plain_message(db: Session) -> None:
    """One that was asked for in Slack, or one that began before."""
    asked = await requested_deploy(db)
    begun = await fire(db, "deploy.started", of=DEPLOY | {"version": "2.0"})
    elsewhere = await fire(db, "deploy.started", of=DEPLOY | {"environment": "staging"})
    second = await fire(db, "deploy.started", of=DEPLOY | {"environment": "staging", "version": "2.0"})
    assert await db.column("select card_id from ops.cards order by created_at") == [asked, elsewhere]
    assert {begun, second} <= {event for event, _ in await posts(db)}


async def test_while_one_is_being_asked_for_it_is_a_plain_message(db: Session, other: Session) -> None:
    """It waits for nobody: who asks may wait for a card that the router holds."""
    async with other.connection.transaction():
        await other.value("select ops.running_deploy_v1($1, null)", {"service": "api", "environment": "production"})
        await fire(db, "deploy.started", of=DEPLOY)
    assert await db.value("select count(*) from ops.cards") == 0


async def test_a_start_that_is_told_late_or_again_begins_nothing(db: Session) -> None:
    """The deploy that it names has ended; it is a plain message, and the place stays free."""
    asked = await requested_deploy(db, phase="approved")
    await fire(db, "deploy.completed", of=DEPLOY, deploy_id=asked)
    late = await fire(db, "deploy.started", of=DEPLOY, deploy_id=asked)
    assert await db.column("select card_id from ops.cards where kind = 'deploy'") == [asked]
    assert await db.call("running_deploys_v1", service="api") == []
    assert late in {event for event, _ in await posts(db)}


async def test_a_rollbacks_start_that_is_told_again_begins_nothing(db: Session) -> None:
    """A release's card, too, names its rollback."""
    release = await fire(db, "deploy.completed", of=DEPLOY)
    await db.run("update ops.cards set phase = 'rolling_back', state = $1", {"rollback": {"user": "U1"}})
    for what in ("started", "completed", "started"):
        await fire(db, f"deploy.{what}", of=DEPLOY, deploy_id=release)
    assert (await stored(db, release))["phase"] == "rolled_back"
    assert await db.call("running_deploys_v1", service="api") == []


async def test_one_whose_hook_died_may_have_begun_all_the_same(db: Session) -> None:
    """Nobody has told how it ended: its result ends the card that its start has."""
    await service(db)
    asked = await requested_deploy(db)
    approved = {"card_id": asked, "version": 1, "kind": "deploy", "phase": "approved", "state": {}}
    place = {"service": "api", "environment": "production"}
    await act(db, card=approved | place, hooks=[{"card": "card", "service": "api", "action": "deploy"}])
    [hook] = [it for it in await db.claim() if it["purpose"] == "hook"]
    await db.settle(hook, "dead", hook_status="failed", hook_text="no answer")
    begun = await fire(db, "deploy.started", of=DEPLOY, deploy_id=asked)
    assert (await stored(db, begun))["phase"] == "started"
    await fire(db, "deploy.completed", of=DEPLOY, deploy_id=asked)
    assert [(await stored(db, it))["phase"] for it in (asked, begun)] == ["failed", "completed"]


async def test_one_that_is_nowhere_in_particular_has_no_card(db: Session) -> None:
    """A deploy's card names service and environment."""
    await fire(db, "deploy.started", of={"service": "api"})
    assert await db.value("select count(*) from ops.cards") == 0


async def test_who_asks_for_another_is_told_who_runs_one(db: Session) -> None:
    """By the event's actor."""
    await db.call("append_event_v1", event_type="deploy.started", actor="github-actions", payload=DEPLOY)
    begun = await fire(db, "ci.passed", of={})
    assert begun
    [running] = await db.call("running_deploys_v1", service="api")
    assert (running["requested"]["user"], running["phase"]) == ("github-actions", "started")
