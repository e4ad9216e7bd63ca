"""reconcile: a real ledger against the simulator's history, whatever happened to either."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pulser.database_rest import RestDatabase
from pulser.slack import SlackApi
from pulser_cli.comparing import Unread
from pulser_cli.reconciling import reconcile
from pulser_local.gateway import Gateway
from pulser_local.slack.faults import Fault
from pulser_local.slack.workspace import Author
from tests.integration.cli.verifying import chat, intrude, ops_ci, posted, slack, wrong
from tests.integration.notify_dispatch.conftest import Bench, bench
from tests.integration.notify_dispatch.test_cards import acknowledge, alert

__all__ = ["bench", "slack"]

NOBODY = "00000000-0000-4000-8000-000000000000"


async def test_all_is_right(bench: Bench, slack: SlackApi) -> None:
    """Two posts in two channels, two messages: both match."""
    await posted(bench)
    await posted(bench, "task.failed")
    report = await reconcile(bench.ledger, slack)
    assert (report.is_right, report.matched, report.posts) == (True, 2, 2)


async def test_the_ledger_may_be_asked_by_the_data_api(bench: Bench, slack: SlackApi) -> None:
    """What its functions take and give is JSON: a person with a key needs no connection to Postgres."""
    await posted(bench)
    intrude(bench.slack, NOBODY)
    serving = Gateway(bench.url, key="sb_secret_sentinel", functions={})
    await serving.start(0)
    by_http = RestDatabase(serving.url, "sb_secret_sentinel")
    report = await reconcile(by_http, slack, since=datetime.now(UTC) - timedelta(hours=1))
    await by_http.close()
    await serving.stop()
    assert (wrong(report), report.matched) == ({"foreign": [NOBODY]}, 1)


async def test_each_event_of_a_storm_is_in_one_message(bench: Bench, slack: SlackApi) -> None:
    """What a digest tells of is matched by the digest's message, also what came by its update."""
    for _ in range(2):
        for _ in range(8):
            await bench.emit()
        await bench.drain()
        await bench.pass_time(2)
    report = await reconcile(bench.ledger, slack)
    assert (report.is_right, report.matched, report.posts, len(bench.messages())) == (True, 16, 16, 1)


async def test_an_empty_ledger_is_right(bench: Bench, slack: SlackApi) -> None:
    """Nothing was said, nothing stands."""
    report = await reconcile(bench.ledger, slack)
    assert (report.is_right, report.posts) == (True, 0)


async def test_a_deleted_message_is_missing(bench: Bench, slack: SlackApi) -> None:
    """The report names the delivery, its event's type, and where the message should stand."""
    kept, deleted = await posted(bench), await posted(bench)
    message = bench.messages()[-1]
    bench.slack.workspace.delete(message.channel_id, message.ts)
    report = await reconcile(bench.ledger, slack)
    assert (wrong(report), report.matched) == ({"missing": [deleted]}, 1)
    [found] = report.missing
    assert (found.event_type, found.channel, found.places[0].ts) == ("ci.failed", "#ops-ci", message.ts)
    assert kept != deleted


async def test_a_message_that_was_posted_twice_is_double(bench: Bench, slack: SlackApi) -> None:
    """Both are named."""
    delivery = await posted(bench)
    again = intrude(bench.slack, delivery)
    report = await reconcile(bench.ledger, slack)
    assert wrong(report) == {"double": [delivery]}
    assert [place.ts for place in report.double[0].places] == [bench.messages()[0].ts, again]


async def test_a_double_in_another_channel_is_seen(bench: Bench, slack: SlackApi) -> None:
    """One delivery has one message in the workspace, not in each channel."""
    delivery = await posted(bench)
    await posted(bench, "task.failed")
    intrude(bench.slack, delivery, channel="general")
    assert wrong(await reconcile(bench.ledger, slack)) == {"double": [delivery]}


@pytest.mark.parametrize("delivery", [NOBODY, "not even an id"])
async def test_a_message_that_the_ledger_does_not_know_is_foreign(bench: Bench, slack: SlackApi, delivery: str) -> None:
    """As after a restore from a backup."""
    await posted(bench)
    intrude(bench.slack, delivery)
    report = await reconcile(bench.ledger, slack)
    assert (wrong(report), report.foreign[0].channel) == ({"foreign": [delivery]}, "#ops-ci")


async def test_the_message_of_another_app_is_counted_apart(bench: Bench, slack: SlackApi) -> None:
    """Staging's pulser may share a channel with production's."""
    await posted(bench)
    intrude(
        bench.slack, NOBODY, author=Author("U0OTHER001", "pulser-staging", bot_id="B0OTHER001", app_id="A0OTHER001")
    )
    report = await reconcile(bench.ledger, slack)
    assert (report.is_right, report.other_apps) == (True, 1)


async def test_messages_of_people_are_nobodys_matter(bench: Bench, slack: SlackApi) -> None:
    """Only what carries pulser's metadata is compared."""
    await posted(bench)
    chat(bench.slack, 3)
    assert (await reconcile(bench.ledger, slack)).is_right


async def test_what_was_adopted_after_a_doubt_is_right(bench: Bench, slack: SlackApi) -> None:
    """Slack posted it and broke the connection; the probe found it."""
    bench.slack.faults.add(Fault(method="chat.postMessage", kind="reset_after", times=1))
    await bench.emit()
    await bench.drain()
    doubtful = await reconcile(bench.ledger, slack)
    await bench.pass_time(60)
    await bench.drain()
    report = await reconcile(bench.ledger, slack)
    assert (doubtful.open, doubtful.is_right) == (1, True)
    assert (report.adopted, report.matched, report.open, report.is_right) == (1, 0, 0, True)


async def test_a_dead_letter_is_right(bench: Bench, slack: SlackApi) -> None:
    """It is not in Slack, and the ledger does not say so."""
    bench.slack.faults.add(Fault(method="chat.postMessage", kind="slack_error", error="restricted_action", times=1))
    await bench.emit()
    await bench.drain()
    report = await reconcile(bench.ledger, slack)
    assert (report.dead, report.is_right) == (1, True)


async def test_a_dead_letter_that_stands_in_slack_is_unrecorded(bench: Bench, slack: SlackApi) -> None:
    """Whoever retries it would post it twice."""
    bench.slack.faults.add(Fault(method="chat.postMessage", kind="slack_error", error="restricted_action", times=1))
    await bench.emit()
    await bench.drain()
    delivery = (await bench.deliveries())[0]
    intrude(bench.slack, delivery["delivery_id"])
    report = await reconcile(bench.ledger, slack)
    assert (wrong(report), report.unrecorded[0].status) == ({"unrecorded": [delivery["delivery_id"]]}, "dead")


async def test_a_doubtful_post_that_stands_twice_is_double(bench: Bench, slack: SlackApi) -> None:
    """Though the ledger knows no ID of its channel yet: the workspace's list has it."""
    bench.slack.faults.add(Fault(method="chat.postMessage", kind="reset_after", times=1))
    await bench.emit()
    await bench.drain()
    delivery = (await bench.deliveries())[0]["delivery_id"]
    intrude(bench.slack, delivery)
    assert wrong(await reconcile(bench.ledger, slack)) == {"double": [delivery]}


async def test_the_list_of_channels_needs_no_right_to_private_ones(bench: Bench, slack: SlackApi) -> None:
    """Our manifest asks for channels:read only."""
    bench.slack.tokens.scopes -= {"groups:read"}
    bench.slack.faults.add(Fault(method="chat.postMessage", kind="reset_after", times=1))
    await bench.emit()
    await bench.drain()
    assert (await reconcile(bench.ledger, slack)).is_right


async def test_a_letter_to_a_channel_that_never_was_is_no_gap(bench: Bench, slack: SlackApi) -> None:
    """Slack knows no such channel, so nothing stands there."""
    await bench.route({"event_pattern": "ci.*", "channel": "#no-such-channel"})
    await bench.emit()
    await bench.drain()
    report = await reconcile(bench.ledger, slack)
    assert (report.dead, report.unread, report.is_right) == (1, [], True)


async def test_a_message_that_was_changed_matches(bench: Bench, slack: SlackApi) -> None:
    """An update keeps the metadata of the post."""
    await acknowledge(bench, await alert(bench))
    await bench.drain()
    report = await reconcile(bench.ledger, slack)
    assert (await bench.delivery_of("update"))["status"] == "sent"
    assert (report.matched, report.posts, report.is_right) == (1, 1, True)


async def test_a_channel_is_read_to_its_last_page(bench: Bench, slack: SlackApi) -> None:
    """The message under 450 others is on the third page, and so is the intruder before it."""
    intrude(bench.slack, NOBODY)
    await posted(bench)
    chat(bench.slack, 450)
    report = await reconcile(bench.ledger, slack)
    assert (wrong(report), report.matched) == ({"foreign": [NOBODY]}, 1)


async def test_the_ledger_is_read_to_its_last_page(bench: Bench, slack: SlackApi) -> None:
    """What is missing from Slack is found though a thousand newer posts wait."""
    delivery = await posted(bench)
    [message] = bench.messages()
    bench.slack.workspace.delete(message.channel_id, message.ts)
    await bench.sql.execute(
        "insert into ops.platform_events (event_type) select 'ci.failed' from generate_series(1, 1001)"
    )
    claim = await bench.ledger.call("claim_events_v1", {"worker": "t", "max_events": 2000, "lease_seconds": 30})
    deliveries = [{"route": "t", "channel": "#ops-ci", "mention": None}]
    routings = [{"event_id": event["event_id"], "deliveries": deliveries} for event in claim["events"]]
    await bench.ledger.call("record_deliveries_v1", {"claim_token": claim["claim_token"], "routings": routings})
    report = await reconcile(bench.ledger, slack)
    assert (wrong(report), report.open) == ({"missing": [delivery]}, 1001)


async def test_only_the_channel_that_is_asked_for_is_compared(bench: Bench, slack: SlackApi) -> None:
    """By its name or by its ID."""
    delivery = await posted(bench)
    await posted(bench, "task.failed")
    intrude(bench.slack, NOBODY, channel="general")
    by_name = await reconcile(bench.ledger, slack, channel="#ops-ci")
    by_id = await reconcile(bench.ledger, slack, channel=ops_ci(bench))
    assert [(report.posts, report.is_right) for report in (by_name, by_id)] == [(1, True), (1, True)]
    assert delivery


async def test_a_channel_that_is_not_there_is_unread(bench: Bench, slack: SlackApi) -> None:
    """Who asks for one must not be told that all is right in it."""
    report = await reconcile(bench.ledger, slack, channel="#nowhere")
    assert (report.unread, report.is_right) == ([Unread("#nowhere", "channel_not_found", 0)], False)


async def test_a_post_of_before_the_time_asked_for_is_known(bench: Bench, slack: SlackApi) -> None:
    """Its message lies within the margin that is read; it is neither foreign nor counted."""
    await posted(bench)
    report = await reconcile(bench.ledger, slack, since=datetime.now(UTC))
    assert (report.posts, report.is_right) == (0, True)


async def test_what_is_older_than_the_time_asked_for_is_not_judged(bench: Bench, slack: SlackApi) -> None:
    """What is missing of before is not told."""
    await posted(bench)
    [message] = bench.messages()
    bench.slack.workspace.delete(message.channel_id, message.ts)
    assert (await reconcile(bench.ledger, slack, since=datetime.now(UTC))).is_right
    assert not (await reconcile(bench.ledger, slack, since=datetime.now(UTC) - timedelta(hours=1))).is_right


async def test_a_stranger_in_a_channel_without_news_is_seen(bench: Bench, slack: SlackApi) -> None:
    """A restored ledger has forgotten what it posted, not where it posts."""
    await posted(bench)
    intrude(bench.slack, NOBODY)
    assert wrong(await reconcile(bench.ledger, slack, since=datetime.now(UTC))) == {"foreign": [NOBODY]}


async def test_the_message_of_a_pruned_post_is_not_foreign(bench: Bench, slack: SlackApi) -> None:
    """It is counted apart, and all is right. Here the ledger keeps nothing that has happened so far."""
    await posted(bench, "task.failed")
    await bench.sql.execute(
        "create or replace function ops.kept_since_v1() returns timestamptz language sql stable set search_path = ''"
        " as $$ select now() + interval '1 hour' $$"
    )
    assert await bench.ledger.call("prune_ledger_v1", {}) == 1
    report = await reconcile(bench.ledger, slack)
    assert (wrong(report), report.posts, report.pruned, report.is_right) == ({}, 0, 1, True)
