from __future__ import annotations

from typing import Any

import pytest

from pulser_cli.doctor.clock_checks import clock_finding
from pulser_cli.doctor.facts import Ledger, Unasked
from pulser_cli.doctor.undocumented_checks import undocumented_findings
from tests.unit.cli.doctor.facts import HOSTILE, is_inert, levels

POST = {"delivery_id": "d1", "slack_channel_id": "C1", "slack_ts": "1.0"}


def ledger(**changes: Any) -> Ledger:  # noqa: ANN401  any field
    """A ledger that has seen one post and two connections."""
    healthy = {
        "newest_post": POST,
        "refused": {},
        "same_id": 0,
        "other_id": 0,
        "connections": [{"app_id": "A1", "lasts": 3600}] * 2,
        "holds": [],
    }
    return Ledger.model_validate(healthy | changes)


def test_all_is_as_pulser_relies_on() -> None:
    """Metadata, sizes, redelivery, lifetimes."""
    assert levels(undocumented_findings(ledger(), "d1")) == ["ok"] * 4


@pytest.mark.parametrize(
    ("post", "shown", "level"),
    [
        (POST, "d1", "ok"),
        (POST, "d2", "wrong"),
        (POST, None, "wrong"),
        (POST, Unasked("not_in_channel: no"), "warning"),
        (None, None, "warning"),
    ],
)
def test_metadata(post: dict[str, str] | None, shown: str | Unasked | None, level: str) -> None:
    """They come back, or not, or nobody knows."""
    assert levels(undocumented_findings(ledger(newest_post=post), shown))[0] == level


@pytest.mark.parametrize(
    ("refused", "level"),
    [({}, "ok"), ({"channel_not_found": 3}, "ok"), ({"msg_blocks_too_long": 1}, "wrong"), ({"": 1}, "ok")],
)
def test_sizes(refused: dict[str, int], level: str) -> None:
    """Only what Slack refused for size or shape."""
    assert levels(undocumented_findings(ledger(refused=refused), "d1"))[1] == level


@pytest.mark.parametrize(("same", "other"), [(0, 0), (3, 0), (0, 2)])
def test_redelivery_is_right_either_way(same: int, other: int) -> None:
    """It is told, as pulser allows for both."""
    assert levels(undocumented_findings(ledger(same_id=same, other_id=other), "d1"))[2] == "ok"


@pytest.mark.parametrize(
    ("lasts", "level"), [([3600.0], "ok"), ([18_060.0, 30.0], "warning"), ([None], "warning"), ([], "ok")]
)
def test_lifetimes(lasts: list[float | None], level: str) -> None:
    """Long enough to be replaced in time."""
    connections = [{"app_id": None, "lasts": it} for it in lasts]
    assert levels(undocumented_findings(ledger(connections=connections), "d1"))[3] == level


@pytest.mark.parametrize(
    ("ahead", "level"),
    [(0.0, "ok"), (-4.9, "ok"), (5.0, "warning"), (-29.0, "warning"), (30.0, "wrong"), (-1e9, "wrong")],
)
def test_a_clock(ahead: float, level: str) -> None:
    """Some seconds are noted; half a minute is too far."""
    assert clock_finding("Slack's", ahead).level == level


def test_a_clock_says_which_way_it_is_off() -> None:
    """Ahead or behind."""
    assert "90 s behind this machine's" in clock_finding("the database's", -90).what


def test_hostile_words_are_inert() -> None:
    """Metadata are anybody's."""
    found = [*undocumented_findings(ledger(), HOSTILE), *undocumented_findings(ledger(), Unasked(HOSTILE))]
    assert all(is_inert(it) for it in found)
