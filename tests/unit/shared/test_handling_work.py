"""A handler's loop: one effect and one answer per envelope, whatever fails on the way."""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from collections.abc import Awaitable, Callable

import pytest

from pulser.envelope import Envelope
from pulser.errors import DatabaseBehind, DatabaseRefused, SlackHeld, SlackInDoubt
from pulser.handling_work import (
    GIVE_BACK,
    LEASE_SECONDS,
    MOST_ROUNDS,
    NOBODY_WAITS,
    REPLY_LATEST_START,
    Done,
    Drainer,
)
from pulser.settlement import Reply, Settlement
from tests.unit.shared.handling_ledger import Trouble
from tests.unit.shared.handling_scene import ACK, EVENT, URL, Scene


def raising(*errors: Exception) -> Callable[[Envelope, float], Awaitable[Settlement]]:
    """Decisions that fail, one after the other, and then succeed."""
    left = list(errors)

    async def decide(_envelope: Envelope, _answer_by: float) -> Settlement:
        if left:
            raise left.pop(0)
        return Settlement(ack=ACK, events=[EVENT])

    return decide


async def test_an_envelope_is_settled_and_its_ack_given_back(scene: Scene) -> None:
    """The usual way: one outcome, and the answer within the time."""
    assert (await scene.run()).ack == ACK
    assert scene.ledger.rows["T1", "e-1"].outcomes[0]["ack"] == ACK
    assert scene.replies.sent == []


async def test_the_decision_knows_until_when_an_answer_is_of_use(scene: Scene) -> None:
    """What opens a modal must not begin later."""
    asked_at = time.monotonic()
    await scene.work.run("T1", "e-1", asked_at + 2.5)
    assert scene.seen == [asked_at + 2.5]


async def test_a_second_call_gets_the_stored_ack(scene: Scene) -> None:
    """A duplicate gets the same answer, and nothing is decided again."""
    await scene.run()
    assert (await scene.run()).ack == ACK
    assert len(scene.seen) == 1


async def test_an_envelope_that_another_worker_has_is_left_to_it(scene: Scene) -> None:
    """Nothing is decided."""
    scene.ledger.rows["T1", "e-1"].token = "another's"
    assert await scene.run() == Done("busy")
    assert scene.seen == []


async def test_an_unknown_envelope_is_nobodys(scene: Scene) -> None:
    """A call for what was never recorded has no effect."""
    assert await scene.work.run("T1", "e-0", math.inf) == Done("unknown")


async def test_a_reply_is_sent_and_confirmed(scene: Scene) -> None:
    """A private note goes out after the settle."""
    scene.decide = settling(Settlement(events=[EVENT], reply=Reply({"text": "note"}, url=URL)))
    await scene.run()
    assert [it.body["text"] for it in scene.replies.sent] == ["note"]
    assert scene.ledger.rows["T1", "e-1"].reply_status == "sent"


async def test_a_reply_that_slack_does_not_take_stays_in_the_ledger(scene: Scene) -> None:
    """The ledger is told why, and decides when it is tried again."""
    scene.replies.trouble = SlackHeld("ratelimited", "Slack answered ratelimited")
    await scene.run(within=0.0)
    assert scene.ledger.rows["T1", "e-1"].reply_status == "failed: Slack answered ratelimited"


async def test_a_reply_that_may_have_been_shown_is_told_as_a_doubt(scene: Scene) -> None:
    """So that it is not shown twice."""
    scene.replies.trouble = SlackInDoubt("timeout", "no answer within 5 s")
    await scene.run(within=0.0)
    assert scene.ledger.rows["T1", "e-1"].reply_status == "in doubt: no answer within 5 s"


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_reply_is_confirmed_again_while_the_database_is_away(scene: Scene, when: str) -> None:
    """Else its claim would run out, and another one would send it once more."""
    scene.ledger.away("confirm_reply_v1", after=when == "after")
    await scene.run(within=0.0)
    assert (len(scene.replies.sent), scene.ledger.rows["T1", "e-1"].reply_status) == (1, "sent")


async def test_a_reply_that_is_claimed_for_long_is_left_to_another_one(scene: Scene) -> None:
    """The worker was held up: the claim may have ended meanwhile."""
    ticks = itertools.count(0.0, REPLY_LATEST_START + 1)
    scene.work.clock = lambda: next(ticks)
    await scene.run(within=0.0)
    assert scene.replies.sent == []


@pytest.mark.parametrize("reason", ["card_changed", "deploy_running"])
async def test_a_card_that_changed_is_decided_about_again(scene: Scene, reason: str) -> None:
    """With its fresh state, until it stands still."""
    scene.ledger.refusals = [{"reason": reason, "card": {}}] * 3
    assert (await scene.run()).ack == ACK
    assert len(scene.seen) == 4


async def test_a_card_that_never_stands_still_is_left_for_later(scene: Scene) -> None:
    """After some rounds the envelope is given back, to be tried again."""
    scene.ledger.refusals = [{"reason": "card_changed", "card": {}}] * 99
    assert await scene.run() == Done("failed")
    assert len(scene.seen) == MOST_ROUNDS
    assert scene.ledger.rows["T1", "e-1"].status == "waiting"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (SlackHeld("ratelimited", "Slack answered ratelimited"), "Slack answered ratelimited"),
        (DatabaseRefused("P0001", "no"), "P0001: no"),
        (DatabaseBehind("42883", "no"), "the database is behind this version, apply the migrations first: 42883: no"),
        (KeyError("sentinel of a user"), "KeyError"),
        (TimeoutError(), "TimeoutError"),
    ],
)
async def test_a_decision_that_fails_is_tried_again_later(scene: Scene, error: Exception, told: str) -> None:
    """The ledger notes why; the words of foreign errors stay in the log."""
    scene.decide = raising(error)
    assert await scene.run() == Done("failed")
    row = scene.ledger.rows["T1", "e-1"]
    assert (row.status, row.error) == ("waiting", told)


async def test_who_is_given_up_is_told(scene: Scene) -> None:
    """The ledger's own note is sent with the last failure."""
    scene.decide = raising(RuntimeError())
    scene.ledger.rows["T1", "e-1"].attempts = 7
    await scene.run()
    assert [it.body["text"] for it in scene.replies.sent] == ["gave up"]


async def test_a_database_that_is_away_while_settling_is_asked_again(scene: Scene) -> None:
    """What was decided is not lost, and not decided again."""
    scene.ledger.away("settle_envelope_v1", 2)
    assert (await scene.run()).ack == ACK
    assert len(scene.seen) == 1


async def test_a_settle_that_waits_for_its_migration_gives_the_claim_back_in_time(scene: Scene) -> None:
    """Not at the end of the lease, for then it would count as a handler that vanished: tried again, ever later."""
    behind = DatabaseBehind("42883", "function ops.settle_envelope_v1() does not exist")
    scene.ledger.troubles["settle_envelope_v1"] += [Trouble(behind)] * 99
    scene.work.clock = itertools.count(0, (LEASE_SECONDS - GIVE_BACK + 1) / 3).__next__
    assert await scene.run() == Done("failed")
    row = scene.ledger.rows["T1", "e-1"]
    assert (row.status, row.error) == ("waiting", str(behind))
    assert scene.ledger.calls.count("settle_envelope_v1") == 3


async def test_a_settle_whose_echo_is_lost_is_not_done_twice(scene: Scene) -> None:
    """The second try finds an old token; the note goes out all the same."""
    scene.decide = settling(Settlement(events=[EVENT], reply=Reply({"text": "note"}, url=URL)))
    scene.ledger.away("settle_envelope_v1", after=True)
    assert await scene.run() == Done("settled")
    assert len(scene.ledger.rows["T1", "e-1"].outcomes) == 1
    assert [it.body["text"] for it in scene.replies.sent] == ["note"]


async def test_a_worker_whose_lease_was_taken_over_changes_nothing(scene: Scene) -> None:
    """Another one has the envelope now."""

    async def overtaken(_envelope: Envelope, _answer_by: float) -> Settlement:
        scene.ledger.rows["T1", "e-1"].token = "another's"
        return Settlement(ack=ACK, events=[EVENT])

    scene.decide = overtaken
    assert await scene.run() == Done("busy")
    assert scene.ledger.rows["T1", "e-1"].outcomes == []


@pytest.mark.parametrize("function", ["fail_envelope_v1", "claim_reply_v1", "confirm_reply_v1"])
async def test_a_database_that_is_away_afterwards_breaks_nothing(scene: Scene, function: str) -> None:
    """The lease or the sweep brings the rest."""
    scene.decide = raising(RuntimeError()) if function == "fail_envelope_v1" else None
    scene.ledger.away(function)
    assert (await scene.run(within=0.0)).state in {"settled", "failed"}


async def test_a_drain_carries_out_what_was_left(scene: Scene) -> None:
    """Envelopes that nobody was told of, and replies that nobody sent; nobody waits for their acks."""
    for number in range(2, 40):
        scene.recorded(f"e-{number}")
    assert await scene.work.drain() >= 39
    await scene.work.finish()
    assert {row.status for row in scene.ledger.rows.values()} == {"completed"}
    assert set(scene.seen) == {NOBODY_WAITS}
    assert len(scene.replies.sent) == 39


async def test_one_trouble_does_not_stop_a_drain(scene: Scene) -> None:
    """Each envelope's trouble is its own."""
    for number in range(2, 6):
        scene.recorded(f"e-{number}")
    scene.decide = raising(RuntimeError())
    await scene.work.drain()
    assert sorted(row.status for row in scene.ledger.rows.values()) == ["completed"] * 4 + ["waiting"]


async def test_a_drain_without_a_database_ends(scene: Scene) -> None:
    """The sweep rings again."""
    scene.ledger.away("claim_envelopes_v1")
    await Drainer(scene.work).wake()
    assert scene.ledger.rows["T1", "e-1"].status == "pending"


async def test_a_ring_while_it_drains_is_remembered(scene: Scene) -> None:
    """One drain at a time, and another one after it."""
    drainer = Drainer(scene.work)
    gate = asyncio.Event()

    async def wait(_envelope: Envelope, _answer_by: float) -> Settlement:
        await gate.wait()
        return Settlement(events=[EVENT])

    scene.decide = wait
    first = drainer.wake()
    await asyncio.sleep(0)
    assert drainer.wake() is first
    gate.set()
    await first
    # Each run ends with a look that finds nothing: one for each ring.
    assert scene.ledger.calls.count("claim_envelopes_v1") == 3


async def test_a_decision_that_takes_too_long_is_given_up(scene: Scene) -> None:
    """It must not outlast the lease."""
    scene.work.handle_seconds = 0.01
    never = asyncio.Event()

    async def hang(_envelope: Envelope, _answer_by: float) -> Settlement:
        await never.wait()
        return Settlement(events=[EVENT])

    scene.decide = hang
    assert await scene.run() == Done("failed")


def settling(settlement: Settlement) -> Callable[[Envelope, float], Awaitable[Settlement]]:
    """Always the same decision."""

    async def decide(_envelope: Envelope, _answer_by: float) -> Settlement:
        return settlement

    return decide


async def test_an_answer_is_given_once(scene: Scene) -> None:
    """Decided in the last moment, it is a private answer, with no ack's payload beside it; so a duplicate's."""
    done = await scene.run(within=0.1)
    assert (done.ack, [it.body for it in scene.replies.sent]) == (None, [ACK])
    assert scene.ledger.rows["T1", "e-1"].outcomes[0]["ack"] is None


async def test_what_is_claimed_is_carried_out_though_the_replies_cannot_be_asked_for(scene: Scene) -> None:
    """It must not wait for its lease to end."""
    scene.ledger.away("claim_replies_v1")
    assert await scene.work.drain() == 1
    assert scene.ledger.rows["T1", "e-1"].status == "completed"
