"""A click on a message whose card is not kept any more: a private answer, an audit, and nothing else."""

from __future__ import annotations

from tests.integration.action_handler.stage import Stage
from tests.integration.schema.ageing import age
from tests.integration.schema.helpers import Session

FORGOTTEN = (
    "pulser no longer knows what this message stands for: it keeps that for 90 days after the last that happened. "
    "Nothing was changed."
)


async def pruned(stage: Stage) -> str:
    """The id of an alert of long ago, whose message stands in Slack."""
    event_id = await stage.emit("error_rate.exceeded")
    await age(Session(stage.sql))
    assert await stage.call("prune_ledger_v1") == 1
    return event_id


async def test_a_click_on_it_is_answered_in_private_and_audited(stage: Stage) -> None:
    """The note says why, the audit of which card."""
    event_id = await pruned(stage)
    assert await stage.click("acknowledge") == [FORGOTTEN]
    (audit,) = await stage.audits()
    assert (audit["type"], audit["outcome"], audit["reason"]) == ("slack.action", "refused", "unknown_event")
    assert (audit["card_id"], audit["slack_user"]) == (event_id, "U0BOB")


async def test_a_click_on_it_brings_nothing_back(stage: Stage) -> None:
    """Neither its card nor its message: the dispatcher and the reconcile find nothing to do."""
    event_id = await pruned(stage)
    before = stage.message()
    await stage.click("acknowledge")
    await stage.call("reconcile_events_v1")
    await stage.dispatch()
    assert stage.slack.workspace.history(stage.channel)[0] == before
    assert await stage.call("card_for_event_v1", event_id=event_id) is None
    of = await stage.sql.fetch("select p.event_type from ops.deliveries d join ops.platform_events p using (event_id)")
    assert [it["event_type"] for it in of] == ["slack.action"]  # here a route takes all, also the audit of the click
