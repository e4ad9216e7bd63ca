"""An answer that the ack cannot carry any more: it is owed, and given once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytest

from pulser.errors import SlackHeld
from pulser.handling_work import Done
from tests.unit.shared.handling_ledger import Row
from tests.unit.shared.handling_scene import ACK, Scene


async def test_a_late_answer_goes_by_the_response_url(scene: Scene) -> None:
    """The time is up, so the same body is the reply, and the ledger knows of it before it is sent."""
    await scene.run(within=0.0)
    row = scene.ledger.rows["T1", "e-1"]
    assert (row.reply["body"], row.reply_status) == (ACK, "sent")
    assert [it.body for it in scene.replies.sent] == [ACK]


async def test_what_is_told_instead_comes_with_an_answer_in_time(scene: Scene) -> None:
    """Its way to the relay may take too long: then the ack has gone without it."""
    done = await scene.run()
    assert (done.ack, done.late and done.late.body) == (ACK, ACK)


async def test_an_answer_that_is_owed_after_the_settle_is_sent_at_the_next_ring(scene: Scene) -> None:
    """The relay has had the ledger owe it, and rings."""
    done = await scene.run()
    assert done.late
    key = {"team_id": "T1", "envelope_id": "e-1"}
    await scene.ledger.call("owe_late_reply_v1", {**key, "reply": done.late.to_json()})
    await scene.run()
    assert [it.body for it in scene.replies.sent] == [ACK]


async def run_late_by_a_hair(scene: Scene) -> Row:
    """It is settled as an ack, but the settle takes too long; the row afterwards."""
    answer_by = time.monotonic() + 0.3

    def slow(given: Mapping[str, Any]) -> Any:  # noqa: ANN401  JSON
        settled = scene.ledger.settle_envelope(given)
        while time.monotonic() <= answer_by:
            pass
        return settled

    scene.ledger.answers["settle_envelope_v1"] = slow
    done = await scene.work.run("T1", "e-1", answer_by)
    await scene.work.finish()
    assert done == Done("settled")
    return scene.ledger.rows["T1", "e-1"]


async def test_an_answer_that_is_late_by_a_hair_is_sent_all_the_same(scene: Scene) -> None:
    """As the ledger's reply, and a duplicate gets no ack with it."""
    row = await run_late_by_a_hair(scene)
    assert [it.body for it in scene.replies.sent] == [ACK]
    assert (row.reply["body"], row.reply_status, row.ack) == (ACK, "sent", None)


async def test_an_answer_late_by_a_hair_that_slack_puts_off_is_told_to_the_ledger(scene: Scene) -> None:
    """Which keeps what Slack said, and the answer until then."""
    scene.replies.trouble = SlackHeld("ratelimited", "Slack answered ratelimited", retry_after=7.0)
    row = await run_late_by_a_hair(scene)
    assert row.reply_status == "failed: Slack answered ratelimited"


@pytest.mark.parametrize("when", ["before", "after"])
async def test_an_answer_late_by_a_hair_is_given_once_though_the_database_was_away(scene: Scene, when: str) -> None:
    """The ledger is told again until it knows."""
    scene.ledger.away("owe_late_reply_v1", after=when == "after")
    await run_late_by_a_hair(scene)
    assert len(scene.replies.sent) == 1
