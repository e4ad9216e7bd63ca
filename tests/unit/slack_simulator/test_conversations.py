from __future__ import annotations

from typing import Any

import pytest

from pulser_local.slack import Content, Message
from tests.unit.slack_simulator.caller import Caller

METADATA = {"event_type": "pulser_delivery", "event_payload": {"delivery_id": "d1"}}


@pytest.fixture
def channel_id(call: Caller) -> str:
    channel = call.simulator.workspace.find("ops-ci")
    assert channel is not None
    return channel.id


@pytest.fixture
def messages(call: Caller, channel_id: str) -> list[Message]:
    """Five messages in #ops-ci, oldest first."""
    workspace = call.simulator.workspace
    return [workspace.post(channel_id, Content(str(number), metadata=METADATA)) for number in range(5)]


def texts(answer: dict[str, Any]) -> str:
    return "".join(message["text"] for message in answer["messages"])


@pytest.mark.usefixtures("messages")
async def test_history_is_newest_first(call: Caller, channel_id: str) -> None:
    """conversations.history gives the newest message first, and says when there is no more."""
    answer = await call("conversations.history", channel=channel_id)
    assert (texts(answer), answer["has_more"]) == ("43210", False)


@pytest.mark.usefixtures("messages")
async def test_history_shows_the_type_of_metadata_alone(call: Caller, channel_id: str) -> None:
    """Without include_all_metadata only the event type of the metadata is told."""
    answer = await call("conversations.history", channel=channel_id, limit=1)
    assert answer["messages"][0]["metadata"] == {"event_type": "pulser_delivery"}


@pytest.mark.usefixtures("messages")
@pytest.mark.parametrize("flag", [True, 1, "1", "true"])
async def test_history_shows_all_metadata_when_asked(call: Caller, channel_id: str, flag: object) -> None:
    """With include_all_metadata, however it is spelt, the payload is told too."""
    answer = await call("conversations.history", channel=channel_id, include_all_metadata=flag)
    assert answer["messages"][0]["metadata"] == METADATA


@pytest.mark.parametrize(
    ("oldest", "latest", "inclusive", "expected"),
    [
        (1, None, False, "432"),
        (1, None, True, "4321"),
        (None, 3, False, "210"),
        (None, 3, True, "3210"),
        (1, 3, False, "2"),
        (1, 3, True, "321"),
        (None, None, True, "43210"),
    ],
)
async def test_history_keeps_to_its_window(
    call: Caller,
    messages: list[Message],
    *,
    oldest: int | None,
    latest: int | None,
    inclusive: bool,
    expected: str,
) -> None:
    """oldest and latest bound the window, with the ends only when inclusive."""
    window: dict[str, object] = {"inclusive": inclusive}
    if oldest is not None:
        window["oldest"] = messages[oldest].ts
    if latest is not None:
        window["latest"] = messages[latest].ts
    assert texts(await call("conversations.history", channel=messages[0].channel_id, **window)) == expected


async def test_history_pages_on(call: Caller, messages: list[Message]) -> None:
    """The cursor of each page leads to the next, and the last page has none."""
    pages, cursor = [], ""
    while True:
        answer = await call("conversations.history", channel=messages[0].channel_id, limit=2, cursor=cursor)
        pages.append(texts(answer))
        if not answer["has_more"]:
            break
        cursor = answer["response_metadata"]["next_cursor"]
    assert pages == ["43", "21", "0"]


async def test_pages_stand_still_when_messages_arrive(call: Caller, messages: list[Message]) -> None:
    """A message posted between two pages shifts nothing."""
    channel_id = messages[0].channel_id
    first = await call("conversations.history", channel=channel_id, limit=2)
    call.simulator.workspace.post(channel_id, Content("new"))
    cursor = first["response_metadata"]["next_cursor"]
    assert texts(await call("conversations.history", channel=channel_id, limit=2, cursor=cursor)) == "21"


async def test_replies_are_not_in_the_history(call: Caller, messages: list[Message]) -> None:
    """A reply in a thread is no part of the channel's history."""
    parent = messages[0]
    call.simulator.workspace.post(parent.channel_id, Content("reply"), thread_ts=parent.ts)
    assert texts(await call("conversations.history", channel=parent.channel_id)) == "43210"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "ops-ci"}, "channel_not_found"),
        ({"channel": ""}, "invalid_arguments"),
        ({"limit": 0}, "invalid_limit"),
        ({"limit": 1000}, "invalid_limit"),
        ({"limit": "many"}, "invalid_limit"),
        ({"cursor": "!"}, "invalid_cursor"),
        ({"cursor": "Y2hhbm5lbDpDMQ=="}, "invalid_cursor"),
        ({"cursor": "bmV4dF90czp4"}, "invalid_cursor"),
        ({"oldest": "yesterday"}, "invalid_ts_oldest"),
        ({"latest": "nan"}, "invalid_ts_latest"),
    ],
)
async def test_bad_questions_are_refused(call: Caller, channel_id: str, arguments: dict[str, Any], error: str) -> None:
    """A question that makes no sense is refused with Slack's code."""
    answer = await call("conversations.history", **({"channel": channel_id} | arguments))
    assert answer["error"] == error


@pytest.mark.parametrize("method", ["conversations.history", "conversations.replies"])
async def test_history_is_for_members(call: Caller, messages: list[Message], method: str) -> None:
    """The app reads only channels it is a member of."""
    call.simulator.workspace.change_channel(messages[0].channel_id, is_member=False)
    answer = await call(method, channel=messages[0].channel_id, ts=messages[0].ts)
    assert answer["error"] == "not_in_channel"


async def test_history_of_archived_channels_is_readable(call: Caller, messages: list[Message]) -> None:
    """Archiving a channel leaves its history to read."""
    call.simulator.workspace.change_channel(messages[0].channel_id, is_archived=True)
    assert texts(await call("conversations.history", channel=messages[0].channel_id)) == "43210"


@pytest.mark.parametrize("asked", [0, 5])
async def test_replies_give_the_thread(call: Caller, messages: list[Message], asked: int) -> None:
    """A thread is found by its parent or by any reply: the parent first, then the replies, oldest first."""
    parent = messages[0]
    for text in ("a", "b"):
        call.simulator.workspace.post(parent.channel_id, Content(text), thread_ts=parent.ts)
    ts = call.simulator.workspace.history(parent.channel_id)[asked].ts
    assert texts(await call("conversations.replies", channel=parent.channel_id, ts=ts)) == "0ab"


async def test_replies_page_on(call: Caller, messages: list[Message]) -> None:
    """A long thread is read in pages."""
    parent = messages[0]
    call.simulator.workspace.post(parent.channel_id, Content("a"), thread_ts=parent.ts)
    thread = {"channel": parent.channel_id, "ts": parent.ts, "limit": 1}
    first = await call("conversations.replies", **thread)
    second = await call("conversations.replies", **thread, cursor=first["response_metadata"]["next_cursor"])
    assert (texts(first), texts(second), second["has_more"]) == ("0", "a", False)


async def test_replies_need_a_message(call: Caller, channel_id: str) -> None:
    """A thread that is not there is not found."""
    answer = await call("conversations.replies", channel=channel_id, ts="1.000001")
    assert answer["error"] == "thread_not_found"


async def test_list_pages_through_all_channels(call: Caller) -> None:
    """Pages of the list give each channel once."""
    names, cursor = [], ""
    while True:
        answer = await call("conversations.list", limit=4, cursor=cursor)
        names += [channel["name"] for channel in answer["channels"]]
        cursor = answer["response_metadata"]["next_cursor"]
        if not cursor:
            break
    assert sorted(names) == sorted(channel.name for channel in call.simulator.workspace.channels.values())


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, {"open", "old"}),
        ({"exclude_archived": True}, {"open"}),
        ({"types": "private_channel"}, {"ours"}),
        ({"types": "public_channel, private_channel"}, {"open", "old", "ours"}),
        ({"types": "im,mpim"}, set()),
    ],
)
async def test_list_keeps_to_what_is_asked(call: Caller, arguments: dict[str, Any], expected: set[str]) -> None:
    """The list is filtered by type and by archived; private channels of others never show."""
    workspace = call.simulator.workspace
    workspace.create_channel("open")
    workspace.change_channel(workspace.create_channel("old").id, is_archived=True)
    workspace.create_channel("ours", is_private=True)
    workspace.change_channel(workspace.create_channel("theirs", is_private=True).id, is_member=False)
    answer = await call("conversations.list", **arguments)
    names = {channel["name"] for channel in answer["channels"]}
    assert {name for name in names if "-" not in name and name != "general"} == expected


async def test_unknown_types_are_refused(call: Caller) -> None:
    """A type of conversation that Slack does not have is refused."""
    assert (await call("conversations.list", types="caves"))["error"] == "invalid_types"


async def test_info_tells_of_a_channel(call: Caller, channel_id: str) -> None:
    """conversations.info gives name, membership and state."""
    channel = (await call("conversations.info", channel=channel_id))["channel"]
    assert (channel["id"], channel["name"], channel["is_member"]) == (channel_id, "ops-ci", True)
    assert channel["is_archived"] is False
