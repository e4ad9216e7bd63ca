"""A story is told from its facts: what was written, which route took it and why, where it stands."""

from __future__ import annotations

from pulser.why import tell
from tests.unit.shared.why_facts import (
    DELIVERY,
    EVENT,
    OTHER,
    at,
    attempt,
    card,
    delivery,
    details,
    dispatch,
    facts,
    update,
    whats,
)


def test_the_story_of_a_message() -> None:
    """Written, noted, routed and why, posted, and where it stands."""
    story = tell(facts(delivery()))
    assert whats(story) == [
        "ci.failed was written",
        "The ledger noted it",
        "Route ci took it, to #ops-ci",
        "Posted to #ops-ci",
    ]
    assert details(story, "Route ci") == "type ci.failed matches ci.*"
    assert details(story, "Posted") == "message C0000000001 1700000000.000100; attempt 1, took 30 ms"
    assert story.now == "It stands in #ops-ci since 12:00:00 UTC (message C0000000001 1700000000.000100)."
    assert (story.about, story.left_out) == ("ci.failed api", ())


def test_a_delivery_of_before_says_that_its_reason_was_not_kept() -> None:
    """No reason is made up from the routes of today."""
    assert details(tell(facts(delivery(why=None))), "Route ci") == "the ledger did not keep why"


def test_an_event_that_was_noted_late_says_so() -> None:
    """A long transaction, or a note that the sweep made."""
    late = facts(delivery(), dispatch=dispatch("routed", recorded_at=at(70)))
    assert details(tell(late), "The ledger noted it").startswith("1 min 10 s after it was written")


def test_an_unrouted_event_tells_what_each_route_said() -> None:
    """As it was when it was routed."""
    said = [
        {"route": "ci", "channel": "#ops-ci", "used": False, "why": "type x is not ci.*"},
        {"route": "default", "channel": "#ops", "used": False, "why": "for severity error and above, not info"},
    ]
    story = tell(facts(dispatch=dispatch("unrouted", verdicts=said)))
    assert whats(story)[2:] == [
        "No route took it",
        "Route ci did not take it",
        "Route default did not take it",
    ]
    assert details(story, "Route ci") == "type x is not ci.*"
    assert story.now == "It went nowhere: no route took it."


def test_an_unrouted_event_of_before_says_that_nothing_was_kept() -> None:
    """The routes of today are not asked."""
    assert details(tell(facts(dispatch=dispatch("unrouted"))), "No route") == "the ledger did not keep what each said"


def test_an_event_that_tells_of_a_card_says_why_it_has_no_message() -> None:
    """The card stands in that channel, and changes there."""
    said = [
        {"route": "deploys", "channel": "#ops-deploy", "used": True, "why": "type deploy.completed matches deploy.*"},
        {"route": "all", "channel": "#all", "used": False, "why": "not tried: route deploys ended the search"},
    ]
    told = facts(dispatch=dispatch("routed", verdicts=said), tells_of=card() | {"kind": "deploy", "card_id": OTHER})
    story = tell(told)
    assert whats(story)[2:] == ["Route deploys took it, to #ops-deploy", f"It tells of the deploy {OTHER}"]
    assert "its card stands in #ops-deploy already" in details(story, "Route deploys")
    assert story.now == f"It has no message of its own: it tells of the deploy {OTHER}."


def test_of_a_delivery_only_its_own_message_is_told() -> None:
    """What went to other channels is counted."""
    other = delivery(delivery_id=OTHER, channel="#other", route="all")
    theirs = update(3, delivery_id="u2", target_delivery_id=OTHER)
    own = update(2, delivery_id="u1")
    told = facts(delivery(), other, own, theirs, delivery=delivery())
    story = tell(told)
    assert [it for it in whats(story) if it.startswith("Route")] == ["Route ci took it, to #ops-ci"]
    assert whats(story).count("The message was changed in place") == 1
    assert story.left_out == ("2 other deliveries of the event",)
    assert [it for it in whats(tell({**told, "delivery": theirs})) if it.startswith("Route")] == [
        "Route all took it, to #other"
    ]


def test_a_delivery_beyond_the_bounds_is_told_when_it_is_asked_about() -> None:
    """why_v1 gives the first deliveries of an event, and that one."""
    late = update(90, version=41, delivery_id="u41")
    story = tell(facts(delivery(), delivery=late, deliveries_total=42))
    assert details(story, "The message was changed").startswith("to version 41 of its card")
    assert story.left_out == ("40 other deliveries of the event",)


def test_what_is_not_told_is_counted() -> None:
    """Deliveries, clicks and events beyond the bounds of why_v1."""
    story = tell(facts(delivery(), deliveries_total=41, clicks_total=7, told_by_total=1))
    assert story.left_out == (
        "40 other deliveries of the event",
        "7 more clicks on its card",
        "1 more event on its card",
    )


def test_an_event_that_is_gone_still_has_its_story() -> None:
    """Its row was deleted by somebody; the outbox knows."""
    story = tell(facts(delivery(), event={"event_id": EVENT, "payload": {}}))
    assert story.about == "An event that is not there any more"
    assert whats(story)[0] == "The ledger noted it"


def test_a_reminder_is_told_with_whom_it_mentions() -> None:
    """And that its snooze was over, or that nobody had acknowledged the alert."""
    told = {"thread_delivery_id": DELIVERY, "thread_part": "reminder", "why": "its snooze is over", "mention": "U0BOB"}
    story = tell(facts(delivery(), delivery("queued", delivery_id=OTHER, **told), delivery=delivery()))
    what = "A reminder was queued, for the thread of its message in #ops-ci"
    assert details(story, what) == "its snooze is over; it mentions U0BOB"


def test_a_briefing_is_told_as_what_it_is() -> None:
    """Queued by whom investigates, for a thread, and posted there; a story of the message has it too."""
    log = attempt(1, 30.2, 0.03, "sent")
    told = {"delivery_id": OTHER, "thread_delivery_id": DELIVERY, "why": "somebody investigates", "created_at": at(30)}
    briefing = delivery("sent", log, **told)
    story = tell(facts(delivery(), briefing, delivery=delivery()))
    assert details(story, "A briefing was queued, for the thread of its message in #ops-ci") == "somebody investigates"
    assert "Posted into the thread of its message in #ops-ci" in whats(story)
