"""What `/pulser health` says of the canary, by `canary_status_v1`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from command_handler import answer
from command_handler.answer import BAD, GOOD, WARN, Json
from command_handler.health_words import Finding
from pulser.blocks import one_line, untrusted
from pulser.card import moment

OFF: Final = Finding("Canary", GOOD, "switched off")  # not told: it is optional
SLOW = 10.0  # seconds there and back
_MISSED_TURNS = 3  # after so many without a canary somebody should look
_WORDS = 150


def of_canary(status: Json, now: datetime) -> Finding:
    """ "0.8 s there and back, 2 min ago", "deaf since 10:05", "it cannot be posted: not_in_channel", or OFF."""
    if not status["channel"]:
        return OFF
    heard, last = status.get("heard"), status.get("last")
    trip = _trip(heard, now) if isinstance(heard, Mapping) else ""
    if status["deaf_since"]:
        before = f"; before that {trip}" if trip else ""
        return Finding("Canary", BAD, f"deaf since {answer.clock(status['deaf_since'])}: none comes back{before}")
    if isinstance(last, Mapping) and last["status"] == "failed":
        why = untrusted(one_line(str(last.get("reason"))), _WORDS)
        return Finding("Canary", WARN, f"it cannot be posted: {why}" + (f"; {trip}" if trip else ""))
    if isinstance(last, Mapping) and last["status"] == "missed":
        return Finding("Canary", WARN, "the last one is not back" + (f"; {trip}" if trip else ""))
    if not isinstance(heard, Mapping):
        return Finding("Canary", _unheard(status, now), "none has come back yet")
    slow = float(heard["whole_s"]) > SLOW
    return Finding("Canary", WARN if slow or _is_old(heard["came_back_at"], status, now) else GOOD, trip)


def _trip(heard: Json, now: datetime) -> str:
    seconds = float(heard["whole_s"])
    took = f"{seconds:.1f} s" if seconds < SLOW else answer.lasting(seconds)
    return f"{took} there and back, {answer.ago(heard['came_back_at'], now)}"


def _unheard(status: Json, now: datetime) -> str:
    return WARN if _is_old(status["changed_at"], status, now) else GOOD


def _is_old(at: object, status: Json, now: datetime) -> bool:
    """Whether turns have been left out since: they are not posted while Slack holds posts up, or cron stands."""
    when = moment(at)
    return when is None or (now - when).total_seconds() > _MISSED_TURNS * int(status["every_s"])
