"""Requests for a deploy that another program wrote: they have no card until somebody decides about them."""

from __future__ import annotations

import pytest

from tests.integration.action_handler.stage import Stage
from tests.integration.action_handler.test_deploys import requested


async def test_an_approval_while_another_deploy_is_under_way_is_answered_at_once(stage: Stage) -> None:
    """It is told which one, and settled: nothing begins when that has ended."""
    await requested(stage)
    foreign = await stage.emit("deploy.requested", version="9.9.9", slack_user="U0CAROL")
    (note,) = await stage.click("approve", "U0BOB")
    assert note.startswith("Another deploy of `api` is in the way: <@U0ALICE> asked for `1.2.4` in production, ")
    status = await stage.sql.fetchrow("select status, attempts from ops.slack_envelopes order by id desc limit 1")
    assert tuple(status or ()) == ("completed", 1)
    assert ((await stage.card(foreign))["version"], await stage.hooks()) == (0, [])
    assert (await stage.audits())[-1]["reason"] == "deploy_running"


async def test_it_can_be_approved_when_the_other_has_ended(stage: Stage) -> None:
    """By another press."""
    first = await requested(stage)
    await stage.click("approve", "U0BOB")
    foreign = await stage.emit("deploy.requested", version="9.9.9", slack_user="U0CAROL")
    await stage.click("approve", "U0BOB")
    ended = {"service": "api", "environment": "production", "version": "1.2.4", "deploy_id": first}
    await stage.emit("deploy.completed", **ended)
    await stage.click("approve", "U0BOB")
    assert (await stage.card(foreign))["phase"] == "approved"
    assert [it["inputs"]["version"] for it in await stage.hooks()] == ["1.2.4", "9.9.9"]


@pytest.mark.parametrize("verb", ["approve", "reject"])
@pytest.mark.parametrize("missing", ["service", "environment"])
async def test_a_request_without_a_place_is_answered_at_once(stage: Stage, verb: str, missing: str) -> None:
    """Also to who asked for it: there can be no card for it."""
    await stage.emit("deploy.requested", **{"version": "9.9.9", "slack_user": "U0ALICE", missing: None})
    for user in ("U0ALICE", "U0BOB"):
        (note,) = await stage.click(verb, user)
        assert note.startswith(f"This request names no {missing}, ")
    rows = await stage.sql.fetch("select status, attempts from ops.slack_envelopes")
    assert {tuple(it) for it in rows} == {("completed", 1)}
    assert await stage.hooks() == []
