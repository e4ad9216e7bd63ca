from __future__ import annotations

import pytest

from pulser_local.slack import limits
from pulser_local.slack.errors import RateLimitedError
from pulser_local.slack.methods import METHODS
from pulser_local.slack.rates import Rates
from tests.unit.slack_simulator.caller import Caller, Hands


@pytest.fixture
def rates(hands: Hands) -> Rates:
    return Rates(hands.read)


def test_second_post_in_a_second_is_refused(rates: Rates) -> None:
    """A channel takes one post a second, without a burst."""
    rates.take_post("C1")
    with pytest.raises(RateLimitedError) as caught:
        rates.take_post("C1")
    assert caught.value.retry_after == 1


def test_post_after_a_second_is_taken(rates: Rates, hands: Hands) -> None:
    """A second after an accepted post the next is taken, with 20 ms of tolerance."""
    rates.take_post("C1")
    hands.at += 0.981
    rates.take_post("C1")


def test_post_within_the_second_is_refused(rates: Rates, hands: Hands) -> None:
    """Beyond the tolerance a post within the second is refused."""
    rates.take_post("C1")
    hands.at += 0.97
    with pytest.raises(RateLimitedError):
        rates.take_post("C1")


def test_refused_posts_do_not_count(rates: Rates, hands: Hands) -> None:
    """A refused post does not push the next one back."""
    rates.take_post("C1")
    hands.at += 0.5
    with pytest.raises(RateLimitedError):
        rates.take_post("C1")
    hands.at += 0.5
    rates.take_post("C1")


def test_channels_do_not_share_their_second(rates: Rates) -> None:
    """Posts in two channels do not limit each other."""
    rates.take_post("C1")
    rates.take_post("C2")


@pytest.mark.parametrize(("method", "calls"), sorted(limits.CALLS_PER_MINUTE.items()))
def test_a_minute_takes_so_many_calls(rates: Rates, method: str, calls: int) -> None:
    """Each method takes its number of calls in a minute, and one more is refused."""
    for _ in range(calls):
        rates.take_call(method)
    with pytest.raises(RateLimitedError) as caught:
        rates.take_call(method)
    assert caught.value.retry_after == 60


def test_calls_leave_the_minute_one_by_one(rates: Rates, hands: Hands) -> None:
    """A place is free a minute after the call that took it, and Retry-After says when."""
    rates.take_call("conversations.list")
    hands.at += 45.5
    for _ in range(19):
        rates.take_call("conversations.list")
    with pytest.raises(RateLimitedError) as caught:
        rates.take_call("conversations.list")
    assert caught.value.retry_after == 15
    hands.at += 14.5
    rates.take_call("conversations.list")


def test_rates_can_be_switched_off(hands: Hands) -> None:
    """Without rate limits any number of posts is taken at once."""
    rates = Rates(hands.read, enabled=False)
    for _ in range(1000):
        rates.take_post("C1")
        rates.take_call("chat.postMessage")


def test_every_method_has_a_rate() -> None:
    """No method is without a limit."""
    assert limits.CALLS_PER_MINUTE.keys() == METHODS.keys()


async def test_http_429_tells_when(timed_call: Caller, hands: Hands) -> None:
    """Too early a post is answered with HTTP 429, Retry-After and ratelimited; a second later it is taken."""
    await timed_call("chat.postMessage", channel="ops-ci", text="one")
    early = await timed_call.answer("chat.postMessage", channel="ops-ci", text="two")
    assert (early.status, early.headers["retry-after"], early.body["error"]) == (429, "1", "ratelimited")
    hands.at += 1
    assert (await timed_call("chat.postMessage", channel="ops-ci", text="two"))["ok"] is True


async def test_refused_content_costs_no_second(timed_call: Caller) -> None:
    """A post that is refused for its content does not take the channel's second."""
    await timed_call("chat.postMessage", channel="ops-ci", text="")
    assert (await timed_call("chat.postMessage", channel="ops-ci", text="one"))["ok"] is True


async def test_other_methods_stay_usable(timed_call: Caller) -> None:
    """A limit of one method does not touch another."""
    for _ in range(51):
        await timed_call("conversations.info", channel="C0")
    assert (await timed_call("conversations.info", channel="C0"))["error"] == "ratelimited"
    assert (await timed_call("auth.test"))["ok"] is True
