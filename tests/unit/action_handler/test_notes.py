"""The sentences that people read in private."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from action_handler import notes
from pulser.card import Person

AT = datetime(2026, 3, 1, 7, 33, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("named", "told"),
    [
        (["U0ALICE"], "<@U0ALICE>"),
        (["U0ALICE", "S0ONCALL"], "<@U0ALICE> and <!subteam^S0ONCALL>"),
        (["U0A", "U0B", "U0C"], "<@U0A>, <@U0B> and <@U0C>"),
        (["<!channel>"], "&lt;!channel&gt;"),
        ([f"U0{n:03}" for n in range(12)], ", ".join(f"<@U0{n:03}>" for n in range(8)) + " and 4 more"),
    ],
)
def test_who_may_is_a_list_of_mentions(named: list[str], told: str) -> None:
    """What is no id is inert; a long list is cut."""
    assert notes.who_may(named) == told


def test_a_time_is_the_readers_own() -> None:
    """Slack shows it in his time zone; a screen reader without Slack reads UTC."""
    assert notes.when(AT) == ", <!date^1772350400^{date_short_pretty} at {time_secs}|2026-03-01 07:33:20 UTC>"


@pytest.mark.parametrize("at", [None, datetime(1, 1, 1, tzinfo=UTC), datetime(2300, 1, 1, tzinfo=UTC)])
def test_a_time_that_slack_cannot_show_is_left_out(at: datetime | None) -> None:
    """The sentence stands without it."""
    assert notes.when(at) == ""


def test_a_name_of_no_id_is_inert() -> None:
    """It mentions nobody."""
    assert notes.who_is(Person("nobody", "<@U0BOB>", AT)) == "&lt;@U0BOB&gt;"


@pytest.mark.parametrize("reason", ["forged", "unsigned", "unreadable"])
def test_a_bad_value_changes_nothing_and_says_so(reason: str) -> None:
    """An old message is told apart from a foreign button."""
    note = notes.bad_value(reason)
    assert note.endswith(notes.NOTHING_CHANGED)
    assert ("too old" in note) is (reason == "unsigned")


@pytest.mark.parametrize(
    ("approvers", "told"),
    [
        (None, "needs no approval"),
        (["U0BOB", "S0ONCALL"], "approval of <@U0BOB> or <!subteam^S0ONCALL>"),
    ],
)
def test_a_request_says_who_decides(approvers: list[str] | None, told: str) -> None:
    """So the requester knows whom to ask."""
    assert told in notes.requested("api", "production", "1.2.3", approvers)
