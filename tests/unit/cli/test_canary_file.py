"""`canary:` in pulser.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulser_cli.routes_file import RoutesFileError, load

ROUTES = 'routes:\n  - {name: default, channel: "#ops-alerts", is_default: true}\n'


def file(tmp_path: Path, canary: str) -> Path:
    path = tmp_path / "pulser.yaml"
    path.write_text(ROUTES + canary)
    return path


@pytest.mark.parametrize(("every", "seconds"), [("60s", 60), ("5m", 300), ("1h", 3600), ("24h", 86_400)])
def test_a_time_is_read(tmp_path: Path, every: str, seconds: int) -> None:
    """As people write it."""
    canary = load(file(tmp_path, f"canary: {{channel: C0123456789, every: {every}}}\n")).canary
    assert canary is not None
    assert canary.every_s == seconds


def test_without_it_there_is_none(tmp_path: Path) -> None:
    """And five minutes where no time is given."""
    assert load(file(tmp_path, "")).canary is None
    canary = load(file(tmp_path, 'canary: {channel: "#pulser-canary"}\n')).canary
    assert canary is not None
    assert canary.every_s == 300


@pytest.mark.parametrize(
    "canary",
    [
        "{channel: C0123456789, every: 59s}",
        "{channel: C0123456789, every: 25h}",
        "{channel: C0123456789, every: soon}",
        "{channel: C0123456789, every: 5}",
        "{channel: pulser-canary}",
        '{channel: ""}',
        "{every: 5m}",
        "{channel: C0123456789, evry: 5m}",
        '{channel: "#ops-alerts"}',
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path: Path, canary: str) -> None:
    """Also a channel in which a route's messages stand."""
    with pytest.raises(RoutesFileError, match="canary"):
        load(file(tmp_path, f"canary: {canary}\n"))
