"""A briefing is posted once, whatever Slack answers: in doubt it is looked for in its thread, not blindly repeated."""

from __future__ import annotations

from typing import Any

import pytest

from pulser_local.slack.faults import Fault
from pulser_local.slack.workspace import Message
from tests.integration.notify_dispatch.conftest import Bench
from tests.integration.notify_dispatch.test_cards import ALICE, PLACE, alert


async def investigate(bench: Bench, card_id: str) -> None:
    """Alice presses Investigate."""
    change = {"card_id": card_id, "kind": "alert", "phase": "investigating", "state": {"investigating": ALICE}, **PLACE}
    version = (await bench.card(card_id))["version"]
    told = {**PLACE, "card_id": card_id}
    await bench.act("alert.investigating", told, card={**change, "version": version}, briefing={"channel": None})


async def briefing(bench: Bench) -> dict[str, Any]:
    """The only briefing."""
    (found,) = [it for it in await bench.deliveries() if it["thread_part"] == "briefing"]
    return found


def replies(bench: Bench) -> list[Message]:
    return [it for it in bench.messages() if it.is_reply]


def asked(bench: Bench, method: str) -> int:
    return sum(call.method == method for call in bench.slack.calls)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="reset_after", method="chat.postMessage", times=1),
        Fault(kind="stall", method="chat.postMessage", times=1, stored=True),
        Fault(kind="garbage", method="chat.postMessage", times=1, stored=True),
    ],
)
async def test_a_stored_one_whose_answer_is_lost_is_adopted(bench: Bench, fault: Fault) -> None:
    """Found in the thread, by its own metadata; the history, which does not show it, is not asked."""
    await investigate(bench, await alert(bench))
    bench.slack.faults.add(fault)
    await bench.drain()
    doubtful = await briefing(bench)
    await bench.pass_time(20)
    await bench.drain()
    found = await briefing(bench)
    assert (doubtful["status"], found["status"], found["adopted"], len(replies(bench))) == ("in_doubt", "sent", True, 1)
    assert found["slack_ts"] == replies(bench)[0].ts
    assert (asked(bench, "conversations.replies"), asked(bench, "conversations.history")) == (1, 0)


async def test_a_lost_one_is_posted_again_after_a_look(bench: Bench) -> None:
    """Surely not in the thread."""
    await investigate(bench, await alert(bench))
    bench.slack.faults.add(Fault(kind="reset_before", method="chat.postMessage", times=1))
    await bench.drain()
    await bench.pass_time(20)
    await bench.drain()
    found = await briefing(bench)
    assert (found["status"], found["attempts"], len(replies(bench))) == ("sent", 2, 1)


async def test_a_thread_that_cannot_be_read_holds_it(bench: Bench) -> None:
    """Nothing is posted while nobody can say whether it is there; Slack's refusal holds only the reading of threads."""
    await investigate(bench, await alert(bench))
    bench.slack.faults.add(Fault(kind="reset_after", method="chat.postMessage", times=1))
    bench.slack.faults.add(Fault(kind="slack_error", error="missing_scope", method="conversations.replies"))
    await bench.drain()
    await bench.pass_time(20)
    await bench.drain()
    found = await briefing(bench)
    holds = (await bench.ledger.call("dispatch_health_v1"))["holds"]
    assert (found["status"], found["reason"], len(replies(bench))) == ("in_doubt", "probe_missing_scope", 1)
    assert [it["method"] for it in holds] == ["conversations.replies"]


async def test_whose_message_was_deleted_is_looked_for_in_the_channel(bench: Bench) -> None:
    """There Slack puts what is posted into a thread that has gone (measured by others: slack-go/slack#1571)."""
    await investigate(bench, await alert(bench))
    bench.slack.faults.add(Fault(kind="reset_before", method="chat.postMessage", times=1))
    await bench.drain()
    (root,) = bench.messages()
    bench.slack.workspace.delete(root.channel_id, root.ts)
    await bench.pass_time(20)
    await bench.drain()
    found = await briefing(bench)
    assert (found["status"], found["reason"], asked(bench, "conversations.history")) == ("dead", "thread_not_found", 1)
    assert bench.messages() == []


async def test_whose_message_died_is_dead(bench: Bench) -> None:
    """It has no thread; a person may retry both."""
    card_id = await bench.emit(payload={**PLACE, "severity": "error"})
    bench.slack.faults.add(Fault(kind="reset_before", method="chat.postMessage", times=1))
    await bench.drain()
    await bench.pass_time(70)
    await investigate(bench, card_id)
    bench.slack.faults.add(Fault(kind="slack_error", error="restricted_action", method="chat.postMessage", times=1))
    await bench.drain()
    await bench.pass_time(20)
    await bench.drain()
    found = await briefing(bench)
    assert (found["status"], found["reason"], bench.messages()) == ("dead", "thread_missing", [])


async def test_a_refused_layout_goes_as_a_line(bench: Bench) -> None:
    """Who investigates is told all the same."""
    await investigate(bench, await alert(bench))
    bench.slack.faults.add(Fault(kind="slack_error", error="invalid_blocks", method="chat.postMessage", times=1))
    await bench.drain()
    await bench.pass_time(2)
    await bench.drain()
    (reply,) = replies(bench)
    assert reply.text == "<@U0ALICE001> is investigating this alert."


async def test_slack_that_tells_no_address_does_not_hold_it_up(bench: Bench) -> None:
    """The other alert is named without a link."""
    await bench.emit(payload={**PLACE, "severity": "error", "title": "the first one", "branch": "another"})
    await investigate(bench, await alert(bench))
    bench.slack.faults.add(Fault(kind="slack_error", error="internal_error", method="chat.getPermalink"))
    await bench.pass_time(2)
    await bench.drain()
    (reply,) = replies(bench)
    assert "the first one" in str(reply.blocks)
    assert "archives" not in str(reply.blocks)


async def test_a_channel_that_is_gone_is_gone_for_its_threads(bench: Bench) -> None:
    """No other channel of that name has the thread: it is not tried there."""
    await investigate(bench, await alert(bench))
    bench.slack.faults.add(Fault(kind="slack_error", error="channel_not_found", method="chat.postMessage"))
    await bench.drain()
    found = await briefing(bench)
    assert (found["status"], found["reason"], found["attempts"]) == ("dead", "channel_not_found", 1)
