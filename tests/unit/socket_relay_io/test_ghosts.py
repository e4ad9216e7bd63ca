"""What Slack counts against what pulser knows."""

from __future__ import annotations

from socket_relay.ghosts import GhostWatch


def test_our_own_connections_are_no_ghosts() -> None:
    """A count that equals our own and the other relays' is fine."""
    watch = GhostWatch()
    watch.greeted(3, own=2)
    assert [watch.reported(2, 3), watch.reported(2, 3), watch.ghosts] == [None, None, 0]


def test_a_count_that_is_too_high_for_two_reports_is_told_once() -> None:
    """After the second report the alarm names both numbers; the metric stays."""
    watch = GhostWatch()
    watch.greeted(10, own=2)
    told = [watch.reported(2, 2) for _ in range(3)]
    assert [it is not None for it in told] == [False, True, False]
    assert "Slack counts 10 connections of this app, pulser knows 2" in str(told[1])
    assert watch.ghosts == 8


def test_another_relay_that_reports_late_is_no_ghost() -> None:
    """The other relay's connection stands in the ledger only at the second report."""
    watch = GhostWatch()
    watch.greeted(3, own=2)
    assert [watch.reported(2, 2), watch.reported(2, 3), watch.ghosts] == [None, None, 0]


def test_another_relay_that_has_just_left_is_no_ghost() -> None:
    """The other relay's connection was in the ledger before the hello and is not any more after it."""
    watch = GhostWatch()
    watch.reported(1, 2)
    watch.greeted(3, own=2)
    assert [watch.reported(2, 2), watch.reported(2, 2), watch.ghosts] == [None, None, 0]


def test_a_newer_hello_clears_it() -> None:
    """Once a hello counts no more than there are, the metric is back at zero."""
    watch = GhostWatch()
    watch.greeted(5, own=2)
    for _ in range(2):
        watch.reported(2, 2)
    watch.greeted(3, own=3)
    for _ in range(2):
        watch.reported(3, 3)
    assert watch.ghosts == 0
