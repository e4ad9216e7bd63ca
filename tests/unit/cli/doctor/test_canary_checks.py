from __future__ import annotations

from typing import Any

import pytest

from pulser.canary import SCOPE
from pulser_cli.doctor.canary_checks import canary_findings
from pulser_cli.doctor.facts import Canary
from tests.unit.cli.doctor.facts import HOSTILE, is_inert

SCOPES = {SCOPE}


def canary(**changes: Any) -> Canary:  # noqa: ANN401  any field
    """One that came back."""
    told = {"channel": "C1", "deaf_since": None, "last": {"status": "back"}, "heard": {"whole_s": 0.84}}
    return Canary.model_validate(told | changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "0.8 s to C1 and back"),
        ({"channel": None}, "switched off"),
        ({"last": None, "heard": None}, "none has come back yet"),
        ({"last": {"status": "under_way"}}, "0.8 s"),
    ],
)
def test_what_is_right(changes: dict[str, Any], words: str) -> None:
    """One finding."""
    (found,) = canary_findings(canary(**changes), SCOPES)
    assert (found.level, words in found.what) == ("ok", True)


@pytest.mark.parametrize(
    ("changes", "level", "remedy"),
    [
        ({"last": {"status": "failed", "reason": "not_in_channel"}}, "wrong", "invite the bot"),
        ({"last": {"status": "failed", "reason": "nobody_posted"}}, "wrong", "functions and cron"),
        ({"last": {"status": "failed", "reason": "unheard_of"}}, "wrong", "what Slack says"),
        ({"deaf_since": "2026-03-01T10:05:00+00:00"}, "wrong", "PulserDeaf"),
        ({"deaf_since": "2026-03-01T10:05:00+00:00", "heard": None}, "wrong", "pulser manifest --canary"),
        ({"last": {"status": "missed"}}, "warning", "pulser canary status"),
    ],
)
def test_what_is_not(changes: dict[str, Any], level: str, remedy: str) -> None:
    """With what to do."""
    (found,) = canary_findings(canary(**changes), SCOPES)
    assert (found.level, remedy in found.remedy) == (level, True)


def test_a_token_without_the_scope() -> None:
    """Slack tells it of no canary; where Slack names no scopes nothing is said of them."""
    assert canary_findings(canary(), set())[0].level == "wrong"
    assert canary_findings(canary(), None)[0].level == "ok"


def test_no_text_steers_a_terminal() -> None:
    """Whoever wrote it."""
    failed = {"channel": HOSTILE, "last": {"status": "failed", "reason": HOSTILE}}
    assert all(is_inert(it) for it in canary_findings(canary(**failed), SCOPES))
