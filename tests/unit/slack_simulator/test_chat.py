from __future__ import annotations

import json
from typing import Any

import pytest

from pulser_local.slack import Author, Content
from tests.unit.slack_simulator.caller import Caller

DIVIDER: dict[str, Any] = {"type": "divider"}
METADATA = {"event_type": "pulser_delivery", "event_payload": {"delivery_id": "d1"}}


def ops_ci(call: Caller) -> str:
    channel = call.simulator.workspace.find("ops-ci")
    assert channel is not None
    return channel.id


def stored(call: Caller) -> list[Any]:
    return call.simulator.workspace.history(ops_ci(call))


async def posted(call: Caller, **content: object) -> dict[str, Any]:
    """A message in #ops-ci, as {"channel", "ts"} for chat.update and chat.delete."""
    answer = await call("chat.postMessage", channel="#ops-ci", **({"text": "hello"} | content))
    assert answer["ok"], answer
    return {"channel": answer["channel"], "ts": answer["ts"]}


@pytest.mark.parametrize("spelling", ["#ops-ci", "ops-ci"])
async def test_post_takes_names(call: Caller, spelling: str) -> None:
    """A channel is named with or without #, and the answer gives its ID."""
    answer = await call("chat.postMessage", channel=spelling, text="hello")
    assert answer["channel"] == ops_ci(call)


async def test_post_answers_with_the_message(call: Caller) -> None:
    """The answer holds the message as it is stored, with what identifies the app."""
    answer = await call("chat.postMessage", channel=ops_ci(call), text="hello", metadata=METADATA)
    assert answer["message"] == stored(call)[0].to_json()
    assert answer["message"]["app_id"] == "A0PULSER"


async def test_text_stays_as_posted(call: Caller) -> None:
    """Mentions and entities are kept as they were sent."""
    await posted(call, text="&lt;b&gt; <!channel> <@U1> <https://a.test|b> & 🙂")
    assert stored(call)[0].text == "&lt;b&gt; <!channel> <@U1> <https://a.test|b> & 🙂"


async def test_long_text_is_cut(call: Caller) -> None:
    """A post's text beyond 40,000 characters is cut off, not refused."""
    await posted(call, text="x" * 40_001)
    assert len(stored(call)[0].text) == 40_000


async def test_blocks_and_actions_get_names(call: Caller) -> None:
    """Blocks and elements without an ID get one; given ones stay."""
    button = {"type": "button", "text": {"type": "plain_text", "text": "Go"}}
    named = {**button, "action_id": "mine"}
    await posted(call, blocks=[{"type": "actions", "elements": [button, named]}])
    (block,) = stored(call)[0].blocks
    assert block["block_id"]
    assert [bool(block["elements"][0]["action_id"]), block["elements"][1]["action_id"]] == [True, "mine"]


async def test_accessories_and_attached_blocks_get_names(call: Caller) -> None:
    """The button beside a section and the blocks in an attachment get an ID too."""
    button = {"type": "button", "text": {"type": "plain_text", "text": "Go"}}
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "x"}, "accessory": button}
    await posted(call, attachments=[{"color": "#ff0000", "blocks": [section]}, {"text": "plain"}])
    first, second = stored(call)[0].attachments
    assert first["blocks"][0]["accessory"]["action_id"]
    assert (first["id"], second) == (1, {"text": "plain", "id": 2})


async def test_pictures_get_no_action(call: Caller) -> None:
    """A picture beside a section cannot be clicked, so it gets no action_id."""
    picture = {"type": "image", "image_url": "https://example.test/i.png", "alt_text": "x"}
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "x"}, "accessory": picture}
    await posted(call, blocks=[section])
    assert stored(call)[0].blocks[0]["accessory"] == picture


async def test_markdown_text_becomes_a_block(call: Caller) -> None:
    """markdown_text alone makes a message of one markdown block."""
    await call("chat.postMessage", channel="ops-ci", markdown_text="**bold**")
    assert [block["text"] for block in stored(call)[0].blocks] == ["**bold**"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({}, "no_text"),
        ({"text": ""}, "no_text"),
        ({"text": "x", "blocks": "[{"}, "invalid_blocks_format"),
        ({"text": "x", "blocks": {"type": "divider"}}, "invalid_blocks_format"),
        ({"text": "x", "blocks": ["divider"]}, "invalid_blocks_format"),
        ({"text": "x", "blocks": [{"type": "header"}]}, "invalid_blocks"),
        ({"text": "x", "attachments": "nothing"}, "invalid_attachments"),
        ({"text": "x", "attachments": [{"text": "x"}] * 101}, "too_many_attachments"),
        ({"text": "x", "metadata": "{"}, "invalid_metadata_format"),
        ({"text": "x", "metadata": {"event_type": "Bad Name", "event_payload": {}}}, "invalid_metadata_format"),
        (
            {"text": "x", "metadata": {"event_type": "a", "event_payload": {"a": "x" * 8000}}},
            "metadata_too_large",
        ),
        ({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3000}}] * 5}, "msg_blocks_too_long"),
        ({"markdown_text": "x" * 12_001}, "msg_too_long"),
        ({"markdown_text": "x", "text": "y"}, "markdown_text_conflict"),
        ({"text": "x", "channel": "nowhere"}, "channel_not_found"),
        ({"text": "x", "channel": ""}, "invalid_arguments"),
        ({"text": "x", "thread_ts": "1.000001"}, "thread_not_found"),
    ],
)
async def test_bad_posts_are_refused(call: Caller, arguments: dict[str, Any], error: str) -> None:
    """A post that Slack would refuse is refused with Slack's code, and nothing is stored."""
    answer = await call("chat.postMessage", **({"channel": "ops-ci"} | arguments))
    assert (answer["ok"], answer["error"]) == (False, error)
    assert stored(call) == []


async def test_invalid_blocks_names_the_block(call: Caller) -> None:
    """The failing block stands in errors and, as an [ERROR], in response_metadata."""
    answer = await call("chat.postMessage", channel="ops-ci", blocks=[DIVIDER, {"type": "header"}])
    assert answer["errors"] == ["missing required field: text [json-pointer:/blocks/1]"]
    assert answer["response_metadata"]["messages"] == [f"[ERROR] {answer['errors'][0]}"]


async def test_archived_channel_takes_no_post(call: Caller) -> None:
    """A post in an archived channel is refused."""
    call.simulator.workspace.change_channel(ops_ci(call), is_archived=True)
    assert (await call("chat.postMessage", channel="ops-ci", text="x"))["error"] == "is_archived"


async def test_public_channel_takes_posts_of_strangers(call: Caller) -> None:
    """With chat:write.public the app posts where it is no member; without, it may not."""
    call.simulator.workspace.change_channel(ops_ci(call), is_member=False)
    await posted(call)
    call.simulator.tokens.scopes -= {"chat:write.public"}
    assert (await call("chat.postMessage", channel="ops-ci", text="x"))["error"] == "not_in_channel"


async def test_private_channel_of_others_does_not_exist(call: Caller) -> None:
    """A private channel is not found by an app that is no member of it."""
    channel = call.simulator.workspace.create_channel("secret", is_private=True)
    call.simulator.workspace.change_channel(channel.id, is_member=False)
    assert (await call("chat.postMessage", channel="secret", text="x"))["error"] == "channel_not_found"


async def test_reply_to_a_reply_joins_the_thread(call: Caller) -> None:
    """A reply to a reply hangs on the parent of both."""
    parent = await posted(call)
    first = await posted(call, thread_ts=parent["ts"])
    await posted(call, thread_ts=first["ts"])
    assert stored(call)[2].thread_ts == parent["ts"]


async def test_update_replaces_text_and_blocks(call: Caller) -> None:
    """An update with text and blocks replaces both."""
    message = await posted(call, blocks=[DIVIDER])
    header = {"type": "header", "text": {"type": "plain_text", "text": "New"}}
    answer = await call("chat.update", **message, text="new", blocks=[header])
    assert (answer["text"], answer["ts"]) == ("new", message["ts"])
    assert [block["type"] for block in stored(call)[0].blocks] == ["header"]


async def test_update_with_text_alone_removes_blocks(call: Caller) -> None:
    """Text without blocks takes the blocks away."""
    message = await posted(call, blocks=[DIVIDER])
    await call("chat.update", **message, text="new")
    assert (stored(call)[0].text, stored(call)[0].blocks) == ("new", [])


async def test_update_of_attachments_keeps_the_blocks(call: Caller) -> None:
    """Without text the blocks stay, and attachments that are given replace the old."""
    message = await posted(call, blocks=[DIVIDER], attachments=[{"text": "old"}])
    await call("chat.update", **message, attachments=[{"text": "new"}])
    assert [block["type"] for block in stored(call)[0].blocks] == ["divider"]
    assert [attachment["text"] for attachment in stored(call)[0].attachments] == ["new"]


async def test_permalink_of_a_reply_names_its_thread(call: Caller) -> None:
    """A permalink of a reply tells the thread it stands in."""
    parent = await posted(call)
    reply = await posted(call, thread_ts=parent["ts"])
    answer = await call("chat.getPermalink", channel=reply["channel"], message_ts=reply["ts"])
    assert answer["permalink"].endswith(f"?thread_ts={parent['ts']}&cid={reply['channel']}")


@pytest.mark.parametrize(("given", "left"), [({}, METADATA), ({"metadata": {}}, None)])
async def test_update_keeps_metadata_unless_told(call: Caller, given: dict[str, Any], left: object) -> None:
    """Metadata that an update does not mention stays; an empty object removes it."""
    message = await posted(call, metadata=METADATA)
    await call("chat.update", **message, text="new", **given)
    assert stored(call)[0].metadata == left


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"text": "x" * 4001}, "msg_too_long"),
        ({}, "no_text"),
        ({"text": ""}, "no_text"),
        ({"text": "x", "ts": "1.000001"}, "message_not_found"),
        ({"text": "x", "ts": ""}, "invalid_arguments"),
        ({"text": "x", "channel": "#ops-ci"}, "channel_not_found"),
        ({"text": "x", "blocks": [{"type": "header"}]}, "invalid_blocks"),
    ],
)
async def test_bad_updates_are_refused(call: Caller, arguments: dict[str, Any], error: str) -> None:
    """An update that Slack would refuse is refused, and the message stays."""
    answer = await call("chat.update", **(await posted(call) | arguments))
    assert answer["error"] == error
    assert stored(call)[0].text == "hello"


@pytest.mark.parametrize(
    ("method", "error"), [("chat.update", "cant_update_message"), ("chat.delete", "cant_delete_message")]
)
async def test_messages_of_others_are_left_alone(call: Caller, method: str, error: str) -> None:
    """The app changes and deletes its own messages only."""
    other = call.simulator.workspace.post(ops_ci(call), Content("theirs"), author=Author("U1", "ann"))
    answer = await call(method, channel=other.channel_id, ts=other.ts, text="mine")
    assert answer["error"] == error


async def test_archived_channel_takes_no_update(call: Caller) -> None:
    """A message in an archived channel cannot be changed."""
    message = await posted(call)
    call.simulator.workspace.change_channel(message["channel"], is_archived=True)
    assert (await call("chat.update", **message, text="new"))["error"] == "is_inactive"


async def test_deleted_messages_are_gone(call: Caller) -> None:
    """A deleted message leaves nothing, and cannot be deleted again."""
    message = await posted(call)
    assert (await call("chat.delete", **message))["ok"] is True
    assert (await call("chat.delete", **message))["error"] == "message_not_found"


async def test_permalink_leads_to_the_message(call: Caller) -> None:
    """A permalink has the channel and the ts without its dot, at the address the client called."""
    message = await posted(call)
    answer = await call("chat.getPermalink", channel=message["channel"], message_ts=message["ts"])
    path = f"/archives/{message['channel']}/p{message['ts'].replace('.', '')}"
    assert answer["permalink"] == call.simulator.url + path


async def test_permalink_has_the_public_url(call: Caller) -> None:
    """With a public URL a permalink leads there."""
    call.simulator.public_url = "http://127.0.0.1:3000/"
    message = await posted(call)
    answer = await call("chat.getPermalink", channel=message["channel"], message_ts=message["ts"])
    assert answer["permalink"].startswith("http://127.0.0.1:3000/archives/C")


async def test_permalink_needs_a_message(call: Caller) -> None:
    """There is no permalink to nothing."""
    answer = await call("chat.getPermalink", channel=ops_ci(call), message_ts="1.000001")
    assert answer["error"] == "message_not_found"


async def test_form_with_json_strings_is_taken(call: Caller) -> None:
    """A form body with blocks and metadata as JSON strings posts the same message."""
    form = {"channel": "ops-ci", "text": "x", "blocks": json.dumps([DIVIDER]), "metadata": json.dumps(METADATA)}
    answer = await call.send("POST", "/api/chat.postMessage", data=form, headers=call.authorization)
    assert answer.body["ok"] is True
    assert (stored(call)[0].blocks[0]["type"], stored(call)[0].metadata) == ("divider", METADATA)
