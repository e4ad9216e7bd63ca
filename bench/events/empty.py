"""The floor: a function that does nothing but post what it is rung for. No ledger, no route, no second try.

functions-framework --source bench/events/empty.py --target empty, with SLACK_API_URL and SLACK_BOT_TOKEN.
"""

from __future__ import annotations

import functools
import os

import functions_framework.aio
from slack_sdk.web.async_client import AsyncWebClient
from starlette.requests import Request
from starlette.responses import JSONResponse, Response


@functools.cache
def client() -> AsyncWebClient:
    """Made at the first request: functions-framework imports this file before it forks."""
    return AsyncWebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"])


@functions_framework.aio.http
async def empty(request: Request) -> Response:
    """{"event_id", "channel"}: posted at once. GET says that it is there."""
    if request.method == "GET":
        return JSONResponse({"ok": True})
    asked = await request.json()
    metadata = {"event_type": "floor", "event_payload": {"event_id": asked["event_id"]}}
    await client().chat_postMessage(channel=asked["channel"], text="CI passed: shop-web", metadata=metadata)
    return JSONResponse({"ok": True})
