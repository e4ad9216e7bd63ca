"""The call of a rollback's hook that dies late: one that is slow to answer is in doubt for a quarter of an hour."""

from __future__ import annotations

import pytest

from tests.integration.schema.acting import card, service
from tests.integration.schema.firing import DEPLOY, fire
from tests.integration.schema.helpers import Session
from tests.integration.schema.rolling import deployed, die, in_doubt, roll_back, tell

HOOK_EVENTS = "select event_type from ops.platform_events where event_type like '%.hook_failed'"


@pytest.fixture
async def known(db: Session) -> Session:
    """A database with the service api."""
    await service(db)
    return db


async def rolling(db: Session, kind: str) -> str:
    """A card of this kind, whose rollback was asked for; its id."""
    is_release = kind == "release"
    card_id = await fire(db, "deploy.completed", of=DEPLOY) if is_release else (await deployed(db, "1.2"))[0]
    assert (await roll_back(db, card_id))["settled"]
    return card_id


async def done(db: Session, kind: str) -> str:
    """A card that offers a rollback: of a deploy that was asked for, or of a release that was told of."""
    return (await deployed(db, "2.0"))[0] if kind == "deploy" else await fire(db, "deploy.completed", of=DEPLOY)


@pytest.mark.parametrize("kind", ["deploy", "release"])
async def test_a_rollback_that_has_ended_stays(known: Session, kind: str) -> None:
    """Else the message says that the release is deployed."""
    card_id = await done(known, kind)
    await roll_back(known, card_id)
    hook = await in_doubt(known)
    await tell(known, card_id, "completed", version="1.0")
    await die(known, hook)
    found = await card(known, card_id)
    assert (found["phase"], found["state"]["rollback"]["ended"], found["state"]["hook"]["status"]) == (
        "completed" if kind == "deploy" else "rolled_back", True, "failed",
    )  # fmt: skip
    assert await known.column(HOOK_EVENTS) == ["rollback.hook_failed"]


@pytest.mark.parametrize("kind", ["deploy", "release"])
async def test_a_rollback_that_has_begun_goes_on(known: Session, kind: str) -> None:
    """Its deployer has told so; nobody can ask for another one beside it."""
    card_id = await done(known, kind)
    await roll_back(known, card_id)
    hook = await in_doubt(known)
    await tell(known, card_id, "started")
    await die(known, hook)
    found = await card(known, card_id)
    assert (found["phase"], "rollback" in found["state"]) == (
        "completed" if kind == "deploy" else "rolling_back", True,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["deploy", "release"])
async def test_it_is_not_the_end_of_the_next_rollback(known: Session, kind: str) -> None:
    """That was asked for when the first had failed; the hook that the card tells of is its own."""
    card_id = await done(known, kind)
    await roll_back(known, card_id)
    first = await in_doubt(known)
    await tell(known, card_id, "failed")
    await roll_back(known, card_id)
    before = await card(known, card_id)
    await die(known, first)
    assert await card(known, card_id) == before
    assert before["state"]["rollback"]["delivery_id"] != first
    assert await known.column(HOOK_EVENTS) == ["rollback.hook_failed"]


async def test_one_of_which_nothing_was_heard_can_be_asked_for_again(known: Session) -> None:
    """It never began."""
    card_id = await rolling(known, "release")
    await die(known, await in_doubt(known))
    found = await card(known, card_id)
    assert (found["phase"], "rollback" in found["state"]) == ("deployed", False)
