from __future__ import annotations

import pytest

from tests.unit.slack_simulator.caller import Caller


async def test_unknown_method(call: Caller) -> None:
    """A method Slack does not have is unknown_method, and is named."""
    answer = await call("chat.postTelegram")
    assert (answer["error"], answer["req_method"]) == ("unknown_method", "chat.postTelegram")


@pytest.mark.parametrize(
    ("content_type", "body", "error"),
    [
        ("application/json", b"{", "invalid_json"),
        ("application/json", b'{"text": NaN}', "invalid_json"),
        ("application/json", b"\xff", "invalid_json"),
        ("application/json", b"[" * 100_000, "invalid_json"),
        ("application/json", b"[]", "json_not_object"),
        ("text/plain", b"text=x", "invalid_post_type"),
    ],
)
async def test_bodies_that_are_not_what_they_say(call: Caller, content_type: str, body: bytes, error: str) -> None:
    """A body that cannot be read is refused, not crashed on."""
    headers = call.authorization | {"Content-Type": content_type}
    answer = await call.send("POST", "/api/chat.postMessage", data=body, headers=headers)
    assert (answer.status, answer.body["error"]) == (200, error)


async def test_query_of_a_get(call: Caller) -> None:
    """A GET gives its arguments in the query."""
    channel = next(iter(call.simulator.workspace.channels))
    path = f"/api/conversations.info?channel={channel}"
    answer = await call.send("GET", path, headers=call.authorization)
    assert answer.body["channel"]["id"] == channel


async def test_missing_arguments_are_named(call: Caller) -> None:
    """All missing arguments are told at once."""
    answer = await call("chat.getPermalink")
    assert answer["error"] == "invalid_arguments"
    assert answer["errors"] == ["missing required field: message_ts [json-pointer:/message_ts]"]


async def test_calls_are_logged(call: Caller) -> None:
    """The log tells method, channel, status and error of each call, in order."""
    await call("chat.postMessage", channel="ops-ci", text="x")
    await call("chat.postMessage", channel="nowhere", text="x")
    first, second = call.simulator.calls
    assert (first.method, first.status, first.error) == ("chat.postMessage", 200, None)
    assert first.channel in call.simulator.workspace.channels
    assert (second.channel, second.error) == ("nowhere", "channel_not_found")


async def test_empty_json_body(call: Caller) -> None:
    """No body at all is a call without arguments, whatever its type: slack_sdk makes such calls."""
    headers = call.authorization | {"Content-Type": "application/json;charset=utf-8"}
    assert (await call.send("POST", "/api/auth.test", headers=headers)).body["ok"] is True
