"""How many events are claimed at once: few, many in a storm, and never too much to hold."""

from __future__ import annotations

from notify_dispatch.dispatch import BACKLOG_AT_ONCE, EVENTS_AT_ONCE, next_batch

SMALL, LARGE = {"payload": "x" * 300}, {"payload": "x" * 90_000}


def test_what_was_all_there_is_leaves_it_at_few() -> None:
    """Nothing waits."""
    assert next_batch([SMALL] * 99, 100) == EVENTS_AT_ONCE
    assert next_batch([], 500) == EVENTS_AT_ONCE


def test_while_more_wait_many_are_taken() -> None:
    """As long as a claim gives all that was asked for."""
    assert next_batch([SMALL] * 100, 100) == BACKLOG_AT_ONCE
    assert next_batch([SMALL] * 500, 500) == BACKLOG_AT_ONCE


def test_of_large_ones_few_are_taken() -> None:
    """Five hundred payloads of the largest size would be more than a function may use."""
    assert next_batch([LARGE] * 100, 100) == EVENTS_AT_ONCE + 1
