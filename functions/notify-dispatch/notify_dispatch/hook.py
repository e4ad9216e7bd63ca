"""The call of a deploy hook: one POST, one answer. Whether to try again is the ledger's decision."""

from __future__ import annotations

import asyncio
import random
import time

import httpx
import structlog

from notify_dispatch.claimed import ClaimedDelivery
from notify_dispatch.hook_answer import RUN_DETAILS_REFUSED, HookAnswer, Try, dead, in_doubt, not_sent, of_answer
from notify_dispatch.hook_request import HookCall, HookUnusable, build
from notify_dispatch.outcome import Outcome
from pulser.errors import PulserError, SecretMissing
from pulser.vault import Vault

HOOK_TIMEOUT = 8.0  # seconds; a delivery's lease is longer, so a late answer never meets a second worker
_MOST_READ = 65_536  # bytes of an answer; only its words and an address are of use
_REFUSED = (401, 403)

log = structlog.get_logger()


class HookCaller:
    """Calls deploy hooks with the secrets that are in Vault."""

    def __init__(
        self,
        vault: Vault,
        github_api_url: str,
        *,
        timeout: float = HOOK_TIMEOUT,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._vault = vault
        self._transport = transport
        self._github_api_url = github_api_url
        self._timeout = timeout
        self._client: httpx.AsyncClient | None = None

    async def call(self, delivery: ClaimedDelivery, *, start_by: float) -> Outcome:
        """Make the call that `delivery` asks for. After `start_by` (time.monotonic) nothing is sent any more."""
        if delivery.given_up:
            return dead("given_up", "nobody could call it in time, and a deploy does not begin late: ask for it again")
        tried = Try(delivery.attempt, random.random())  # noqa: S311  it spreads retries, it guards nothing
        try:
            call = HookCall.from_json(delivery.hook)
            return await self._call(call, tried, delivery.last_reason, start_by)
        except HookUnusable as error:
            return dead("hook_unusable", str(error))
        except SecretMissing as error:
            # Not held until somebody stores it: a deploy that starts hours later is a surprise.
            return dead("secret_missing", str(error))
        except PulserError as error:
            return not_sent("vault_unavailable", str(error), tried)

    async def close(self) -> None:
        """Close the pooled connections. The object can be used again."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _call(self, call: HookCall, tried: Try, last_reason: str | None, start_by: float) -> Outcome:
        secret = (await self._vault.read(call.hook.secret)).get_secret_value()
        answered = await self._send(call, secret, tried, last_reason, start_by)
        if isinstance(answered, HookAnswer) and answered.status in _REFUSED:
            # What is remembered may be old: nothing was done for it.
            newer = (await self._vault.read(call.hook.secret, anew=True)).get_secret_value()
            if newer != secret:
                secret, answered = newer, await self._send(call, newer, tried, last_reason, start_by)
        if isinstance(answered, Outcome):
            return answered
        return of_answer(call, answered, Try(tried.attempt, tried.jitter, secret))

    async def _send(
        self, call: HookCall, secret: str, tried: Try, last_reason: str | None, start_by: float
    ) -> HookAnswer | Outcome:
        """The answer, or the outcome of a call that has none."""
        request = build(
            call,
            secret,
            github_api_url=self._github_api_url,
            now=int(time.time()),
            asks_for_details=last_reason != RUN_DETAILS_REFUSED,
        )
        pool = self._pool()
        # Asked after Vault has answered, and the first connection's certificates are read: that may have taken long.
        if time.monotonic() > start_by:
            return not_sent("started_late", "the worker was held up; nothing was sent", tried)
        ends_at = asyncio.get_running_loop().time() + self._timeout
        try:
            async with asyncio.timeout_at(ends_at):
                sent = pool.build_request("POST", request.url, content=request.body, headers=request.headers)
                response = await pool.send(sent, stream=True)
            return await _read(response, ends_at)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            # The connection never stood, so nothing was sent.
            return not_sent("not_connected", f"{call.who} cannot be reached: {type(error).__name__}", tried)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
            return dead("hook_unusable", f"no request can be made of the hook: {type(error).__name__}")
        except (TimeoutError, httpx.TimeoutException):
            return in_doubt(call, "timeout", f"{call.who} did not answer within {self._timeout:.0f} s", tried)
        except (httpx.HTTPError, OSError) as error:
            return in_doubt(call, "connection_lost", f"the connection broke: {type(error).__name__}", tried)

    def _pool(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                transport=self._transport,
                follow_redirects=False,
                # Less than the whole for the name, the connection and TLS together: beyond it the call is in doubt.
                timeout=httpx.Timeout(self._timeout, connect=min(2.4, self._timeout), pool=min(2.4, self._timeout)),
                # Idle connections are given up early: a call into one that the other side has closed would be in doubt.
                limits=httpx.Limits(max_connections=20, keepalive_expiry=2.0),
            )
        return self._client


async def _read(response: httpx.Response, ends_at: float) -> HookAnswer:
    """The answer, with as much of its body as comes in time: its status counts, whatever breaks after it."""
    body = b""
    try:
        async with asyncio.timeout_at(ends_at):
            async for part in response.aiter_raw():
                body += part
                if len(body) > _MOST_READ:
                    break
    except (httpx.HTTPError, TimeoutError, OSError) as error:
        log.info("hook_answer_is_cut", error=type(error).__name__)
    finally:
        await response.aclose()
    return HookAnswer(response.status_code, {k.lower(): v for k, v in response.headers.items()}, body[:_MOST_READ])
