"""Nobody can say whether a message is in Slack: after a day, people in Slack are told (invariant 4)."""

from __future__ import annotations

from pulser_local.slack.faults import Fault
from tests.integration.notify_dispatch.conftest import Bench

A_DAY = 24 * 3600 + 60.0


async def test_a_doubt_that_nothing_resolves_is_told_in_the_default_channel(bench: Bench) -> None:
    """The bot may not read the history: once, and the post is not repeated."""
    bench.slack.faults.add(Fault(kind="reset_before", method="chat.postMessage", times=1))
    bench.slack.faults.add(Fault(kind="slack_error", error="missing_scope", method="conversations.history"))
    await bench.emit()
    await bench.drain()
    for _ in range(3):
        await bench.pass_time(A_DAY)
        await bench.sql.execute("update ops.slack_holds set held_until = clock_timestamp()")
        await bench.drain()
    [told] = bench.messages("general")
    assert "Nobody knows whether a message stands in #ops-ci" in told.text
    assert (bench.messages(), [it["status"] for it in await bench.deliveries()]) == ([], ["in_doubt", "sent"])
