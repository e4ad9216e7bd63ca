"""Results that name their deploy by its id alone: its card knows the rest."""

from __future__ import annotations

import pytest

from tests.integration.schema.acting import card, service
from tests.integration.schema.firing import fire
from tests.integration.schema.helpers import Session
from tests.integration.schema.rolling import deployed, roll_back, tell

FACTS = "select concat_ws(' ', environment, aspect, what, version) from ops.service_facts order by aspect"


@pytest.fixture
async def known(db: Session) -> Session:
    """A database with the service api."""
    await service(db)
    return db


@pytest.mark.parametrize("told", [{}, {"service": "api"}, {"service": "api", "environment": "prod"}])
@pytest.mark.parametrize("what", ["completed", "failed"])
async def test_an_older_release_is_not_the_one_that_runs(known: Session, what: str, told: dict[str, str]) -> None:
    """Else its message would offer Rollback, and it would go through."""
    older, _ = await deployed(known, "1.0")
    newer, _ = await deployed(known, "2.0", what, **told)
    assert [(await card(known, it))["current_release"] for it in (older, newer)] == ["2.0", "2.0"]
    assert await known.column(FACTS) == [f"production deploy {what} 2.0", f"production release {what} 2.0"]


@pytest.mark.parametrize("what", ["completed", "failed"])
async def test_what_its_result_is_told_by_elsewhere_is_of_the_same_place(known: Session, what: str) -> None:
    """The message of the result itself, where the card does not stand."""
    _, result = await deployed(known, "1.0", what, service="api", version="1.0")
    await deployed(known, "2.0")
    found = await card(known, result)
    assert (found["environment"], found["release"], found["current_release"]) == ("production", "1.0", "2.0")


async def test_a_release_that_was_deployed_since_ends_a_rollback(known: Session) -> None:
    """Not every deployer says which rollback it was."""
    older, _ = await deployed(known, "1.0")
    await roll_back(known, older)
    newer, _ = await deployed(known, "2.0")
    assert (await roll_back(known, newer))["settled"]


async def test_what_runs_after_a_rollback_only_its_result_tells(known: Session) -> None:
    """Surely not the release that was rolled back."""
    card_id, _ = await deployed(known, "2.0")
    await roll_back(known, card_id)
    await tell(known, card_id, "completed", version="1.0")
    assert (await card(known, card_id))["current_release"] == "1.0"
    await tell(known, card_id, "completed")
    assert (await card(known, card_id))["current_release"] is None


@pytest.mark.parametrize("deploy_id", ["run-7", "11111111-1111-4111-8111-111111111111"])
async def test_news_of_a_deploy_without_a_card_are_as_they_say(known: Session, deploy_id: str) -> None:
    """And news of no service are none."""
    await fire(known, "deploy.completed", of={"deploy_id": deploy_id})
    assert await known.column(FACTS) == []
    await fire(known, "deploy.completed", of={"deploy_id": deploy_id, "service": "api", "version": "1.0"})
    assert await known.column(FACTS) == [" deploy completed 1.0", " release completed 1.0"]
