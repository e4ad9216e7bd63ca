from __future__ import annotations

from typing import Any

import pytest

from pulser.database import DirectDatabase
from pulser_local.database_setup import connected
from pulser_local.errors import LocalError
from pulser_local.ports import free_port
from pulser_local.routes import apply_first_routes, channels_for, only_default

ROUTES: list[dict[str, Any]] = [
    {
        "name": "ci",
        "position": 10,
        "event_pattern": "ci.*",
        "minimum_severity": "info",
        "service": None,
        "environment": None,
        "channel": "#ops-ci",
        "mention": None,
        "continue": False,
        "is_default": False,
    },
    {
        "name": "default",
        "position": 1000,
        "event_pattern": "*",
        "minimum_severity": "error",
        "service": None,
        "environment": None,
        "channel": "#ops-alerts",
        "mention": None,
        "continue": False,
        "is_default": True,
    },
]


async def test_an_unreachable_database_is_named_without_its_password() -> None:
    """The error says where it tried to connect, and not with which password."""
    port = free_port()
    with pytest.raises(LocalError, match=f"127.0.0.1:{port}/postgres") as raised:
        async with connected(f"postgresql://postgres:sesame@127.0.0.1:{port}/postgres"):
            pass
    assert "sesame" not in str(raised.value)


async def test_what_the_database_refuses_is_a_local_error(database_url: str) -> None:
    """An SQL error becomes a LocalError with the server's words."""
    with pytest.raises(LocalError, match="does not exist"):
        async with connected(database_url) as connection:
            await connection.execute("select * from nowhere")


async def test_routes_come_into_a_database_that_has_only_the_default(database_url: str) -> None:
    """A freshly migrated database gets the project's routes."""
    database = DirectDatabase(database_url)
    await apply_first_routes(database, ROUTES, own=False)
    assert [route["name"] for route in await database.call("routes_v1")] == ["ci", "default"]
    await database.close()


async def test_routes_of_a_foreign_database_are_kept(database_url: str) -> None:
    """Routes that somebody made in a database that is not ours stay."""
    database = DirectDatabase(database_url)
    theirs = [{**ROUTES[0], "channel": "#theirs"}, ROUTES[1]]
    await database.call("apply_routes_v1", {"routes": theirs})
    assert "kept" in await apply_first_routes(database, ROUTES, own=False)
    assert (await database.call("routes_v1"))[0]["channel"] == "#theirs"
    await database.close()


async def test_our_own_database_always_gets_the_routes(database_url: str) -> None:
    """In the embedded database the project's routes replace whatever was there."""
    database = DirectDatabase(database_url)
    await database.call("apply_routes_v1", {"routes": [{**ROUTES[0], "channel": "#old"}, ROUTES[1]]})
    await apply_first_routes(database, ROUTES, own=True)
    assert (await database.call("routes_v1"))[0]["channel"] == "#ops-ci"
    await database.close()


@pytest.mark.parametrize(("held", "untouched"), [([], True), ([ROUTES[1]], True), (ROUTES, False), (None, False)])
def test_only_the_default_route_counts_as_untouched(held: object, untouched: bool) -> None:  # noqa: FBT001  # a parameter of the case
    """Routes are the migration's when there is no other than the default."""
    assert only_default(held) is untouched


def test_the_workspace_has_the_channels_of_the_routes() -> None:
    """A channel that a route names exists in the simulated workspace, once; an ID names none."""
    named = channels_for([{"channel": "#team-shop"}, {"channel": "#ops-ci"}, {"channel": "C0123456789"}])
    assert named.count("ops-ci") == 1
    assert named[-1] == "team-shop"
