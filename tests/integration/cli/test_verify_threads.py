"""reconcile: briefings stand in threads, which no history shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pulser.slack import SlackApi
from pulser_cli.comparing import Unread
from pulser_cli.reconciling import reconcile
from pulser_local.slack.faults import Fault
from pulser_local.slack.workspace import Author, Content
from tests.integration.cli.verifying import impatient, ops_ci, slack, wrong
from tests.integration.notify_dispatch.conftest import Bench, bench
from tests.integration.notify_dispatch.test_briefings import briefing, investigate, replies
from tests.integration.notify_dispatch.test_cards import alert

__all__ = ["bench", "slack"]


async def briefed(bench: Bench) -> str:
    """An alert with a briefing in its thread; the briefing's delivery."""
    await investigate(bench, await alert(bench))
    await bench.pass_time(2)
    await bench.drain()
    return str((await briefing(bench))["delivery_id"])


async def test_a_briefing_is_found_in_its_thread(bench: Bench, slack: SlackApi) -> None:
    """It stands where the ledger says."""
    await briefed(bench)
    report = await reconcile(bench.ledger, slack)
    assert (report.posts, report.matched, report.is_right) == (2, 2, True)


async def test_a_briefing_that_is_gone_is_missing(bench: Bench, slack: SlackApi) -> None:
    """Somebody deleted it."""
    delivery = await briefed(bench)
    (reply,) = replies(bench)
    bench.slack.workspace.delete(reply.channel_id, reply.ts)
    assert wrong(await reconcile(bench.ledger, slack)) == {"missing": [delivery]}


async def test_a_briefing_whose_thread_is_gone_is_missing_too(bench: Bench, slack: SlackApi) -> None:
    """With the message that began it: a thread that is not there is an answer, not a failure to read."""
    await briefed(bench)
    for message in bench.messages():
        bench.slack.workspace.delete(message.channel_id, message.ts)
    report = await reconcile(bench.ledger, slack)
    assert (len(report.missing), report.unread) == (2, [])


async def test_a_second_message_of_a_briefing_is_double(bench: Bench, slack: SlackApi) -> None:
    """Also where both stand in the thread."""
    delivery = await briefed(bench)
    (reply,) = replies(bench)
    content = Content("again", metadata=reply.metadata)
    bench.slack.workspace.post(reply.channel_id, content, thread_ts=reply.thread_ts)
    assert wrong(await reconcile(bench.ledger, slack)) == {"double": [delivery]}


async def test_what_the_ledger_does_not_know_is_foreign_in_a_thread_too(bench: Bench, slack: SlackApi) -> None:
    """The messages of people under it are no business of pulser's."""
    await alert(bench)
    (root,) = bench.messages()
    metadata = {"event_type": "pulser_delivery", "event_payload": {"delivery_id": "nobody's"}}
    bench.slack.workspace.post(root.channel_id, Content("hello"), thread_ts=root.ts, author=Author("U1", "ada"))
    bench.slack.workspace.post(root.channel_id, Content("an intruder", metadata=metadata), thread_ts=root.ts)
    assert wrong(await reconcile(bench.ledger, slack)) == {"foreign": ["nobody's"]}


async def test_a_thread_older_than_what_is_asked_for_is_read(bench: Bench, slack: SlackApi) -> None:
    """Its first message is not in the part of the history that is read."""
    await briefed(bench)
    await bench.sql.execute(
        "update ops.deliveries set created_at = created_at + interval '1 hour' where thread_delivery_id is not null"
    )
    report = await reconcile(bench.ledger, slack, since=datetime.now(UTC) + timedelta(minutes=30))
    assert (report.posts, report.matched, report.is_right) == (1, 1, True)


async def test_a_thread_that_cannot_be_read_leaves_its_channel_unread(bench: Bench, slack: SlackApi) -> None:
    """Nothing is proven of what stands in it."""
    await briefed(bench)
    bench.slack.faults.add(Fault(method="conversations.replies", kind="slack_error", error="missing_scope"))
    report = await reconcile(bench.ledger, slack, patience=impatient())
    assert (report.matched, report.unproven, report.unread) == (1, 1, [Unread("#ops-ci", "missing_scope", 2)])
    assert ops_ci(bench)
