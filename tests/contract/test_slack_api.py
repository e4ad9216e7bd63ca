"""SlackApi against the simulated Slack: what is sent, what comes back, and whose token it is."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pulser.errors import (
    DatabaseUnavailable,
    SecretMissing,
    SlackTokenRefused,
)
from pulser.slack import SlackApi
from pulser_local.slack import SlackSimulator
from pulser_local.slack.clock import Clock
from pulser_local.slack.tokens import TokenState
from tests.contract.fake_slack import answering, fixed
from tests.contract.slack_client import METADATA, POST, client, messages, refusal
from tests.unit.shared.fake_database import FakeDatabase


async def test_a_post_stands_in_slack(slack_api: SlackApi, simulator_unlimited: SlackSimulator) -> None:
    """The answer of a post names the message that now stands in the channel."""
    answer = await slack_api.call("chat.postMessage", **POST)
    channel = simulator_unlimited.workspace.find("ops-ci")
    assert channel is not None
    assert (answer["ok"], answer["channel"]) == (True, channel.id)
    assert [it.ts for it in simulator_unlimited.workspace.history(channel.id)] == [answer["ts"]]


async def test_an_answer_is_a_plain_dict(slack_api: SlackApi) -> None:
    """Nothing of Slack's SDK leaves the module."""
    assert type(await slack_api.call("auth.test")) is dict


async def test_the_headers_tell_the_scopes_and_slacks_clock(
    slack_api: SlackApi, simulator_unlimited: SlackSimulator
) -> None:
    """With the same answer that a call gives."""
    simulator_unlimited.clock = Clock(now=lambda: 1_000_000_000.0)
    answer, headers = await slack_api.call_with_headers("auth.test")
    assert answer == await slack_api.call("auth.test")
    assert set(headers["X-OAuth-Scopes"].split(",")) == simulator_unlimited.tokens.scopes
    assert headers["Date"] == "Sun, 09 Sep 2001 01:46:40 GMT"


async def test_text_arrives_as_it_was_sent(slack_api: SlackApi, simulator_unlimited: SlackSimulator) -> None:
    """Line breaks, quotes and characters of all planes arrive unchanged."""
    text = 'größer\n"→" 🚀 \\ &amp;'
    await slack_api.call("chat.postMessage", channel="#ops-ci", text=text)
    assert messages(simulator_unlimited) == [text]


async def test_the_history_gives_the_metadata(slack_api: SlackApi) -> None:
    """conversations.history with include_all_metadata finds the delivery id that was posted."""
    posted = await slack_api.call("chat.postMessage", **POST)
    answer = await slack_api.call(
        "conversations.history", channel=posted["channel"], include_all_metadata=True, limit=200
    )
    assert [it["metadata"] for it in answer["messages"]] == [METADATA]


async def test_the_history_without_the_flag_has_no_payload(slack_api: SlackApi) -> None:
    """A flag that is false is sent as false."""
    posted = await slack_api.call("chat.postMessage", **POST)
    answer = await slack_api.call("conversations.history", channel=posted["channel"], include_all_metadata=False)
    assert [it["metadata"] for it in answer["messages"]] == [{"event_type": "pulser_delivery"}]


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("auth.test", {}),
        ("conversations.list", {"types": "public_channel", "exclude_archived": True, "limit": 1}),
        ("conversations.info", {"channel": "C0OPS"}),
        ("conversations.history", {"channel": "C0OPS", "oldest": "1.000000"}),
        ("chat.getPermalink", {"channel": "C0OPS", "message_ts": "1.000100"}),
    ],
)
async def test_what_reads_asks_in_the_query(
    vault_database: FakeDatabase, method: str, arguments: dict[str, Any]
) -> None:
    """A reading method is a GET with its arguments in the query and the token in the header alone."""
    async with (
        answering(fixed(b'{"ok": true}', "application/json")) as odd,
        client(odd.url, vault_database) as slack_api,
    ):
        await slack_api.call(method, **arguments)
    (request,) = odd.requests
    flags = {name: "1" if it is True else str(it) for name, it in arguments.items()}
    assert (request.method, dict(request.query)) == ("GET", flags)
    assert request.headers["Authorization"] == f"Bearer {vault_database.secrets['slack_bot_token']}"


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update", "views.open"])
async def test_what_writes_sends_json(vault_database: FakeDatabase, method: str) -> None:
    """A writing method is a POST of JSON, and the token stands in the header alone."""
    received: list[Any] = []

    async def answer(request: Any) -> Any:  # noqa: ANN401  aiohttp's own types are in fake_slack
        received.append((request.content_type, await request.json(), dict(request.query)))
        return await fixed(b'{"ok": true}', "application/json")(request)

    async with answering(answer) as odd, client(odd.url, vault_database) as slack_api:
        await slack_api.call(method, channel="C0OPS", blocks=[{"type": "divider"}], unfurl_links=False)
    sent = {"channel": "C0OPS", "blocks": [{"type": "divider"}], "unfurl_links": False}
    assert received == [("application/json", sent, {})]


async def test_twenty_calls_go_at_once(slack_api: SlackApi, simulator_unlimited: SlackSimulator) -> None:
    """Twenty posts at the same time are twenty messages."""
    await asyncio.gather(*(slack_api.call("chat.postMessage", channel="#ops-ci", text=f"{at}") for at in range(20)))
    assert sorted(messages(simulator_unlimited), key=int) == [f"{at}" for at in range(20)]


async def test_it_can_be_closed_twice_and_used_again(slack_api: SlackApi) -> None:
    """Closing gives connections back and ends nothing."""
    await slack_api.call("auth.test")
    await slack_api.close()
    await slack_api.close()
    assert (await slack_api.call("auth.test"))["ok"] is True


async def test_a_changed_token_is_used_in_the_same_call(
    slack_api: SlackApi, simulator_unlimited: SlackSimulator, vault_database: FakeDatabase
) -> None:
    """A refused token is read anew, and when Vault has another one the call succeeds with it."""
    await slack_api.call("auth.test")
    simulator_unlimited.tokens.replace({"xoxb-newer": "active"})
    vault_database.secrets["slack_bot_token"] = "xoxb-newer"
    await slack_api.call("chat.postMessage", **POST)
    assert [it.error for it in simulator_unlimited.calls.of("chat.postMessage")] == ["invalid_auth", None]


async def test_a_changed_token_costs_no_more_than_once(
    slack_api: SlackApi, simulator_unlimited: SlackSimulator, vault_database: FakeDatabase
) -> None:
    """After the change the newer token is the remembered one."""
    await slack_api.call("auth.test")
    simulator_unlimited.tokens.replace({"xoxb-newer": "active"})
    vault_database.secrets["slack_bot_token"] = "xoxb-newer"
    for _ in range(2):
        await slack_api.call("chat.postMessage", **POST)
    assert len(simulator_unlimited.calls.of("chat.postMessage")) == 3
    assert len(vault_database.reads) == 2


@pytest.mark.parametrize(
    ("state", "reason"),
    [("revoked", "token_revoked"), ("expired", "token_expired"), ("inactive", "account_inactive")],
)
async def test_a_refused_token_that_is_unchanged_is_refused(
    slack_api: SlackApi,
    simulator_unlimited: SlackSimulator,
    vault_database: FakeDatabase,
    state: TokenState,
    reason: str,
) -> None:
    """Vault is asked once; with the same token in it there is no second request."""
    simulator_unlimited.tokens.set(simulator_unlimited.bot_token, state)
    error = await refusal(slack_api)
    assert (type(error), error.reason) == (SlackTokenRefused, reason)
    assert (len(vault_database.reads), len(simulator_unlimited.calls)) == (2, 1)


async def test_a_newer_token_that_is_refused_too_is_refused(
    slack_api: SlackApi, simulator_unlimited: SlackSimulator, vault_database: FakeDatabase
) -> None:
    """Two tokens are tried, never a third."""
    await slack_api.call("auth.test")
    simulator_unlimited.tokens.replace({})
    vault_database.secrets["slack_bot_token"] = "xoxb-newer"
    assert type(await refusal(slack_api)) is SlackTokenRefused
    assert len(simulator_unlimited.calls.of("chat.postMessage")) == 2


async def test_a_missing_token_reaches_nobody(
    slack_api: SlackApi, simulator_unlimited: SlackSimulator, vault_database: FakeDatabase
) -> None:
    """Without a token in Vault Slack is not asked."""
    vault_database.secrets.clear()
    with pytest.raises(SecretMissing, match="slack_bot_token"):
        await slack_api.call("chat.postMessage", **POST)
    assert len(simulator_unlimited.calls) == 0


async def test_without_vault_slack_is_not_asked(
    slack_api: SlackApi, simulator_unlimited: SlackSimulator, vault_database: FakeDatabase
) -> None:
    """When Vault cannot be asked, that is the database's trouble and no doubt about Slack."""
    vault_database.trouble = DatabaseUnavailable("away")
    with pytest.raises(DatabaseUnavailable):
        await slack_api.call("chat.postMessage", **POST)
    assert len(simulator_unlimited.calls) == 0
