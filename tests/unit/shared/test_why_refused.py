"""The audit's words for why something changed nothing, as a story tells them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

import action_handler
from action_handler.quorum import Refusal
from pulser.button_value import BadValue, ForgedValue, UnreadableValue, UnsignedValue
from pulser.settlement import CardKind
from pulser.why import tell
from pulser.why_refused import late, refused
from tests.unit.action_handler.situations import PHASES
from tests.unit.shared.why_facts import at, dispatch, event, facts

SOURCE = "\n".join(it.read_text() for it in sorted(Path(str(action_handler.__file__)).parent.glob("*.py")))
WRITTEN = [r'_refused\(\s*"(\w+)"', r'Decision\("refused", "(\w+)"', r'"(\w+)", refused=True', r'"reason": "(\w+)"']
BAD_VALUES: tuple[type[BadValue], ...] = (ForgedValue, UnreadableValue, UnsignedValue)
CODES = {code for pattern in WRITTEN for code in re.findall(pattern, SOURCE)}
CODES |= {f"{it.reason}_value" for it in BAD_VALUES} | {"other_plan"}
DECIDED = {"acknowledged", "investigating", "approved", "rejected", "withdrawn", "rollback", "approved_before"}


def test_each_refusal_that_can_be_stored_is_said_in_words() -> None:
    """Nobody has to guess what other_release is."""
    assert {"other_release", "not_permitted", "unknown_event", "unknown_modal", "form_errors"} <= CODES
    assert [code for code in sorted(CODES) if refused(code) == code] == []


def test_each_click_that_came_late_is_said_in_words() -> None:
    """Of each phase in which a card can be, and of each deed that was done before."""
    kinds: tuple[CardKind, ...] = get_args(CardKind)
    codes = DECIDED | {phase for kind in kinds for phase in PHASES[kind]} | set(get_args(Refusal)) - {"other_plan"}
    assert [code for code in sorted(codes) if "_" in late(code)] == []
    assert late("rolling_back") == "the release was being rolled back already"


@pytest.mark.parametrize(
    ("outcome", "reason", "said"),
    [
        ("refused", "other_release", "refused, another release runs now"),
        ("late", "completed", "late, the deploy was done already"),
        ("refused", "a word of later", "refused, a word of later"),
        ("refused", None, "refused"),
        (None, "expired", "expired"),
    ],
)
def test_an_audit_event_says_it_in_words(outcome: str | None, reason: str | None, said: str) -> None:
    """Other words are a person's, or of a version that is not this one."""
    payload = {"outcome": outcome, "reason": reason}
    story = tell(facts(event=event("slack.action", payload=payload), dispatch=dispatch("unrouted", routed_at=at(1))))
    assert (story.moments[0].detail or "").endswith(said)
