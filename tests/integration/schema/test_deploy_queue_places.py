"""Who stands where in the queue of deploys, who may leave it for another, and who is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest

from tests.integration.schema.acting import card, claimed_click, service
from tests.integration.schema.helpers import Session
from tests.integration.schema.queueing import NEEDED, ask, end, move, phases


@pytest.fixture
async def free(db: Session) -> Session:
    """A database with the service api, which needs no approval."""
    await service(db, approval_required=False)
    return db


def withdrawn_by(who: str) -> dict[str, Any]:
    """The part of a card's state that tells who took it out of the queue."""
    return {"approval": {"by": {"user": who, "name": who.lower()}, "decision": "withdrawn"}}


@pytest.mark.parametrize(
    ("policy", "who", "may"),
    [
        ({"approvers": ["U0BOB"], "deployers": ["U0CAROL"]}, "U0ALICE", True),
        ({"approvers": ["U0BOB"], "deployers": ["U0CAROL"]}, "U0BOB", True),
        ({"approvers": ["U0BOB"], "deployers": ["U0CAROL"]}, "U0CAROL", True),
        ({"approvers": ["U0BOB"], "deployers": ["U0CAROL"]}, "U0ERIN", False),
        ({"approvers": ["U0BOB"]}, "U0ERIN", False),
        ({"approvers": []}, "U0ERIN", False),
        ({"approvers": ["S0APPROVERS"]}, "U0ERIN", True),
        ({"approval_required": False}, "U0ERIN", True),
        ({"approval_required": False, "deployers": ["U0CAROL"]}, "U0ERIN", False),
    ],
)
async def test_a_stranger_withdraws_nothing(db: Session, policy: dict[str, Any], who: str, may: bool) -> None:  # noqa: FBT001
    """Whatever a handler believes; who is in a group only the handler can know."""
    await service(db, **policy)
    await ask(db, "1", "requested")
    second = await ask(db, "2", state=NEEDED)
    if may:
        assert (await move(db, second, "rejected", **withdrawn_by(who)))["settled"]
        return
    with pytest.raises(asyncpg.CheckViolationError) as error:
        await move(db, second, "rejected", **withdrawn_by(who))
    assert error.value.constraint_name == "only_who_may_withdraws_a_queued_deploy"
    assert await phases(db, second) == ["queued"]


async def in_slack(db: Session, *cards: str) -> None:
    """Each has its message, which shows it as it is."""
    for card_id in cards:
        await db.run(
            "insert into ops.event_dispatches (event_id, status, routed_at) values ($1, 'routed', now())"
            " on conflict (event_id) do update set status = 'routed', routed_at = now()",
            card_id,
        )
        await db.run(
            "insert into ops.deliveries (event_id, route, channel, status, slack_ts, slack_channel_id, sent_at)"
            " values ($1, 'all', '#ops', 'sent', $2, 'C1', now())",
            card_id,
            card_id,
        )


async def changed(db: Session) -> list[str]:
    """The versions whose messages are to be changed, in their order."""
    return await db.column(
        "select c.release from ops.deliveries d join ops.cards c using (card_id)"
        " where d.kind = 'update' order by c.release"
    )


async def notes(db: Session) -> list[tuple[str, str]]:
    """What is to be told in threads, and of which version."""
    rows = await db.connection.fetch(
        "select d.thread_part, c.release from ops.deliveries d join ops.cards c using (card_id)"
        " where d.thread_delivery_id is not null order by d.position"
    )
    return [(it["thread_part"], it["release"]) for it in rows]


async def test_the_requester_is_told_who_withdrew_his_deploy(free: Session) -> None:
    """In the thread; of his own withdrawal he knows."""
    await ask(free, "1", "approved")
    second, third = await ask(free, "2"), await ask(free, "3")
    await in_slack(free, second, third)
    await move(free, second, "rejected", **withdrawn_by("U0BOB"))
    await move(free, third, "rejected", **withdrawn_by("U0ALICE"))
    assert await notes(free) == [("withdrawn", "2")]


async def place(db: Session, card_id: str) -> tuple[int, str] | None:
    """Which it is in the queue, and behind which version."""
    found = (await card(db, card_id))["queue_place"]
    return (found["nth"], found["release"]) if found else None


async def test_each_that_waits_knows_its_place(free: Session) -> None:
    """As it is now, behind the one before it."""
    first = await ask(free, "1", "approved")
    second, third, fourth = await ask(free, "2"), await ask(free, "3"), await ask(free, "4")
    assert [await place(free, it) for it in (first, second, third, fourth)] == [None, (1, "1"), (2, "2"), (3, "3")]
    assert (await card(free, third))["queue_place"]["by"]["user"] == "U0ALICE"
    await move(free, third, "rejected", **withdrawn_by("U0ALICE"))
    assert [await place(free, it) for it in (second, third, fourth)] == [(1, "1"), None, (2, "2")]
    await end(free, first)
    assert [await place(free, it) for it in (second, fourth)] == [None, (1, "2")]


async def test_a_card_shows_its_new_place_when_one_before_it_leaves(free: Session) -> None:
    """Withdrawn or with its turn; those before it stand where they stood, and none waits any longer for it."""
    first = await ask(free, "1", "approved")
    rest = [await ask(free, release) for release in ("2", "3", "4", "5")]
    await in_slack(free, *rest)
    before = {it: await card(free, it) for it in rest}
    since = await free.column("select updated_at from ops.cards order by release")
    await move(free, rest[1], "rejected", **withdrawn_by("U0ALICE"))
    assert await changed(free) == ["3", "4", "5"]
    after = {it: await card(free, it) for it in rest}
    assert [after[it]["version"] - before[it]["version"] for it in rest] == [0, 1, 1, 1]
    now = await free.column("select updated_at from ops.cards order by release")
    assert [a == b for a, b in zip(since, now, strict=True)] == [True, True, False, True, True]
    await free.run("delete from ops.deliveries where kind = 'update'")
    await end(free, first)
    assert await changed(free) == ["2", "4", "5"]


async def test_who_is_being_withdrawn_keeps_nobody_from_leaving(free: Session, other: Session) -> None:
    """Two leave at once: neither waits for the other."""
    await ask(free, "1", "approved")
    second, third, fourth = await ask(free, "2"), await ask(free, "3"), await ask(free, "4")
    token = await claimed_click(free)
    async with free.connection.transaction():
        assert (await move(free, third, "rejected", token, **withdrawn_by("U0ALICE")))["settled"]
        assert (await move(other, second, "rejected", **withdrawn_by("U0ALICE")))["settled"]
    assert await phases(free, second, third, fourth) == ["rejected", "rejected", "queued"]
    assert await place(free, fourth) == (1, "1")


async def test_what_runs_counts_from_its_turn(free: Session) -> None:
    """To wait in the queue was not its own time."""
    first, second = await ask(free, "1", "approved"), await ask(free, "2")
    [running] = await free.call("running_deploys_v1", service="api")
    assert (running["hook"], running["decision"]) == (None, "not_needed")
    asked = await free.value("select created_at from ops.cards where card_id = $1", first)
    assert datetime.fromisoformat(running["since"]) == asked
    await free.run("update ops.cards set created_at = now() - interval '1 hour' where card_id = $1", second)
    await end(free, first)
    [running] = await free.call("running_deploys_v1", service="api")
    assert (running["version"], running["hook"]) == ("2", "queued")
    assert datetime.fromisoformat(running["since"]) > asked - timedelta(minutes=1)


async def test_a_request_names_who_may_approve_it(db: Session) -> None:
    """As long as it waits for that."""
    await service(db, approvers=["S0APPROVERS", "U0BOB"])
    first = await ask(db, "1", "requested")
    assert (await card(db, first))["approvers"] == ["S0APPROVERS", "U0BOB"]
    await move(db, first, "rejected")
    assert (await card(db, first))["approvers"] is None
