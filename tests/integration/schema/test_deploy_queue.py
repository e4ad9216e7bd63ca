"""The queue of deploys: who waits for which, in which order they go on, and when a person looks first."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.integration.schema.acting import act, audit, card, claimed_click, service, settle
from tests.integration.schema.helpers import Session, is_waiting, until
from tests.integration.schema.queueing import NEEDED, NOT_NEEDED, ask, end, move, phases

NEW = {"event": "main", "service": "api", "environment": "production"}


@pytest.fixture
async def free(db: Session) -> Session:
    """A database with the service api, which needs no approval."""
    await service(db, approval_required=False)
    return db


async def hooks(db: Session) -> list[str]:
    """The versions that hooks are called with, in their order."""
    return await db.column(
        "select hook #>> '{inputs,version}' from ops.deliveries where kind = 'hook' order by position"
    )


async def told(db: Session, event_type: str) -> list[dict[str, Any]]:
    return await db.column(
        "select payload from ops.platform_events where event_type = $1 order by created_at", event_type
    )


async def test_a_queued_deploy_waits_and_says_behind_whom(free: Session) -> None:
    """It is in nobody's way, and its event names it."""
    first, second = await ask(free, "1", "approved"), await ask(free, "2")
    found = await card(free, second)
    assert found["phase"] == "queued"
    behind = {"card_id": first, "release": "1", "by": {"user": "U0ALICE", "name": "alice"}}
    assert found["state"]["queue"] == {"behind": behind}
    [event] = await told(free, "deploy.queued")
    assert (event["card_id"], event["behind"], event["severity"]) == (second, first, "info")


async def test_what_runs_says_how_many_wait(free: Session) -> None:
    """For `/pulser deploy` and `/pulser status`."""
    await ask(free, "1", "approved")
    await ask(free, "2")
    [running] = await free.call("running_deploys_v1", service="api")
    assert (running["version"], running["queued"]) == ("1", 1)


async def test_the_oldest_goes_on_when_the_one_before_it_is_done(free: Session) -> None:
    """One at a time, in the order of asking; where no approval is needed its hook is called."""
    first, second, third = await ask(free, "1", "approved"), await ask(free, "2"), await ask(free, "3")
    await end(free, first)
    assert await phases(free, first, second, third) == ["completed", "approved", "queued"]
    await end(free, second)
    assert await phases(free, second, third) == ["completed", "approved"]
    assert await hooks(free) == ["2", "3"]
    found = await card(free, second)
    assert found["state"]["hook"]["status"] == "queued"
    after = {"card_id": first, "release": "1", "phase": "completed", "broke": False}
    assert found["state"]["queue"]["turn"]["after"] == after
    assert [it["card_id"] for it in await told(free, "deploy.turn_taken")] == [second, third]


async def test_a_turn_waits_for_its_approvals(db: Session) -> None:
    """Votes begin when it is clear what runs before it."""
    await service(db, approvals=2, approvers=["S0APPROVERS"])
    first = await ask(db, "1", "requested")
    second = await ask(db, "2", state=NEEDED)
    await move(db, first, "rejected")
    found = await card(db, second)
    assert (found["phase"], found["state"]["quorum"]["needed"]) == ("requested", 2)
    assert await hooks(db) == []


@pytest.mark.parametrize("how", ["failed", "hook", "silent"])
async def test_after_one_that_broke_a_person_looks_first(free: Session, how: str) -> None:
    """Also where no approval is needed: nothing is deployed onto what may be in pieces."""
    first = await ask(free, "1", "approved")
    second = await ask(free, "2")
    if how == "failed":
        await end(free, first, "failed")
    elif how == "hook":
        call = {"service": "api", "action": "deploy", "inputs": {}}
        await free.value("select ops.queue_hook_v1($1, $2)", first, call)
        [claimed] = [it for it in await free.claim() if it["purpose"] == "hook"]
        await free.settle(claimed, "dead", hook_status="failed", hook_text="no such workflow")
    else:
        await free.run("update ops.cards set updated_at = now() - interval '3 hours' where card_id = $1", first)
        await free.call("expire_deploys_v1")
    found = await card(free, second)
    turn = found["state"]["queue"]["turn"]
    assert (found["phase"], turn["after"]["broke"], turn["confirm"]) == ("requested", True, True)
    assert "approval" not in found["state"]
    assert (await move(free, second, "approved"))["settled"]


async def test_a_service_that_wants_approvals_by_now_gets_them(free: Session) -> None:
    """What was asked for while none was needed is not let through."""
    first, second = await ask(free, "1", "approved"), await ask(free, "2")
    await service(free, approvals=2, approvers=["S0APPROVERS"])
    await end(free, first)
    found = await card(free, second)
    assert (found["phase"], found["state"]["quorum"]["needed"]) == ("requested", 2)


@pytest.mark.parametrize("gone", ["service", "hook", "environment"])
async def test_a_service_that_cannot_be_deployed_any_more_begins_nothing(free: Session, gone: str) -> None:
    """It waits for somebody who withdraws it, or sets it up again; the one before it ends all the same."""
    first, second = await ask(free, "1", "approved"), await ask(free, "2")
    if gone == "service":
        await service(free, "web")
    elif gone == "hook":
        await service(free, approval_required=False, deploy=None)
    else:
        await service(free, approval_required=False, environments=["staging"])
    await end(free, first)
    assert await phases(free, first, second) == ["completed", "requested"]
    assert await hooks(free) == []


async def test_a_queued_deploy_can_be_withdrawn(free: Session) -> None:
    """The one after it is next."""
    first, second, third = await ask(free, "1", "approved"), await ask(free, "2"), await ask(free, "3")
    await move(free, second, "rejected")
    await end(free, first)
    assert await phases(free, second, third) == ["rejected", "approved"]


async def test_five_may_wait(free: Session) -> None:
    """More are a mistake, or a script."""
    first = await ask(free, "0", "approved")
    for release in range(5):
        await ask(free, str(release))
    sixth = await act(free, events=[audit("deploy.requested")], new_card=NEW | {"phase": "queued", "state": NOT_NEEDED})
    assert (sixth["settled"], sixth["reason"], sixth["card"]["card_id"]) == (False, "deploy_running", first)


async def test_another_place_has_a_queue_of_its_own(free: Session) -> None:
    """A service and an environment."""
    await service(free, approval_required=False, environments=["production", "staging"])
    first = await ask(free, "1", "approved")
    second = await ask(free, "2")
    await ask(free, "1", "approved", environment="staging")
    await end(free, first)
    assert await phases(free, second) == ["approved"]


async def test_what_lines_up_behind_nothing_goes_on_at_once(free: Session) -> None:
    """What it wanted to wait for ended a moment before."""
    found = await card(free, await ask(free, "1"))
    assert (found["phase"], found["state"]["queue"]["turn"]["after"]) == ("approved", None)


async def test_what_lines_up_behind_one_that_broke_a_moment_ago_waits_for_a_person(free: Session) -> None:
    """Whoever asked has not seen it fail."""
    first = await ask(free, "1", "approved")
    await end(free, first, "failed")
    found = await card(free, await ask(free, "2"))
    assert (found["phase"], found["state"]["queue"]["turn"]["after"]["card_id"]) == ("requested", first)


async def test_whose_turn_does_not_come_in_a_day_expires(free: Session) -> None:
    """And says so."""
    await ask(free, "1", "approved")
    second = await ask(free, "2")
    await free.run("update ops.cards set updated_at = now() - interval '25 hours' where card_id = $1", second)
    assert await free.call("expire_deploys_v1") == 1
    assert await phases(free, second) == ["expired"]
    [event] = await told(free, "deploy.expired")
    assert event["reason"] == "its turn did not come in a day"


async def test_a_turn_that_was_lost_is_found_by_the_cron_job(free: Session) -> None:
    """An error in passing it on keeps no deploy from ending."""
    first, second = await ask(free, "1", "approved"), await ask(free, "2")
    await free.run("alter table ops.cards disable trigger pass_turn")
    try:
        await end(free, first)
    finally:
        await free.run("alter table ops.cards enable trigger pass_turn")
    assert await phases(free, second) == ["queued"]
    await free.call("expire_deploys_v1")
    assert await phases(free, second) == ["approved"]


async def test_a_queued_deploy_is_not_over(free: Session) -> None:
    """It is kept, however long it waits."""
    await ask(free, "1", "approved")
    second = await ask(free, "2")
    assert await free.call("is_over_v1", event_id=second, before=None) is not True
    assert not await free.value("select ops.is_over_v1($1, now() + interval '1 hour')", second)


async def test_the_metrics_count_what_waits(free: Session) -> None:
    """By phase."""
    await ask(free, "1", "approved")
    await ask(free, "2")
    counted = {
        it["labels"]["phase"]: it["value"] for it in await free.call("metrics_v1") if it["name"] == "pulser_deploys"
    }
    assert counted == {"queued": 1, "requested": 0, "approved": 1, "started": 0}


async def test_who_lines_up_while_the_other_one_ends_is_not_forgotten(free: Session, other: Session) -> None:
    """He waits for the end, and then his turn is now."""
    first, theirs = await ask(free, "1", "approved"), await claimed_click(free)
    request = {
        "events": [audit("deploy.requested")],
        "new_card": NEW | {"phase": "queued", "state": NOT_NEEDED, "release": "2"},
    }
    async with free.connection.transaction():
        await end(free, first)
        late = asyncio.create_task(settle(other, theirs, **request))
        await until(lambda: is_waiting(free, other))
    assert (await late)["settled"]
    assert await free.column("select phase from ops.cards order by release") == ["completed", "approved"]


async def test_who_lines_up_while_another_takes_his_turn_stands_behind_him(free: Session, other: Session) -> None:
    """The place was given on in the same transaction."""
    first, second, theirs = await ask(free, "1", "approved"), await ask(free, "2"), await claimed_click(free)
    request = {
        "events": [audit("deploy.requested")],
        "new_card": NEW | {"phase": "queued", "state": NOT_NEEDED, "release": "3"},
    }
    async with free.connection.transaction():
        await end(free, first)
        late = asyncio.create_task(settle(other, theirs, **request))
        await until(lambda: is_waiting(free, other))
    third = (await late)["card"]
    assert await phases(free, second, third["card_id"]) == ["approved", "queued"]
    assert third["state"]["queue"]["behind"]["card_id"] == second


async def test_an_end_waits_for_who_lines_up(free: Session, other: Session) -> None:
    """Then it sees him."""
    first, mine = await ask(free, "1", "approved"), await claimed_click(free)
    request = {
        "events": [audit("deploy.requested")],
        "new_card": NEW | {"phase": "queued", "state": NOT_NEEDED, "release": "2"},
    }
    async with free.connection.transaction():
        assert (await settle(free, mine, **request))["settled"]
        ending = asyncio.create_task(end(other, first))
        await until(lambda: is_waiting(free, other))
    await ending
    assert await free.column("select phase from ops.cards order by release") == ["completed", "approved"]


async def test_of_two_ends_at_once_one_gives_the_turn(free: Session, other: Session) -> None:
    """A result and a silence of two hours: one deploy begins."""
    first, second, third = await ask(free, "1", "approved"), await ask(free, "2"), await ask(free, "3")
    await free.run("update ops.cards set updated_at = now() - interval '3 hours' where card_id = $1", first)
    async with free.connection.transaction():
        await end(free, first)
        assert await other.call("expire_deploys_v1") == 0
    await end(other, first)
    assert await phases(free, second, third) == ["approved", "queued"]
    assert await hooks(free) == ["2"]


async def test_the_next_one_goes_on_where_the_first_is_being_withdrawn(free: Session, other: Session) -> None:
    """The turn waits for the withdrawal and passes it by."""
    first, second, third = await ask(free, "1", "approved"), await ask(free, "2"), await ask(free, "3")
    token = await claimed_click(free)
    async with free.connection.transaction():
        assert (await move(free, second, "rejected", token))["settled"]
        ending = asyncio.create_task(end(other, first))
        await until(lambda: is_waiting(free, other))
    await ending
    assert await phases(free, first, second, third) == ["completed", "rejected", "approved"]
