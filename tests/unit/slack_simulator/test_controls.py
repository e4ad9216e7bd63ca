from __future__ import annotations

import pytest

from tests.unit.slack_simulator.caller import Caller


async def test_fault_is_set_shown_and_taken_away(call: Caller) -> None:
    """A fault set over HTTP strikes, is listed with its use, and is gone when deleted."""
    fault = {"kind": "slack_error", "error": "fatal_error", "method": "auth.*"}
    created = await call.send("POST", "/sim/faults", json=fault)
    assert (created.status, (await call("auth.test"))["error"]) == (201, "fatal_error")
    (listed,) = (await call.send("GET", "/sim/faults")).body["faults"]
    assert (listed["id"], listed["used"], listed["kind"]) == (created.body["id"], 1, "slack_error")
    await call.send("DELETE", f"/sim/faults/{created.body['id']}")
    assert (await call("auth.test"))["ok"] is True


async def test_all_faults_are_taken_away(call: Caller) -> None:
    """Deleting without an ID takes all faults away."""
    for _ in range(2):
        await call.send("POST", "/sim/faults", json={"kind": "reset_before"})
    await call.send("DELETE", "/sim/faults")
    assert (await call.send("GET", "/sim/faults")).body["faults"] == []


async def test_messages_of_a_channel(call: Caller) -> None:
    """The messages of a channel are given whole, replies too, oldest first."""
    parent = await call("chat.postMessage", channel="ops-ci", text="one")
    await call("chat.postMessage", channel="ops-ci", text="two", thread_ts=parent["ts"])
    await call("chat.postMessage", channel="general", text="elsewhere")
    messages = (await call.send("GET", "/sim/messages?channel=%23ops-ci")).body["messages"]
    assert [(message["text"], message["channel_name"]) for message in messages] == [
        ("one", "ops-ci"),
        ("two", "ops-ci"),
    ]


async def test_messages_of_all_channels(call: Caller) -> None:
    """Without a channel the messages of all are given."""
    for channel in ("ops-ci", "general"):
        await call("chat.postMessage", channel=channel, text="x")
    assert len((await call.send("GET", "/sim/messages")).body["messages"]) == 2


async def test_calls_by_status(call: Caller) -> None:
    """The calls are given, filtered by method and status."""
    await call.send("POST", "/sim/faults", json={"kind": "rate_limited", "times": 1})
    for _ in range(2):
        await call("auth.test")
    assert len((await call.send("GET", "/sim/calls")).body["calls"]) == 2
    (limited,) = (await call.send("GET", "/sim/calls?method=auth.test&status=429")).body["calls"]
    assert (limited["method"], limited["fault"], limited["channel"]) == ("auth.test", "rate_limited", None)


async def test_calls_are_forgotten(call: Caller) -> None:
    """The log can be emptied."""
    await call("auth.test")
    await call.send("DELETE", "/sim/calls")
    assert len(call.simulator.calls) == 0


async def test_tokens_are_rotated(call: Caller) -> None:
    """After a rotation the old token is refused as told, and the new one accepted."""
    order = {"active": ["xoxb-new"], "revoked": [call.simulator.bot_token]}
    await call.send("PUT", "/sim/tokens", json=order)
    assert (await call("auth.test"))["error"] == "token_revoked"
    answer = await call.send("GET", "/api/auth.test", headers={"Authorization": "Bearer xoxb-new"})
    assert answer.body["ok"] is True


async def test_unnamed_tokens_become_unknown(call: Caller) -> None:
    """A token that the order does not name is invalid_auth afterwards."""
    await call.send("PUT", "/sim/tokens", json={"active": ["xoxb-new"]})
    assert (await call("auth.test"))["error"] == "invalid_auth"


async def test_scopes_are_changed(call: Caller) -> None:
    """The order may change the scopes."""
    order = {"active": [call.simulator.bot_token], "scopes": ["channels:read"]}
    await call.send("PUT", "/sim/tokens", json=order)
    answer = await call("chat.postMessage", channel="ops-ci", text="x")
    assert (answer["error"], answer["provided"]) == ("missing_scope", "channels:read")


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("archive", {"is_archived": True, "is_member": True}),
        ("leave", {"is_archived": False, "is_member": False}),
    ],
)
async def test_channels_change(call: Caller, action: str, expected: dict[str, bool]) -> None:
    """A channel is archived, or left by the app."""
    order = {"name": "#ops-ci", "action": action}
    channel_id = (await call.send("POST", "/sim/channels", json=order)).body["channel"]["id"]
    channel = (await call("conversations.info", channel=channel_id))["channel"]
    assert {name: channel[name] for name in expected} == expected


@pytest.mark.parametrize(("there", "back"), [("archive", "unarchive"), ("leave", "join")])
async def test_channels_change_back(call: Caller, there: str, back: str) -> None:
    """What was archived or left takes posts again after the opposite."""
    call.simulator.tokens.scopes -= {"chat:write.public"}
    for action in (there, back):
        await call.send("POST", "/sim/channels", json={"name": "ops-ci", "action": action})
    assert (await call("chat.postMessage", channel="ops-ci", text="x"))["ok"] is True


async def test_channels_are_created(call: Caller) -> None:
    """A created channel takes posts."""
    await call.send("POST", "/sim/channels", json={"name": "#war-room", "topic": "hot"})
    assert (await call("chat.postMessage", channel="war-room", text="x"))["ok"] is True


@pytest.mark.parametrize(
    ("verb", "path", "body", "status", "words"),
    [
        ("POST", "/sim/faults", {"kind": "flood"}, 400, "kind"),
        ("POST", "/sim/faults", {"kind": "stall", "error": "x"}, 400, "has no error"),
        ("POST", "/sim/faults", [], 400, "body"),
        ("DELETE", "/sim/faults/fault-9", None, 404, "no fault fault-9"),
        ("GET", "/sim/messages?channel=nowhere", None, 404, "no channel nowhere"),
        ("GET", "/sim/calls?status=bad", None, 400, "not a number"),
        ("PUT", "/sim/tokens", {"active": "xoxb-new"}, 400, "active"),
        ("POST", "/sim/channels", {"name": "general"}, 400, "already"),
        ("POST", "/sim/channels", {"name": "nowhere", "action": "archive"}, 404, "no channel nowhere"),
        ("POST", "/sim/channels", {"name": "general", "action": "paint"}, 400, "action"),
        ("PATCH", "/sim/faults", {}, 404, "no control PATCH /sim/faults"),
        ("GET", "/sim/weather", None, 404, "no control GET /sim/weather"),
    ],
)
async def test_bad_orders_are_explained(
    call: Caller, *, verb: str, path: str, body: object, status: int, words: str
) -> None:
    """A control that cannot be obeyed answers 4xx with JSON that says why."""
    answer = await call.send(verb, path, json=body)
    assert (answer.status, answer.body["ok"]) == (status, False)
    assert words in answer.body["error"]


async def test_broken_json_is_explained(call: Caller) -> None:
    """A body that is not JSON is told so."""
    headers = {"Content-Type": "application/json"}
    answer = await call.send("POST", "/sim/faults", data=b"{", headers=headers)
    assert (answer.status, answer.body["error"]) == (400, "the body is not JSON")


async def test_forms_of_other_pages_are_refused(call: Caller) -> None:
    """A form, which any web page could send, changes nothing."""
    answer = await call.send("POST", "/sim/faults", data={"kind": "reset_before"})
    assert (answer.status, call.simulator.faults.to_json()) == (415, [])
