"""reconcile: what it makes of a Slack that refuses, limits, or breaks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pulser.errors import SecretMissing, SlackTokenRefused
from pulser.slack import SlackApi
from pulser_cli.comparing import Unread
from pulser_cli.reconciling import reconcile
from pulser_local.slack.faults import Fault
from tests.integration.cli.verifying import BusySlack, Naps, chat, impatient, ops_ci, posted, slack, wrong
from tests.integration.notify_dispatch.conftest import Bench, bench

__all__ = ["bench", "slack"]


async def test_an_archived_channel_can_be_read(bench: Bench, slack: SlackApi) -> None:
    """Its history stays."""
    await posted(bench)
    bench.slack.workspace.change_channel(ops_ci(bench), is_archived=True)
    report = await reconcile(bench.ledger, slack)
    assert (report.matched, report.is_right) == (1, True)


async def test_a_channel_that_we_left_is_unread(bench: Bench, slack: SlackApi) -> None:
    """What should stand there is neither matched nor missing; the other channel is compared all the same."""
    await posted(bench)
    await posted(bench, "task.failed")
    bench.slack.workspace.change_channel(ops_ci(bench), is_member=False)
    report = await reconcile(bench.ledger, slack)
    assert (report.matched, report.unproven, wrong(report), report.is_right) == (1, 1, {}, False)
    assert report.unread == [Unread("#ops-ci", "not_in_channel", 1)]


async def test_a_channel_that_we_left_long_ago_is_no_gap(bench: Bench, slack: SlackApi) -> None:
    """In the time asked for, the ledger says of nothing that it stands there."""
    await posted(bench)
    bench.slack.workspace.change_channel(ops_ci(bench), is_member=False)
    assert (await reconcile(bench.ledger, slack, since=datetime.now(UTC))).is_right


@pytest.mark.parametrize("error", ["channel_not_found", "missing_scope", "access_denied", "internal_error"])
async def test_what_slack_refuses_to_show_is_told_by_its_word(bench: Bench, slack: SlackApi, error: str) -> None:
    """Unread, never missing; a token that is refused as such ends the reading."""
    await posted(bench)
    bench.slack.faults.add(Fault(method="conversations.history", kind="slack_error", error=error))
    if error == "access_denied":
        with pytest.raises(SlackTokenRefused):
            await reconcile(bench.ledger, slack)
        return
    report = await reconcile(bench.ledger, slack, patience=impatient())
    assert (report.unread, wrong(report)) == ([Unread("#ops-ci", error, 1)], {})


async def test_a_page_that_is_no_page_proves_nothing(bench: Bench, slack: SlackApi) -> None:
    """An ok without messages is not an empty channel."""
    await posted(bench)
    bench.slack.faults.add(Fault(method="conversations.history", kind="answer", answer={"ok": True}))
    report = await reconcile(bench.ledger, slack, patience=impatient())
    assert (report.unread, wrong(report)) == ([Unread("#ops-ci", "unreadable_answer", 1)], {})


async def test_a_cursor_that_leads_back_ends_the_reading(bench: Bench, slack: SlackApi) -> None:
    """Or it would never end."""
    await posted(bench)
    answer = {"ok": True, "messages": [], "has_more": True, "response_metadata": {"next_cursor": "again"}}
    bench.slack.faults.add(Fault(method="conversations.history", kind="answer", answer=answer))
    report = await reconcile(bench.ledger, slack)
    assert report.unread == [Unread("#ops-ci", "unreadable_answer", 1)]


async def test_without_a_token_nothing_is_read(bench: Bench, slack: SlackApi) -> None:
    """And that is an error, not a report."""
    await bench.sql.execute("delete from vault.secrets where name = 'slack_bot_token'")
    with pytest.raises(SecretMissing):
        await reconcile(bench.ledger, slack)


async def test_a_limit_in_the_middle_is_waited_for(bench: Bench) -> None:
    """The second page is refused for 7 s, and read after them."""
    delivery = await posted(bench)
    chat(bench.slack, 250)
    limit = Fault(method="conversations.history", kind="rate_limited", retry_after="7", times=1)

    async def refuse() -> None:
        bench.slack.faults.add(limit)

    slack, naps = BusySlack(bench.ledger, bench.slack.api_url, {("conversations.history", 2): refuse}), Naps()
    report = await reconcile(bench.ledger, slack, patience=naps.patience())
    await slack.close()
    assert (naps.seconds, report.matched, report.is_right) == ([7.0], 1, True)
    assert "#ops-ci" in naps.told[0]
    assert "on in 7 s (at most 593 s more of waiting)" in naps.told[0]
    assert delivery


async def test_waiting_has_an_end(bench: Bench, slack: SlackApi) -> None:
    """What Slack would not show in time is unread."""
    await posted(bench)
    bench.slack.faults.add(Fault(method="conversations.history", kind="rate_limited", retry_after="7"))
    naps = Naps()
    report = await reconcile(bench.ledger, slack, patience=naps.patience(20))
    assert (naps.seconds, report.unread) == ([7.0, 7.0], [Unread("#ops-ci", "ratelimited", 1)])


@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "garbage", "http_status"])
async def test_a_broken_reading_is_repeated(bench: Bench, slack: SlackApi, kind: str) -> None:
    """To read twice harms nobody."""
    await posted(bench)
    bench.slack.faults.add(Fault.model_validate({"method": "conversations.history", "kind": kind, "times": 2}))
    naps = Naps()
    report = await reconcile(bench.ledger, slack, patience=naps.patience())
    assert (report.matched, report.is_right) == (1, True)
    # A connection that broke is tried again at once, without a word.
    said = ["; on in 2 s (4 more tries)", "; on in 4 s (3 more tries)"][: 1 if kind.startswith("reset") else 2]
    assert [it[it.index("; on in ") :] for it in naps.told] == said
