from __future__ import annotations

from pulser_local.backoff import Backoff


def test_the_delay_doubles_up_to_five_seconds() -> None:
    """Each failure in a row waits twice as long, five seconds at most."""
    backoff = Backoff(now=lambda: 0.0)
    assert [backoff.after_failure() for _ in range(7)] == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_a_stable_life_resets_the_delay() -> None:
    """After ten seconds of life the next restart is quick again."""
    time = [0.0]
    backoff = Backoff(now=lambda: time[0])
    backoff.after_failure()
    backoff.started()
    time[0] = 10.0
    assert backoff.after_failure() == 0.2


def test_a_short_life_does_not_reset_the_delay() -> None:
    """A life of less than ten seconds counts as one more failure."""
    time = [0.0]
    backoff = Backoff(now=lambda: time[0])
    backoff.after_failure()
    backoff.started()
    time[0] = 9.9
    assert backoff.after_failure() == 0.4
