"""How long to wait before a dial: jitter over a bound that grows, and starts anew only after a session that lasted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socket_relay.backoff import CAP, CAP_NONE_UP, FIRST, Backoff

NEARLY_ONE = 1 - 2**-53
jitters = st.floats(0, 1, exclude_max=True)


def _bounds(count: int, *, none_up: bool) -> list[float]:
    backoff = Backoff()
    return [round(backoff.after_failure(NEARLY_ONE, none_up=none_up), 6) for _ in range(count)]


def test_the_bound_doubles_up_to_its_cap() -> None:
    """1, 2, 4, … 60 seconds while another session serves."""
    assert _bounds(8, none_up=False) == [1, 2, 4, 8, 16, 32, 60, 60]


def test_while_no_session_serves_the_cap_is_low() -> None:
    """Row 13: with 0 sockets a wait is 15 seconds at most."""
    assert _bounds(6, none_up=True) == [1, 2, 4, 8, 15, 15]


def test_the_last_session_going_down_lowers_the_wait_at_once() -> None:
    """Row 13: what grew while another one served is not waited for any more."""
    backoff = Backoff(failures=20)
    assert backoff.after_failure(NEARLY_ONE, none_up=False) > CAP_NONE_UP
    assert backoff.after_failure(NEARLY_ONE, none_up=True) <= CAP_NONE_UP


def test_only_a_session_that_lasted_starts_it_anew() -> None:
    """The next failure after `stable` is the first again."""
    backoff = Backoff(failures=20)
    backoff.stable()
    assert backoff.after_failure(NEARLY_ONE, none_up=False) <= FIRST


@pytest.mark.parametrize("none_up", [True, False])
def test_the_jitter_is_full(none_up: bool) -> None:  # noqa: FBT001
    """Row 10: dials of many relays spread over the whole time, from now on."""
    assert Backoff(failures=4).after_failure(0.0, none_up=none_up) == 0.0
    bound = CAP_NONE_UP if none_up else 16.0
    assert Backoff(failures=4).after_failure(0.5, none_up=none_up) == bound / 2


@given(st.lists(jitters, max_size=2000), st.booleans())
def test_no_wait_is_out_of_bounds(drawn: list[float], none_up: bool) -> None:  # noqa: FBT001
    """However many failures: never negative, never beyond the cap."""
    backoff = Backoff()
    assert all(0 <= backoff.after_failure(it, none_up=none_up) <= (CAP_NONE_UP if none_up else CAP) for it in drawn)


@given(jitters, st.floats(0, 3600), st.integers(0, 10**9), st.booleans())
def test_what_slack_asks_for_is_obeyed(jitter: float, asked: float, failures: int, none_up: bool) -> None:  # noqa: FBT001
    """Row 9: Retry-After is waited for in full, also beyond the cap."""
    assert Backoff(failures).after_failure(jitter, none_up=none_up, at_least=asked) >= asked
