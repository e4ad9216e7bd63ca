"""Private answers outside the ack: by response_url, or as an ephemeral message."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from pulser.errors import InDoubt, PulserError, Retryable, SlackError, SlackHeld, SlackInDoubt, SlackRefused
from pulser.settlement import Reply
from pulser.slack import SlackApi
from pulser.slack_errors import of_answer

TIMEOUT = 5.0  # seconds
_LONGEST_ANSWER = 10_000  # bytes; Slack says "ok", or which error it was
_EPHEMERAL = "chat.postEphemeral"


class EphemeralHeld(SlackHeld):
    """Slack wants ephemeral messages left alone for `retry_after` seconds: all of them, not this one."""


def told_of(trouble: PulserError) -> dict[str, Any]:
    """Why a reply was not sent, as confirm_reply_v1 takes it. A doubt is the end: nothing may be shown twice."""
    told: dict[str, Any] = {"error": str(trouble), "in_doubt": isinstance(trouble, InDoubt)}
    if isinstance(trouble, Retryable):
        told["nothing_done"] = True
    if isinstance(trouble, SlackHeld) and trouble.retry_after is not None:
        told |= {"reason": trouble.reason, "retry_in_s": trouble.retry_after}
    if isinstance(trouble, EphemeralHeld):
        told["hold_method"] = _EPHEMERAL
    return told


class Replies:
    """Sends replies. Whether to send again is the ledger's decision."""

    def __init__(self, slack: SlackApi, *, timeout: float = TIMEOUT) -> None:
        self._slack = slack
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None

    async def send(self, reply: Reply) -> None:
        """Show it to its one reader. A response_url that Slack refuses (used up, expired) gives way to a message.

        Raises SlackError as SlackApi.call does, SecretMissing, and DatabaseUnavailable when Vault cannot be asked.
        """
        if reply.url is None:
            await self._send_ephemeral(reply)
            return
        try:
            await self._send_by_url(reply.url, reply)
        except SlackRefused:
            if not (reply.channel and reply.user):
                raise
            await self._send_ephemeral(reply)

    async def close(self) -> None:
        """Close the pooled connections. The object can be used again."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _send_by_url(self, url: str, reply: Reply) -> None:
        if not is_of_slack(url, self._slack.base_url):
            raise SlackRefused("foreign_response_url", "the response_url is not Slack's; nothing was sent")
        thread = {"thread_ts": reply.thread_ts} if reply.thread_ts else {}
        body = {"response_type": "ephemeral", "replace_original": False, **thread, **reply.body}
        status, answer, retry_after = await self._post(url, body)
        error = _error_of(answer)
        if status >= 300 or error is not None:
            raise _refusal(status, error or "", retry_after)

    async def _post(self, url: str, body: Mapping[str, Any]) -> tuple[int, bytes, str | None]:
        """Status, the beginning of the body, Retry-After. No error tells the URL: whoever has it may write."""
        try:
            async with (
                asyncio.timeout(self._timeout),
                self._pool().post(url, json=body, allow_redirects=False) as answer,
            ):
                read = b""
                async for chunk in answer.content.iter_any():
                    read += chunk
                    if len(read) > _LONGEST_ANSWER:
                        break
                return answer.status, read, answer.headers.get("Retry-After")
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            raise SlackHeld("not_connected", f"Slack cannot be reached: {type(error).__name__}") from None
        except TimeoutError:
            raise SlackInDoubt("timeout", f"no answer within {self._timeout:.0f} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise SlackInDoubt("connection_lost", f"the connection broke: {type(error).__name__}") from None

    async def _send_ephemeral(self, reply: Reply) -> None:
        if not (reply.channel and reply.user):
            raise SlackRefused("no_way_to_the_user", "the reply names neither a URL nor a channel and a user")
        if reply.ephemeral_held_s:
            raise SlackHeld("held", "Slack takes no ephemeral message for now", retry_after=reply.ephemeral_held_s)
        arguments: dict[str, Any] = {name: reply.body[name] for name in ("text", "blocks") if name in reply.body}
        if reply.thread_ts:
            arguments["thread_ts"] = reply.thread_ts
        try:
            await self._slack.call(_EPHEMERAL, channel=reply.channel, user=reply.user, **arguments)
        except SlackHeld as held:
            if held.retry_after is None:
                raise
            raise EphemeralHeld(held.reason, str(held), retry_after=held.retry_after) from held

    def _pool(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(keepalive_timeout=10),
                timeout=aiohttp.ClientTimeout(total=self._timeout, connect=min(3.0, self._timeout)),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


def is_of_slack(url: str, api_url: str) -> bool:
    """Whether an answer may be sent there: to Slack's own hosts by https, or to the host of the Web API."""
    try:
        there, api = urlsplit(url), urlsplit(api_url)
        same_as_api = (there.scheme, there.hostname, there.port) == (api.scheme, api.hostname, api.port)
        port = there.port
    except ValueError:
        return False
    host = there.hostname or ""
    if "@" in there.netloc or not host or there.scheme not in {"http", "https"}:
        return False
    return same_as_api or (there.scheme == "https" and port in {None, 443} and host.endswith(".slack.com"))


def _error_of(answer: bytes) -> str | None:
    """Slack's error code in an answer that says `"ok": false`, whatever its status; None in "ok"."""
    try:
        body = json.loads(answer)
    except (ValueError, RecursionError):
        return None
    if isinstance(body, Mapping) and body.get("ok") is False:
        return str(body.get("error") or "unknown_error")
    return None


def _refusal(status: int, error: str, retry_after: str | None) -> SlackError:
    """As of the Web API; but a 4xx of a response_url needs no code to be final."""
    if 300 <= status < 500 and status != 429 and not error:
        return SlackRefused(f"http_{status}", f"Slack answered with HTTP {status}")
    return of_answer(status, error, retry_after)
