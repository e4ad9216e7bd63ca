"""Two people at once: apply_routes_v1 on two connections."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.schema.helpers import DEFAULT_ROUTE, Session, is_waiting, until


def routes(name: str) -> list[dict[str, object]]:
    return [DEFAULT_ROUTE, {"name": name, "position": 1, "channel": "#a"}]


async def test_the_last_of_two_sets_stands_whole(db: Session, other: Session) -> None:
    """Sets never mix: the second waits for the first, and counts what it replaced."""
    await db.call("apply_routes_v1", routes=[DEFAULT_ROUTE])
    async with asyncio.TaskGroup() as tasks, db.connection.transaction():
        await db.call("apply_routes_v1", routes=routes("first"))
        second = tasks.create_task(other.call("apply_routes_v1", routes=routes("second")))
        await until(lambda: is_waiting(db, other))
    assert second.result() == {"added": 1, "changed": 0, "removed": 1}
    assert [route["name"] for route in await db.call("routes_v1")] == ["second", "default"]


async def test_a_reader_does_not_wait_for_a_writer(db: Session, other: Session) -> None:
    """The dispatcher routes on by the old set until the new one has committed."""
    await db.call("apply_routes_v1", routes=routes("old"))
    async with db.connection.transaction():
        await db.call("apply_routes_v1", routes=routes("new"))
        async with asyncio.timeout(5):
            assert [route["name"] for route in await other.call("routes_v1")] == ["old", "default"]


@pytest.mark.parametrize("turn", range(5))
async def test_sets_that_are_applied_at_once_do_not_deadlock(db: Session, other: Session, turn: int) -> None:
    """Both succeed, in some order."""
    names = [f"a{turn}", f"b{turn}"]
    await asyncio.gather(
        *(each.call("apply_routes_v1", routes=routes(name)) for each, name in zip((db, other), names, strict=True))
    )
    assert len(await db.call("routes_v1")) == 2
