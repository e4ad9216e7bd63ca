"""The story of an alert that fired again, and of what ended it."""

from __future__ import annotations

from pulser.why import tell
from tests.unit.shared.why_facts import EVENT, OTHER, at, card, delivery, details, event, facts, update, whats


def test_repeats_and_the_end_are_moments() -> None:
    """In order, beside what people did."""
    again = event(event_id="again", created_at=at(10))
    end = event("ci.passed", event_id="end", created_at=at(20))
    over = card("resolved", resolved={"at": at(20), "event_id": "end", "event_type": "ci.passed"})
    story = tell(facts(delivery(), card=over, told_by=[again, end], told_by_total=2))
    assert whats(story)[-2:] == ["ci.failed: it fired again", "ci.passed resolved it"]
    assert story.now.startswith("It stands in #ops-ci since 12:00:00 UTC, resolved")


def test_what_a_rollback_reports_of_an_alert_is_no_repeat() -> None:
    """It is news of the deploy."""
    news = event("deploy.started", event_id="news", created_at=at(10))
    story = tell(facts(delivery(), card=card("open"), told_by=[news], told_by_total=1))
    assert whats(story)[-1] == "deploy.started told of it"


def test_a_card_that_goes_on_elsewhere_names_the_event() -> None:
    """Of the newer message."""
    over = card("resolved", resolved={"at": at(20), "superseded_by": OTHER})
    assert f"A new message tells of it from now on, of event {OTHER}" in whats(tell(facts(delivery(), card=over)))


def test_an_update_that_only_counts_says_why_it_waited() -> None:
    """Not that no dispatcher was awake."""
    waited = update(10, route="repeat", created_at=at(5))
    story = tell(facts(delivery(), waited, card=card("open")))
    assert details(story, "Waited").startswith("it only counts")


def test_details_are_told_as_such() -> None:
    """Queued, and where they stand."""
    row = delivery(
        delivery_id=OTHER, thread_delivery_id=EVENT, thread_part="details", why="other words", created_at=at(9)
    )
    story = tell(facts(row))
    assert "Details were queued, for the thread of its message in #ops-ci" in whats(story)
    assert story.now.startswith("What it said then stands in a thread of #ops-ci")
    waiting = tell(facts({**row, "status": "queued", "sent_at": None, "attempts_log": []}))
    assert waiting.now.startswith("Its details: ")
