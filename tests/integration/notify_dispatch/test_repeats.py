"""An alert that fires again, ends or cannot be changed any more, as it is seen in Slack."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pulser_local.slack.faults import Fault
from pulser_local.slack.workspace import Message
from tests.integration.notify_dispatch.conftest import Bench
from tests.integration.notify_dispatch.test_cards import acknowledge, alert, buttons, header, only

OF = {"service": "api", "environment": "production", "severity": "error"}


async def again(bench: Bench, event_type: str = "ci.failed", **payload: Any) -> str:  # noqa: ANN401  JSON
    """It fires again, or ends."""
    event = await bench.emit(event_type, OF | payload)
    await bench.drain()
    return event


def calls(bench: Bench, method: str) -> int:
    return sum(call.method == method for call in bench.slack.calls)


def thread(bench: Bench) -> list[Message]:
    return [it for it in bench.messages() if it.is_reply]


async def test_many_repeats_are_one_message_and_one_change(bench: Bench) -> None:
    """The count waits for half a minute, and is right then."""
    await alert(bench)
    for _ in range(5):
        await again(bench)
    assert (len(bench.messages()), calls(bench, "chat.update")) == (1, 0)
    await bench.pass_time(31)
    await bench.drain()
    assert header(only(bench)) == "🔴 CI failed: api in production (6 times)"
    assert calls(bench, "chat.update") == 1


async def test_it_ends_in_its_message(bench: Bench) -> None:
    """At once, and nothing is left to press."""
    await alert(bench)
    await again(bench)
    await again(bench, "ci.passed", severity="info")
    message = only(bench)
    assert header(message) == "🟢 Resolved · CI failed: api in production (2 times)"
    assert not buttons(message)


async def test_other_words_stand_in_the_thread(bench: Bench) -> None:
    """The newest ones, once."""
    await alert(bench)
    await again(bench, summary="the linker ran out of memory")
    [reply] = thread(bench)
    assert "the linker ran out of memory" in json.dumps(reply.to_json())


async def test_refused_details_are_posted_plainly(bench: Bench) -> None:
    """Slack does not take their layout."""
    await alert(bench)
    bench.slack.faults.add(Fault(kind="slack_error", error="invalid_blocks", method="chat.postMessage", times=1))
    await again(bench, summary="other words")
    await bench.pass_time(2)
    await bench.drain()
    [reply] = thread(bench)
    assert reply.text == "It fired again, with other words."


@pytest.mark.parametrize("error", ["edit_window_closed", "cant_update_message", "is_inactive"])
async def test_a_message_that_cannot_be_changed_is_continued(bench: Bench, error: str) -> None:
    """By a new one with a link, which changes from then on; nobody is alarmed."""
    card_id = await alert(bench)
    bench.slack.faults.add(Fault(kind="slack_error", error=error, method="chat.update", times=1))
    await acknowledge(bench, card_id)
    await bench.drain()
    await bench.pass_time(2)
    await bench.drain()
    old, new = bench.messages()
    assert header(new).startswith("🟡 Acknowledged")
    assert "Continued from <http" in json.dumps(new.to_json())
    await again(bench, "ci.passed", severity="info")
    old, new = bench.messages()
    assert (header(old)[:1], header(new)[:1]) == ("🔴", "🟢")
    assert "Continued from <http" in json.dumps(new.to_json())
    assert await bench.sql.fetchval("select count(*) from ops.platform_events where event_type = 'delivery.dead'") == 0


async def test_a_mere_count_is_not_worth_a_new_message(bench: Bench) -> None:
    """Slack refuses the change: what somebody does next is shown in a new one."""
    await alert(bench)
    bench.slack.faults.add(Fault(kind="slack_error", error="edit_window_closed", method="chat.update"))
    await again(bench)
    await bench.pass_time(31)
    await bench.drain()
    assert (len(bench.messages()), calls(bench, "chat.update")) == (1, 1)


async def test_slack_that_tells_no_address_does_not_hold_the_new_message_up(bench: Bench) -> None:
    """It says that it continues another, without a link."""
    card_id = await alert(bench)
    bench.slack.faults.add(Fault(kind="slack_error", error="edit_window_closed", method="chat.update", times=1))
    bench.slack.faults.add(Fault(kind="slack_error", error="fatal_error", method="chat.getPermalink"))
    await acknowledge(bench, card_id)
    await bench.drain()
    await bench.pass_time(2)
    await bench.drain()
    assert "Continued from an earlier message" in json.dumps(bench.messages()[-1].to_json())


async def test_one_whose_message_was_deleted_is_posted_anew_when_it_fires_again(bench: Bench) -> None:
    """It must not be counted where nobody sees it."""
    card_id = await alert(bench)
    found = bench.slack.workspace.find("ops-ci")
    assert found is not None
    bench.slack.workspace.delete(found.id, only(bench).ts)
    await acknowledge(bench, card_id)
    await bench.drain()
    second = await again(bench)
    await bench.pass_time(2)
    await bench.drain()
    assert header(only(bench)) == "🔴 CI failed: api in production"
    assert (await bench.card(second))["phase"] == "open"
