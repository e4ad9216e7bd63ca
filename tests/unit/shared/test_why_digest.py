"""The story of an event that is told in a digest, and of the digest itself."""

from __future__ import annotations

from pulser.why import tell
from tests.unit.shared.why_facts import DELIVERY, OTHER, Json, at, attempt, delivery, facts

PLACE = {"slack_channel_id": "C0000000001", "slack_ts": "1700000000.000100"}


def folded(status: str, **changes: object) -> Json:
    """A delivery that goes with OTHER, as why_delivery_v1 tells it."""
    return delivery(status, **{"digest_id": OTHER, "digest_events": 148, "attempts_log": [], "sent_at": None} | changes)


def said(told: Json) -> list[str]:
    return [f"{it.what}: {it.detail}" for it in tell(facts(told)).moments]


def test_what_waited_says_why_and_in_what_it_stands() -> None:
    """The pace, the digest with its delivery, and the message."""
    lines = said(folded("sent", sent_at=at(2.54), **PLACE))
    assert "Waited 2.5 s: more events came to #ops-ci than Slack takes messages: one a second" in lines
    assert lines[-1] == f"Told in a digest of 148 events: delivery {OTHER}; message C0000000001 1700000000.000100"


def test_now_it_stands_in_a_digest() -> None:
    """With how many it shares the message."""
    now = tell(facts(folded("sent", sent_at=at(2), **PLACE))).now
    assert "in a digest of 148 events" in now


def test_what_died_with_a_digest_says_so() -> None:
    """With the reason of the digest."""
    lines = said(folded("dead", dead_at=at(5), reason="channel_not_found", error="Slack answered so"))
    assert lines[-1].startswith("It was given up with a digest of 148 events: channel_not_found")


def test_what_is_on_its_way_goes_with_its_digest() -> None:
    """Its own attempts are none: those of the digest tell."""
    now = tell(facts(folded("in_doubt"))).now
    assert now == f"It goes with a digest of 148 events, {OTHER}, which is in doubt."


def test_a_digest_says_of_how_many_events_it_tells() -> None:
    """Beside its message."""
    told = delivery("sent", attempt(1, 0.05, 0.03, "sent"), digest_id=DELIVERY, digest_events=7)
    assert said(told)[-1].startswith("Posted to #ops-ci: a digest of 7 events; message C0000000001")
