"""One event, one message, whatever Slack answers (invariants 4 and 7)."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulser_cli.routes_file import find, load
from pulser_local.slack.faults import Fault
from tests.integration.notify_dispatch.conftest import Bench


async def test_event_is_posted_once(bench: Bench) -> None:
    """An event becomes one message in its route's channel."""
    event_id = await bench.emit()
    await bench.drain()
    (message,) = bench.messages()
    assert message.metadata is not None
    assert message.metadata["event_payload"]["event_id"] == event_id


async def test_second_run_posts_nothing(bench: Bench) -> None:
    """What is settled is not touched again."""
    await bench.emit()
    await bench.drain()
    await bench.drain()
    assert bench.posts() == 1


async def test_sent_delivery_knows_its_message(bench: Bench) -> None:
    """The ledger holds the message's channel and ts."""
    await bench.emit()
    await bench.drain()
    delivery = await bench.delivery()
    assert (delivery["status"], delivery["slack_ts"]) == ("sent", bench.messages()[0].ts)


@pytest.mark.parametrize("payload", [[1, 2], "text", 7, True, {"severity": {"a": 1}}, {"title": "x" * 100_000}])
async def test_malformed_payload_still_makes_a_message(bench: Bench, payload: object) -> None:
    """A payload that is not what the contract says is shown, never dropped."""
    await bench.emit(payload=payload)
    await bench.drain()
    assert len(bench.messages()) == 1


@pytest.mark.parametrize(
    "odd",
    [
        f'{{"service": "api", "x": {"[" * 3000 + "]" * 3000}}}',
        f'{{"service": "api", "x": {"1" * 5000}}}',
        f'{{"service": "api", "summary": "{"x" * 2_000_000}"}}',
        "[" * 3000 + "]" * 3000,
        "1" * 5000,
        "{" + ", ".join(f'"key {number}": "{"x" * 400}"' for number in range(400)) + "}",
    ],
    ids=["deep", "digits", "long", "deep and bare", "digits and bare", "many keys"],
)
async def test_payload_that_no_reader_takes_stops_nobody(bench: Bench, odd: str) -> None:
    """What Python's JSON reader refuses, or cannot hold, still makes a message, and so does the event beside it."""
    await bench.sql.execute(
        "insert into ops.platform_events (event_type, payload) values ('ci.failed', $1::text::jsonb)", odd
    )
    await bench.emit()
    await bench.drain()
    assert len(bench.messages()) == 2


async def test_event_without_a_route_is_settled_as_unrouted(bench: Bench) -> None:
    """An unimportant event that no route takes makes no message."""
    event_id = await bench.emit("task.completed")
    await bench.drain()
    story = await bench.ledger.call("event_story_v1", {"event_id": event_id})
    assert (story["dispatch"]["status"], story["deliveries"]) == ("unrouted", [])


async def test_error_without_a_route_goes_to_the_default_channel(bench: Bench) -> None:
    """No event of severity error is ever unrouted."""
    await bench.emit("task.failed")
    await bench.drain()
    assert len(bench.messages("general")) == 1


async def test_unusable_route_does_not_stop_the_others(bench: Bench) -> None:
    """A route that a newer version wrote is left out."""
    await bench.sql.execute("alter table ops.notification_routes drop constraint severity_is_known")
    await bench.route(
        {"minimum_severity": "alien", "channel": "#ops-audit"}, {"event_pattern": "ci.*", "channel": "#ops-ci"}
    )
    await bench.emit()
    await bench.drain()
    assert len(bench.messages()) == 1


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault(kind="reset_after", method="chat.postMessage", times=1), "connection_lost"),
        (Fault(kind="internal_error_after", method="chat.postMessage", times=1), "internal_error"),
        (Fault(kind="garbage", method="chat.postMessage", times=1, stored=True), "unreadable_answer"),
        (Fault(kind="stall", method="chat.postMessage", times=1, stored=True), "timeout"),
    ],
)
async def test_stored_message_whose_answer_is_lost_is_adopted(bench: Bench, fault: Fault, reason: str) -> None:
    """Slack stored the message and the answer was lost: found in the history, one message in all."""
    bench.slack.faults.add(fault)
    await bench.emit()
    await bench.drain()
    doubtful = await bench.delivery()
    await bench.pass_time(20)
    await bench.drain()
    delivery = await bench.delivery()
    assert (doubtful["status"], doubtful["reason"]) == ("in_doubt", reason)
    assert (delivery["status"], delivery["adopted"], len(bench.messages())) == ("sent", True, 1)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="reset_before", method="chat.postMessage", times=1),
        Fault(kind="http_status", method="chat.postMessage", status=500, times=1),
        Fault(kind="http_status", method="chat.postMessage", status=502, body="json", times=1),
        Fault(kind="garbage", method="chat.postMessage", times=1),
        Fault(kind="slack_error", error="fatal_error", method="chat.postMessage", times=1),
    ],
)
async def test_lost_message_is_posted_again_after_a_look(bench: Bench, fault: Fault) -> None:
    """Slack did not store it: surely absent from the history, so it is posted, once."""
    bench.slack.faults.add(fault)
    await bench.emit()
    await bench.drain()
    await bench.pass_time(20)
    await bench.drain()
    delivery = await bench.delivery()
    assert (delivery["status"], delivery["attempts"], len(bench.messages())) == ("sent", 2, 1)


async def test_unreadable_history_holds_the_delivery(bench: Bench) -> None:
    """While nobody can say whether the message is there, nothing is posted, and the ledger says why."""
    bench.slack.faults.add(Fault(kind="reset_before", method="chat.postMessage", times=1))
    bench.slack.faults.add(Fault(kind="slack_error", error="not_in_channel", method="conversations.history", times=1))
    await bench.emit()
    await bench.drain()
    await bench.pass_time(20)
    await bench.drain()
    delivery = await bench.delivery()
    assert (delivery["status"], delivery["reason"], bench.posts()) == ("in_doubt", "probe_not_in_channel", 1)


async def test_held_delivery_goes_on_when_the_history_can_be_read(bench: Bench) -> None:
    """The look is repeated until its answer is sure."""
    bench.slack.faults.add(Fault(kind="reset_after", method="chat.postMessage", times=1))
    bench.slack.faults.add(Fault(kind="http_status", status=503, method="conversations.history", times=2))
    await bench.emit()
    for _ in range(4):
        await bench.drain()
        await bench.pass_time(20)
    assert ((await bench.delivery())["status"], len(bench.messages())) == ("sent", 1)


async def test_retry_after_is_stored_and_kept_by_all(bench: Bench) -> None:
    """After a 429 no worker posts anywhere until Slack's time is over."""
    await bench.route(
        {"event_pattern": "ci.*", "channel": "#ops-ci"}, {"event_pattern": "task.*", "channel": "#ops-tasks"}
    )
    bench.slack.faults.add(Fault(kind="rate_limited", method="chat.postMessage", retry_after="30", times=1))
    await bench.emit()
    await bench.drain()
    await bench.emit("task.completed")
    await bench.drain()
    holds = (await bench.ledger.call("dispatch_health_v1"))["holds"]
    assert ([it["method"] for it in holds], bench.posts()) == (["chat.postMessage"], 1)


async def test_rate_limited_message_goes_when_the_time_is_over(bench: Bench) -> None:
    """Nothing is lost by a 429."""
    bench.slack.faults.add(Fault(kind="rate_limited", method="chat.postMessage", retry_after="30", times=1))
    await bench.emit()
    await bench.drain()
    failed = await bench.delivery()
    await bench.pass_time(31)
    await bench.drain()
    assert (failed["status"], failed["reason"]) == ("failed", "ratelimited")
    assert ((await bench.delivery())["status"], len(bench.messages())) == ("sent", 1)


async def test_unknown_channel_is_a_dead_letter_with_its_reason(bench: Bench) -> None:
    """Posting to a channel that is not there is given up at once."""
    await bench.route({"event_pattern": "ci.*", "channel": "#nowhere"})
    await bench.emit()
    await bench.drain()
    dead = (await bench.deliveries())[0]
    assert (dead["status"], dead["reason"]) == ("dead", "channel_not_found")


async def test_dead_letter_is_announced_in_the_default_channel(bench: Bench) -> None:
    """Somebody hears that a message could not be delivered."""
    await bench.route({"event_pattern": "ci.*", "channel": "#nowhere"})
    await bench.emit()
    await bench.drain()
    (message,) = bench.messages("general")
    assert "#nowhere" in str(message.blocks)


async def test_dead_letter_is_posted_after_a_retry(bench: Bench) -> None:
    """Once the channel exists, `pulser ledger retry` sends what was dead."""
    await bench.route({"event_pattern": "ci.*", "channel": "#nowhere"})
    await bench.emit()
    await bench.drain()
    bench.slack.workspace.create_channel("nowhere")
    dead = (await bench.deliveries())[0]
    await bench.ledger.call("retry_delivery_v1", {"delivery_id": dead["delivery_id"], "actor": "tester"})
    await bench.pass_time(2)
    await bench.drain()
    assert len(bench.messages("nowhere")) == 1


async def test_refused_layout_is_posted_as_plain_text(bench: Bench) -> None:
    """Should Slack refuse our blocks, the event still arrives."""
    bench.slack.faults.add(Fault(kind="slack_error", error="invalid_blocks", method="chat.postMessage", times=1))
    await bench.emit()
    await bench.drain()
    await bench.pass_time(2)
    await bench.drain()
    (message,) = bench.messages()
    assert "as it came" in str(message.blocks)


async def test_refused_token_holds_everything(bench: Bench) -> None:
    """With a token that Slack refuses, one call asks; the rest wait."""
    bench.slack.tokens.set(bench.slack.bot_token, "revoked")
    await bench.emit()
    await bench.drain()
    await bench.emit()
    await bench.drain()
    delivery = (await bench.deliveries())[0]
    assert (delivery["status"], bench.posts()) == ("failed", 1)


async def test_token_changed_in_vault_is_used_without_a_restart(bench: Bench) -> None:
    """A worker that remembers the old token reads the new one when Slack refuses the old."""
    async with bench.dispatcher() as dispatcher:
        await bench.emit()
        await dispatcher.drain()
        bench.slack.tokens.replace({"xoxb-new": "active"})
        await bench.ledger.call("store_secret_v1", {"name": "slack_bot_token", "value": "xoxb-new"})
        await bench.emit()
        await bench.pass_time(2)
        await dispatcher.drain()
    assert len(bench.messages()) == 2


async def test_missing_token_holds_and_says_so(bench: Bench) -> None:
    """Without a token in Vault nothing is lost."""
    await bench.sql.execute("delete from vault.secrets where name = 'slack_bot_token'")
    await bench.emit()
    await bench.drain()
    delivery = await bench.delivery()
    assert (delivery["status"], delivery["reason"]) == ("failed", "token_missing")


async def test_look_needs_no_right_to_private_channels(bench: Bench) -> None:
    """With the scopes of our own file, a doubt in a channel whose ID is not known yet is resolved."""
    bench.slack.tokens.scopes = frozenset(load(find(Path(__file__).parent)).scopes.bot)
    bench.slack.faults.add(Fault(method="chat.postMessage", kind="reset_after", times=1))
    await bench.emit()
    await bench.drain()
    await bench.pass_time(60)
    await bench.drain()
    delivery = await bench.delivery()
    assert (delivery["status"], delivery["adopted"], bench.posts()) == ("sent", True, 1)


async def test_look_without_its_scope_stops_no_post(bench: Bench) -> None:
    """A bot that may not read histories leaves one delivery in doubt, and posts the others."""
    bench.slack.faults.add(Fault(kind="reset_before", method="chat.postMessage", times=1))
    bench.slack.faults.add(Fault(kind="slack_error", error="missing_scope", method="conversations.history"))
    await bench.emit()
    await bench.drain()
    await bench.pass_time(20)
    await bench.drain()
    await bench.emit("task.failed")
    await bench.drain()
    states = [(it["status"], it["reason"]) for it in await bench.deliveries()]
    assert states == [("in_doubt", "probe_missing_scope"), ("sent", None)]


async def test_channel_that_was_made_anew_is_found_by_its_name(bench: Bench) -> None:
    """The ID that a name had is remembered only as long as it leads somewhere."""
    await bench.emit()
    await bench.drain()
    await bench.sql.execute("update ops.slack_channels set slack_channel_id = 'C0GONE0000'")
    await bench.pass_time(2)
    await bench.emit()
    await bench.drain()
    await bench.pass_time(2)
    await bench.drain()
    assert ([it["status"] for it in await bench.deliveries()], len(bench.messages())) == (["sent", "sent"], 2)


async def test_message_that_slack_failed_with_for_a_day_is_given_up(bench: Bench) -> None:
    """Surely absent after many posts, and its time is over: a dead letter, not a post for ever."""
    await bench.emit()
    async with bench.dispatcher() as dispatcher:
        await dispatcher._route_events()
    await bench.sql.execute(
        "update ops.deliveries set attempts = 6, reason = 'probe_absent', retry_until = now() - interval '1 minute'"
    )
    await bench.drain()
    given_up = (await bench.deliveries())[0]
    assert (given_up["status"], given_up["reason"], len(bench.messages())) == ("dead", "given_up", 0)
