"""Slack's Web API, behind one method. Slack's SDK does the talking; whether to try again is the ledger's decision."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from pulser.errors import SlackError, SlackHeld, SlackInDoubt, SlackTokenRefused
from pulser.slack_errors import of_answer
from pulser.vault import Vault

REQUEST_TIMEOUT = 8.0  # seconds; a delivery's lease is longer, so a late answer never meets a second worker
# Slack takes JSON for what writes only; what reads wants its arguments in the query.
_READS = frozenset({
    "auth.test",
    "chat.getPermalink",
    "conversations.history",
    "conversations.info",
    "conversations.list",
    "conversations.replies",
    "usergroups.list",
    "usergroups.users.list",
    "users.info",
})  # fmt: skip


_Answer = tuple[dict[str, Any], Mapping[str, str]]


class SlackApi:
    """Calls methods of Slack's Web API with a token that is in Vault: the bot's, unless `token_name` says another."""

    def __init__(
        self,
        vault: Vault,
        base_url: str = "https://slack.com/api/",
        *,
        timeout: float = REQUEST_TIMEOUT,
        token_name: str = "slack_bot_token",  # noqa: S107  its name in Vault, not the token
    ) -> None:
        self._vault = vault
        self._base_url = base_url
        self._token_name = token_name
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None

    @property
    def base_url(self) -> str:
        """Where the methods are, with a slash at the end."""
        return self._base_url

    async def call(
        self,
        method: str,
        *,
        start_by: float = math.inf,
        **arguments: Any,  # noqa: ANN401  Slack's arguments are JSON
    ) -> dict[str, Any]:
        """Slack's answer, whose `ok` is true. After `start_by` (time.monotonic) nothing is sent any more.

        Raises SlackHeld (`started_late` for a call that was not begun), SlackTokenRefused, SlackInDoubt or SlackRefused
        (see pulser.errors), SecretMissing, and DatabaseUnavailable when Vault cannot be asked. A refused token is read
        anew from Vault, and when it has changed the call is made once more: Slack did nothing for the old one.
        """
        answer, _ = await self._call_with_newest(method, arguments, start_by)
        return answer

    async def call_with_headers(
        self,
        method: str,
        **arguments: Any,  # noqa: ANN401  Slack's arguments are JSON
    ) -> tuple[dict[str, Any], Mapping[str, str]]:
        """As `call`, with the answer's HTTP headers: Slack's clock (Date) and the token's scopes (X-OAuth-Scopes)."""
        return await self._call_with_newest(method, arguments, math.inf)

    async def close(self) -> None:
        """Close the pooled connections. The object can be used again."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _call_with_newest(self, method: str, arguments: dict[str, Any], start_by: float) -> _Answer:
        token = await self._vault.read(self._token_name)
        try:
            return await self._call(token.get_secret_value(), method, arguments, start_by)
        except SlackTokenRefused:
            newer = await self._vault.read(self._token_name, anew=True)
            if newer == token:
                raise
            return await self._call(newer.get_secret_value(), method, arguments, start_by)

    async def _call(self, token: str, method: str, arguments: dict[str, Any], start_by: float) -> _Answer:
        # Asked after Vault has answered: that may have taken long.
        if time.monotonic() > start_by:
            raise SlackHeld("started_late", "the worker was held up; nothing was sent")
        client = AsyncWebClient(token=token, base_url=self._base_url, session=self._pool(), retry_handlers=[])
        sent = {"http_verb": "GET", "params": arguments} if method in _READS else {"json": arguments}
        try:
            async with asyncio.timeout(self._timeout):
                answer = await client.api_call(method, **sent)
        except SlackApiError as error:
            raise _of_api_error(error) from error
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            # The connection never stood, so nothing was sent.
            raise SlackHeld("not_connected", f"Slack cannot be reached: {type(error).__name__}") from error
        except TimeoutError as error:
            raise SlackInDoubt("timeout", f"no answer within {self._timeout:.0f} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise SlackInDoubt("connection_lost", f"the connection broke: {type(error).__name__}") from error
        except (SlackClientError, ValueError, AttributeError) as error:
            # The SDK stumbles over an answer that is no JSON object (AttributeError for plain text).
            raise SlackInDoubt("unreadable_answer", f"an answer that is not Slack's: {type(error).__name__}") from error
        if not isinstance(answer.data, dict):
            raise SlackInDoubt("unreadable_answer", "an answer that is not Slack's: no JSON object")
        return answer.data, answer.headers

    def _pool(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            # One session serves a token that changes: the SDK sends it with each call. Idle connections are given up
            # early: a post into one that Slack has closed meanwhile would be in doubt.
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(keepalive_timeout=10),
                timeout=aiohttp.ClientTimeout(total=self._timeout, connect=min(3.0, self._timeout)),
            )
        return self._session


def _of_api_error(error: SlackApiError) -> SlackError:
    answer = error.response
    if not isinstance(answer, AsyncSlackResponse):
        # The SDK could not read the body and hands over the bare HTTP answer.
        return of_answer(getattr(answer, "status", 200), "")
    body = answer.data if isinstance(answer.data, dict) else {}
    return of_answer(
        answer.status_code, str(body.get("error") or ""), answer.headers.get("Retry-After"), _details(body)
    )


def _details(body: dict[str, Any]) -> str:
    match body:
        case {"response_metadata": {"messages": [*lines]}}:
            return "; ".join(str(line) for line in lines)[:500]
    return ""
