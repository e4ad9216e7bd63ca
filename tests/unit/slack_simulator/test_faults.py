from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from pydantic import ValidationError

from pulser_local.slack import Fault
from pulser_local.slack.faults import Faults
from tests.unit.slack_simulator.caller import Caller

POST = "chat.postMessage"


def texts(call: Caller, name: str = "ops-ci") -> list[str]:
    channel = call.simulator.workspace.find(name)
    assert channel is not None
    return [message.text for message in call.simulator.workspace.history(channel.id)]


async def post(call: Caller, text: str = "hello", channel: str = "ops-ci") -> dict[str, Any]:
    return await call(POST, channel=channel, text=text)


async def raw(call: Caller) -> tuple[int, str, str]:
    """Status, content type and text of the answer to a post."""
    url = call.simulator.api_url + POST
    message = {"channel": "ops-ci", "text": "hello"}
    async with call.http.post(url, json=message, headers=call.authorization) as response:
        return response.status, response.content_type, await response.text()


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_http_status_with_a_page(call: Caller, status: int) -> None:
    """An HTTP error comes as a page, and nothing is stored."""
    call.simulator.faults.add(Fault.model_validate({"kind": "http_status", "status": status}))
    got, content_type, _ = await raw(call)
    assert (got, content_type) == (status, "text/html")
    assert texts(call) == []


async def test_http_status_with_json(call: Caller) -> None:
    """An HTTP error may come as JSON."""
    call.simulator.faults.add(Fault(kind="http_status", status=503, body="json"))
    answer = await call.answer(POST, channel="ops-ci", text="hello")
    assert (answer.status, answer.body["error"]) == (503, "service_unavailable")


async def test_any_error_of_slack(call: Caller) -> None:
    """Any error code can be given, and nothing is stored."""
    call.simulator.faults.add(Fault(kind="slack_error", error="fatal_error"))
    assert await post(call) == {"ok": False, "error": "fatal_error"}
    assert texts(call) == []


@pytest.mark.parametrize("retry_after", ["30", "0", "abc", ""])
async def test_rate_limited_with_any_header(call: Caller, retry_after: str) -> None:
    """A 429 has the Retry-After it is told to have."""
    call.simulator.faults.add(Fault(kind="rate_limited", retry_after=retry_after))
    answer = await call.answer(POST, channel="ops-ci", text="hello")
    assert (answer.status, answer.body["error"]) == (429, "ratelimited")
    assert answer.headers["retry-after"] == retry_after


async def test_rate_limited_without_header(call: Caller) -> None:
    """A 429 may come without Retry-After."""
    call.simulator.faults.add(Fault(kind="rate_limited", retry_after=None))
    answer = await call.answer(POST, channel="ops-ci", text="hello")
    assert (answer.status, "retry-after" in answer.headers) == (429, False)


@pytest.mark.parametrize(("kind", "stored"), [("reset_before", []), ("reset_after", ["hello"])])
async def test_reset(call: Caller, kind: str, stored: list[str]) -> None:
    """The connection breaks, before or after the message is stored, and the log has no status."""
    call.simulator.faults.add(Fault.model_validate({"kind": kind}))
    with pytest.raises(aiohttp.ClientOSError):
        await post(call)
    assert texts(call) == stored
    assert [(one.status, one.fault) for one in call.simulator.calls] == [(0, kind)]


@pytest.mark.parametrize(("stored", "expected"), [(False, []), (True, ["hello"])])
async def test_garbage(call: Caller, *, stored: bool, expected: list[str]) -> None:
    """A 200 that is not JSON, with or without the message stored."""
    call.simulator.faults.add(Fault(kind="garbage", stored=stored))
    status, _, text = await raw(call)
    assert (status, text[0]) == (200, "<")
    assert texts(call) == expected


async def test_internal_error_after(call: Caller) -> None:
    """internal_error is answered though the message is stored."""
    call.simulator.faults.add(Fault(kind="internal_error_after"))
    assert (await post(call))["error"] == "internal_error"
    assert texts(call) == ["hello"]


async def test_stall_with_the_message_stored(call: Caller) -> None:
    """A stalled call has its effect at once and its answer when it is released."""
    fault_id = call.simulator.faults.add(Fault(kind="stall", stored=True))
    posting = asyncio.create_task(post(call))
    await call.simulator.faults.until_struck(fault_id)
    assert (texts(call), posting.done()) == (["hello"], False)
    call.simulator.faults.clear()
    assert (await posting)["ok"] is True


async def test_stall_without_the_message(call: Caller) -> None:
    """A stalled call without effect ends in a reset, and nothing is ever stored."""
    fault_id = call.simulator.faults.add(Fault(kind="stall"))
    posting = asyncio.create_task(post(call))
    await call.simulator.faults.until_struck(fault_id)
    call.simulator.faults.remove(fault_id)
    with pytest.raises(aiohttp.ClientOSError):
        await posting
    assert texts(call) == []


async def test_stall_ends_by_itself(call: Caller) -> None:
    """A stall of some seconds ends after them."""
    call.simulator.faults.add(Fault(kind="stall", stored=True, seconds=0.01))
    assert (await post(call))["ok"] is True


async def test_slow_call_has_its_effect_late(call: Caller) -> None:
    """A slow call stores its message at the end, even when the client has given up."""
    fault_id = call.simulator.faults.add(Fault(kind="slow", seconds=60, times=1))
    async with call.simulator.workspace.subscribe() as changes:
        posting = asyncio.create_task(post(call))
        await call.simulator.faults.until_struck(fault_id)
        posting.cancel()
        assert texts(call) == []
        call.simulator.faults.remove(fault_id)
        async with asyncio.timeout(5):
            change = await changes.get()
    assert change.kind == "message"


async def test_stop_lets_held_calls_go(call: Caller) -> None:
    """A simulator that holds a call stops at once."""
    fault_id = call.simulator.faults.add(Fault(kind="stall"))
    posting = asyncio.create_task(post(call))
    await call.simulator.faults.until_struck(fault_id)
    async with asyncio.timeout(1.5):
        await call.simulator.stop()
    with pytest.raises(aiohttp.ClientError):
        await posting


async def test_times_are_counted(call: Caller) -> None:
    """A fault strikes so many times, then calls go through."""
    call.simulator.faults.add(Fault(kind="slack_error", error="fatal_error", times=2))
    answers = [await post(call) for _ in range(3)]
    assert [answer["ok"] for answer in answers] == [False, False, True]


async def test_times_hold_for_concurrent_calls(call: Caller) -> None:
    """Of many calls at once, only so many are struck."""
    call.simulator.faults.add(Fault(kind="slow", seconds=0.01, times=2))
    await asyncio.gather(*[post(call) for _ in range(5)])
    assert [one.fault for one in call.simulator.calls].count("slow") == 2


@pytest.mark.parametrize("channel", ["ops-ci", "#ops-ci", "by ID"])
async def test_fault_of_one_channel(call: Caller, channel: str) -> None:
    """A fault of one channel, by name or ID, leaves the others alone."""
    found = call.simulator.workspace.find("ops-ci")
    assert found is not None
    name = found.id if channel == "by ID" else channel
    call.simulator.faults.add(Fault(kind="slack_error", channel=name))
    assert [(await post(call, channel=to))["ok"] for to in ("ops-ci", "ops-deploy")] == [False, True]
    assert (await post(call, channel=found.id))["ok"] is False


async def test_fault_of_some_methods(call: Caller) -> None:
    """The method of a fault is a glob."""
    call.simulator.faults.add(Fault(kind="slack_error", method="chat.*"))
    assert [(await post(call))["ok"], (await call("auth.test"))["ok"]] == [False, True]


async def test_refused_call_does_not_use_up_a_fault_after_effect(call: Caller) -> None:
    """Where Slack would refuse the call anyway, a fault after the effect waits for the next."""
    fault_id = call.simulator.faults.add(Fault(kind="internal_error_after", times=1))
    assert (await post(call, text=""))["error"] == "no_text"
    assert call.simulator.faults.used(fault_id) == 0


def test_first_fault_strikes() -> None:
    """Of two faults that fit, the one set first strikes."""
    faults = Faults()
    first = faults.add(Fault(kind="reset_before"))
    faults.add(Fault(kind="reset_after"))
    found = faults.find(POST, set())
    assert found is not None
    assert found.id == first


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"kind": "flood"},
        {"kind": "stall", "retry_after": "1"},
        {"kind": "reset_after", "stored": True},
        {"kind": "slow"},
        {"kind": "slow", "seconds": -1},
        {"kind": "http_status", "status": 200},
        {"kind": "reset_after", "times": 0},
        {"kind": "reset_after", "chanel": "C1"},
    ],
)
def test_senseless_faults_are_refused(bad: dict[str, Any]) -> None:
    """A fault of an unknown kind, or with a choice its kind does not have, is refused."""
    with pytest.raises(ValidationError):
        Fault.model_validate(bad)
