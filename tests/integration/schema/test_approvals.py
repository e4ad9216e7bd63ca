"""Approvals: as many as are wanted, of one plan, each approver once, never who asked; the database refuses more."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from action_handler.quorum import plan_hash
from tests.integration.schema.acting import act, audit, card, claimed_click, requested_deploy, service, settle
from tests.integration.schema.helpers import Session, is_waiting, until

PLAN = plan_hash("api", "production", "1.2")
ALICE = {"user": "U0ALICE", "name": "alice"}
CALL = {"card": "card", "service": "api", "action": "deploy"}


@pytest.fixture
async def asked(db: Session) -> str:
    """A deploy that Alice asked for and that two must approve; its card."""
    await service(db, approvals=2, approvers=["S0APPROVERS"])
    return await requested_deploy(db, state={"requested": ALICE, "quorum": {"needed": 1}})


async def change(db: Session, card_id: str, phase: str = "requested", **state: Any) -> dict[str, Any]:  # noqa: ANN401
    """The card as it is, on its way to another phase."""
    found = await card(db, card_id)
    return {
        "card_id": card_id, "version": found["version"], "kind": "deploy", "service": "api",
        "environment": "production", "release": "1.2", "phase": phase, "state": found["state"] | state,
    }  # fmt: skip


def vote(who: str, plan: str = PLAN) -> dict[str, Any]:
    return {"approver": who, "name": who.lower(), "plan_hash": plan}


async def approve(db: Session, card_id: str, who: str, phase: str = "requested", plan: str = PLAN) -> dict[str, Any]:
    """A vote with the change of its card, as a handler settles them."""
    return await act(
        db, events=[audit("deploy.approval_given")], card=await change(db, card_id, phase), approval=vote(who, plan)
    )


async def refused(db: Session, card_id: str, who: str, **more: str) -> str | None:
    """By which rule this vote is refused."""
    with pytest.raises(asyncpg.CheckViolationError) as error:
        await approve(db, card_id, who, **more)
    return error.value.constraint_name


async def test_what_must_be_approved_is_fixed_by_the_database(db: Session, asked: str) -> None:
    """As many as the service wants when the card is made, whatever its asker believed."""
    assert (await card(db, asked))["state"]["quorum"] == {"needed": 2, "plan": PLAN}


@pytest.mark.parametrize(
    "plan", [("api", "production", "1.2"), ("a", "pi:production", None), ("größe", "", '"\\\n'), ("-", "-", "-")]
)
async def test_the_ledger_and_the_handler_mean_the_same_plan(db: Session, plan: tuple[str, str, str | None]) -> None:
    """One hash, made twice."""
    assert await db.call("plan_hash_v1", service=plan[0], environment=plan[1], release=plan[2]) == plan_hash(*plan)


async def test_who_asked_is_not_known(db: Session) -> None:
    """One more must approve: one of them may be he."""
    await service(db, approvals=2, approvers=["S0APPROVERS"])
    assert (await card(db, await requested_deploy(db)))["state"]["quorum"]["needed"] == 3


async def test_a_service_that_wants_more_later_changes_no_card(db: Session, asked: str) -> None:
    """What was shown holds."""
    await service(db, approvals=5, approvers=["S0APPROVERS"])
    await approve(db, asked, "U0BOB")
    assert (await approve(db, asked, "U0CAROL", "approved"))["settled"]


async def test_a_vote_is_kept_with_its_envelope(db: Session, asked: str) -> None:
    """Who, of which plan, by which click."""
    await approve(db, asked, "U0BOB")
    kept = await db.row("select approver, name, plan_hash, envelope_id from ops.approvals")
    assert (kept["approver"], kept["name"], kept["plan_hash"]) == ("U0BOB", "u0bob", PLAN)
    assert kept["envelope_id"] == await db.value("select envelope_id from ops.slack_envelopes order by id desc limit 1")


async def test_the_last_vote_approves(db: Session, asked: str) -> None:
    """And the hook is queued, once."""
    await approve(db, asked, "U0BOB")
    told = {"card": await change(db, asked, "approved"), "approval": vote("U0CAROL"), "hooks": [CALL]}
    assert (await act(db, **told))["card"]["phase"] == "approved"
    assert await db.value("select count(*) from ops.deliveries where kind = 'hook'") == 1


@pytest.mark.parametrize("votes", [[], ["U0BOB"]])
async def test_too_few_votes_approve_nothing(db: Session, asked: str, votes: list[str]) -> None:
    """Whatever a handler believes, nothing of its settlement is written."""
    for who in votes:
        await approve(db, asked, who)
    with pytest.raises(asyncpg.CheckViolationError) as error:
        await act(db, card=await change(db, asked, "approved"), hooks=[CALL])
    assert error.value.constraint_name == "a_deploy_has_the_approvals_it_needs"
    assert (await card(db, asked))["phase"] == "requested"
    assert await db.value("select count(*) from ops.deliveries where kind = 'hook'") == 0


async def test_no_deploy_begins_unapproved_where_several_must(db: Session) -> None:
    """A handler that read an older policy has to look again."""
    await service(db, approvals=2, approvers=["S0APPROVERS"])
    with pytest.raises(asyncpg.CheckViolationError):
        await requested_deploy(db, phase="approved", state={"approval": {"decision": "not_needed"}})


async def test_the_requester_is_refused(db: Session, asked: str) -> None:
    """Somebody else must."""
    assert await refused(db, asked, "U0ALICE") == "the_requester_does_not_approve"


async def test_another_plan_is_refused(db: Session, asked: str) -> None:
    """A vote is of what its voter saw."""
    other = plan_hash("api", "production", "1.3")
    assert await refused(db, asked, "U0BOB", plan=other) == "an_approval_is_of_the_plan_shown"


async def test_a_second_vote_of_one_is_refused(db: Session, asked: str) -> None:
    """Each once."""
    await approve(db, asked, "U0BOB")
    with pytest.raises(asyncpg.UniqueViolationError, match="each_approver_votes_once"):
        await approve(db, asked, "U0BOB", "approved")


async def test_more_votes_than_needed_are_refused(db: Session, asked: str) -> None:
    """What is approved is approved."""
    for who in ("U0BOB", "U0CAROL"):
        await approve(db, asked, who)
    assert await refused(db, asked, "U0DAN") == "no_more_approvals_than_needed"


async def test_what_was_rejected_is_not_approved(db: Session, asked: str) -> None:
    """A vote is of a deploy that waits for it."""
    await act(db, card=await change(db, asked, "rejected"))
    assert await refused(db, asked, "U0BOB", phase="rejected") == "only_a_requested_deploy_is_approved"


async def test_a_vote_is_not_changed(db: Session, asked: str) -> None:
    """Not even by hand."""
    await approve(db, asked, "U0BOB")
    with pytest.raises(asyncpg.CheckViolationError, match="is not changed"):
        await db.run("update ops.approvals set approver = 'U0CAROL'")


@pytest.mark.parametrize(
    "state", [{"quorum": {"needed": 1, "plan": PLAN}}, {"quorum": None}, {"requested": {"user": "U0BOB"}}]
)
async def test_what_was_fixed_does_not_change(db: Session, asked: str, state: dict[str, Any]) -> None:
    """Neither how many, nor of what, nor who asked."""
    with pytest.raises(asyncpg.CheckViolationError) as error:
        await act(db, card=await change(db, asked, **state))
    assert error.value.constraint_name == "a_quorum_is_fixed"


async def test_votes_go_with_their_card(db: Session, asked: str) -> None:
    """When it is pruned."""
    await approve(db, asked, "U0BOB")
    await db.run("delete from ops.cards where card_id = $1", asked)
    assert await db.value("select count(*) from ops.approvals") == 0


async def test_an_expired_request_says_how_many_approved(db: Session, asked: str) -> None:
    """In its event."""
    await approve(db, asked, "U0BOB")
    await db.run("update ops.cards set updated_at = now() - interval '25 hours'")
    assert await db.call("expire_deploys_v1") == 1
    told = await db.value("select payload from ops.platform_events where event_type = 'deploy.expired'")
    assert told["reason"] == "1 of 2 approved, and then nobody decided in a day"
    assert (told["approvals"], told["approvals_needed"]) == (1, 2)


async def race(db: Session, other: Session, first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Two settle the same version at once, this one first; what the second is told."""
    mine, theirs = await claimed_click(db), await claimed_click(db)
    async with db.connection.transaction():
        assert (await settle(db, mine, **first))["settled"]
        late = asyncio.create_task(settle(other, theirs, **second))
        await until(lambda: is_waiting(db, other))
    return await late


async def test_of_two_votes_at_once_the_second_is_decided_again(db: Session, other: Session, asked: str) -> None:
    """It wrote nothing, and counts when it is settled on the newer card: one hook."""
    seen = await change(db, asked)
    told = await race(db, other, {"card": seen, "approval": vote("U0BOB")}, {"card": seen, "approval": vote("U0CAROL")})
    assert (told["settled"], told["reason"]) == (False, "card_changed")
    assert await db.column("select approver from ops.approvals") == ["U0BOB"]
    assert (await approve(db, asked, "U0CAROL", "approved"))["settled"]


async def test_a_vote_after_a_rejection_at_the_same_time_counts_for_nothing(
    db: Session, other: Session, asked: str
) -> None:
    """The first click wins."""
    seen = await change(db, asked)
    told = await race(db, other, {"card": seen | {"phase": "rejected"}}, {"card": seen, "approval": vote("U0CAROL")})
    assert (told["settled"], told["card"]["phase"]) == (False, "rejected")
    assert await db.column("select approver from ops.approvals") == []


async def test_two_votes_past_the_handlers_do_not_both_count(db: Session, other: Session, asked: str) -> None:
    """The card's lock keeps them apart, also where no version does."""
    await approve(db, asked, "U0BOB")
    insert = (
        "insert into ops.approvals (card_id, approver, plan_hash, team_id, envelope_id) values ($1, $2, $3, 'T', 'e')"
    )
    async with db.connection.transaction():
        await db.run(insert, asked, "U0CAROL", PLAN)
        late = asyncio.create_task(other.run(insert, asked, "U0DAN", PLAN))
        await until(lambda: is_waiting(db, other))
    with pytest.raises(asyncpg.CheckViolationError, match="no more approvals than needed"):
        await late
