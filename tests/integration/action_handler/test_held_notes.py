"""A note that Slack puts off is given when Slack takes it again, and not before (invariants 7 and 8)."""

from __future__ import annotations

from pulser_local.slack.faults import Fault
from tests.integration.action_handler.stage import Stage, acknowledgement, eventually

HELD = "select held_until > clock_timestamp() + interval '9 minutes' from ops.slack_holds where method = $1"


async def late_click(stage: Stage) -> None:
    """Bob clicks after Alice has. Slack puts his note off for ten minutes."""
    alert = await stage.emit("ci.failed")
    await stage.press("acknowledge", "U0ALICE")
    await stage.settled()
    stage.slack.faults.add(Fault(method="chat.postEphemeral", kind="rate_limited", retry_after="600", times=1))
    await stage.forward(await stage.record(await acknowledgement(stage, alert)))

    async def is_held() -> bool:
        return bool(await stage.sql.fetchval(HELD, "chat.postEphemeral"))

    await eventually(is_held)


async def pass_time(stage: Stage) -> None:
    """What is due later is due now; what Slack wants left alone is so still."""
    await stage.sql.execute(
        "update ops.slack_envelopes set reply_due_at = clock_timestamp() where reply_status = 'due'"
    )


def tries(stage: Stage) -> int:
    return sum(it.method == "chat.postEphemeral" for it in stage.slack.calls)


async def test_nobody_asks_slack_while_it_wants_to_be_left_alone(stage: Stage) -> None:
    """However often the sweep rings."""
    await late_click(stage)
    for _ in range(6):
        await pass_time(stage)
        await stage.drain()
    assert (tries(stage), stage.notes("U0BOB")) == (1, [])


async def test_the_note_is_given_when_slack_takes_it(stage: Stage) -> None:
    """Bob hears that Alice was first, once."""
    await late_click(stage)
    await stage.sql.execute("update ops.slack_holds set held_until = clock_timestamp()")
    await pass_time(stage)
    await stage.drain()
    await stage.settled()
    [note] = stage.notes("U0BOB")
    assert "<@U0ALICE>" in note
    assert tries(stage) == 2
