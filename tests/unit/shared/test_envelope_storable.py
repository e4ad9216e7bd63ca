"""JSON values as Postgres's jsonb takes them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulser.storable import DEEPEST, TOO_DEEP, storable

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=5), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


@given(plain)
def test_what_postgres_takes_stays_as_it_is(value: object) -> None:
    """Only what cannot be stored is replaced."""
    assert storable(value) == value


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("a\0b", "a�b"),
        ("half \ud83d pair", "half � pair"),
        ({"k\0": 1}, {"k�": 1}),
        (float("inf"), "inf"),
        ([float("nan")], ["nan"]),
        (10**500, "(a very long number)"),
        ({1: (1, 2)}, {"1": [1, 2]}),
        (b"bytes", "b'bytes'"),
    ],
)
def test_what_postgres_refuses_is_replaced(value: object, stored: object) -> None:
    """By a sign that something stood there."""
    assert storable(value) == stored


def test_nesting_has_a_bottom() -> None:
    """A payload nested a thousand times is cut, not a reason to fail."""
    value: Any = "the bottom"
    for _ in range(900):
        value = [value]
    told = json.dumps(storable(value))
    assert TOO_DEEP in told
    assert told.count("[") == DEEPEST
