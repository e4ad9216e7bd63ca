"""Rollbacks: one at a time per service and environment, on whichever card they are asked for."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.integration.schema.acting import (
    WEBHOOK,
    act,
    audit,
    card,
    claimed_click,
    deliveries,
    requested_deploy,
    service,
    settle,
)
from tests.integration.schema.helpers import Session, is_waiting, until

CALL = {"card": "card", "service": "api", "action": "rollback", "inputs": {"version": "1.2"}}


@pytest.fixture
async def known(db: Session) -> Session:
    """A database with the service api."""
    await service(db)
    return db


async def failed(db: Session, **told: Any) -> str:  # noqa: ANN401  # any JSON value
    """The alert of a failed deploy; the id of its card."""
    [event] = await db.emit(1, "deploy.failed")
    described = {"kind": "alert", "service": "api", "environment": "production", "release": "1.2"} | told
    await route(db, event, card=described)
    return event


async def route(db: Session, event: str, **meaning: Any) -> None:  # noqa: ANN401
    """The event is routed to no channel, and means this."""
    claimed = await db.claim_events()
    ours = [it["event_id"] for it in claimed["events"]]
    routings = [{"event_id": it, "deliveries": []} | (meaning if it == event else {}) for it in ours]
    await db.call("record_deliveries_v1", claim_token=claimed["claim_token"], routings=routings)


async def deployed(db: Session, version: str | None, **place: str | None) -> None:
    """News that this release was deployed, which name no deploy."""
    [event] = await db.emit(1, "deploy.completed")
    told = {"service": "api", "environment": "production", "aspect": "deploy", "what": "completed", "version": version}
    await route(db, event, fact=told | place)


async def asked(db: Session, card_id: str) -> dict[str, Any]:
    """What a handler that has just seen the card settles with."""
    found = await card(db, card_id)
    kept = {name: found[name] for name in ("card_id", "version", "kind", "service", "environment", "release", "phase")}
    state = found["state"] | {"rollback": {"user": "U1", "name": "ada", "at": "2026-11-24T12:00:00Z"}}
    return {"events": [audit("rollback.requested")], "card": kept | {"state": state}, "hooks": [CALL]}


async def roll_back(db: Session, card_id: str) -> dict[str, Any]:
    return await act(db, **await asked(db, card_id))


async def test_a_rollback_on_another_card_is_in_the_way(known: Session) -> None:
    """It says which card, writes nothing and calls nothing."""
    first, second = await failed(known), await failed(known)
    await roll_back(known, first)
    refused = await roll_back(known, second)
    assert (refused["settled"], refused["reason"], refused["card"]["card_id"]) == (False, "card_changed", first)
    assert (len(await deliveries(known, "hook")), (await card(known, second))["version"]) == (1, 0)


@pytest.mark.parametrize(("what", "stays"), [("started", True), ("completed", False), ("failed", False)])
async def test_its_own_result_ends_it(known: Session, what: str, stays: bool) -> None:  # noqa: FBT001
    """rollback.*, which names the card by its id, whatever else it says."""
    first, second = await failed(known), await failed(known)
    await roll_back(known, first)
    [event] = await known.emit(1, f"rollback.{what}")
    await route(known, event, deploy_result={"rollback": True, "deploy_id": first, "what": what, "version": "1.1"})
    assert ((await card(known, second))["other_rollback"] is not None) is stays
    assert (await card(known, first))["state"]["result"]["what"] == what


async def test_a_rollbacks_result_is_of_no_deploy(known: Session) -> None:
    """Not even of the one that it names, as long as nobody rolls that back."""
    deploy = await requested_deploy(known)
    approved = await card(known, deploy)
    [event] = await known.emit(1, "rollback.completed")
    told = {"rollback": True, "service": "api", "environment": "production", "what": "completed", "version": "1.2"}
    await route(known, event, deploy_result=told | {"deploy_id": deploy})
    assert await card(known, deploy) == approved


async def test_a_rollback_that_begins_is_no_deploy(known: Session) -> None:
    """Where no card waits for it, it is news: a card of it would stand in the way of each deploy."""
    [event] = await known.emit(1, "rollback.started")
    told = {"rollback": True, "service": "api", "environment": "production", "what": "started", "version": "1.2"}
    await route(known, event, deploy_result=told | {"deploy_id": event})
    assert await known.call("running_deploys_v1", service="api") == []


async def test_the_status_tells_of_it(known: Session) -> None:
    """As long as it is under way: who, and of which release."""
    first = await failed(known)
    await roll_back(known, first)
    [told] = await known.call("service_status_v1")
    assert (told["rollback"]["version"], told["rollback"]["by"]["name"]) == ("1.2", "ada")
    [event] = await known.emit(1, "deploy.completed")
    await route(known, event, deploy_result={"deploy_id": first, "what": "completed", "version": "1.1"})
    [told] = await known.call("service_status_v1")
    assert told["rollback"] is None


@pytest.mark.parametrize(("hook", "can"), [(WEBHOOK, True), (None, False)])
async def test_its_card_knows_whether_its_service_has_a_hook_for_it(db: Session, hook: object, can: bool) -> None:  # noqa: FBT001
    """Of a service that nobody has set up it is unknown."""
    event = await failed(db)
    assert (await card(db, event))["can_rollback"] is None
    await service(db, rollback=hook)
    assert (await card(db, event))["can_rollback"] is can


async def test_a_handler_sees_who_asked_for_it(known: Session) -> None:
    """So that it can tell: the card of its own rollback has none in its way."""
    first, second = await failed(known), await failed(known, release="1.3")
    await roll_back(known, first)
    told = (await card(known, second))["other_rollback"]
    assert (told["card_id"], told["release"], told["by"]["user"]) == (first, "1.2", "U1")
    assert (await card(known, first))["other_rollback"] is None


async def test_of_two_at_once_one_wins(known: Session, other: Session) -> None:
    """The second waits for the first to commit and then sees it."""
    mine, theirs = await claimed_click(known), await claimed_click(known)
    first, second = await asked(known, await failed(known)), await asked(known, await failed(known))
    transaction = known.connection.transaction()
    await transaction.start()
    won = await settle(known, mine, **first)
    waits = asyncio.create_task(settle(other, theirs, **second))
    await asyncio.sleep(0)
    await transaction.commit()
    assert (won["settled"], (await waits)["reason"]) == (True, "card_changed")


@pytest.mark.parametrize("place", [{"environment": "staging"}, {"service": "web"}])
async def test_elsewhere_is_free(known: Session, place: dict[str, str]) -> None:
    """Another environment, another service."""
    first, second = await failed(known), await failed(known, **place)
    await roll_back(known, first)
    assert (await roll_back(known, second))["settled"]


@pytest.mark.parametrize("places", [(None, "production"), ("production", None), (None, None)])
async def test_a_card_without_an_environment_may_be_of_any(known: Session, places: tuple[str | None, ...]) -> None:
    """What reported the failure need not have said where it was."""
    first, second = [await failed(known, environment=it) for it in places]
    await roll_back(known, first)
    assert (await roll_back(known, second))["reason"] == "card_changed"


@pytest.mark.parametrize("what", ["completed", "failed"])
async def test_a_rollback_that_ended_is_in_nobodys_way(known: Session, what: str) -> None:
    """Its result came."""
    first, second = await failed(known), await failed(known)
    await roll_back(known, first)
    [event] = await known.emit(1, f"deploy.{what}")
    result = {"deploy_id": first, "service": "api", "environment": "production", "what": what}
    await route(known, event, deploy_result=result)
    assert (await roll_back(known, second))["settled"]


async def test_a_silent_rollback_is_in_the_way_for_two_hours(known: Session) -> None:
    """Then it can be asked for again, on whichever card."""
    first, second = await failed(known), await failed(known)
    await roll_back(known, first)
    await known.run("update ops.cards set updated_at = now() - interval '119 minutes'")
    assert not (await roll_back(known, second))["settled"]
    await known.run("update ops.cards set updated_at = now() - interval '121 minutes'")
    assert (await roll_back(known, second))["settled"]


@pytest.mark.parametrize(("version", "free"), [("1.1", True), ("1.2", False), (None, False)])
async def test_another_release_that_was_deployed_since_ends_it(
    known: Session, version: str | None, *, free: bool
) -> None:
    """Not every deployer says which rollback it was. The failed deploy that is told a second time ends nothing."""
    first, second = await failed(known), await failed(known, release=version or "1.2")
    await roll_back(known, first)
    await deployed(known, version)
    assert (await roll_back(known, second))["settled"] is free


@pytest.mark.parametrize("environment", ["production", None])
async def test_a_release_that_was_replaced_since_it_was_read_is_not_rolled_back(
    known: Session, environment: str | None
) -> None:
    """The news of the newer one changes no card: it is decided anew."""
    read = await asked(known, await failed(known, environment=environment))
    await deployed(known, "1.3", environment=environment)
    refused = await act(known, **read)
    assert (refused["settled"], refused["reason"]) == (False, "card_changed")
    assert (refused["card"]["card_id"], refused["card"]["current_release"]) == (read["card"]["card_id"], "1.3")
    assert await deliveries(known, "hook") == []


@pytest.mark.parametrize(
    ("version", "place"), [("1.2", {}), (None, {}), ("1.3", {"environment": "staging"}), ("1.3", {"service": "web"})]
)
async def test_other_news_are_in_no_rollbacks_way(known: Session, version: str | None, place: dict[str, str]) -> None:
    """Of the same release, of one that nobody names, of another place."""
    read = await asked(known, await failed(known))
    await deployed(known, version, **place)
    assert (await act(known, **read))["settled"]


async def test_a_rollback_waits_for_a_newer_release_that_is_just_recorded(known: Session, other: Session) -> None:
    """And sees it then."""
    read = await asked(known, await failed(known, release="1.0"))
    await deployed(known, "1.0")
    token = await claimed_click(known)
    async with known.connection.transaction():
        await deployed(known, "2.0")
        settled = asyncio.create_task(settle(other, token, **read))
        await until(lambda: is_waiting(known, other))
    assert (await settled)["reason"] == "card_changed"
    assert await deliveries(known, "hook") == []


async def test_a_newer_release_waits_for_a_rollback_that_is_just_settled(known: Session, other: Session) -> None:
    """The rollback was first, and ends with the newer release."""
    read = await asked(known, await failed(known, release="1.0"))
    await deployed(known, "1.0")
    token = await claimed_click(known)
    async with known.connection.transaction():
        assert (await settle(known, token, **read))["settled"]
        recorded = asyncio.create_task(deployed(other, "2.0"))
        await until(lambda: is_waiting(known, other))
    await recorded
    assert (await roll_back(known, await failed(known, release="2.0")))["settled"]
