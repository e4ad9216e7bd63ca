"""What the doctor says of silences."""

from __future__ import annotations

from typing import Any

import pytest

from pulser_cli.doctor.facts import LiveSilence
from pulser_cli.doctor.silence_checks import silence_findings
from tests.unit.cli.doctor.facts import HOSTILE, is_inert, levels


def silence(**changes: Any) -> LiveSilence:  # noqa: ANN401  any field
    told = {"silence_id": "i-1", "service": None, "event_pattern": "*", "environment": None}
    made = {"ends_at": "2026-11-29T12:00:00+00:00", "created_by": {"user": "U1", "name": "ana"}}
    return LiveSilence.model_validate({**told, **made, **changes})


@pytest.mark.parametrize("changes", [{}, {"service": "*"}, {"event_pattern": "**", "environment": "*"}])
def test_a_silence_of_everything_is_a_warning(changes: dict[str, Any]) -> None:
    """With whose it is, and how it ends."""
    [found] = silence_findings([silence(service="api"), silence(**changes)])
    assert (found.level, found.remedy) == ("warning", "pulser silences end i-1")
    assert "by ana" in found.what


def test_a_part_may_be_silenced() -> None:
    """That is what silences are for."""
    assert levels(silence_findings([silence(service="api"), silence(event_pattern="ci.*")])) == ["ok"]
    assert levels(silence_findings([])) == ["ok"]


def test_names_are_inert() -> None:
    """Whoever made it chose them."""
    [found] = silence_findings([silence(created_by={"user": None, "name": HOSTILE})])
    assert is_inert(found)
