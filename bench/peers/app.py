"""A peer: what a team would write with Slack's own clients. It records each envelope before its ack, and then has none.

python -m bench.peers.app bolt-aiohttp|bolt-websockets|sdk-aiohttp

DATABASE_URL, SLACK_API_URL, SLACK_BOT_TOKEN, SLACK_APP_TOKEN and SLACK_SIGNING_SECRET are in the environment.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler as BoltOnAiohttp
from slack_bolt.adapter.socket_mode.websockets import AsyncSocketModeHandler as BoltOnWebsockets
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.async_app import AsyncAck
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

Json = dict[str, Any]
TABLE = """
create table if not exists public.peer_envelopes (
    key text primary key, payload jsonb not null, received_at timestamptz not null default now(), done_at timestamptz
)
"""
INSERT = "insert into public.peer_envelopes (key, payload) values ($1, $2::jsonb) on conflict do nothing"
LEFT = "select payload from public.peer_envelopes where done_at is null limit 1"


class Ledger:
    """The durable record, and after a restart what it still holds."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool

    async def record(self, key: str, payload: Json) -> None:
        """Committed when it returns."""
        await self._pool.execute(INSERT, key, json.dumps(payload))

    async def left(self) -> list[asyncpg.Record]:
        """What a restart would begin with."""
        return await self._pool.fetch(LEFT)


def bolt(ledger: Ledger) -> AsyncApp:
    """As Bolt's documents teach it. It acknowledges events before their listener runs: so a middleware records."""
    client = AsyncWebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"])
    app = AsyncApp(client=client, signing_secret=os.environ["SLACK_SIGNING_SECRET"])

    @app.middleware
    async def recorded(body: Json, next: Callable[[], Awaitable[None]]) -> None:  # noqa: A002  # Bolt's name
        await ledger.record(str(body.get("event_id") or body["trigger_id"]), body)
        await next()

    @app.action("go")
    async def pressed(ack: AsyncAck) -> None:
        await ack()

    @app.event("app_mention")
    async def mentioned() -> None:
        return

    return app


async def bolt_aiohttp(ledger: Ledger) -> None:
    """Bolt on aiohttp."""
    handler = BoltOnAiohttp(bolt(ledger), os.environ["SLACK_APP_TOKEN"])
    await handler.connect_async()  # type: ignore[no-untyped-call]


async def bolt_websockets(ledger: Ledger) -> None:
    """Bolt on websockets."""
    handler = BoltOnWebsockets(bolt(ledger), os.environ["SLACK_APP_TOKEN"])
    await handler.connect_async()  # type: ignore[no-untyped-call]


async def sdk_aiohttp(ledger: Ledger) -> None:
    """slack_sdk's client by itself."""
    web = AsyncWebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"])
    client = SocketModeClient(app_token=os.environ["SLACK_APP_TOKEN"], web_client=web)

    async def listen(used: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        await ledger.record(request.envelope_id, request.payload)
        await used.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))

    client.socket_mode_request_listeners.append(listen)
    await client.connect()  # type: ignore[no-untyped-call]


KINDS = {"bolt-aiohttp": bolt_aiohttp, "bolt-websockets": bolt_websockets, "sdk-aiohttp": sdk_aiohttp}


async def main(kind: str) -> None:
    """Serve until it is ended."""
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=5, max_size=10) as pool:
        await pool.execute(TABLE)
        ledger = Ledger(pool)
        await ledger.left()
        await KINDS[kind](ledger)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
