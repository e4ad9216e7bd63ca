"""notify-dispatch: turns events into messages in Slack. POST rings it, GET ?action=health or metrics asks it."""

from __future__ import annotations

import functools

import functions_framework.aio
from starlette.requests import Request
from starlette.responses import Response

from notify_dispatch.serve import Service
from pulser.http import answer

# Made at the first request: functions-framework imports this file before it forks.
service = functools.cache(Service.from_environment)


@functions_framework.aio.http
async def notify_dispatch(request: Request) -> Response:
    """The entry point, as functions-framework calls it."""
    return await answer(service, request)
