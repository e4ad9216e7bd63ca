"""What a try at a delivery came to, and what the ledger shall do with it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

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

Result = Literal["sent", "adopted", "failed", "in_doubt", "dead", "absent", "unknown"]

# A late write may still land: no look into the history before the request has surely ended (`slack-platform.md` 3.7).
PROBE_AFTER = 10.0
PROBE_AGAIN = 15.0
BACKOFF_BASE = 1.0
BACKOFF_CAP = 60.0
# While Slack refuses the token, one call in this time asks whether it still does.
TOKEN_HOLD = 20.0
# What Slack refuses to the token for one method, and may grant for the others: a look into the history without its
# scope must not stop the posts.
METHOD_REFUSED = ("ekm_access_denied", "missing_scope", "not_allowed_token_type")
# The app is not in the channel (Slack's documentation): the trouble of one channel, not of the token.
CHANNEL_REFUSED = "no_permission"
# The ID that was remembered for a channel's name leads nowhere any more: the name may lead to a new channel.
CHANNEL_GONE = ("channel_not_found", "is_archived")
# Slack refuses the layout, not the message: it goes again as plain text.
LAYOUT_REFUSED = ("invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "no_text")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Seconds in `retry_in_s` and `hold_s`; `hold_method` is a Slack method, or * for all.

    `card_version`: which state of its card the message shows. `may_land_late`: no answer came, so Slack may carry the
    update out after a later one. `hook_…`: what the card tells of a deploy hook.
    """

    result: Result
    reason: str | None = None
    error: str | None = None
    retry_in_s: float = 0.0
    slack_channel_id: str | None = None
    slack_ts: str | None = None
    hold_method: str | None = None
    hold_s: float | None = None
    card_version: int | None = None
    may_land_late: bool = False
    hook_status: Literal["accepted", "failed"] | None = None
    hook_text: str | None = None
    hook_url: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As settle_delivery_v1 takes it."""
        return {name: getattr(self, name) for name in self.__slots__}


def of_post(answer: Mapping[str, Any]) -> Outcome:
    """The outcome of an `ok` from chat.postMessage."""
    if not answer.get("ts") or not answer.get("channel"):
        return Outcome("in_doubt", "unreadable_answer", "Slack's ok names no message", retry_in_s=PROBE_AFTER)
    return Outcome("sent", slack_channel_id=str(answer["channel"]), slack_ts=str(answer["ts"]))


def of_post_error(
    error: PulserError,
    *,
    attempt: int,
    jitter: float,
    refused_before: str | None = None,
    by_remembered_id: bool = False,
) -> Outcome:
    """The outcome of a post that was not answered with ok.

    `attempt` counts from 1, `jitter` is in [0, 1), `refused_before` is the reason of the attempt before,
    `by_remembered_id` says that the channel was not called by the name that its route gives.
    """
    reason, text = _reason(error), str(error)
    pause = backoff(attempt, jitter)
    match error:
        case SlackInDoubt():
            return Outcome("in_doubt", reason, text, retry_in_s=PROBE_AFTER)
        case SlackHeld(retry_after=float(seconds)):
            return Outcome("failed", reason, text, seconds, hold_method="chat.postMessage", hold_s=seconds)
        case SlackTokenRefused() | SecretMissing() if reason != CHANNEL_REFUSED:
            return Outcome("failed", reason, text, hold_method=_refused("chat.postMessage", reason), hold_s=TOKEN_HOLD)
        case SlackRefused() if reason in CHANNEL_GONE and by_remembered_id:
            return Outcome("failed", reason, text)  # settle_delivery_v1 forgets the ID
        case SlackRefused():
            again = reason in LAYOUT_REFUSED and refused_before not in LAYOUT_REFUSED
            return Outcome("failed" if again else "dead", reason, text)
        case _:
            return Outcome("failed", reason, text, retry_in_s=pause)


def of_update(answer: Mapping[str, Any], *, channel: str, attempt: int, jitter: float) -> Outcome:
    """The outcome of an `ok` from chat.update in `channel`. One that names no message may be no word of Slack's."""
    if not answer.get("ts"):
        pause = backoff(attempt, jitter)
        return Outcome("failed", "unreadable_answer", "Slack's ok names no message", retry_in_s=pause)
    return Outcome("sent", slack_channel_id=str(answer.get("channel") or channel), slack_ts=str(answer["ts"]))


def of_update_error(error: PulserError, *, attempt: int, jitter: float, refused_before: str | None = None) -> Outcome:
    """The outcome of an update that was not answered with ok. To repeat it is harmless, so a doubt is a failure.

    But an old one that lands last would hide what is newer: the ledger is told that it may.
    """
    reason, text = _reason(error), str(error)
    match error:
        case SlackInDoubt():
            return Outcome("failed", reason, text, retry_in_s=backoff(attempt, jitter), may_land_late=True)
        case SlackHeld(retry_after=float(seconds)):
            return Outcome("failed", reason, text, seconds, hold_method="chat.update", hold_s=seconds)
        case SlackTokenRefused() | SecretMissing() if reason != CHANNEL_REFUSED:
            return Outcome("failed", reason, text, hold_method=_refused("chat.update", reason), hold_s=TOKEN_HOLD)
        case SlackRefused():
            again = reason in LAYOUT_REFUSED and refused_before not in LAYOUT_REFUSED
            return Outcome("failed" if again else "dead", reason, text)
        case _:
            return Outcome("failed", reason, text, retry_in_s=backoff(attempt, jitter))


def of_probe_error(error: PulserError, method: str = "conversations.history") -> Outcome:
    """A look by this method that gave no answer: the delivery stays in doubt, and says why (invariant 4)."""
    reason, text = f"probe_{_reason(error)}", f"Slack's history could not be read: {error}"
    match error:
        case SlackHeld(retry_after=float(seconds)):
            return Outcome("unknown", reason, text, seconds, hold_method=method, hold_s=seconds)
        case SlackTokenRefused() | SecretMissing() if _reason(error) != CHANNEL_REFUSED:
            held = _refused(method, _reason(error))
            return Outcome("unknown", reason, text, hold_method=held, hold_s=TOKEN_HOLD)
        case _:
            return Outcome("unknown", reason, text, retry_in_s=PROBE_AGAIN)


def backoff(attempt: int, jitter: float) -> float:
    """Seconds until the next attempt: full jitter over an exponential bound, never less than half a second."""
    return max(0.5, min(BACKOFF_CAP, BACKOFF_BASE * 2.0 ** min(attempt, 10)) * jitter)


def _refused(method: str, reason: str) -> str:
    """What to hold: a token that is refused as such is refused for all methods."""
    return method if reason in METHOD_REFUSED else "*"


def _reason(error: PulserError) -> str:
    if isinstance(error, SlackError):
        return error.reason
    if isinstance(error, SecretMissing):
        return "token_missing"
    return "vault_unavailable" if isinstance(error, DatabaseUnavailable) else type(error).__name__
