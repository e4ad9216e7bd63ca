"""What a delivery waited for, each attempt and what came of it."""

from __future__ import annotations

from typing import Any

import pytest

from pulser.why import tell
from tests.unit.shared.why_facts import Json, at, attempt, card, delivery, details, facts, hook, whats


def waited(before: Json | None = None, **changes: Any) -> str:  # noqa: ANN401
    """What a delivery says that it waited for: 20 s after its attempt, or before the first one."""
    log = [before] if before else []
    sent = attempt(len(log) + 1, 20, 0.1, "sent")
    story = tell(facts(delivery("sent", *log, sent, **changes)))
    [found] = [it for it in story.moments if it.what.startswith("Waited")]
    assert found.what == "Waited 20 s"
    return found.detail or ""


@pytest.mark.parametrize(
    ("before", "why"),
    [
        (attempt(1, 0, 0.1, "failed", "ratelimited"), "Slack's Retry-After: it had said ratelimited"),
        (attempt(1, 0, 0.1, "failed", "invalid_auth"), "Slack refused the token (invalid_auth)"),
        (attempt(1, 0, 0.1, "failed", "not_connected"), "backoff after not_connected"),
        (attempt(1, 0, 0.1, "failed"), "backoff after an error"),
        (attempt(1, 0, 0.1, "in_doubt", "timeout"), "in doubt: a late write may still land"),
        (attempt(1, 0, 0.1, "unknown", "probe_missing_scope"), "history could not be read (probe_missing_scope)"),
        (attempt(1, 0, 0.1, "absent", "probe_absent"), "its turn in #ops-ci, to be posted again"),
        (attempt(1, 0, 0.1, "lease_expired", "lease_expired"), "its worker had vanished"),
        (attempt(1, 0, 0.1, "dead", "channel_not_found"), "until somebody asked for another try"),
        (attempt(1, 0, 0.1, "a new word"), "the next worker"),
    ],
    ids=lambda value: value if isinstance(value, str) else value["outcome"],
)
def test_a_wait_after_an_attempt_tells_for_what(before: Json, why: str) -> None:
    """Retry-After, the token, backoff, doubt, the probe, a dead worker, or a person."""
    assert why in waited(before)


def test_the_first_wait_is_for_the_channels_pace() -> None:
    """So many were ahead; Slack takes one a second."""
    assert waited(ahead=1) == "the pace of its channel: 1 message to #ops-ci was ahead of it; Slack takes one a second"
    assert "19 messages to #ops-ci were ahead of it" in waited(ahead=19)


def stop(seconds: float, outcome: str, reason: str, **changes: Any) -> Json:  # noqa: ANN401
    """What a neighbour in the outbox met."""
    told = {"at": at(seconds), "purpose": "post", "outcome": outcome, "reason": reason, "channel": "#ops-ci"}
    return {**told, "ahead": True, "done_at": at(20), **changes}


def test_a_doubt_ahead_in_the_channel_is_told() -> None:
    """The order is kept, so a message in doubt holds up those behind it."""
    assert "one of which was in doubt (timeout)" in waited(ahead=2, stopped=[stop(1, "in_doubt", "timeout")])
    before = stop(-9, "in_doubt", "timeout")
    assert "one of which was in doubt (timeout)" in waited(ahead=2, stopped=[before])
    assert "one of which failed (http_503)" in waited(ahead=2, stopped=[stop(1, "failed", "http_503")])


@pytest.mark.parametrize(
    "other",
    [
        stop(1, "in_doubt", "timeout", channel="#b"),
        stop(30, "in_doubt", "timeout"),
        stop(-9, "in_doubt", "timeout", done_at=at(-1)),
        stop(1, "in_doubt", "timeout", ahead=False),
    ],
    ids=["another channel", "later", "over before", "behind"],
)
def test_another_ones_doubt_is_not_told(other: Json) -> None:
    """In another channel, afterwards, over before this one came, or behind it: it held up nobody here."""
    assert "doubt" not in waited(ahead=2, stopped=[other])


def test_the_first_wait_is_for_a_hold_that_a_neighbour_met() -> None:
    """Slack's Retry-After holds for all channels, a refused token for everything."""
    held = stop(-5, "failed", "ratelimited", channel="#b")
    assert waited(stopped=[held]).startswith("Slack's hold: it had said ratelimited to another post")
    refused = stop(3, "failed", "token_revoked", purpose="update")
    assert "token_revoked" in waited(stopped=[refused])


@pytest.mark.parametrize(
    "other",
    [
        stop(-100, "failed", "ratelimited"),
        stop(30, "failed", "ratelimited"),
        stop(1, "failed", "ratelimited", purpose="update"),
        stop(1, "failed", "not_connected", channel="#b"),
    ],
    ids=["long ago", "later", "of another method", "a failure of its own"],
)
def test_what_held_nobody_else_is_no_hold(other: Json) -> None:
    """Then it was a dispatcher that was waited for."""
    assert waited(stopped=[other]) == "the next dispatcher to wake up"


def test_a_moment_is_no_wait() -> None:
    """What took less than a second is not told."""
    assert not [it for it in whats(tell(facts(delivery()))) if it.startswith("Waited")]


def test_a_doubt_that_was_resolved() -> None:
    """The attempt, the wait, the look, and that nothing was posted twice."""
    log = [
        attempt(1, 0.1, 0.1, "in_doubt", "connection_lost"),
        attempt(2, 10.2, 0.1, "adopted", purpose="probe"),
    ]
    story = tell(facts(delivery("sent", *log, adopted=True)))
    assert whats(story)[3:] == [
        "The post is in doubt: connection_lost",
        "Waited 10 s",
        "Found in Slack's history: adopted, not posted again",
    ]
    assert "where it was found" in story.now


def test_a_worker_that_vanished() -> None:
    """When it began, when its lease ran out, what that means."""
    log = [attempt(1, 0.1, 20, "lease_expired", "lease_expired"), attempt(2, 21, 0.1, "absent", purpose="probe")]
    story = tell(facts(delivery("queued", *log)))
    assert whats(story)[3:6] == [
        "Attempt 1 began: a post",
        "The lease of attempt 1 ran out",
        "Not in Slack's history: it is posted again",
    ]
    assert (
        details(story, "The lease")
        == "worker-1 had vanished while it posted: whether the message is in Slack is in doubt"
    )


def test_attempts_that_are_left_out_are_counted_where_they_were() -> None:
    """Between the first and the last ones."""
    log = [attempt(1, 1, 0.1, "failed", "x"), attempt(41, 500, 0.1, "failed", "x")]
    story = tell(facts(delivery("failed", *log, next_attempt_at=at(700), reason="x")))
    assert whats(story)[3:] == [
        "The post failed: x",
        "39 more attempts not told here",
        "The post failed: x",
    ]


def test_what_a_person_asked_for_again() -> None:
    """A dead delivery that is queued once more."""
    story = tell(facts(delivery("queued", attempt(1, 1, 0.1, "dead", "channel_not_found"))))
    assert whats(story)[-1] == "Somebody asked for another try"


def test_a_hook_and_what_it_answered() -> None:
    """The card keeps the answer; of the last call only."""
    answered = {"hook": {"status": "accepted", "action": "deploy", "text": "queued", "url": "https://ci.example/1"}}
    called = attempt(1, 5, 0.2, "sent", purpose="hook")
    story = tell(facts(delivery(), hook("sent", called, created_at=at(4.9)), card=card("approved", **answered)))
    assert whats(story)[4:] == ["The call of the deploy hook of api was queued", "The hook took the call"]
    assert details(story, "The hook").startswith("queued, https://ci.example/1; attempt 1")


def test_a_hook_that_is_dead_says_how_to_go_on() -> None:
    """It is not retried from the ledger."""
    failed = attempt(1, 5, 0.2, "dead", "http_404", purpose="hook")
    story = tell(facts(hook("dead", failed, reason="http_404", error="not there")))
    assert (
        story.now == "The call of the hook is dead because http_404: not there; a deploy is asked for again in Slack."
    )
