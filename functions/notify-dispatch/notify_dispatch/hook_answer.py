"""What the answer to the call of a deploy hook means for its delivery. Pure.

In doubt means: the call may have been taken. A webhook is called again then, with the same idempotency key;
GitHub knows none, so its delivery is dead and a person has to look.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from notify_dispatch.hook_request import RUN_DETAILS, HookCall
from notify_dispatch.outcome import Outcome, backoff
from pulser.blocks import clean, fit, one_line, safe_url
from pulser.slack_errors import seconds_of

IN_DOUBT = "in_doubt"
RUN_DETAILS_REFUSED = "run_details_refused"
_SAID = 200  # characters of the server's own words
_URLS = ("html_url", "run_html_url", "run_url", "workflow_run_url", "url")


@dataclass(frozen=True, slots=True)
class HookAnswer:
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Try:
    """Which try it was, from 1; `jitter` in [0, 1) spreads the retries; `secret` must not stand in any text."""

    attempt: int
    jitter: float
    secret: str = ""


def of_answer(call: HookCall, answer: HookAnswer, tried: Try) -> Outcome:
    """The outcome of a call that was answered."""
    status, said = answer.status, _said(answer.body, tried.secret)
    told = f"{call.who} answered with HTTP {status}{f': {said}' if said else ''}"
    if 200 <= status < 300:
        return Outcome("sent", hook_status="accepted", hook_url=_url(answer.body))
    if status in (429, 503) or _is_limited(call, answer):
        after = answer.headers.get("retry-after")
        pause = seconds_of(after) if after or status != 503 else backoff(tried.attempt, tried.jitter)
        return _again("http_503" if status == 503 else "rate_limited", told, pause)
    if status == 408 or status >= 500 or status < 200:
        return in_doubt(call, f"http_{status}", told, tried)
    if status == 409 and not call.is_github and tried.attempt > 1:
        # It has our key from an earlier try and is still at it.
        return _again("http_409", told, backoff(tried.attempt, tried.jitter))
    if status == 422 and call.is_github and RUN_DETAILS in said:
        return _again(RUN_DETAILS_REFUSED, told, 0.5)
    return dead(f"http_{status}", f"{told}{_hint(call, status)}")


def in_doubt(call: HookCall, reason: str, told: str, tried: Try) -> Outcome:
    """The outcome of a call that may have been taken."""
    if not call.is_github:
        return _again(reason, told, backoff(tried.attempt, tried.jitter))
    doubt = f"{told}; nobody knows whether GitHub took the call: look at {call.what} before you try again"
    return dead(IN_DOUBT, doubt)


def not_sent(reason: str, told: str, tried: Try) -> Outcome:
    """The outcome of a call that surely was not made: it is made again later."""
    return _again(reason, told, backoff(tried.attempt, tried.jitter))


def dead(reason: str, told: str) -> Outcome:
    """The outcome of a call that will never be made, or not again."""
    return Outcome("dead", reason, told, hook_status="failed", hook_text=told)


def _again(reason: str, told: str, seconds: float) -> Outcome:
    return Outcome("failed", reason, told, retry_in_s=seconds, hook_text=told)


def _is_limited(call: HookCall, answer: HookAnswer) -> bool:
    """GitHub says 403 for its limits, too."""
    spent = "retry-after" in answer.headers or answer.headers.get("x-ratelimit-remaining") == "0"
    return call.is_github and answer.status == 403 and spent


def _hint(call: HookCall, status: int) -> str:
    if 300 <= status < 400:
        return "; pulser follows no redirects: name the address that it leads to"
    if status in (401, 403):
        return f"; the secret {call.hook.secret} is not accepted"
    if status == 404 and call.is_github:
        return f"; {call.what} is not there, or {call.hook.secret} may not see it"
    return ""


def _said(body: bytes, secret: str) -> str:
    """The server's own words, on one line, without the secret."""
    parsed = _object(body)
    message = parsed.get("message") or parsed.get("error")
    said = one_line(clean(message if isinstance(message, str) else body.decode(errors="replace")))
    if secret.strip():
        said = said.replace(secret.strip(), "(secret)")
    return fit(said, _SAID)


def _url(body: bytes) -> str | None:
    """Where the run can be seen, when the answer names it."""
    parsed = _object(body)
    found = (safe_url(value) for value in map(parsed.get, _URLS) if isinstance(value, str))
    return next((url for url in found if url), None)


def _object(body: bytes) -> dict[str, object]:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}
