"""socket-relay: holds the connections by which Slack reaches us. POST rings it, GET ?action=health tells how it is."""

from __future__ import annotations

import functools

import functions_framework.aio
from starlette.requests import Request
from starlette.responses import Response

from pulser.http import answer
from socket_relay.serve import Service

# Made at the first request: functions-framework imports this file before it forks.
service = functools.cache(Service.from_environment)


@functions_framework.aio.http
async def socket_relay(request: Request) -> Response:
    """The entry point, as functions-framework calls it."""
    return await answer(service, request)
