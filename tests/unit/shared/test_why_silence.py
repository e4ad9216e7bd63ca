"""A silence in the story of an event that it muted."""

from __future__ import annotations

from pulser.why import tell
from tests.unit.shared.why_facts import Json, at, details, dispatch, facts, whats

BY = {"user": "U0ANA", "name": "ana"}
SILENCE: Json = {
    "silence_id": "8f3b0c9e-0000-4000-8000-000000000001",
    "service": "api",
    "event_pattern": "ci.*",
    "environment": None,
    "reason": "rebuild",
    "created_by": BY,
    "ends_at": at(3600),
    "ended_at": None,
    "is_live": True,
}
VERDICT = {"route": "ci", "channel": "#ops-ci", "used": True, "why": "it fits"}


def test_a_story_names_the_silence_and_who_made_it() -> None:
    """And where the message would have stood."""
    story = tell(facts(dispatch=dispatch("silenced", verdicts=[VERDICT]), silence=SILENCE))
    assert whats(story)[2:] == ["The silence of api ci.* muted it", "Route ci would have posted it to #ops-ci"]
    assert details(story, "The silence") == f"silence {SILENCE['silence_id']}; rebuild"
    assert story.now == "There is no message of it: ana had silenced api ci.*, until 13:00:00 UTC."


def test_a_silence_that_is_over_says_since_when() -> None:
    """By hand or by its time."""
    over = SILENCE | {"is_live": False, "ended_at": at(60)}
    now = tell(facts(dispatch=dispatch("silenced"), silence=over)).now
    assert now.endswith("ana had silenced api ci.*, which is over since 12:01:00 UTC.")


def test_a_silence_that_is_not_kept_is_still_the_reason() -> None:
    """The event's dispatch says it."""
    story = tell(facts(dispatch=dispatch("silenced"), silence=None))
    assert "A silence muted it" in whats(story)
    assert story.now == "There is no message of it: a silence muted it."
