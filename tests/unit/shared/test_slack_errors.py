"""What Slack's answers mean for a post: the table of `slack-platform.md` 3.4, and every Retry-After there can be."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pulser.errors import SlackError, SlackHeld, SlackInDoubt, SlackRefused, SlackTokenRefused
from pulser.slack_errors import DEFAULT_RETRY_AFTER, LONGEST_RETRY_AFTER, of_answer, seconds_of

HELD = ["ratelimited", "rate_limited", "message_limit_exceeded", "service_unavailable", "request_timeout"]
IN_DOUBT = ["internal_error", "fatal_error"]
TOKEN = ["invalid_auth", "token_revoked", "token_expired", "account_inactive", "missing_scope", "no_permission"]
DEAD_DESTINATION = ["channel_not_found", "is_archived", "not_in_channel"]
OUR_BUG = [
    *("invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long", "no_text"),
    *("metadata_too_large", "metadata_must_be_sent_from_app", "invalid_metadata_format"),
]
POLICY = ["restricted_action", "restricted_action_read_only_channel", "restricted_action_thread_locked"]

TABLE = [
    *((error, SlackHeld) for error in HELD),
    *((error, SlackInDoubt) for error in IN_DOUBT),
    *((error, SlackTokenRefused) for error in [*TOKEN, "not_authed", "not_allowed_token_type", "ekm_access_denied"]),
    *((error, SlackRefused) for error in [*DEAD_DESTINATION, *OUR_BUG, *POLICY, "an_error_of_tomorrow"]),
]


@pytest.mark.parametrize(("error", "expected"), TABLE, ids=lambda it: it if isinstance(it, str) else it.__name__)
def test_each_error_of_slack_has_its_class(error: str, expected: type[SlackError]) -> None:
    """An `ok: false` with this error is of this class, and its reason is Slack's own word."""
    answer = of_answer(200, error)
    assert type(answer) is expected
    assert answer.reason == error


@pytest.mark.parametrize("error", IN_DOUBT)
@pytest.mark.parametrize("status", [200, 500, 503])
def test_slacks_own_failure_is_in_doubt_with_any_status(status: int, error: str) -> None:
    """Slack says that it may have partly succeeded: that stays in doubt, whatever the HTTP status."""
    assert type(of_answer(status, error)) is SlackInDoubt


@pytest.mark.parametrize(
    ("status", "expected", "reason"),
    [
        (429, SlackHeld, "ratelimited"),
        (500, SlackInDoubt, "http_500"),
        (502, SlackInDoubt, "http_502"),
        (503, SlackHeld, "http_503"),
        (504, SlackInDoubt, "http_504"),
        (520, SlackInDoubt, "http_520"),
        (200, SlackInDoubt, "unreadable_answer"),
        (404, SlackInDoubt, "unreadable_answer"),
    ],
)
def test_each_status_without_an_error_has_its_class(status: int, expected: type[SlackError], reason: str) -> None:
    """An answer that is not Slack's JSON is judged by its HTTP status."""
    answer = of_answer(status, "")
    assert (type(answer), answer.reason) == (expected, reason)


def test_429_is_a_rate_limit_whatever_the_body_says() -> None:
    """HTTP 429 is held and waits as told."""
    answer = of_answer(429, "channel_not_found", "7")
    assert (type(answer), answer.retry_after) == (SlackHeld, 7.0)


@pytest.mark.parametrize("error", ["ratelimited", "rate_limited", "message_limit_exceeded"])
def test_a_rate_limit_without_429_waits_too(error: str) -> None:
    """Slack's words for a rate limit come with HTTP 200 as well, and then without a time."""
    assert of_answer(200, error).retry_after == DEFAULT_RETRY_AFTER


def test_an_outage_names_no_time() -> None:
    """A 503 is held without a time: how long to wait is the caller's backoff."""
    assert of_answer(503, "").retry_after is None


def test_the_text_has_what_slack_said() -> None:
    """The text of the error has Slack's error and its details."""
    assert str(of_answer(200, "invalid_blocks", None, "[ERROR] no more than 50")) == (
        "Slack answered invalid_blocks ([ERROR] no more than 50)"
    )


def test_the_text_has_the_status_where_slack_said_nothing() -> None:
    """Without an error of Slack the text names the HTTP status."""
    assert str(of_answer(502, "")) == "Slack answered with HTTP 502"


@given(status=st.integers(200, 599), error=st.text(), retry_after=st.none() | st.text())
def test_every_answer_has_a_class_and_a_reason(status: int, error: str, retry_after: str | None) -> None:
    """Whatever Slack answers, the error is one of the four classes and has a reason."""
    answer = of_answer(status, error, retry_after)
    assert type(answer) in (SlackHeld, SlackTokenRefused, SlackInDoubt, SlackRefused)
    assert answer.reason


@given(st.none() | st.text() | st.floats().map(str) | st.integers().map(str))
@example("1e999")
@example("nan")
@example("-1")
@example("-0")
@example("0")
@example("")
@example("Wed, 21 Oct 2026 07:28:00 GMT")
@example("١٢")
def test_every_retry_after_is_a_time_to_wait(header: str | None) -> None:
    """Whatever stands in Retry-After, the wait is finite, at least a second and an hour at most."""
    seconds = seconds_of(header)
    assert math.isfinite(seconds)
    assert 1.0 <= seconds <= LONGEST_RETRY_AFTER


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("30", 30.0), ("1", 1.0), ("2.5", 2.5), (" 7 ", 7.0), ("0", 1.0), ("0.2", 1.0), ("86400", LONGEST_RETRY_AFTER)],
)
def test_a_number_of_seconds_is_obeyed(header: str, seconds: float) -> None:
    """A Retry-After that is a number is obeyed, from one second to an hour."""
    assert seconds_of(header) == seconds


@pytest.mark.parametrize("header", [None, "", "abc", "-1", "nan", "1e999", "inf", "30 s"])
def test_what_is_no_number_of_seconds_is_the_default(header: str | None) -> None:
    """A Retry-After that cannot be obeyed is replaced by the default."""
    assert seconds_of(header) == DEFAULT_RETRY_AFTER
