"""A look into Slack's history: what Slack does not say is not taken for an answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from notify_dispatch.claimed import ClaimedDelivery
from notify_dispatch.probe import probe
from notify_dispatch.render.message import METADATA_TYPE
from pulser.slack import SlackApi

DELIVERY = ClaimedDelivery(
    delivery_id="d-1",
    claim_token="t-1",
    purpose="probe",
    attempt=1,
    channel="#ops",
    slack_channel_id="C0000000001",
    mention=None,
    last_reason="timeout",
    doubtful_since=datetime(2026, 3, 1, tzinfo=UTC),
    given_up=False,
    waited_s=1.0,
    event={"event_id": "e-1"},
)
OURS = {"ts": "1.000001", "metadata": {"event_type": METADATA_TYPE, "event_payload": {"delivery_id": "d-1"}}}


class ScriptedSlack:
    """Gives one answer after the other and keeps what it was asked."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self._answers = list(answers)
        self.asked: list[dict[str, Any]] = []

    async def call(self, method: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401  as SlackApi
        """The next answer."""
        self.asked.append({"method": method, **arguments})
        return {"ok": True, **self._answers.pop(0)}


async def _probe(*answers: dict[str, Any]) -> tuple[str, str | None]:
    outcome = await probe(cast("SlackApi", ScriptedSlack(*answers)), DELIVERY)
    return outcome.result, outcome.reason


async def test_a_whole_history_without_it_is_an_absence() -> None:
    """All was read and it is not there."""
    assert await _probe({"messages": [], "has_more": False}) == ("absent", "probe_absent")


@pytest.mark.parametrize(
    "answer",
    [{}, {"messages": None}, {"messages": {}}, {"messages": [], "has_more": True}],
    ids=["no messages", "null", "no list", "more without a cursor"],
)
async def test_an_ok_that_is_no_whole_list_holds_the_delivery(answer: dict[str, Any]) -> None:
    """Slack's ok without its messages proves nothing: to post again would be a guess (invariant 4)."""
    assert await _probe(answer) == ("unknown", "probe_unreadable_answer")


async def test_the_next_page_is_read_too() -> None:
    """The message may stand on any page."""
    slack = ScriptedSlack(
        {"messages": [], "has_more": True, "response_metadata": {"next_cursor": "abc"}}, {"messages": [OURS]}
    )
    outcome = await probe(cast("SlackApi", slack), DELIVERY)
    assert (outcome.result, slack.asked[1]["cursor"]) == ("adopted", "abc")


BRIEFING = DELIVERY.model_copy(update={"thread_delivery_id": "d-0", "thread_ts": "0.000009"})


async def test_a_briefing_is_looked_for_in_its_thread() -> None:
    """Page by page, with all metadata, by the ts of the message that began it."""
    slack = ScriptedSlack(
        {"messages": [], "has_more": True, "response_metadata": {"next_cursor": "abc"}}, {"messages": [OURS]}
    )
    outcome = await probe(cast("SlackApi", slack), BRIEFING)
    assert (outcome.result, outcome.slack_ts) == ("adopted", OURS["ts"])
    assert [(it["method"], it["ts"], it["include_all_metadata"]) for it in slack.asked] == [
        ("conversations.replies", "0.000009", True)
    ] * 2


async def test_the_message_that_began_the_thread_is_not_the_briefing() -> None:
    """It comes with the replies, and is of another delivery."""
    metadata = {"event_type": METADATA_TYPE, "event_payload": {"delivery_id": "d-0"}}
    root = {"ts": "0.000009", "metadata": metadata}
    outcome = await probe(cast("SlackApi", ScriptedSlack({"messages": [root]})), BRIEFING)
    assert outcome.result == "absent"
