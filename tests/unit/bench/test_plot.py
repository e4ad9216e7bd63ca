"""The picture of a soak."""

from __future__ import annotations

from pathlib import Path

from bench.soak.faults import Strike
from bench.soak.figures import Latencies, Sample
from bench.soak.outcome import Outcome
from bench.soak.plot import draw
from bench.soak.verdict import Verdict


def test_the_picture_is_drawn(tmp_path: Path) -> None:
    """Both files, also where a fault met nothing and a time is zero."""
    times = Latencies([Sample(1.0, 0.0), Sample(2.0, 8.0)], [Sample(3.0, 0.1)], [Sample(3.0, 0.4)], [4.0])
    strikes = [Strike("5xx", "Slack's API", 0.5, 2.0, 3), Strike("RST", "sockets", 1.0, 1.0, 0)]
    verdict = Verdict([], [], [])
    draw(
        Outcome(
            seed=1,
            began=0.0,
            seconds=5.0,
            settled_after=0.0,
            slowest_insert=0.0,
            counts={},
            times=times,
            strikes=strikes,
            faults={"5xx": 1, "RST": 0},
            given_up={},
            deploys=0,
            deploys_given_up=[],
            verdict=verdict,
        ),
        tmp_path,
    )
    assert "RST" in (tmp_path / "latency.svg").read_text()
    assert (tmp_path / "latency.png").read_bytes().startswith(b"\x89PNG")
