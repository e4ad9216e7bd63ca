"""What a try comes to: every error class has its outcome, and every wait its bounds."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify_dispatch.outcome import (
    BACKOFF_BASE,
    BACKOFF_CAP,
    CHANNEL_GONE,
    LAYOUT_REFUSED,
    METHOD_REFUSED,
    PROBE_AFTER,
    PROBE_AGAIN,
    TOKEN_HOLD,
    Outcome,
    backoff,
    of_post,
    of_post_error,
    of_probe_error,
)
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


class _Strange(PulserError):
    """An error that this module does not know."""


# Each class once, as it is raised; what the outcomes below are exhaustive over.
ERRORS: list[PulserError] = [
    SlackHeld("ratelimited", "Slack answered ratelimited", retry_after=30.0),
    SlackHeld("http_503", "Slack answered with HTTP 503"),
    SlackTokenRefused("invalid_auth", "Slack answered invalid_auth"),
    SlackInDoubt("timeout", "no answer within 8 s"),
    SlackRefused("channel_not_found", "Slack answered channel_not_found"),
    SlackRefused("invalid_blocks", "Slack answered invalid_blocks"),
    SecretMissing("slack_bot_token"),
    DatabaseUnavailable("the database does not answer"),
    DatabaseBehind("42883", "function ops.x_v1() does not exist"),
    DatabaseRefused("42501", "permission denied"),
    _Strange("strange"),
]
JITTER = 0.5


def _named(value: object) -> str:
    return value if isinstance(value, str) else f"{type(value).__name__}-{getattr(value, 'reason', '')}"


def _leaves(kind: type[PulserError]) -> set[type[PulserError]]:
    below = kind.__subclasses__()
    return set().union(*(_leaves(it) for it in below)) if below else {kind}


def _post(
    error: PulserError, *, attempt: int = 3, refused_before: str | None = None, by_remembered_id: bool = False
) -> Outcome:
    return of_post_error(
        error, attempt=attempt, jitter=JITTER, refused_before=refused_before, by_remembered_id=by_remembered_id
    )


def test_the_list_of_errors_is_complete() -> None:
    """Every class of error that the library raises stands in the list of these tests."""
    raised = {it for it in _leaves(PulserError) if it.__module__ == "pulser.errors"}
    assert raised <= {type(it) for it in ERRORS}


def test_an_ok_is_sent() -> None:
    """Slack's ok names the message, and the outcome keeps where it stands."""
    outcome = of_post({"ok": True, "channel": "C0OPS", "ts": "1700000000.000100"})
    assert outcome == Outcome("sent", slack_channel_id="C0OPS", slack_ts="1700000000.000100")


@pytest.mark.parametrize(
    "answer",
    [{}, {"channel": "C0OPS"}, {"ts": "1.1"}, {"ts": "", "channel": "C0OPS"}, {"ts": "1.1", "channel": None}],
)
def test_an_ok_without_a_message_is_in_doubt(answer: dict[str, str | None]) -> None:
    """An ok that does not say which message it made may have made one."""
    outcome = of_post(answer)
    assert (outcome.result, outcome.reason, outcome.retry_in_s) == ("in_doubt", "unreadable_answer", PROBE_AFTER)


def test_a_post_in_doubt_is_probed_before_anything_else() -> None:
    """In doubt: no retry, a look into the history after the request has surely ended."""
    outcome = _post(SlackInDoubt("timeout", "no answer"))
    assert outcome == Outcome("in_doubt", "timeout", "no answer", retry_in_s=PROBE_AFTER)


@given(seconds=st.floats(1.0, 3600.0), attempt=st.integers(1, 1000))
def test_a_rate_limit_holds_posts_for_as_long_as_slack_says(seconds: float, attempt: int) -> None:
    """Retry-After is the wait of the delivery and the hold of the method, whatever the attempt."""
    outcome = _post(SlackHeld("ratelimited", "wait", retry_after=seconds), attempt=attempt)
    assert outcome == Outcome("failed", "ratelimited", "wait", seconds, hold_method="chat.postMessage", hold_s=seconds)


def test_an_outage_without_a_time_backs_off_and_holds_nothing() -> None:
    """Where Slack names no time, the delivery backs off and others are not held."""
    outcome = _post(SlackHeld("http_503", "away"))
    assert outcome == Outcome("failed", "http_503", "away", retry_in_s=backoff(3, JITTER))


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (SlackTokenRefused("token_revoked", "revoked"), "token_revoked"),
        (SecretMissing("slack_bot_token"), "token_missing"),
    ],
    ids=_named,
)
def test_without_a_token_all_of_slack_is_held(error: PulserError, reason: str) -> None:
    """A refused or missing token holds every method for a while, and the delivery is not lost."""
    outcome = _post(error)
    assert outcome == Outcome("failed", reason, str(error), hold_method="*", hold_s=TOKEN_HOLD)


@pytest.mark.parametrize("reason", METHOD_REFUSED)
def test_a_method_that_the_token_may_not_call_is_held_alone(reason: str) -> None:
    """Without the scope for the history posts go on, and the other way round."""
    error = SlackTokenRefused(reason, "no")
    assert (_post(error).hold_method, _post(error).hold_s) == ("chat.postMessage", TOKEN_HOLD)
    look = of_probe_error(error)
    assert (look.hold_method, look.hold_s) == ("conversations.history", TOKEN_HOLD)
    into_a_thread = of_probe_error(error, "conversations.replies")
    assert (into_a_thread.hold_method, into_a_thread.hold_s) == ("conversations.replies", TOKEN_HOLD)


def test_a_channel_without_the_app_holds_nothing() -> None:
    """The trouble of one channel is not that of the others."""
    error = SlackTokenRefused("no_permission", "no")
    assert _post(error) == Outcome("failed", "no_permission", "no", retry_in_s=backoff(3, JITTER))
    assert (of_probe_error(error).hold_method, of_probe_error(error).retry_in_s) == (None, PROBE_AGAIN)


@pytest.mark.parametrize("reason", CHANNEL_GONE)
def test_a_channel_that_is_gone_by_its_remembered_id_is_tried_by_its_name(reason: str) -> None:
    """The name may lead to a new channel; refused by name it is dead."""
    error = SlackRefused(reason, "no")
    assert _post(error, by_remembered_id=True) == Outcome("failed", reason, "no")
    assert _post(error).result == "dead"


@pytest.mark.parametrize("reason", LAYOUT_REFUSED)
def test_a_refused_layout_is_tried_once_more_at_once(reason: str) -> None:
    """Slack refuses the blocks: the delivery fails for now, and goes again without them."""
    assert _post(SlackRefused(reason, "refused")) == Outcome("failed", reason, "refused")


@pytest.mark.parametrize("before", LAYOUT_REFUSED)
@pytest.mark.parametrize("reason", LAYOUT_REFUSED)
def test_a_layout_refused_twice_is_dead(reason: str, before: str) -> None:
    """Plain text that Slack refuses as well will never be posted."""
    outcome = _post(SlackRefused(reason, "refused"), refused_before=before)
    assert outcome == Outcome("dead", reason, "refused")


@pytest.mark.parametrize("before", [None, "ratelimited", "timeout", "channel_not_found"])
def test_another_trouble_before_does_not_cost_the_plain_message(before: str | None) -> None:
    """Only a layout that was refused before makes the second refusal final."""
    assert _post(SlackRefused("invalid_blocks", "refused"), refused_before=before).result == "failed"


@pytest.mark.parametrize(
    "reason",
    ["channel_not_found", "is_archived", "not_in_channel", "metadata_too_large", "restricted_action", "new_one"],
)
@pytest.mark.parametrize("before", [None, "invalid_blocks"])
def test_any_other_refusal_is_dead(reason: str, before: str | None) -> None:
    """What Slack will never do is not tried again."""
    assert _post(SlackRefused(reason, "no"), refused_before=before) == Outcome("dead", reason, "no")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (DatabaseUnavailable("away"), "vault_unavailable"),
        (DatabaseRefused("42501", "denied"), "DatabaseRefused"),
        (_Strange("strange"), "_Strange"),
    ],
    ids=_named,
)
def test_trouble_of_our_own_backs_off(error: PulserError, reason: str) -> None:
    """What is not Slack's doing is tried again later, without a hold on Slack."""
    assert _post(error) == Outcome("failed", reason, str(error), retry_in_s=backoff(3, JITTER))


@pytest.mark.parametrize("error", ERRORS, ids=_named)
def test_each_kind_of_error_keeps_its_meaning(error: PulserError) -> None:
    """In doubt stays in doubt, retryable is never dead, and only Slack's refusal is."""
    result = _post(error).result
    assert (result == "in_doubt") == isinstance(error, InDoubt)
    assert result != "dead" or (isinstance(error, Permanent) and isinstance(error, SlackError))


@pytest.mark.parametrize("error", ERRORS, ids=_named)
def test_each_trouble_has_a_reason_and_words(error: PulserError) -> None:
    """The ledger demands a reason for trouble, and people a sentence."""
    for outcome in (_post(error), of_probe_error(error)):
        assert outcome.reason
        assert str(error) in (outcome.error or "")


@pytest.mark.parametrize("error", ERRORS, ids=_named)
def test_a_failed_look_leaves_the_delivery_in_doubt(error: PulserError) -> None:
    """A history that cannot be read never leads to a second post, and says why (invariant 4)."""
    outcome = of_probe_error(error)
    assert outcome.result == "unknown"
    assert (outcome.reason or "").startswith("probe_")


def test_a_rate_limited_look_holds_the_history_alone() -> None:
    """A Retry-After for the history holds no posts."""
    outcome = of_probe_error(SlackHeld("ratelimited", "wait", retry_after=12.0))
    assert (outcome.retry_in_s, outcome.hold_method, outcome.hold_s) == (12.0, "conversations.history", 12.0)


@pytest.mark.parametrize(
    "error", [SlackTokenRefused("invalid_auth", "no"), SecretMissing("slack_bot_token")], ids=_named
)
def test_a_look_without_a_token_holds_all_of_slack(error: PulserError) -> None:
    """A token that is refused for a look is refused for all."""
    outcome = of_probe_error(error)
    assert (outcome.hold_method, outcome.hold_s) == ("*", TOKEN_HOLD)


@pytest.mark.parametrize(
    "error",
    [it for it in ERRORS if not isinstance(it, SlackTokenRefused | SecretMissing) and it is not ERRORS[0]],
    ids=_named,
)
def test_any_other_failed_look_is_tried_again_and_holds_nothing(error: PulserError) -> None:
    """Without a time from Slack the next look comes after our own pause."""
    outcome = of_probe_error(error)
    assert (outcome.retry_in_s, outcome.hold_method, outcome.hold_s) == (PROBE_AGAIN, None, None)


@given(attempt=st.integers(1, 10**6), jitter=st.floats(0, 1, exclude_max=True))
def test_a_backoff_is_bounded(attempt: int, jitter: float) -> None:
    """Every pause is at least half a second and at most the cap, and below the bound of its attempt."""
    pause = backoff(attempt, jitter)
    assert 0.5 <= pause <= BACKOFF_CAP
    assert pause <= max(0.5, BACKOFF_BASE * 2.0 ** min(attempt, 20))


@given(attempt=st.integers(1, 50), jitter=st.floats(0, 1, exclude_max=True))
def test_a_backoff_never_falls_with_the_attempts(attempt: int, jitter: float) -> None:
    """With the same jitter a later attempt waits as long or longer."""
    assert backoff(attempt, jitter) <= backoff(attempt + 1, jitter)


@given(attempt=st.integers(6, 50), low=st.floats(0.1, 0.4), high=st.floats(0.6, 0.9))
def test_a_backoff_is_spread_by_its_jitter(attempt: int, low: float, high: float) -> None:
    """Two workers with different jitter do not come back together, however many attempts there were."""
    assert backoff(attempt, low) < backoff(attempt, high)


@given(
    error=st.sampled_from(ERRORS),
    attempt=st.integers(1, 10**4),
    jitter=st.floats(0, 1, exclude_max=True),
    before=st.none() | st.sampled_from(LAYOUT_REFUSED),
)
def test_every_wait_is_a_time_the_ledger_takes(
    error: PulserError, attempt: int, jitter: float, before: str | None
) -> None:
    """Waits and holds are finite and not negative, and a hold has a method."""
    outcome = of_post_error(error, attempt=attempt, jitter=jitter, refused_before=before)
    assert math.isfinite(outcome.retry_in_s)
    assert outcome.retry_in_s >= 0
    assert (outcome.hold_method is None) == (outcome.hold_s is None)


@pytest.mark.parametrize("error", [it for it in ERRORS if isinstance(it, Retryable)], ids=_named)
def test_nothing_retryable_is_tried_again_without_a_pause(error: PulserError) -> None:
    """Between two tries there is a pause of the delivery or a hold on Slack."""
    outcome = _post(error)
    assert outcome.retry_in_s > 0 or (outcome.hold_s or 0) > 0


def test_an_outcome_is_what_the_ledger_takes() -> None:
    """to_json has each field once, with null for what is not said."""
    assert Outcome("dead", "is_archived", "no").to_json() == {
        "result": "dead",
        "reason": "is_archived",
        "error": "no",
        "retry_in_s": 0.0,
        "slack_channel_id": None,
        "slack_ts": None,
        "hold_method": None,
        "hold_s": None,
        "card_version": None,
        "may_land_late": False,
        "hook_status": None,
        "hook_text": None,
        "hook_url": None,
    }
