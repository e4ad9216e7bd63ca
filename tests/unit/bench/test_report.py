"""From raw figures to the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.machine import named
from bench.report.__main__ import DOCUMENT, filled, sections
from bench.report.charts import draw
from bench.report.tables import envelope_ratios, shown, table

MACHINE = {
    "processor": "A chip",
    "cores": 2,
    "memory": "8 GB",
    "kernel": "Linux 6",
    "python": "3.11",
    "postgres": "18.6",
    "load": 0.1,
    "commit": "abc",
    "at": "2026-12-01T00:00:00+00:00",
}
ACK = {"count": 2, "p50_ms": 1.0, "p95_ms": 2.0, "p99_ms": 3.0, "worst_ms": 4.0}


def measured(cpu: float) -> dict[str, Any]:
    """One peer at one rate."""
    took = {"ack": ACK, "clicks": ACK, "events": ACK, "acked": 2, "not_acked": 0, "acked_per_second": 50.0}
    return took | {
        "cpu_s_per_1000": cpu,
        "database_cpu_s_per_1000": 0.1,
        "acks_per_cpu_s": round(1000 / cpu),
        "rings": 2,
    }


def contents() -> dict[str, dict[str, Any]]:
    """All parts, as small as they come."""
    peers = {
        "pulser": {"50": measured(0.25), "200": measured(0.2), "as_many": measured(0.2), "peak_mb": 90.0},
        "sdk-aiohttp": {"50": measured(0.5), "200": measured(0.4), "as_many": measured(0.3), "peak_mb": 60.0},
        "bolt-aiohttp": {"50": measured(0.75), "200": measured(0.6), "as_many": measured(0.5), "peak_mb": 95.0},
    }
    rate = {"per_second": 10.0, "to_slack": ACK, "missing": 0}
    burst = {
        "events": 10,
        "routed": 10,
        "inserted_s": 0.1,
        "outbox_s": 1.0,
        "per_second": 10.0,
        "rings": 1,
        "database_ms_per_event": 1.0,
        "by_function_ms_per_event": {"claim_events_v1": 1.0},
    }
    call = {"claim_events_v1": {"ms": 1.0, "buffers": 10}}
    start = {"first_200_s": 0.7, "ratio_to_hello": 1.5, "cpu_s": 0.5, "mb_at_first": 70.0, "mb_after": 75.0}
    figures: dict[str, Any] = {
        "envelopes": {"peers": peers},
        "events": {"pulser": {"10": rate}, "floor": {"10": rate}, "burst": burst},
        "starts": {"functions": {"socket-relay": start}},
        "acks": {"clicks_per_second": 200.0, "clicks": ACK, "commands_per_second": 10.0, "commands": ACK},
        "growth": {"rows": {"10": call, "20": call}, "growth": {"claim_events_v1": {"ms": 1.0, "buffers": 1.0}}},
    }
    return {part: {"machine": MACHINE, "figures": it} for part, it in figures.items()}


def test_ratios_are_to_the_best_of_the_peers() -> None:
    """For what is better when it is small, and for what is better when it is large."""
    rows = {str(row[0]): row[1:] for row in envelope_ratios(contents()["envelopes"]["figures"]["peers"])}
    assert rows["processor s per 1,000 envelopes at 200 a second"] == [0.2, 0.4, 0.5]
    assert rows["acks per processor second, as many as it takes"] == [5000, 3333, 1.5]
    assert rows["a half-open connection is replaced after, s"] == [None, None, None]


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (1234, "1,234"), (0.204, "0.20"), (12.34, "12.3"), (1234.5, "1,234"), ("a", "a")]
)
def test_numbers_have_as_many_digits_as_they_are_worth(value: object, text: str) -> None:
    """And what was not measured is a dash."""
    assert shown(value) == text


def test_a_table_is_markdown() -> None:
    """The first column is text, the others are numbers."""
    assert table(["a", "b"], [["x", 1]]) == "| a | b |\n|---|---:|\n| x | 1 |"


def test_every_mark_of_the_document_is_filled() -> None:
    """The page asks for nothing that no part has, and shows all that there is."""
    text, made = DOCUMENT.read_text(), sections(contents())
    asked = {line[5:-4] for line in text.splitlines() if line.startswith("<!-- ") and line != "<!-- end -->"}
    assert asked <= made.keys()
    assert made.keys() - asked == {"machine acks"}
    page = filled(text, made)
    assert all(it in page for it in (made["growth"], made["envelope ratios"]))
    assert filled(page, made) == page


def test_what_was_not_measured_stays() -> None:
    """A run of one part leaves the others' tables as they were."""
    assert filled("<!-- growth -->\nold\n<!-- end -->", {}) == "<!-- growth -->\nold\n<!-- end -->"


def test_the_pictures_are_drawn(tmp_path: Path) -> None:
    """One for each part that has one, with its words as text."""
    made = draw(json.loads(json.dumps(contents())), tmp_path)
    assert [it.name for it in made] == ["bench-envelopes.svg", "bench-events.svg", "bench-growth.svg"]
    assert "slack_sdk" in made[0].read_text()


def test_a_machine_is_named_by_its_own_words() -> None:
    """The first line of that name."""
    lines = "processor\t: 0\nmodel name\t: AMD  EPYC\nmodel name\t: other"
    assert named(lines, "model name") == "AMD EPYC"
    assert named(lines, "MemTotal") is None
