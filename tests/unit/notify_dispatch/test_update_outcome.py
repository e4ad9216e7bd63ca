"""What a try at an update comes to: to repeat it is harmless, so nothing of it is ever in doubt."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify_dispatch.outcome import (
    LAYOUT_REFUSED,
    METHOD_REFUSED,
    TOKEN_HOLD,
    Outcome,
    backoff,
    of_update,
    of_update_error,
)
from pulser.errors import (
    DatabaseUnavailable,
    PulserError,
    SecretMissing,
    SlackError,
    SlackHeld,
    SlackInDoubt,
    SlackRefused,
    SlackTokenRefused,
)
from tests.unit.notify_dispatch.test_outcome import ERRORS

JITTER = 0.5


def _update(error: PulserError, *, refused_before: str | None = None) -> Outcome:
    return of_update_error(error, attempt=3, jitter=JITTER, refused_before=refused_before)


@pytest.mark.parametrize("answer", [{"channel": "C1", "ts": "1.1"}, {"ts": "1.1"}, {"channel": None, "ts": "1.1"}])
def test_an_ok_is_sent(answer: dict[str, str | None]) -> None:
    """The channel is known before: an ok that does not name it is one all the same."""
    told = of_update(answer, channel="C1", attempt=1, jitter=JITTER)
    assert told == Outcome("sent", slack_channel_id="C1", slack_ts="1.1")


@pytest.mark.parametrize("answer", [{}, {"ts": ""}, {"ts": None, "channel": "C1"}])
def test_an_ok_that_names_no_message_is_tried_again(answer: dict[str, str | None]) -> None:
    """Who takes it for Slack's word leaves a message as it was; to change it twice does no harm."""
    told = of_update(answer, channel="C1", attempt=1, jitter=JITTER)
    assert (told.result, told.reason, told.retry_in_s) == ("failed", "unreadable_answer", 1.0)


@pytest.mark.parametrize(
    "error",
    [
        SlackInDoubt("timeout", "no"),
        SlackInDoubt("http_500", "no"),
        SlackHeld("http_503", "no"),
        DatabaseUnavailable(""),
    ],
    ids=lambda error: getattr(error, "reason", "vault"),
)
def test_a_doubt_is_a_failure_that_is_tried_again(error: PulserError) -> None:
    """Made twice, an update shows the same."""
    outcome = _update(error)
    assert (outcome.result, outcome.retry_in_s, outcome.hold_s) == ("failed", backoff(3, JITTER), None)


def test_a_rate_limit_holds_updates_alone() -> None:
    """Slack's limits are per method."""
    outcome = _update(SlackHeld("ratelimited", "wait", retry_after=12.0))
    assert outcome == Outcome("failed", "ratelimited", "wait", 12.0, hold_method="chat.update", hold_s=12.0)


@pytest.mark.parametrize("error", [SlackTokenRefused("invalid_auth", "no"), SecretMissing("slack_bot_token")])
def test_without_a_token_all_of_slack_is_held(error: PulserError) -> None:
    """As with a post."""
    outcome = _update(error)
    assert (outcome.result, outcome.hold_method, outcome.hold_s) == ("failed", "*", TOKEN_HOLD)


@pytest.mark.parametrize("reason", METHOD_REFUSED)
def test_a_scope_that_is_missing_holds_updates_alone(reason: str) -> None:
    """Posts go on."""
    assert _update(SlackTokenRefused(reason, "no")).hold_method == "chat.update"


@pytest.mark.parametrize("reason", LAYOUT_REFUSED)
def test_a_refused_layout_is_tried_once_as_plain_text(reason: str) -> None:
    """Refused twice it is dead."""
    error = SlackRefused(reason, "no")
    assert (_update(error).result, _update(error, refused_before=reason).result) == ("failed", "dead")


@pytest.mark.parametrize(
    "reason",
    ["cant_update_message", "edit_window_closed", "message_not_found", "is_inactive", "channel_not_found", "new_one"],
)
def test_what_slack_will_never_change_is_dead(reason: str) -> None:
    """With Slack's own word as the reason."""
    assert _update(SlackRefused(reason, "no")) == Outcome("dead", reason, "no")


@given(st.sampled_from(ERRORS), st.integers(1, 10**4), st.floats(0, 1, exclude_max=True))
def test_every_trouble_is_one_that_the_ledger_takes(error: PulserError, attempt: int, jitter: float) -> None:
    """Failed or dead, never in doubt; with reason and words, and a finite wait."""
    outcome = of_update_error(error, attempt=attempt, jitter=jitter)
    assert outcome.result == "failed" or (outcome.result == "dead" and isinstance(error, SlackError))
    assert outcome.reason
    assert outcome.error == str(error)
    assert math.isfinite(outcome.retry_in_s)
    assert (outcome.hold_method is None) == (outcome.hold_s is None)


@pytest.mark.parametrize(
    ("error", "late"),
    [
        (SlackInDoubt("timeout", "no"), True),
        (SlackInDoubt("http_502", "no"), True),
        (SlackHeld("not_connected", "no"), False),
        (SlackHeld("ratelimited", "no", retry_after=3.0), False),
        (SlackRefused("message_not_found", "no"), False),
        (DatabaseUnavailable(""), False),
    ],
)
def test_what_slack_may_still_carry_out_is_told(error: PulserError, *, late: bool) -> None:
    """Only what has been sent and not been answered: it may land after a newer one."""
    assert _update(error).may_land_late is late
