"""reconcile: deliveries go on while it reads, and nothing of them is taken for an error."""

from __future__ import annotations

import asyncio

from pulser.database import Database
from pulser.slack import SlackApi
from pulser_cli.reconciling import reconcile
from pulser_local.slack.faults import Fault
from tests.integration.cli.verifying import BusyLedger, BusySlack, posted, slack, wrong
from tests.integration.notify_dispatch.conftest import Bench, bench

__all__ = ["bench", "slack"]


async def test_what_is_sent_after_its_channel_was_read_is_not_missing(bench: Bench, slack: SlackApi) -> None:
    """Slack is read again for it."""
    await posted(bench)
    busy = BusyLedger(bench.ledger, {("list_posts_v1", 2): lambda: posted(bench)})
    report = await reconcile(busy, slack)
    assert (report.matched, report.posts, report.is_right) == (2, 2, True)


async def test_what_is_sent_in_a_new_channel_meanwhile_is_not_missing(bench: Bench, slack: SlackApi) -> None:
    """The channel is read then."""
    await posted(bench)
    busy = BusyLedger(bench.ledger, {("list_posts_v1", 2): lambda: posted(bench, "task.failed")})
    report = await reconcile(busy, slack)
    assert (report.matched, report.posts, report.is_right) == (2, 2, True)


async def test_what_is_made_and_sent_after_the_ledger_was_read_is_not_foreign(bench: Bench) -> None:
    """The second look at the channel shows it; the ledger is asked for it then."""
    await posted(bench)
    busy = BusyLedger(bench.ledger, {("list_posts_v1", 2): lambda: posted(bench)})
    slack = BusySlack(bench.ledger, bench.slack.api_url, {("conversations.history", 2): lambda: posted(bench)})
    report = await reconcile(busy, slack)
    await slack.close()
    assert len(bench.messages()) == 3
    assert (report.matched, report.posts, report.is_right) == (2, 2, True)


async def test_what_waits_in_the_ledger_and_is_sent_then_is_not_unrecorded(bench: Bench) -> None:
    """What the ledger said of it is older than its message: it is asked again."""
    await posted(bench)

    async def send_one_and_refuse_another() -> None:
        await posted(bench)
        bench.slack.faults.add(Fault(method="chat.postMessage", kind="rate_limited", retry_after="600", times=1))
        await bench.emit()
        await bench.pass_time(2)
        await bench.drain()
        assert (await bench.deliveries())[-1]["status"] == "failed"

    async def send() -> None:
        await bench.pass_time(600)
        await bench.drain()

    busy = BusyLedger(bench.ledger, {("list_posts_v1", 2): send_one_and_refuse_another})
    slack = BusySlack(bench.ledger, bench.slack.api_url, {("conversations.history", 2): send})
    report = await reconcile(busy, slack)
    await slack.close()
    assert len(bench.messages()) == 3
    assert (report.matched, report.posts, report.is_right) == (3, 3, True)


async def test_a_message_whose_settle_is_not_written_yet_is_no_error(bench: Bench, slack: SlackApi) -> None:
    """It stands, and the ledger says sending."""
    reports = []

    async def look() -> None:
        reports.append(await reconcile(bench.ledger, slack))

    await bench.emit()
    await bench.drain(ledger=BusyLedger(bench.ledger, {("settle_delivery_v1", 1): look}))
    assert [(report.open, report.is_right) for report in reports] == [(1, True)]
    assert len(bench.messages()) == 1


async def test_it_may_be_asked_while_deliveries_go_on(bench: Bench, slack: SlackApi) -> None:
    """Whatever the moment, nothing is called wrong; in the end all match."""
    reports = []

    async def deliver(ledger: Database) -> None:
        for _ in range(5):
            await ledger.call("append_event_v1", {"event_type": "ci.failed"})
            await ledger.call("append_event_v1", {"event_type": "task.failed"})
            await bench.pass_time(2)
            await bench.drain()

    delivering = asyncio.create_task(deliver(bench.ledger))
    while not delivering.done():
        reports.append(await reconcile(bench.ledger, slack))
    await delivering
    assert len(reports) > 1
    assert [wrong(report) for report in reports if not report.is_right] == []
    assert (await reconcile(bench.ledger, slack)).matched == 10
