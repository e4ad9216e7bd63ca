"""What `/pulser health` says of the canary."""

from __future__ import annotations

from typing import Any

import pytest

from command_handler.answer import BAD, GOOD, WARN
from command_handler.canary_words import OFF, of_canary
from tests.unit.command_handler.answers import NOW, at

HEARD: dict[str, Any] = {"whole_s": 0.84, "came_back_at": at(minutes=2)}
WELL: dict[str, Any] = {
    "channel": "C1",
    "every_s": 300,
    "changed_at": at(days=1),
    "deaf_since": None,
    "last": {"status": "back", "reason": None},
    "heard": HEARD,
}


def test_one_that_is_off_is_not_told() -> None:
    """It is optional."""
    assert of_canary({**WELL, "channel": None}, NOW) is OFF


def test_the_way_there_and_back_is_told() -> None:
    """How long it took, and when."""
    found = of_canary(WELL, NOW)
    assert (found.sign, found.words) == (GOOD, "0.8 s there and back, 2 min ago")


@pytest.mark.parametrize(
    ("changes", "sign", "words"),
    [
        ({"deaf_since": at(minutes=9)}, BAD, "deaf since"),
        ({"deaf_since": at(minutes=9)}, BAD, "before that 0.8 s there and back"),
        (
            {"last": {"status": "failed", "reason": "not_in_channel"}},
            WARN,
            "it cannot be posted: not_in_channel; 0.8 s",
        ),
        ({"last": {"status": "failed", "reason": "<!channel>"}, "heard": None}, WARN, "posted: &lt;"),
        ({"last": {"status": "missed", "reason": None}}, WARN, "the last one is not back; 0.8 s"),
        ({"last": {"status": "under_way", "reason": None}}, GOOD, "0.8 s there and back"),
        ({"heard": {**HEARD, "whole_s": 12.3}}, WARN, "12 s there and back"),
        ({"heard": {**HEARD, "came_back_at": at(minutes=16)}}, WARN, "16 min ago"),
        ({"heard": None, "last": None, "changed_at": at(minutes=1)}, GOOD, "none has come back yet"),
        ({"heard": None, "last": None}, WARN, "none has come back yet"),
    ],
)
def test_trouble_is_told_in_its_words(changes: dict[str, Any], sign: str, words: str) -> None:
    """The worst first: deaf, refused, missed, slow, old."""
    found = of_canary(WELL | changes, NOW)
    assert (found.sign, words in found.words) == (sign, True), found.words
