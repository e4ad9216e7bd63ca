"""Slack's own client, unchanged, against the simulator: what it sends is taken, what it expects comes back."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import ActionsBlock, ButtonElement, HeaderBlock, SectionBlock
from slack_sdk.models.metadata import Metadata
from slack_sdk.web.async_client import AsyncWebClient

from pulser_local.slack import Author, Content, Fault, SlackSimulator

Json = dict[str, Any]

PAYLOAD = {"delivery_id": "d1", "event_id": "e1"}
METADATA = Metadata(event_type="pulser_delivery", event_payload=PAYLOAD)
BLOCKS = [
    HeaderBlock(text="Deploy failed"),
    SectionBlock(text="*api* in _production_", fields=["*Version*\n1.2.3", "*Commit*\nabc"]),
    ActionsBlock(elements=[ButtonElement(text="Rollback", action_id="rollback", value="v", style="danger")]),
]


def client_of(simulator: SlackSimulator, token: str | None = None) -> AsyncWebClient:
    token = simulator.bot_token if token is None else token
    return AsyncWebClient(token=token, base_url=simulator.api_url, retry_handlers=[], timeout=5)


@pytest.fixture
async def slack(simulator_unlimited: SlackSimulator) -> AsyncWebClient:
    """A client of the simulator without rate limits."""
    return client_of(simulator_unlimited)


@pytest.fixture
def channel_id(simulator_unlimited: SlackSimulator) -> str:
    channel = simulator_unlimited.workspace.find("ops-deploy")
    assert channel is not None
    return channel.id


async def test_auth_test(slack: AsyncWebClient) -> None:
    """auth.test tells team, user, bot and app."""
    answer = await slack.auth_test()
    told = {name: answer[name] for name in ("team_id", "user_id", "bot_id", "app_id")}
    assert told == {
        "team_id": "T0SIMULATOR",
        "user_id": "U0PULSER",
        "bot_id": "B0PULSER",
        "app_id": "A0PULSER",
    }


async def test_post_with_blocks_and_metadata(slack: AsyncWebClient, channel_id: str) -> None:
    """The SDK's own models of blocks and metadata are stored as they were built."""
    answer = await slack.chat_postMessage(channel="#ops-deploy", text="Deploy failed", blocks=BLOCKS, metadata=METADATA)
    message: Json = answer["message"]
    assert answer["channel"] == channel_id
    assert [block["type"] for block in message["blocks"]] == ["header", "section", "actions"]
    assert message["metadata"] == {"event_type": "pulser_delivery", "event_payload": PAYLOAD}


async def test_history_finds_the_metadata(slack: AsyncWebClient, channel_id: str) -> None:
    """A message is found again by app and metadata, as a probe after a crash does it."""
    posted = await slack.chat_postMessage(channel=channel_id, text="x", metadata=METADATA)
    answer = await slack.conversations_history(
        channel=channel_id, oldest=posted["ts"], inclusive=True, include_all_metadata=True
    )
    (message,) = answer["messages"]
    found = (message["ts"], message["app_id"], message["metadata"]["event_payload"])
    assert found == (posted["ts"], "A0PULSER", PAYLOAD)


async def test_history_hides_the_payload_unless_asked(slack: AsyncWebClient, channel_id: str) -> None:
    """Without include_all_metadata only the type comes back."""
    await slack.chat_postMessage(channel=channel_id, text="x", metadata=METADATA)
    (message,) = (await slack.conversations_history(channel=channel_id))["messages"]
    assert message["metadata"] == {"event_type": "pulser_delivery"}


async def test_update(slack: AsyncWebClient, channel_id: str) -> None:
    """chat.update replaces text and blocks in place and keeps the metadata."""
    posted = await slack.chat_postMessage(channel=channel_id, text="x", blocks=BLOCKS, metadata=METADATA)
    await slack.chat_update(channel=channel_id, ts=posted["ts"], text="y", blocks=BLOCKS[:1])
    (message,) = (await slack.conversations_history(channel=channel_id))["messages"]
    assert (message["text"], message["ts"], len(message["blocks"])) == ("y", posted["ts"], 1)
    assert message["metadata"]["event_type"] == "pulser_delivery"


async def test_delete(slack: AsyncWebClient, channel_id: str) -> None:
    """chat.delete leaves nothing in the history."""
    posted = await slack.chat_postMessage(channel=channel_id, text="x")
    await slack.chat_delete(channel=channel_id, ts=posted["ts"])
    assert (await slack.conversations_history(channel=channel_id))["messages"] == []


async def test_thread(slack: AsyncWebClient, channel_id: str) -> None:
    """A reply stands in the thread and not in the channel."""
    posted = await slack.chat_postMessage(channel=channel_id, text="root")
    await slack.chat_postMessage(channel=channel_id, text="reply", thread_ts=posted["ts"])
    thread = await slack.conversations_replies(channel=channel_id, ts=posted["ts"])
    history = await slack.conversations_history(channel=channel_id)
    assert [message["text"] for message in thread["messages"]] == ["root", "reply"]
    assert [message["text"] for message in history["messages"]] == ["root"]


async def test_the_parent_counts_its_replies(slack: AsyncWebClient, channel_id: str) -> None:
    """A history, which shows no reply, tells by the parent that there are some."""
    posted = await slack.chat_postMessage(channel=channel_id, text="root")
    reply = await slack.chat_postMessage(channel=channel_id, text="reply", thread_ts=posted["ts"])
    (root,) = (await slack.conversations_history(channel=channel_id))["messages"]
    assert (root["thread_ts"], root["reply_count"], root["latest_reply"]) == (posted["ts"], 1, reply["ts"])
    assert reply["message"]["thread_ts"] == posted["ts"]


async def test_replies_find_the_metadata(slack: AsyncWebClient, channel_id: str) -> None:
    """A reply is found again by its metadata, as a probe does it, and comes with the parent."""
    posted = await slack.chat_postMessage(channel=channel_id, text="root")
    reply = await slack.chat_postMessage(channel=channel_id, text="x", thread_ts=posted["ts"], metadata=METADATA)
    asked = {"channel": channel_id, "ts": posted["ts"]}
    thread = await slack.conversations_replies(**asked, oldest=reply["ts"], inclusive=True, include_all_metadata=True)
    root, found = thread["messages"]
    (_, hidden) = (await slack.conversations_replies(**asked))["messages"]
    assert (root["ts"], found["ts"], found["metadata"]["event_payload"]) == (posted["ts"], reply["ts"], PAYLOAD)
    assert hidden["metadata"] == {"event_type": "pulser_delivery"}


async def test_sdk_pages_through_replies(slack: AsyncWebClient, channel_id: str) -> None:
    """The SDK's own iteration over a thread gives each reply once, the oldest first."""
    posted = await slack.chat_postMessage(channel=channel_id, text="root")
    for number in range(4):
        await slack.chat_postMessage(channel=channel_id, text=str(number), thread_ts=posted["ts"])
    texts: list[str] = []
    async for page in await slack.conversations_replies(channel=channel_id, ts=posted["ts"], limit=2):
        texts += [message["text"] for message in page["messages"]]
    assert list(dict.fromkeys(texts)) == ["root", "0", "1", "2", "3"]


async def test_sdk_pages_by_itself(slack: AsyncWebClient) -> None:
    """The SDK's own iteration over pages ends and gives each channel once."""
    names: list[str] = []
    async for page in await slack.conversations_list(limit=4, exclude_archived=True):
        names += [channel["name"] for channel in page["channels"]]
    assert len(names) == len(set(names)) == 6


async def test_sdk_pages_through_history(slack: AsyncWebClient, channel_id: str) -> None:
    """The SDK's own iteration over the history gives each message once."""
    for number in range(5):
        await slack.chat_postMessage(channel=channel_id, text=str(number))
    texts: list[str] = []
    async for page in await slack.conversations_history(channel=channel_id, limit=2):
        texts += [message["text"] for message in page["messages"]]
    assert texts == ["4", "3", "2", "1", "0"]


async def test_info(slack: AsyncWebClient, channel_id: str) -> None:
    """conversations.info tells the name of an ID."""
    assert (await slack.conversations_info(channel=channel_id))["channel"]["name"] == "ops-deploy"


async def test_permalink(slack: AsyncWebClient, channel_id: str) -> None:
    """chat.getPermalink has channel and ts."""
    posted = await slack.chat_postMessage(channel=channel_id, text="x")
    answer = await slack.chat_getPermalink(channel=channel_id, message_ts=posted["ts"])
    assert answer["permalink"].endswith(f"/archives/{channel_id}/p{posted['ts'].replace('.', '')}")


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("chat.postMessage", {}, "no_text"),
        ("chat.postMessage", {"text": "x", "channel": "C0"}, "channel_not_found"),
        ("chat.postMessage", {"blocks": "[{"}, "invalid_blocks_format"),
        ("chat.postMessage", {"blocks": [{"type": "section"}]}, "invalid_blocks"),
        (
            "chat.postMessage",
            {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3000}}] * 5},
            "msg_blocks_too_long",
        ),
        ("chat.postMessage", {"attachments": [{"text": "x"}] * 101}, "too_many_attachments"),
        (
            "chat.postMessage",
            {"text": "x", "metadata": {"event_type": "a", "event_payload": {"b": {}}}},
            "invalid_metadata_format",
        ),
        (
            "chat.postMessage",
            {"text": "x", "metadata": {"event_type": "a", "event_payload": {"b": "x" * 8000}}},
            "metadata_too_large",
        ),
        ("chat.update", {"text": "x" * 4001}, "msg_too_long"),
        ("chat.update", {"text": "x", "ts": "1.000001"}, "message_not_found"),
        ("chat.postMessage", {"text": "x", "thread_ts": "1.000001"}, "thread_not_found"),
        ("conversations.history", {"channel": "#ops-deploy"}, "channel_not_found"),
        ("conversations.replies", {"ts": "1.000001"}, "thread_not_found"),
        ("conversations.replies", {"channel": "#ops-deploy"}, "channel_not_found"),
        ("no.such.method", {}, "unknown_method"),
    ],
)
async def test_refusals_of_arguments(
    slack: AsyncWebClient, channel_id: str, *, method: str, arguments: Json, error: str
) -> None:
    """A refusal raises SlackApiError with Slack's code."""
    posted = await slack.chat_postMessage(channel=channel_id, text="x")
    with pytest.raises(SlackApiError) as caught:
        await slack.api_call(method, json={"channel": channel_id, "ts": posted["ts"]} | arguments)
    assert caught.value.response["error"] == error


async def test_invalid_blocks_names_the_place(slack: AsyncWebClient, channel_id: str) -> None:
    """The failing block is in response_metadata, where the SDK's users look."""
    with pytest.raises(SlackApiError) as caught:
        await slack.chat_postMessage(channel=channel_id, text="x", blocks=[{"type": "header"}])
    messages = caught.value.response["response_metadata"]["messages"]
    assert messages == ["[ERROR] missing required field: text [json-pointer:/blocks/0]"]


async def test_refusals_of_the_channel(
    slack: AsyncWebClient, simulator_unlimited: SlackSimulator, channel_id: str
) -> None:
    """A channel the app has left is not_in_channel to read; an archived one is_archived to post in."""
    simulator_unlimited.workspace.change_channel(channel_id, is_member=False, is_archived=True)
    with pytest.raises(SlackApiError) as reading:
        await slack.conversations_history(channel=channel_id)
    with pytest.raises(SlackApiError) as posting:
        await slack.chat_postMessage(channel=channel_id, text="x")
    codes = [caught.value.response["error"] for caught in (reading, posting)]
    assert codes == ["not_in_channel", "is_archived"]


async def test_messages_of_others_cannot_be_updated(
    slack: AsyncWebClient, simulator_unlimited: SlackSimulator, channel_id: str
) -> None:
    """An update of a person's message raises cant_update_message."""
    theirs = simulator_unlimited.workspace.post(channel_id, Content("x"), author=Author("U1", "ann"))
    with pytest.raises(SlackApiError) as caught:
        await slack.chat_update(channel=channel_id, ts=theirs.ts, text="y")
    assert caught.value.response["error"] == "cant_update_message"


async def test_refusals_of_the_token(simulator_unlimited: SlackSimulator) -> None:
    """Each way a token can be wrong raises with its own code."""
    tokens = simulator_unlimited.tokens
    tokens.set("xoxb-revoked", "revoked")
    tokens.set("xoxb-inactive", "inactive")
    codes = []
    for token in ("", "xoxb-unknown", "xoxb-revoked", "xoxb-inactive"):
        with pytest.raises(SlackApiError) as caught:
            await client_of(simulator_unlimited, token).auth_test()
        codes.append(caught.value.response["error"])
    assert codes == ["not_authed", "invalid_auth", "token_revoked", "account_inactive"]


async def test_missing_scope(slack: AsyncWebClient, simulator_unlimited: SlackSimulator) -> None:
    """A missing scope raises and is named."""
    simulator_unlimited.tokens.scopes = frozenset({"channels:read"})
    with pytest.raises(SlackApiError) as caught:
        await slack.chat_postMessage(channel="#ops-deploy", text="x")
    response = caught.value.response
    assert (response["error"], response["needed"]) == ("missing_scope", "chat:write")


async def test_second_post_in_a_second_is_ratelimited(simulator: SlackSimulator) -> None:
    """Too early a post raises with status 429 and Retry-After."""
    slack = client_of(simulator)
    await slack.chat_postMessage(channel="#ops-deploy", text="one")
    with pytest.raises(SlackApiError) as caught:
        await slack.chat_postMessage(channel="#ops-deploy", text="two")
    response = caught.value.response
    assert (response.status_code, response["error"]) == (429, "ratelimited")
    assert response.headers["Retry-After"] == "1"


@pytest.mark.parametrize(("kind", "messages"), [("reset_before", 0), ("reset_after", 1)])
async def test_reset_is_a_client_error(
    slack: AsyncWebClient, simulator_unlimited: SlackSimulator, channel_id: str, *, kind: str, messages: int
) -> None:
    """A broken connection raises aiohttp's error; whether the message is there, it cannot tell."""
    simulator_unlimited.faults.add(Fault.model_validate({"kind": kind, "times": 1}))
    with pytest.raises(aiohttp.ClientError):
        await slack.chat_postMessage(channel=channel_id, text="x")
    assert len(simulator_unlimited.workspace.history(channel_id)) == messages


@pytest.mark.parametrize("fault", [Fault(kind="garbage"), Fault(kind="http_status", status=502)], ids=["200", "502"])
async def test_pages_instead_of_json(slack: AsyncWebClient, simulator_unlimited: SlackSimulator, fault: Fault) -> None:
    """A page instead of JSON raises SlackApiError, whatever its status."""
    simulator_unlimited.faults.add(fault)
    with pytest.raises(SlackApiError) as caught:
        await slack.auth_test()
    assert caught.value.response.status_code == (200 if fault.kind == "garbage" else 502)


async def test_stall_is_a_timeout(slack: AsyncWebClient, simulator_unlimited: SlackSimulator) -> None:
    """A call that is never answered ends in the client's own timeout."""
    slack.timeout = 1
    simulator_unlimited.faults.add(Fault(kind="stall"))
    with pytest.raises(TimeoutError):
        await slack.auth_test()
