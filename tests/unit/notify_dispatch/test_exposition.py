"""The text for Prometheus: read back by Prometheus's own parser, whatever stands in the labels."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from notify_dispatch.exposition import CATALOGUE, Sample, expose

ATTEMPTS = "pulser_recent_attempts"
Read = dict[tuple[str, frozenset[tuple[str, str]]], float]


def read(text: str) -> Read:
    """What the parser finds: the value of each name with its labels."""
    found = {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    lines = [line for line in text.split("\n") if line and not line.startswith("#")]
    assert len(found) == len(lines)
    return found


def one(labels: dict[str, str], value: float = 1.0) -> Read:
    """As `read` gives a sample of the attempts."""
    return {(ATTEMPTS, frozenset(labels.items())): value}


def test_a_line_is_as_the_format_has_it() -> None:
    """Byte for byte, with its labels in order."""
    text = expose([Sample(ATTEMPTS, {"reason": "x", "outcome": "sent"}, 3.0)])
    assert f'# TYPE {ATTEMPTS} gauge\n{ATTEMPTS}{{outcome="sent",reason="x"}} 3.0\n' in text


def test_without_labels_there_are_no_braces() -> None:
    """Name and value alone."""
    assert "\npulser_pending_events 7.0\n" in expose([Sample("pulser_pending_events", {}, 7.0)])


def test_without_samples_each_metric_is_still_explained() -> None:
    """Whoever looks finds what there is."""
    assert read(expose([])) == {}
    families = {it.name: (it.documentation, it.type) for it in text_string_to_metric_families(expose([]))}
    assert families == {name: (text, "gauge") for name, text in CATALOGUE.items()}


@pytest.mark.parametrize(
    "value",
    [
        'a"b',
        "a\\b",
        "a\\",
        "a\nb",
        "a\\nb",
        '"} 1\npulser_pending_events 666',
        "# HELP x",
        "{},=",
        "a\rb",
        "\u2028é😀",
        "",
        " ",
    ],
)
def test_a_hostile_label_comes_back_as_it_was(value: str) -> None:
    """It can neither end its line nor begin another."""
    assert read(expose([Sample(ATTEMPTS, {"reason": value}, 1.0)])) == one({"reason": value})


@given(st.text(st.characters(exclude_categories=["Cs"])), st.floats(allow_nan=False))
def test_any_label_and_any_number_come_back(value: str, number: float) -> None:
    """Also infinite ones."""
    labels = {"outcome": "dead", "reason": value}
    assert read(expose([Sample(ATTEMPTS, labels, number)])) == one(labels, number)


def test_ten_thousand_samples_come_back() -> None:
    """None is lost or merged."""
    many = [Sample(ATTEMPTS, {"reason": f"word {number}"}, float(number)) for number in range(10_000)]
    found = read(expose(many))
    assert len(found) == 10_000
    assert sum(found.values()) == sum(range(10_000))


def test_a_label_of_twenty_kilobytes_comes_back() -> None:
    """The renderer cuts nothing; the ledger does. (A longer one takes the parser minutes, not us.)"""
    value = 'x"' * 10_000
    assert read(expose([Sample(ATTEMPTS, {"reason": value}, 1.0)])) == one({"reason": value})


def test_the_samples_of_one_metric_stand_together() -> None:
    """The format forbids a metric in two places; the database may give them in any order."""
    mixed = [
        Sample(ATTEMPTS, {"reason": "a"}, 1.0),
        Sample("pulser_pending_events", {}, 1.0),
        Sample(ATTEMPTS, {"reason": "b"}, 1.0),
    ]
    names = [re.split(r"[{ ]", line)[0] for line in expose(mixed).splitlines() if not line.startswith("#")]
    assert names == ["pulser_pending_events", ATTEMPTS, ATTEMPTS]


def test_what_the_catalogue_does_not_know_is_left_out() -> None:
    """The database may be newer; the rest is told all the same."""
    assert expose([Sample("pulser_of_tomorrow", {}, 1.0)]) == expose([])


def test_each_help_is_one_line() -> None:
    """With nothing in it that would have to be escaped."""
    assert [name for name, text in CATALOGUE.items() if not text.endswith(".") or set(text) & set("\\\n")] == []


def test_names_are_as_prometheus_wants_them() -> None:
    """Lower case, our prefix; `_total` is for counters, and there is none."""
    wrong = [it for it in CATALOGUE if not re.fullmatch(r"pulser_[a-z_]+[a-z]", it) or it.endswith("_total")]
    assert wrong == []
