"""The tree of errors: each is just one of retryable, in doubt and permanent, and says what it is."""

from __future__ import annotations

import pytest

from pulser import errors
from pulser.errors import (
    DatabaseBehind,
    DatabaseRefused,
    DatabaseUnavailable,
    InDoubt,
    Permanent,
    PulserError,
    Retryable,
    SecretMissing,
    SlackError,
    SlackHeld,
    SlackInDoubt,
    SlackRefused,
    SlackTokenRefused,
)

KINDS = (Retryable, InDoubt, Permanent)
CONCRETE = {
    DatabaseUnavailable: Retryable,
    DatabaseBehind: Retryable,
    DatabaseRefused: Permanent,
    SecretMissing: Permanent,
    SlackHeld: Retryable,
    SlackTokenRefused: Retryable,
    SlackInDoubt: InDoubt,
    SlackRefused: Permanent,
}


def test_the_list_of_errors_is_complete() -> None:
    """Every error of the module is a kind, a base or stands in the list of these tests."""
    found = {it for it in vars(errors).values() if isinstance(it, type) and issubclass(it, PulserError)}
    assert found == {PulserError, SlackError, *KINDS, *CONCRETE}


@pytest.mark.parametrize(("error", "kind"), CONCRETE.items(), ids=lambda it: it.__name__)
def test_an_error_is_of_just_one_kind(error: type[PulserError], kind: type[PulserError]) -> None:
    """Whoever catches Retryable, InDoubt or Permanent catches each error once."""
    assert [it for it in KINDS if issubclass(error, it)] == [kind]


@pytest.mark.parametrize("error", [SlackHeld, SlackTokenRefused, SlackInDoubt, SlackRefused])
def test_what_slack_answered_can_be_caught_as_one(error: type[SlackError]) -> None:
    """All of Slack's errors are SlackError with reason, text and time to wait."""
    made = error("ratelimited", "Slack answered ratelimited", retry_after=30.0)
    assert isinstance(made, SlackError)
    assert (made.reason, str(made), made.retry_after) == ("ratelimited", "Slack answered ratelimited", 30.0)


def test_slack_need_not_say_how_long_to_wait() -> None:
    """Without a Retry-After there is none."""
    assert SlackHeld("http_503", "away").retry_after is None


def test_a_refusal_of_the_database_has_code_and_message() -> None:
    """DatabaseRefused keeps the SQLSTATE and the message, and its text has both."""
    error = DatabaseRefused("23505", "duplicate key")
    assert (error.code, error.message, str(error)) == ("23505", "duplicate key", "23505: duplicate key")


def test_a_database_that_is_behind_says_what_helps() -> None:
    """DatabaseBehind keeps code and message, and its text names the remedy."""
    error = DatabaseBehind("42883", "function ops.routes_v2() does not exist")
    assert (error.code, error.message) == ("42883", "function ops.routes_v2() does not exist")
    assert "apply the migrations first: 42883: function ops.routes_v2() does not exist" in str(error)


def test_a_missing_secret_says_which_and_where() -> None:
    """SecretMissing names the secret and Vault."""
    error = SecretMissing("slack_bot_token")
    assert (error.name, str(error)) == ("slack_bot_token", "the secret slack_bot_token is not in Vault")
