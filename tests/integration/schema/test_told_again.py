"""A deployer that tells the end of a deploy twice, while its rollback is asked for: both have the same id."""

from __future__ import annotations

import pytest

from tests.integration.schema.acting import card, service
from tests.integration.schema.firing import DEPLOY, fire
from tests.integration.schema.helpers import Session
from tests.integration.schema.rolling import called, deployed, in_doubt, roll_back, tell

# How far the call of the rollback's hook has come.
QUEUED, CALLED, IN_DOUBT, ACCEPTED = "queued", "called", "in doubt", "accepted"


@pytest.fixture
async def known(db: Session) -> Session:
    """A database with the service api."""
    await service(db)
    return db


async def rolling(db: Session, what: str, call: str) -> str:
    """A deploy that ended so, whose rollback was asked for; the id of its card."""
    card_id, _ = await deployed(db, "2.0", what)
    assert (await roll_back(db, card_id))["settled"]
    if call == IN_DOUBT:
        await in_doubt(db)
    elif call != QUEUED:
        hook = await called(db)
        if call == ACCEPTED:
            await db.settle(hook, "sent", hook_status="accepted")
    return card_id


@pytest.mark.parametrize(
    ("what", "call"), [("failed", QUEUED), ("failed", CALLED), ("failed", IN_DOUBT), ("completed", QUEUED)]
)
@pytest.mark.parametrize("told", [{}, {"version": "2.0"}])
async def test_what_is_known_of_the_deploy_is_not_the_rollbacks_end(
    known: Session, what: str, call: str, told: dict[str, str]
) -> None:
    """Else a failed one could be asked for a second time, beside the first."""
    card_id = await rolling(known, what, call)
    before = await card(known, card_id)
    again = await tell(known, card_id, what, **told)
    assert await card(known, card_id) == before
    assert await known.value("select card_id from ops.event_dispatches where event_id = $1", again) == card_id


async def test_before_the_call_a_start_is_the_deploys(known: Session) -> None:
    """It came late."""
    card_id = await rolling(known, "failed", QUEUED)
    before = await card(known, card_id)
    await tell(known, card_id, "started")
    assert await card(known, card_id) == before


async def test_what_runs_is_still_known(known: Session) -> None:
    """It was no rollback's result."""
    card_id = await rolling(known, "completed", QUEUED)
    await tell(known, card_id, "completed")
    assert (await card(known, card_id))["current_release"] == "2.0"


async def test_a_rollback_whose_call_was_accepted_can_fail_as_the_deploy_did(known: Session) -> None:
    """And be asked for again."""
    card_id = await rolling(known, "failed", ACCEPTED)
    await tell(known, card_id, "failed")
    assert "rollback" not in (await card(known, card_id))["state"]


async def test_a_rollback_that_began_can_fail_as_the_deploy_did(known: Session) -> None:
    """Whatever became of the call."""
    card_id = await rolling(known, "failed", CALLED)
    await tell(known, card_id, "started")
    await tell(known, card_id, "failed")
    assert "rollback" not in (await card(known, card_id))["state"]


@pytest.mark.parametrize("call", [CALLED, IN_DOUBT, ACCEPTED])
async def test_a_rollback_that_was_called_can_be_completed(known: Session, call: str) -> None:
    """A hook may answer when all is done, or too late."""
    card_id = await rolling(known, "completed", call)
    await tell(known, card_id, "completed")
    assert (await card(known, card_id))["state"]["rollback"]["ended"] is True


@pytest.mark.parametrize(("first", "then", "version"), [("completed", "failed", None), ("failed", "failed", "1.0")])
async def test_other_news_are_the_rollbacks(known: Session, first: str, then: str, version: str | None) -> None:
    """Another end, another version."""
    card_id = await rolling(known, first, CALLED)
    await tell(known, card_id, then, version=version)
    assert "rollback" not in (await card(known, card_id))["state"]


async def test_the_first_rollbacks_failure_is_not_the_seconds(known: Session) -> None:
    """On a release's card, too."""
    card_id = await fire(known, "deploy.completed", of=DEPLOY)
    await roll_back(known, card_id)
    await known.settle(await called(known), "sent", hook_status="accepted")
    await tell(known, card_id, "failed")
    await roll_back(known, card_id)
    before = await card(known, card_id)
    await tell(known, card_id, "failed")
    assert await card(known, card_id) == before
