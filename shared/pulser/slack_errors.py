"""What an answer of Slack means for the message that was to be posted. Pure (`slack-platform.md` 3.4)."""

from __future__ import annotations

from pulser.errors import SlackError, SlackHeld, SlackInDoubt, SlackRefused, SlackTokenRefused

RATE_LIMITED = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
TRANSIENT = frozenset({"service_unavailable", "request_timeout", "team_added_to_org", "org_login_required"})
# Slack's own failures: "may have partly succeeded" (its documentation).
OWN_FAILURE = frozenset({"internal_error", "fatal_error"})
TOKEN_REFUSED = frozenset({
    "access_denied",
    "account_inactive",
    "ekm_access_denied",
    "invalid_auth",
    "missing_scope",
    "no_permission",
    "not_allowed_token_type",
    "not_authed",
    "team_access_not_granted",
    "token_expired",
    "token_revoked",
    "two_factor_setup_required",
})  # fmt: skip

DEFAULT_RETRY_AFTER = 30.0  # seconds, where Slack names none that can be read
LONGEST_RETRY_AFTER = 3600.0


def of_answer(status: int, error: str, retry_after: str | None = None, detail: str = "") -> SlackError:
    """The error for an answer that is not ok: its HTTP status, Slack's error code, the Retry-After header.

    A 5xx is in doubt, except 503: a proxy that gave up on Slack says nothing about what Slack did.
    """
    said = (
        f"Slack answered {error}{f' ({detail})' if detail else ''}" if error else f"Slack answered with HTTP {status}"
    )
    if status == 429 or error in RATE_LIMITED:
        return SlackHeld(error or "ratelimited", said, retry_after=seconds_of(retry_after))
    if error in TOKEN_REFUSED:
        return SlackTokenRefused(error, said)
    if error in TRANSIENT or (status == 503 and error not in OWN_FAILURE):
        return SlackHeld(error or "http_503", said)
    if error in OWN_FAILURE or status >= 500:
        return SlackInDoubt(error or f"http_{status}", said)
    if not error:
        # Neither JSON nor an error status: whatever that was, it may have come after the message was stored.
        return SlackInDoubt("unreadable_answer", said)
    return SlackRefused(error, said)


def seconds_of(retry_after: str | None) -> float:
    """A Retry-After header in seconds, from 1 to an hour; the default where it is missing, negative or no number."""
    try:
        seconds = float(retry_after or "")
    except ValueError:
        return DEFAULT_RETRY_AFTER
    if not 0 <= seconds < float("inf"):
        return DEFAULT_RETRY_AFTER
    return min(max(seconds, 1.0), LONGEST_RETRY_AFTER)
