"""action-handler: carries out buttons and modals. POST brings an envelope, GET ?action=health tells how it is."""

from __future__ import annotations

import functools

import functions_framework.aio
from starlette.requests import Request
from starlette.responses import Response

from action_handler.handle import service_from_environment
from pulser.http import answer

# Made at the first request: functions-framework imports this file before it forks.
service = functools.cache(service_from_environment)


@functions_framework.aio.http
async def action_handler(request: Request) -> Response:
    """The entry point, as functions-framework calls it."""
    return await answer(service, request)
