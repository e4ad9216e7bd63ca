"""command-handler: answers /pulser and mentions of the app. POST brings one, GET ?action=health tells how it is."""

from __future__ import annotations

import functools

import functions_framework.aio
from starlette.requests import Request
from starlette.responses import Response

from command_handler.serve import make_service
from pulser.http import answer

# Made at the first request: functions-framework imports this file before it forks.
service = functools.cache(make_service)


@functions_framework.aio.http
async def command_handler(request: Request) -> Response:
    """The entry point, as functions-framework calls it."""
    return await answer(service, request)
