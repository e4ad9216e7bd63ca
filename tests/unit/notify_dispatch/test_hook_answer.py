"""What an answer means: every status has its outcome, and no text holds a secret."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify_dispatch.hook_answer import HookAnswer, Try, in_doubt, of_answer
from notify_dispatch.hook_request import HookCall
from notify_dispatch.outcome import Outcome, backoff
from tests.unit.notify_dispatch.hooks import DISPATCH, SECRET, WEBHOOK, WORKFLOW, call_of

GITHUB, HOOK = call_of(WORKFLOW), call_of(WEBHOOK)
TRIED = Try(3, 0.5, SECRET)


def answered(
    call: HookCall, status: int, body: object = None, headers: dict[str, str] | None = None, tried: Try = TRIED
) -> Outcome:
    raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    return of_answer(call, HookAnswer(status, headers or {}, raw), tried)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
@pytest.mark.parametrize("call", [GITHUB, HOOK], ids=["github", "webhook"])
def test_any_2xx_is_accepted(call: HookCall, status: int) -> None:
    """The hook has been taken; what comes of it is told by events."""
    assert answered(call, status) == Outcome("sent", hook_status="accepted")


@pytest.mark.parametrize(
    ("body", "url"),
    [
        ({"html_url": "https://github.com/acme/shop/actions/runs/1", "run_url": "https://api.x"}, "https://github.com/acme/shop/actions/runs/1"),
        ({"run_url": "https://ci.example/1"}, "https://ci.example/1"),
        ({"url": "javascript:alert(1)"}, None),
        ({"html_url": 7, "url": "https://ci.example/2"}, "https://ci.example/2"),
        ([1], None),
        (b"\xff\xfe<html>", None),
        (b"[" * 100_000, None),
    ],
)  # fmt: skip
def test_where_the_run_is_is_kept_when_told(body: object, url: str | None) -> None:
    """A link to the run, if it is one; garbage after an acceptance changes nothing."""
    assert answered(GITHUB, 200, body) == Outcome("sent", hook_status="accepted", hook_url=url)


@pytest.mark.parametrize("call", [GITHUB, HOOK], ids=["github", "webhook"])
@pytest.mark.parametrize(
    ("status", "headers", "reason", "pause"),
    [
        (429, {"retry-after": "7"}, "rate_limited", 7.0),
        (429, {}, "rate_limited", 30.0),
        (503, {"retry-after": "9"}, "http_503", 9.0),
        (503, {}, "http_503", backoff(3, 0.5)),
    ],
)
def test_who_asks_to_wait_is_waited_for(
    call: HookCall, status: int, headers: dict[str, str], reason: str, pause: float
) -> None:
    """Nothing was done: the call is made again, when the other side says, or after our own pause."""
    outcome = answered(call, status, headers=headers)
    assert (outcome.result, outcome.reason, outcome.retry_in_s) == ("failed", reason, pause)


@pytest.mark.parametrize("headers", [{"retry-after": "60"}, {"x-ratelimit-remaining": "0"}])
def test_githubs_403_for_its_limits_is_a_wait(headers: dict[str, str]) -> None:
    """GitHub tells its limits by 403, too."""
    assert answered(GITHUB, 403, headers=headers).result == "failed"


@pytest.mark.parametrize("status", [500, 502, 504, 520, 408])
def test_github_in_doubt_is_not_called_again(status: int) -> None:
    """GitHub knows no idempotency key: a person has to look, and is told where."""
    outcome = answered(GITHUB, status)
    assert (outcome.result, outcome.reason, outcome.hook_status) == ("dead", "in_doubt", "failed")
    assert "look at workflow deploy.yml of acme/shop" in (outcome.hook_text or "")


@pytest.mark.parametrize("status", [500, 502, 504, 520, 408])
def test_a_webhook_in_doubt_is_called_again(status: int) -> None:
    """With the same key, which the other side knows."""
    outcome = answered(HOOK, status)
    assert (outcome.result, outcome.reason, outcome.retry_in_s) == ("failed", f"http_{status}", backoff(3, 0.5))
    assert outcome.hook_status is None


@pytest.mark.parametrize("status", [300, 301, 307, 400, 401, 403, 404, 409, 410, 422])
@pytest.mark.parametrize("call", [GITHUB, HOOK], ids=["github", "webhook"])
def test_a_refusal_is_final(call: HookCall, status: int) -> None:
    """A redirect is not followed, and a refusal is not asked for again; the card says what the server said."""
    outcome = answered(call, status, {"message": "no <way>"}, tried=Try(1, 0.5, SECRET))
    assert (outcome.result, outcome.reason, outcome.hook_status) == ("dead", f"http_{status}", "failed")
    assert f"HTTP {status}: no <way>" in (outcome.hook_text or "")


def test_a_webhook_that_is_still_at_it_is_asked_later() -> None:
    """409 after an earlier try: the other side knows our key and has not ended."""
    assert answered(HOOK, 409, tried=Try(2, 0.5)).result == "failed"


def test_a_github_without_run_details_is_called_without() -> None:
    """An older server refuses the wish, not the deploy."""
    outcome = answered(GITHUB, 422, {"message": 'Invalid request. "return_run_details" is not a permitted key.'})
    assert (outcome.result, outcome.reason) == ("failed", "run_details_refused")


@pytest.mark.parametrize(
    ("call", "status", "hint"),
    [
        (GITHUB, 301, "follows no redirects"),
        (GITHUB, 401, "pulser_hook_shop is not accepted"),
        (GITHUB, 404, "workflow deploy.yml of acme/shop is not there, or pulser_hook_shop may not see it"),
        (call_of(DISPATCH), 404, "repository acme/shop is not there"),
        (HOOK, 401, "deployer.example answered with HTTP 401"),
    ],
)
def test_a_refusal_says_what_to_do(call: HookCall, status: int, hint: str) -> None:
    """The names that one has to look at stand in the text."""
    assert hint in (answered(call, status).hook_text or "")


@pytest.mark.parametrize("body", [{"message": f"bad token {SECRET}"}, f"<p>{SECRET}</p>".encode()])
@pytest.mark.parametrize("status", [400, 429, 500])
def test_a_secret_that_is_sent_back_is_not_told(body: object, status: int) -> None:
    """A server that quotes our header does not get it into the ledger."""
    outcome = answered(HOOK, status, body)
    assert SECRET not in json.dumps(outcome.to_json())


calls = st.sampled_from([GITHUB, call_of(DISPATCH), HOOK])
bodies: st.SearchStrategy[Any] = st.binary(max_size=500) | st.dictionaries(
    st.sampled_from(["message", "html_url", "url", "error"]), st.text() | st.integers(), max_size=4
)


@given(
    calls,
    st.integers(100, 999),
    bodies,
    st.dictionaries(st.sampled_from(["retry-after", "x-ratelimit-remaining"]), st.text(max_size=10)),
    st.builds(Try, st.integers(1, 1000), st.floats(0, 1, exclude_max=True), st.just(SECRET)),
)
def test_any_answer_has_an_outcome_that_the_ledger_takes(
    call: HookCall, status: int, body: object, headers: dict[str, str], tried: Try
) -> None:
    """Trouble has a reason and words of bounded length, and a retry a finite pause."""
    outcome = answered(call, status, body, headers, tried)
    assert outcome.result in {"sent", "failed", "dead"}
    assert (outcome.result == "sent") == (200 <= status < 300) == (outcome.hook_status == "accepted")
    assert outcome.result == "sent" or (outcome.reason and 0 < len(outcome.hook_text or "") < 800)
    assert math.isfinite(outcome.retry_in_s)
    assert (outcome.retry_in_s > 0) == (outcome.result == "failed")


@pytest.mark.parametrize(("call", "result"), [(GITHUB, "dead"), (HOOK, "failed")])
def test_a_doubt_without_an_answer_is_the_same_doubt(call: HookCall, result: str) -> None:
    """No answer at all: as with a 500."""
    assert in_doubt(call, "timeout", "no answer", TRIED).result == result
