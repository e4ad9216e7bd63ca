from __future__ import annotations

import pytest

from pulser_local.slack import SlackSimulator
from pulser_local.slack.tokens import TokenState
from tests.unit.slack_simulator.caller import Caller


async def error_with(call: Caller, **headers: str) -> str | None:
    answer = await call.send("POST", "/api/auth.test", headers=headers)
    error: str | None = answer.body.get("error")
    return error


def test_made_up_tokens_differ() -> None:
    """Without a token of the caller's, each simulator makes up its own."""
    tokens = {SlackSimulator().bot_token, SlackSimulator().bot_token}
    assert len(tokens) == 2
    assert all(token.startswith("xoxb-simulator-") for token in tokens)


async def test_current_token_is_accepted(call: Caller) -> None:
    """The simulator's token opens the API, and auth.test says whose it is."""
    answer = await call("auth.test")
    told = [answer[name] for name in ("team_id", "user", "user_id", "bot_id", "app_id")]
    assert told == ["T0SIMULATOR", "pulser", "U0PULSER", "B0PULSER", "A0PULSER"]


async def test_answers_name_the_scopes(call: Caller) -> None:
    """An answer tells the scopes of the token, as Slack's do."""
    answer = await call.answer("auth.test")
    assert "chat:write" in answer.headers["x-oauth-scopes"].split(",")


async def test_no_token(call: Caller) -> None:
    """A call without a token is not_authed."""
    assert await error_with(call) == "not_authed"


@pytest.mark.parametrize("token", ["xoxb-other", "xapp-1-token"])
async def test_unknown_token(call: Caller, token: str) -> None:
    """A call with a token of someone else is invalid_auth."""
    assert await error_with(call, Authorization=f"Bearer {token}") == "invalid_auth"


@pytest.mark.parametrize(
    ("state", "error"),
    [("revoked", "token_revoked"), ("expired", "token_expired"), ("inactive", "account_inactive")],
)
async def test_token_that_was_good(call: Caller, state: TokenState, error: str) -> None:
    """A token that is good no longer gets the reason."""
    call.simulator.tokens.set(call.simulator.bot_token, state)
    assert (await call("auth.test"))["error"] == error


async def test_token_as_a_form_field(call: Caller) -> None:
    """The token may come as a form field."""
    answer = await call.send("POST", "/api/auth.test", data={"token": call.simulator.bot_token})
    assert answer.body["ok"] is True


async def test_token_in_json_is_not_read(call: Caller) -> None:
    """A token in a JSON body does not count."""
    answer = await call.send("POST", "/api/auth.test", json={"token": call.simulator.bot_token})
    assert answer.body["error"] == "not_authed"


@pytest.mark.parametrize(
    ("method", "scope"),
    [
        ("chat.postMessage", "chat:write"),
        ("chat.update", "chat:write"),
        ("chat.delete", "chat:write"),
        ("conversations.history", "channels:history"),
        ("conversations.replies", "channels:history"),
        ("conversations.list", "channels:read"),
        ("conversations.info", "channels:read"),
    ],
)
async def test_missing_scope_is_named(call: Caller, method: str, scope: str) -> None:
    """A method whose scope was not granted says which one it needs."""
    call.simulator.tokens.scopes -= {scope}
    channel = next(iter(call.simulator.workspace.channels))
    answer = await call(method, channel=channel, text="x", ts="1.000001")
    assert (answer["error"], answer["needed"]) == ("missing_scope", scope)


async def test_private_channels_have_their_own_scope(call: Caller) -> None:
    """The history of a private channel needs groups:history."""
    channel = call.simulator.workspace.create_channel("secret", is_private=True)
    call.simulator.tokens.scopes -= {"groups:history"}
    assert (await call("conversations.history", channel=channel.id))["needed"] == "groups:history"
