"""apply_routes_v1 and routes_v1: the whole set of routes at once, never without a default."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from tests.integration.schema.helpers import DEFAULT_ROUTE, Session

DEPLOYS = {"name": "deploys", "position": 10, "event_pattern": "deploy.*", "channel": "#ops-deploy"}


async def apply(db: Session, *routes: dict[str, Any]) -> Any:  # noqa: ANN401  # the answer's JSON
    return await db.call("apply_routes_v1", routes=list(routes))


async def test_a_route_comes_back_as_it_was_written(db: Session) -> None:
    """Each key of the contract is kept."""
    written = {
        "name": "web",
        "position": 1,
        "event_pattern": "deploy.*",
        "minimum_severity": "warning",
        "service": "web*",
        "environment": "prod",
        "channel": "#web",
        "mention": "here",
        "continue": True,
        "is_default": False,
    }
    await apply(db, DEFAULT_ROUTE, written)
    assert written in await db.call("routes_v1")


async def test_what_a_route_does_not_say_has_its_default(db: Session) -> None:
    """A short route is any event, any severity, no mention, and ends the search."""
    await apply(db, DEFAULT_ROUTE, {"name": "short", "position": 1, "channel": "#a"})
    [short] = [route for route in await db.call("routes_v1") if route["name"] == "short"]
    assert short == {
        "name": "short",
        "position": 1,
        "event_pattern": "*",
        "minimum_severity": "info",
        "service": None,
        "environment": None,
        "channel": "#a",
        "mention": None,
        "continue": False,
        "is_default": False,
    }


async def test_routes_come_in_their_order(db: Session) -> None:
    """By position, then by name."""
    await apply(
        db,
        DEFAULT_ROUTE,
        {**DEPLOYS, "position": 200},
        {"name": "b", "position": 1, "channel": "#b"},
        {"name": "a", "position": 1, "channel": "#a"},
    )
    assert [route["name"] for route in await db.call("routes_v1")] == ["a", "b", "default", "deploys"]


async def test_the_whole_set_is_replaced(db: Session) -> None:
    """What is not named is removed."""
    await apply(db, DEFAULT_ROUTE, DEPLOYS)
    assert await apply(db, DEFAULT_ROUTE) == {"added": 0, "changed": 0, "removed": 1}
    assert [route["name"] for route in await db.call("routes_v1")] == ["default"]


async def test_it_counts_what_it_did(db: Session) -> None:
    """One added, one changed, one removed, one as it was."""
    kept = {"name": "kept", "position": 1, "channel": "#a"}
    await apply(db, DEFAULT_ROUTE, kept, DEPLOYS)
    assert await apply(db, {**DEFAULT_ROUTE, "channel": "#b"}, kept, {**DEPLOYS, "name": "new"}) == {
        "added": 1,
        "changed": 1,
        "removed": 1,
    }


async def test_the_same_set_again_changes_nothing(db: Session) -> None:
    """Applying is repeatable."""
    await apply(db, DEFAULT_ROUTE, DEPLOYS)
    assert await apply(db, DEFAULT_ROUTE, DEPLOYS) == {"added": 0, "changed": 0, "removed": 0}


@pytest.mark.parametrize(
    "routes",
    [[], [DEPLOYS], [DEFAULT_ROUTE, {**DEFAULT_ROUTE, "name": "two"}]],
    ids=["none", "no default", "two defaults"],
)
async def test_a_set_needs_just_one_default(db: Session, routes: list[dict[str, Any]]) -> None:
    """Without a default an error could go unseen; with two nobody knows where it goes."""
    with pytest.raises(asyncpg.InvalidParameterValueError, match="just one default"):
        await apply(db, *routes)


async def test_no_set_at_all_is_refused(db: Session) -> None:
    """null is no set."""
    with pytest.raises(asyncpg.InvalidParameterValueError):
        await db.call("apply_routes_v1", routes=None)


async def test_a_refused_set_leaves_the_old_one(db: Session) -> None:
    """One bad route, and nothing is changed."""
    await apply(db, DEFAULT_ROUTE, DEPLOYS)
    with pytest.raises(asyncpg.CheckViolationError):
        await apply(db, DEFAULT_ROUTE, {**DEPLOYS, "channel": "no channel"})
    assert len(await db.call("routes_v1")) == 2


async def test_two_routes_of_one_name_are_refused(db: Session) -> None:
    """A name is one route."""
    with pytest.raises(asyncpg.UniqueViolationError):
        await apply(db, DEFAULT_ROUTE, DEPLOYS, DEPLOYS)


async def test_the_migrations_leave_a_default_route(own: Session) -> None:
    """A fresh installation tells errors in #ops-alerts before anybody has written a route."""
    [route] = await own.call("routes_v1")
    assert (route["channel"], route["minimum_severity"], route["is_default"]) == ("#ops-alerts", "error", True)


@pytest.mark.parametrize(
    "statement", ["delete from ops.notification_routes", "update ops.notification_routes set is_default = false"]
)
async def test_the_table_refuses_to_be_left_without_a_default(db: Session, statement: str) -> None:
    """guard_default_route_v1 refuses at commit, whoever writes."""
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await db.run(statement)
    assert refused.value.constraint_name == "routes_keep_a_default"


async def test_the_default_may_move_within_a_transaction(db: Session) -> None:
    """The guard looks at the end, not between."""
    async with db.connection.transaction():
        await db.run("update ops.notification_routes set is_default = false")
        await db.run(
            "insert into ops.notification_routes (name, position, channel, is_default) values ('new', 1, '#a', true)"
        )
    assert await db.value("select name from ops.notification_routes where is_default") == "new"
