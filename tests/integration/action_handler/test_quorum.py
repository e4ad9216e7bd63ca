"""Deploys that several must approve, and those that wait for their turn: from the click to the message and the hook."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.integration.action_handler.stage import SERVICE, Stage

TWO: dict[str, Any] = SERVICE | {"approvals": 2, "approvers": ["S0APPROVERS", "U0DAVE"]}


@pytest.fixture
async def two(stage: Stage) -> Stage:
    """A stage on which two must approve, of a group and Dave."""
    await stage.call("apply_services_v1", services=[TWO])
    return stage


async def requested(stage: Stage, user: str = "U0ALICE", **form: str) -> str:
    """A deploy that somebody asked for, with its card in Slack; its id."""
    assert await stage.submit(user, **form) is None
    await stage.settled()
    await stage.dispatch()
    found = await stage.sql.fetchval("select card_id from ops.cards order by created_at desc limit 1")
    return str(found)


async def shown(stage: Stage, deploy_id: str) -> str:
    """The message of a deploy, as one text."""
    message = stage.slack.workspace.message(stage.channel, (await stage.card(deploy_id))["ts"])
    assert message is not None
    return str(message.blocks)


async def click(stage: Stage, deploy_id: str, verb: str, *users: str) -> None:
    """Each presses it at the same time on the deploy's message."""
    ts = (await stage.card(deploy_id))["ts"]
    await asyncio.gather(*(stage.slack.press(stage.channel, ts, f"pulser_{verb}", user_id=it) for it in users))
    await stage.settled()
    await stage.dispatch()


async def test_three_people_deploy(two: Stage) -> None:
    """Alice asks, Bob approves and counts once, Carol is the second: then the hook is called, once."""
    deploy_id = await requested(two)
    assert "It waits for 2 approvals" in two.notes("U0ALICE")[0]
    assert "Waits for 2 approvals" in await shown(two, deploy_id)

    await click(two, deploy_id, "approve", "U0ALICE")
    assert "somebody else must approve it" in two.notes("U0ALICE")[-1]
    await click(two, deploy_id, "approve", "U0BOB")
    assert "Approved by <@U0BOB> (1 of 2)" in await shown(two, deploy_id)
    assert "Waits for 1 more approval" in await shown(two, deploy_id)
    await click(two, deploy_id, "approve", "U0BOB")
    (note,) = two.notes("U0BOB")
    assert "You have approved this deploy already" in note
    assert "1 of 2" in note
    assert (two.deployer.called, (await two.card(deploy_id))["phase"]) == ([], "requested")

    await click(two, deploy_id, "approve", "U0CAROL")
    (called,) = two.deployer.called
    assert called["approved_by"] == "U0BOB, U0CAROL"
    assert two.notes("U0CAROL") == []
    assert "Approved by <@U0CAROL> (2 of 2)" in await shown(two, deploy_id)
    told = [it["type"] for it in await two.audits() if it["type"].startswith("deploy.")]
    assert told == ["deploy.requested", "deploy.approval_given", "deploy.approved"]
    kept = await two.sql.fetch("select approver from ops.approvals order by at")
    assert [it["approver"] for it in kept] == ["U0BOB", "U0CAROL"]


async def test_two_approvers_at_once_both_count(two: Stage) -> None:
    """The second click is decided again on the newer card: nobody is told that he came late, one hook is called."""
    deploy_id = await requested(two)
    await click(two, deploy_id, "approve", "U0BOB", "U0CAROL")
    assert (await two.card(deploy_id))["phase"] == "approved"
    assert len(two.deployer.called) == 1
    assert two.notes("U0BOB") + two.notes("U0CAROL") == []


async def test_three_approvers_at_once_are_one_deploy(two: Stage) -> None:
    """Two count, and the third is told who was faster."""
    await click(two, await requested(two), "approve", "U0BOB", "U0CAROL", "U0DAVE")
    assert len(two.deployer.called) == 1
    notes = [note for it in ("U0BOB", "U0CAROL", "U0DAVE") for note in two.notes(it)]
    assert len(notes) == 1
    assert "approved this deploy already" in notes[0]


async def test_a_vote_and_a_rejection_at_once_are_a_rejection(two: Stage) -> None:
    """One of two is not enough, and any approver rejects alone."""
    deploy_id = await requested(two)
    await asyncio.gather(two.press("approve", "U0BOB"), two.press("reject", "U0CAROL"))
    await two.settled()
    assert ((await two.card(deploy_id))["phase"], await two.hooks()) == ("rejected", [])


async def test_who_is_not_named_has_no_vote(two: Stage) -> None:
    """Neither by his id nor by the group."""
    deploy_id = await requested(two, "U0BOB")
    assert "Only <!subteam^S0APPROVERS> and <@U0DAVE> may approve" in (await two.click("approve", "U0ALICE"))[-1]
    assert (await two.card(deploy_id))["version"] == 1


async def test_a_deploy_is_queued_and_takes_its_turn(stage: Stage) -> None:
    """Its card says behind whom; when that one is rejected it asks for its approval, also in its thread."""
    first = await requested(stage)
    ack = await stage.submit("U0CAROL", version="1.2.5")
    assert ack is not None
    assert "queue it" in ack["errors"]["environment"]
    on_the_form = await stage.submit("U0CAROL", version="1.2.5", queue="ask_again")
    assert on_the_form is not None
    assert "Choose here to queue it" in on_the_form["errors"]["queue"]
    second = await requested(stage, "U0CAROL", version="1.2.5", queue="queue")
    assert (
        "It is queued. Under way now: <@U0ALICE> asked for `1.2.4` in production, <!date^" in stage.notes("U0CAROL")[-1]
    )
    assert "1st in the queue, behind `1.2.4` by <@U0ALICE>" in await shown(stage, second)
    told = [it for it in stage.slack.workspace.history(stage.channel) if "Deploy queued" in str(it.blocks)]
    assert ((await stage.card(second))["phase"], len(told)) == ("queued", 1)

    await click(stage, first, "reject", "U0BOB")
    assert [(await stage.card(it))["phase"] for it in (first, second)] == ["rejected", "requested"]
    assert "Its turn came" in await shown(stage, second)
    (note,) = [it for it in stage.slack.workspace.history(stage.channel) if it.thread_ts and it.is_reply]
    turn = "<@U0CAROL> The turn of the deploy of `1.2.5` has come. Waits for an approval by <!subteam^S0APPROVERS>."
    assert note.text == turn
    assert note.thread_ts == (await stage.card(second))["ts"]
    await click(stage, second, "approve", "U0BOB")
    assert len(stage.deployer.called) == 1


async def test_who_queued_a_deploy_withdraws_it(stage: Stage) -> None:
    """The one before it is not touched."""
    first = await requested(stage)
    second = await requested(stage, "U0CAROL", version="1.2.5", queue="queue")
    await click(stage, second, "reject", "U0CAROL")
    assert [(await stage.card(it))["phase"] for it in (first, second)] == ["requested", "rejected"]
    assert [it for it in stage.slack.workspace.history(stage.channel) if it.is_reply] == []


async def test_another_withdraws_a_queued_deploy(stage: Stage) -> None:
    """The question names whose it is, the card who did it; the requester is told in the thread; the next moves up."""
    await stage.call("apply_services_v1", services=[SERVICE | {"approval_required": False, "approvers": []}])
    await requested(stage)
    second = await requested(stage, "U0CAROL", version="1.2.5", queue="queue")
    third = await requested(stage, "U0DAVE", version="1.2.6", queue="queue")
    assert "Withdraw @carol's deploy of 1.2.5?" in (await shown(stage, second)).replace('"', "'")
    assert "2nd in the queue, behind `1.2.5` by <@U0CAROL>" in await shown(stage, third)

    await click(stage, second, "reject", "U0BOB")
    assert "Withdrawn by <@U0BOB>" in await shown(stage, second)
    assert "Deploy request withdrawn" in await shown(stage, second)
    (note,) = [it for it in stage.slack.workspace.history(stage.channel) if it.is_reply]
    assert note.text == "<@U0CAROL> The queued deploy of `1.2.5` was withdrawn by bob."
    assert note.thread_ts == (await stage.card(second))["ts"]
    assert "1st in the queue, behind `1.2.4` by <@U0ALICE>" in await shown(stage, third)


async def test_a_stranger_is_told_who_may_withdraw(stage: Stage) -> None:
    """Where approvers are named, also on a queued deploy."""
    await requested(stage)
    second = await requested(stage, "U0CAROL", version="1.2.5", queue="queue")
    await click(stage, second, "reject", "U0DAVE")
    told = "Only <@U0CAROL>, who asked for it, and <!subteam^S0APPROVERS> may withdraw this deploy."
    assert told in stage.notes("U0DAVE")[-1]
    assert (await stage.card(second))["phase"] == "queued"


async def test_a_fresh_request_calls_who_may_approve_it(two: Stage) -> None:
    """In the message itself."""
    waits = "Waits for 2 approvals by <!subteam^S0APPROVERS> or <@U0DAVE>"
    assert waits in await shown(two, await requested(two))


async def test_what_nobody_could_approve_is_refused(stage: Stage) -> None:
    """At once: it would block the queue for a day."""
    few = SERVICE | {"approvals": 2, "approvers": ["U0ALICE", "U0BOB"]}
    await stage.call("apply_services_v1", services=[few])
    ack = await stage.submit("U0ALICE")
    assert ack is not None
    assert "only 1 other is named" in ack["errors"]["service"]
    assert await stage.submit("U0CAROL") is None


async def test_ten_who_queue_at_once_are_five(stage: Stage) -> None:
    """Each of the others is told on the field."""
    await requested(stage)
    acks = await asyncio.gather(*(stage.submit("U0ALICE", version=f"2.{n}", queue="queue") for n in range(10)))
    await stage.settled()
    refused = [it["errors"]["environment"] for it in acks if it is not None]
    assert len(refused) == 5
    assert all("5 wait for their turn already" in it for it in refused)
