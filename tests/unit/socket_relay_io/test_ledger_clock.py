"""The database's time, learned from its answers."""

from __future__ import annotations

from socket_relay.ledger_clock import LedgerClock


def test_before_the_first_answer_it_is_this_machines() -> None:
    """An age is taken off the wall clock."""
    assert LedgerClock(wall=lambda: 5000.0).epoch(at=8.0, now=10.0) == 4998.0


def test_a_wall_clock_that_is_wrong_does_not_matter() -> None:
    """The answer said 1,000,000 in the middle of a call from 10.0 to 10.2."""
    clock = LedgerClock(wall=lambda: 0.0)
    clock.learn(1_000_000.0, sent_at=10.0, received_at=10.2)
    assert abs(clock.epoch(at=12.1, now=13.0) - 1_000_002.0) < 1e-6


def test_a_rough_answer_does_not_replace_a_fine_one() -> None:
    """A call that took longer tells less; one that took more than a second tells nothing."""
    clock = LedgerClock()
    clock.learn(1000.0, sent_at=10.0, received_at=10.0)
    clock.learn(2000.0, sent_at=11.0, received_at=11.5)
    clock.learn(3000.0, sent_at=12.0, received_at=14.0)
    assert clock.epoch(at=20.0, now=20.0) == 1010.0


def test_a_fine_answer_grows_old() -> None:
    """After a minute a rougher one is better than the old: clocks drift."""
    clock = LedgerClock()
    clock.learn(1000.0, sent_at=10.0, received_at=10.0)
    clock.learn(1100.0, sent_at=99.9, received_at=100.1)
    assert clock.epoch(at=100.0, now=100.0) == 1100.0
